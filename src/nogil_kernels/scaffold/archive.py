"""The template as one archive: a checkout has folders, a wheel has this, and both give the same files.

setup.py runs this file by itself, when the package is not there to be imported yet.
"""

from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

FOLDERS = ("template", "overlays")
IGNORED = "template/.gitignore"


def collect(root: Path) -> dict[str, bytes]:
    """Every file of template and overlays, by its path below `root`, but for what building and testing them leaves."""
    ignored = [line.rstrip("/") for line in (root / IGNORED).read_text(encoding="utf-8").split()]
    paths = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    files = {path.relative_to(root): path for path in paths}
    return {
        name.as_posix(): with_unix_lines(path.read_bytes())
        for name, path in sorted(files.items())
        if not any(fnmatch(part, pattern) for part in name.parts for pattern in ignored)
    }


def with_unix_lines(content: bytes) -> bytes:
    """Text as git stores it, whatever a checkout on Windows has made of it."""
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def pack(files: dict[str, bytes]) -> bytes:
    """Name, text, name, text, ... with a zero between: the same bytes for the same files, on any machine.

    The wheel compresses it once, and DEFLATE looks 32 KiB back: files of one kind and name lie side by side.
    """
    alike = sorted(files, key=lambda name: (PurePosixPath(name).suffix, PurePosixPath(name).name, name))
    return b"\0".join(part for name in alike for part in (name.encode(), files[name]))


def unpack(content: bytes) -> dict[str, bytes]:
    """The files that `pack` took."""
    parts = content.split(b"\0")
    return {name.decode(): text for name, text in zip(parts[::2], parts[1::2], strict=True)}
