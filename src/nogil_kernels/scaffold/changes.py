"""Changes: what a newer template, or another answer, would change in a project, apart from what was edited there.

Each file has three states: as it was made (the record knows git's id of it), as it is here, and as the template has it
now. Where the template has not changed it, nothing is to do, whatever was edited. Where nobody has edited it, the patch
leads from what is here. Where both have, the patch leads from the file as it was made, and `git apply --3way` merges it
with the edits: that needs the file as it was made, which git has if it was committed. What git does not have is left
out, and named: a patch from what is here would take the edits back.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .archive import with_unix_lines
from .errors import Refused
from .patches import patch
from .record import NAME, Record, blob_id, dump


@dataclass
class Changes:
    """What would change."""

    patches: dict[str, bytes] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)  # of these, what was edited here, too
    left_out: dict[str, str] = field(default_factory=dict)  # path -> reason


def changes(folder: Path, made: Record, now: Record, project: Mapping[str, bytes]) -> Changes:
    """What leads from the project in `folder`, with the record `made`, to `project` with the record `now`."""
    if release(made.version) > release(now.version):
        raise Refused(f"{NAME} is of version {made.version}, and this is {now.version}: update this first")
    result = Changes()
    for path in sorted({*made.files, *project}):
        was, new = made.files.get(path), project.get(path)
        if was == now.files.get(path):
            continue
        here = read(folder / path)
        if here == new:
            continue
        if (None if here is None else blob_id(here)) == was:
            result.patches[path] = patch(path, here, new)
        elif reason := why_not_merged(was, here, new):
            result.left_out[path] = reason
        elif (old := from_git(folder, str(was))) is None:
            result.left_out[path] = "edited here, and git does not have it as it was made"
        else:
            result.merged.append(path)
            result.patches[path] = patch(path, old, new)
    old, new = read(folder / NAME), dump(now)
    if old != new:
        result.patches[NAME] = patch(NAME, old, new)
    return result


def why_not_merged(was: str | None, here: bytes | None, new: bytes | None) -> str:
    """Why a file that both sides have changed has nothing to merge; an empty string where it has."""
    if was is None:
        return "made here, and the template has one of that name now"
    if here is None:
        return "removed here, and changed in the template"
    return "" if new is not None else "edited here, and no longer in the template"


def read(path: Path) -> bytes | None:
    """A file's content as git would keep it; None where there is none."""
    try:
        return with_unix_lines(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None


def from_git(folder: Path, name: str) -> bytes | None:
    """The file that git keeps under that id; None where it has none, or there is no git."""
    if not re.fullmatch(r"[0-9a-f]{40}", name):
        return None
    command = ["git", "-C", str(folder), "cat-file", "blob", name]
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def release(version: str) -> list[int]:
    """The numbers that a version begins with, to compare."""
    found = re.match(r"\d+(\.\d+)*", version)
    return [int(number) for number in found.group().split(".")] if found else []


def said(result: Changes) -> Iterator[str]:
    """What to say of it, line by line, beside the patch itself."""
    count = len(result.patches)
    if not count:
        yield "Nothing to change."
    else:
        yield f"{count} file{'s' * (count > 1)} would change. To apply it, with nothing uncommitted: git apply --3way"
    if result.merged:
        yield f"Edited here, too, and to be merged: {', '.join(result.merged)}"
    for path, reason in result.left_out.items():
        yield f"Left out: {path}: {reason}"
