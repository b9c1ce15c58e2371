"""Work that waits: for the clock, and for the system to copy a file."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from ...workers.shared import Folder
from ...workers.worker import Call, Job
from . import COMPUTING, MEMORY, WAITING, Workload


class Sleep(Workload):
    """Five sleeps: the plainest wait, for which a thread gives the GIL up."""

    name = "sleep"
    ways = WAITING
    limit = ""
    at_once = calls = 5
    SECONDS = 0.02  # a hundred times what starting five calls takes
    size = f"a sleep of {SECONDS * 1000:.0f} ms"

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:sleep_call", ("asyncio" if way == "asyncio" else "time", self.SECONDS))


def sleep_call(module: str, seconds: float) -> Call:
    """The call of a thread, or of a coroutine."""
    return partial(import_module(module).sleep, seconds)


class FileRead(Workload):
    """Reads of one file, which the system has in memory: each is one long copy, made without the GIL."""

    name = "file-read"
    ways = COMPUTING
    limit = MEMORY
    BYTES = 1 << 23  # beyond L2; a millisecond, beside which opening the file is nothing
    size = f"a file of {BYTES >> 20} MiB into memory"

    def __init__(self, folder: Folder) -> None:
        self.path = folder.file("file-read", b"\1" * self.BYTES)

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:read_call", (self.path, self.BYTES))


def read_call(path: str, count: int) -> Call:
    """The call of a worker. It keeps its buffer: a new one for each call would be page faults more than reading."""
    return partial(read, path, bytearray(count))


def read(path: str, into: bytearray) -> None:
    """Fill `into` from the file."""
    with open(path, "rb", buffering=0) as file:
        if (got := file.readinto(into)) != len(into):
            raise OSError(f"{path} gave {got} bytes in place of {len(into)}")
