"""Work that waits for the clock, or for the system to copy a file."""

from functools import partial
from importlib import import_module

from ...workers.shared import Folder
from ...workers.worker import Call, Job
from . import COMPUTING, MEMORY, WAITING, Workload


class Sleep(Workload):
    """Five sleeps, the simplest wait that releases the GIL."""

    name = "sleep"
    ways = WAITING
    limit = ""
    simultaneous_calls = calls = 5
    SECONDS = 0.02  # 100 times what starting five calls takes
    size = f"a sleep of {SECONDS * 1000:.0f} ms"

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:sleep_call", ("asyncio" if way == "asyncio" else "time", self.SECONDS))


def sleep_call(module: str, seconds: float) -> Call:
    """Return time.sleep for threads or asyncio.sleep for coroutines, as a call."""
    return partial(import_module(module).sleep, seconds)


class FileRead(Workload):
    """Reads of one file that the system keeps in memory. Each is one long copy with the GIL released."""

    name = "file-read"
    ways = COMPUTING
    limit = MEMORY
    BYTES = 1 << 23  # larger than L2; takes a millisecond, so opening the file is negligible
    size = f"a file of {BYTES >> 20} MiB into memory"

    def __init__(self, folder: Folder) -> None:
        self.path = folder.file("file-read", b"\1" * self.BYTES)

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:read_call", (self.path, self.BYTES))


def read_call(path: str, count: int) -> Call:
    """Return a call that reuses one buffer. A new buffer per call would mostly measure page faults."""
    return partial(read, path, bytearray(count))


def read(path: str, into: bytearray) -> None:
    """Fill `into` from the file."""
    with open(path, "rb", buffering=0) as file:
        if (count := file.readinto(into)) != len(into):
            raise OSError(f"expected {len(into)} bytes from {path}, got {count}")
