"""The template as one archive: a checkout has folders, a wheel has this, and both give the same files.

setup.py runs this file by itself, when the package is not there to be imported yet.
"""

import io
import zipfile
from fnmatch import fnmatch
from pathlib import Path

FOLDERS = ("template", "overlays")
IGNORED = "template/.gitignore"
FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say


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
    """The same bytes for the same files, on any machine: sorted, dated 1980, and stored, since the wheel compresses.

    What is compressed file by file weighs twice as much as all of it compressed once. Files of one name lie side by
    side, where DEFLATE sees that they are alike: it looks 32 KiB back.
    """
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files, key=lambda name: (name.rpartition("/")[2], name)):
            entry = zipfile.ZipInfo(name, FIRST_DATE)
            entry.create_system = 3  # Unix; Python would put in the system that it runs on
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return memory.getvalue()


def unpack(content: bytes) -> dict[str, bytes]:
    """The files that `pack` took."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
