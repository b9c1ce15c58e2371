"""Memory that workers of all ways share: a file that each of them maps.

multiprocessing.shared_memory does not work with other process pools. Before CPython 3.13, a process that attaches to a
block starts a resource tracker. When that process ends, its tracker removes the block, even if other processes still
use it. A mapped file works for threads, interpreters and all processes of this machine.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, which has no MEMORY_DISK either
    fcntl = None  # type: ignore[assignment]

MEMORY_DISK = "/dev/shm"  # where Linux keeps files in memory; other systems use the page cache
MIN_FREE_BYTES = 1 << 25  # more than all files of a comparison need. Containers have 64 MiB there, or almost none
PREFIX = "nogil-kernels-maps-"
LOCK_SECONDS = 60  # a folder that is younger may not have its lock yet


class Folder:
    """A temporary folder of mapped files.

    If its process is killed, a child process or the next process that makes a Folder removes it. A child process opens
    the folder of its parent by its path, and does not remove it while the parent runs.
    """

    def __init__(self, path: str = "") -> None:
        self._lock = None
        if path:
            self.path = Path(path)
            self._is_owner = False
            return
        in_memory = os.access(MEMORY_DISK, os.W_OK) and shutil.disk_usage(MEMORY_DISK).free >= MIN_FREE_BYTES
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY_DISK if in_memory else None))
        self._is_owner = True
        self._lock = _lock(self.path)
        _remove_orphans(self.path.parent)

    def file(self, name: str, data: bytes | bytearray | memoryview) -> str:
        """Write a file with these bytes unless it exists already. Return its path."""
        path, unfinished = self.path / name, self.path / f"{name}.{os.getpid()}"
        if not path.exists():
            try:
                unfinished.write_bytes(data)
            except OSError as error:  # without a path if the disk is full
                raise OSError(error.errno, error.strerror, str(path)) from None
            unfinished.replace(path)  # so a killed process never leaves half a file of this name
        return str(path)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._is_owner:
            shutil.rmtree(self.path, ignore_errors=True)  # Windows keeps mapped files until their process ends
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(path: Path) -> int | None:
    """Lock the folder until the process ends. Return None if another process has the lock."""
    if fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_orphans(parent: Path) -> None:
    """Remove the folders of killed processes."""
    for path in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another process has removed it
            if time.time() - path.stat().st_mtime > LOCK_SECONDS:
                remove_orphan(path)


def remove_orphan(path: Path) -> None:
    """Remove a Folder's path if its process has ended without that. A running process has a lock on its folder."""
    if not path.name.startswith(PREFIX):
        return
    with suppress(OSError):  # another user owns it, or another process has removed it
        if (lock := _lock(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


maps: dict[str, mmap.mmap] = {}  # path -> mapping, for this process or interpreter


def mapped(path: str) -> mmap.mmap:
    """Return the mapping of the file, one per process or interpreter. All workers see every write."""
    if path not in maps:
        with open(path, "r+b") as file:
            maps.setdefault(path, mmap.mmap(file.fileno(), 0))  # two threads may get here at the same time
    return maps[path]
