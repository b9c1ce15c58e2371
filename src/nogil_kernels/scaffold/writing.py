"""Writing: all of a project, or nothing.

A new folder is filled under another name beside its place, and renamed when it is complete: one step, which happens or
does not. An empty folder that is there stays the same one, since a shell may stand in it, or a disk be mounted there:
the project is filled inside of it, and its top entries are moved up, or removed again if one cannot be.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from . import Refused


def check(target: Path) -> None:
    """Raise Refused where no project can be written to `target`."""
    try:
        if target.is_symlink() and not target.exists():
            raise Refused(f"{target} is a link that leads nowhere")
        if target.exists() and not target.is_dir():
            raise Refused(f"{target} is there already, and no folder")
        if target.is_dir() and any(target.iterdir()):
            raise Refused(f"{target} is there already, and not empty")
        place = standing(target)
        if not place.is_dir():
            raise Refused(f"{place} is no folder")
        if not os.access(place, os.W_OK | os.X_OK):
            raise Refused(f"{place} cannot be written to")
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}") from None


def standing(target: Path) -> Path:
    """`target` if it is there, otherwise the innermost folder above it that is."""
    return target if target.exists() or target == target.parent else standing(target.parent)


def write(project: Mapping[str, str], target: Path) -> None:
    """Write `project` to `target`, completely; whatever stops that, Ctrl-C too, leaves nothing of it."""
    check(target)
    target = target.absolute()
    place = standing(target)
    staging = place / f".{target.name}-{secrets.token_hex(4)}"
    moved: list[Path] = []
    try:
        if place == target:
            fill(project, staging)
            for entry in sorted(staging.iterdir()):
                moved.append(target / entry.name)
                entry.rename(moved[-1])
            staging.rmdir()
        else:
            first, *rest = target.relative_to(place).parts
            fill(project, staging.joinpath(*rest))
            staging.rename(place / first)
    except BaseException as error:
        for path in (*moved, staging):
            remove(path)
        if isinstance(error, OSError):
            raise Refused(f"{target} cannot be written: {error.strerror or error}") from None
        raise


def fill(project: Mapping[str, str], folder: Path) -> None:
    """Write each file below `folder`, which is made."""
    for path, text in project.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there and as far as it can be; what stopped the writing is what is told."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
