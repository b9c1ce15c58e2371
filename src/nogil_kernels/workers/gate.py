"""A barrier for workers of any way, so that all of them begin at the same time.

threading.Barrier supports only threads, and multiprocessing.Barrier only its own processes. This one also supports
other pools and interpreters. All workers map the same memory, in which each has one byte. A worker writes the number of
the sample to its byte and waits until all bytes are equal.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from .shared import Folder, mapped

POLL = 50e-6  # seconds between two looks at the memory. With the delays of the system, all workers begin within 0.15 ms
TIMEOUT = 30.0  # seconds; starting a worker takes at most about two
MAX_WORKERS = 4096
ABORTED = 0  # never the number of a sample


class NotEnoughWorkers(RuntimeError):
    """Not all workers have reached the gate."""


@dataclass(frozen=True)
class Gate:
    """The gate of one sample. It can be pickled."""

    path: str
    workers: int
    sample: int
    timeout: float  # seconds

    def wait(self, index: int) -> None:
        """Return when all workers have arrived. Raise NotEnoughWorkers after the timeout, or if the gate is aborted."""
        for _ in self._until_open(index):
            time.sleep(POLL)

    async def wait_async(self, index: int) -> None:
        """Do the same in a coroutine."""
        import asyncio  # takes 40 ms, which other workers need not spend

        for _ in self._until_open(index):
            await asyncio.sleep(POLL)

    def _until_open(self, index: int) -> Iterator[None]:
        memory = mapped(self.path)
        memory[index] = self.sample  # writing one byte is atomic
        complete = bytes([self.sample]) * self.workers
        begin = time.monotonic()
        while (arrivals := memory[: self.workers]) != complete:
            if ABORTED in arrivals or time.monotonic() - begin > self.timeout:
                raise NotEnoughWorkers(
                    f"only {arrivals.count(self.sample)} of {self.workers} workers reached the gate: another worker"
                    f" failed, or the executor does not run {self.workers} tasks at the same time"
                )
            yield


class Gates:
    """A sequence of gates that use the same memory."""

    def __init__(self, folder: Folder) -> None:
        self.path = folder.file(f"gate-{os.getpid()}", bytes([255]) * MAX_WORKERS)
        self.sample = 255

    def next(self, workers: int) -> Gate:
        """Return the gate of the next sample. Its workers have the indices 0, 1, ..., workers-1."""
        self.sample = self.sample % 255 + 1
        previous = (self.sample + 253) % 255 + 1  # not the number of this sample, and never ABORTED
        mapped(self.path)[:workers] = bytes([previous]) * workers  # replaces ABORTED
        return Gate(self.path, workers, self.sample, TIMEOUT)

    def abort(self) -> None:
        """Make all waiting workers raise NotEnoughWorkers."""
        mapped(self.path)[:] = bytes([ABORTED]) * MAX_WORKERS
