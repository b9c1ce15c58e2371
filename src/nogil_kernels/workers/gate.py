"""The gate: workers of any kind begin at one moment.

threading.Barrier would do for threads and multiprocessing's for its own processes; this one also holds workers of
other pools and of other interpreters. Each has a byte in memory that all of them map. It writes the number of the
sample there and waits until every byte has it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from .shared import Folder, mapped

POLL = 50e-6  # seconds; with what the system adds, all begin within 0.15 ms of one another
PATIENCE = 30.0  # seconds until workers that have not come are given up: starting one takes one or two, at worst
MOST_WORKERS = 4096
ABORTED = 0  # no sample's number


class NotEnoughWorkers(RuntimeError):
    """Fewer workers came to the gate than were asked for."""


@dataclass(frozen=True)
class Gate:
    """Where the workers of one sample wait for one another. It can be pickled."""

    path: str
    workers: int
    sample: int
    patience: float
    """Seconds."""

    def wait(self, index: int) -> None:
        """Return when all have come. Raises NotEnoughWorkers when that takes too long, or the gate was aborted."""
        for _ in self._until_open(index):
            time.sleep(POLL)

    async def wait_async(self, index: int) -> None:
        """The same for coroutines."""
        import asyncio  # 40 ms, which other workers need not spend

        for _ in self._until_open(index):
            await asyncio.sleep(POLL)

    def _until_open(self, index: int) -> Iterator[None]:
        memory = mapped(self.path)
        memory[index] = self.sample  # a byte is written whole
        everyone = bytes([self.sample]) * self.workers
        begin = time.monotonic()
        while (here := memory[: self.workers]) != everyone:
            if ABORTED in here or time.monotonic() - begin > self.patience:
                raise NotEnoughWorkers(
                    f"{here.count(self.sample)} of {self.workers} workers began their part; the executor must run as"
                    " many tasks at once as it was asked for"
                )
            yield


class Gates:
    """One gate after the other, on the same memory."""

    def __init__(self, folder: Folder) -> None:
        self.path = folder.file("gate", bytes([255]) * MOST_WORKERS)
        self.sample = 255

    def next(self, workers: int) -> Gate:
        """The gate of the next sample, whose workers have indices from 0."""
        self.sample = self.sample % 255 + 1
        mapped(self.path)[:workers] = bytes([(self.sample + 253) % 255 + 1]) * workers  # not the last sample's abort
        return Gate(self.path, workers, self.sample, PATIENCE)

    def abort(self) -> None:
        """Send home who waits."""
        mapped(self.path)[:] = bytes([ABORTED]) * MOST_WORKERS
