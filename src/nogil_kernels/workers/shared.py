"""Memory that workers of every kind share: a file that each of them maps.

multiprocessing.shared_memory would do for processes. It does not for pools that are not multiprocessing's: before
CPython 3.13 whoever attaches to a block starts a tracker that removes it, while others use it, when that worker ends.
A mapped file is the same memory for threads, interpreters, and any process of this machine.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # Windows, which has no MEMORY_DISK either
    fcntl = None  # type: ignore[assignment]

MEMORY_DISK = "/dev/shm"  # Linux keeps files there in memory; elsewhere the page cache does
PREFIX = "nogil-kernels-maps-"
YOUNG = 60  # seconds: a folder may not have its lock yet


class Folder:
    """A temporary folder for files to map, removed at the end; where its process is killed, by the next one."""

    def __init__(self) -> None:
        in_memory = os.path.isdir(MEMORY_DISK) and os.access(MEMORY_DISK, os.W_OK)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY_DISK if in_memory else None))
        self._lock = _locked(self.path)
        _sweep(self.path.parent)

    def file(self, name: str, data: bytes | bytearray | memoryview) -> str:
        """The path of a new file with these bytes; that of the one there is where it has been made before."""
        path = self.path / name
        if not path.exists():
            path.write_bytes(data)
        return str(path)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        shutil.rmtree(self.path, ignore_errors=True)  # Windows keeps what is mapped until its process ends
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(path: Path) -> int | None:
    """A lock of that folder, which ends with its process at the latest; None where another process has it."""
    if fcntl is None:
        return None
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file


def _sweep(parent: Path) -> None:
    """Remove the folders of processes that were killed: memory that nobody else would free."""
    for path in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, or removed meanwhile
            if time.time() - path.stat().st_mtime > YOUNG and (lock := _locked(path)) is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


maps: dict[str, mmap.mmap] = {}
"""What this process or interpreter has mapped, by path."""


def mapped(path: str) -> mmap.mmap:
    """The bytes of the file, mapped once in this process or interpreter: who writes there writes for all."""
    if path not in maps:
        with open(path, "r+b") as file:
            maps.setdefault(path, mmap.mmap(file.fileno(), 0))  # two threads may come at once
    return maps[path]
