"""Write all of a project, or nothing.

A new folder is filled under a temporary name and renamed once it is complete. An existing empty folder is kept, since
it may be a shell's working directory or a mount point: the files are written to a temporary folder inside it, whose top
entries are then moved up. If one of them cannot be moved, all files of the project are removed.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from . import Refused


def check(target: Path) -> None:
    """Raise Refused if no project can be written to `target`."""
    try:
        if target.is_symlink() and not target.exists():
            raise Refused(f"{target} is a broken symbolic link")
        if target.exists() and not target.is_dir():
            raise Refused(f"{target} exists and is not a folder")
        names = sorted(entry.name for entry in target.iterdir()) if target.is_dir() else []
        if others := [name for name in names if name != ".git"]:  # a clone of a new repository has only .git
            others = [name if name.isprintable() else repr(name) for name in others]
            shown = ", ".join(others[:3]) + f" and {len(others) - 3} more" * (len(others) > 3)
            raise Refused(f"{target} is not empty: it has {shown}. Use another folder")
        parent = innermost_existing(target)
        if not parent.is_dir():
            raise Refused(f"{parent} is not a folder")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise Refused(f"no permission to write to {parent}, or its file system is read-only")
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror or error}") from None


def innermost_existing(target: Path) -> Path:
    """Return `target` if it exists, otherwise the nearest parent that does."""
    return target if target.exists() or target == target.parent else innermost_existing(target.parent)


def write(project: Mapping[str, str], target: Path) -> None:
    """Write `project` to `target`. An error or Ctrl-C removes everything that was written."""
    check(target)
    target = target.absolute()
    parent = innermost_existing(target)
    staging = parent / f".{target.name}-{secrets.token_hex(4)}"
    moved_paths: list[Path] = []
    try:
        if parent == target:
            fill(project, staging)
            for entry in sorted(staging.iterdir()):
                moved_paths.append(target / entry.name)
                entry.rename(moved_paths[-1])
            staging.rmdir()
        else:
            top, *folders_below = target.relative_to(parent).parts
            fill(project, staging.joinpath(*folders_below))
            staging.rename(parent / top)
    except BaseException as error:
        for path in (*moved_paths, staging):
            remove(path)
        if isinstance(error, OSError):
            raise Refused(f"{target} cannot be written: {error.strerror or error}") from None
        raise


def fill(project: Mapping[str, str], folder: Path) -> None:
    """Create `folder` and write each file below it."""
    for path, text in project.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())


def remove(path: Path) -> None:
    """Remove a file or folder if it exists. Ignore errors, because the error that stopped the writing is reported."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
