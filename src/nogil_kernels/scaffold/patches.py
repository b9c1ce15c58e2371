"""Patches: the change of one file as git writes it, for `git apply`.

Ids are written in full: `git apply --3way` looks the old file up by its id, and a binary change has to name both.
"""

import base64
import difflib
import zlib
from collections.abc import Iterator

from .record import blob_id

MODE = b"100644"  # a plain file; the template has no others
CONTEXT = 3
NOTHING = b"0" * 40
WIDTH = 52  # bytes in a line of a binary patch: as many as a letter can count


def patch(path: str, old: bytes | None, new: bytes | None) -> bytes:
    """The patch that makes `new` of `old`; None is a file that is not there."""
    name = path.encode()
    lines = [b"diff --git a/%b b/%b" % (name, name)]
    if old is None:
        lines.append(b"new file mode " + MODE)
    if new is None:
        lines.append(b"deleted file mode " + MODE)
    ids = b"..".join(NOTHING if content is None else blob_id(content).encode() for content in (old, new))
    lines.append(b"index " + ids + (b" " + MODE if old is not None and new is not None else b""))
    body = binary if is_binary(old or b"") or is_binary(new or b"") else text
    return b"\n".join(lines) + b"\n" + b"".join(body(name, old, new))


def is_binary(content: bytes) -> bool:
    """What git takes for binary: a zero byte near the beginning."""
    return b"\0" in content[:8000]


def text(name: bytes, old: bytes | None, new: bytes | None) -> Iterator[bytes]:
    """The hunks. Lines end with a line feed and nothing else: a form feed or a lone carriage return is in one."""
    before, after = (lines_of(content or b"") for content in (old, new))
    names = (b"/dev/null" if old is None else b"a/" + name, b"/dev/null" if new is None else b"b/" + name)
    for line in difflib.diff_bytes(difflib.unified_diff, before, after, *names, n=CONTEXT):
        yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def lines_of(content: bytes) -> list[bytes]:
    """Lines with their ends; the last one may have none."""
    *lines, rest = content.split(b"\n")
    return [line + b"\n" for line in lines] + ([rest] if rest else [])


def binary(name: bytes, old: bytes | None, new: bytes | None) -> Iterator[bytes]:
    """Both contents, so that the patch can be taken back."""
    yield b"GIT binary patch\n"
    for content in (new or b"", old or b""):
        yield b"literal %d\n" % len(content)
        packed = zlib.compress(content, 9)
        for start in range(0, len(packed), WIDTH):
            part = packed[start : start + WIDTH]
            length = bytes([len(part) + (64 if len(part) <= 26 else 70)])  # A to Z count 1 to 26, a to z 27 to 52
            yield length + base64.b85encode(part, pad=True) + b"\n"
        yield b"\n"
