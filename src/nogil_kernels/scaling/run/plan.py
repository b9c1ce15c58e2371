"""The rows of a comparison: which workloads, in which ways, with how many workers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..workloads import Workload


@dataclass(frozen=True)
class Request:
    """What to compare, as plain values that any interpreter can be sent."""

    workloads: Sequence[str]
    ways: Sequence[str]
    """Names of ways, and import paths of executors' factories."""
    workers: Sequence[int]
    weak: bool = False
    """Whether each worker gets so many calls, rather than all of them together."""
    first: bool = True
    """Whether it goes to the interpreter of the command, which measures the native ceilings, too, and raises what a
    workload raises; others leave such a workload out."""
    calls: dict[str, int] = field(default_factory=dict)
    """Calls in all (weak: of each worker) by Work.key, where they have been chosen already."""


@dataclass(frozen=True)
class Row:
    """One row: one side of a workload, in one way, by so many workers."""

    workload: str
    side: str
    setting: str
    way: str
    workers: int
    size: str
    limit: str
    """The native ceiling beside it: that of "arithmetic" or "memory"; "" for work that waits."""
    updates: int = 0
    """Of one call, of which the tally tells how many were lost."""

    @property
    def work(self) -> str:
        """What is done, in whatever way: rows of the same work compare."""
        return "/".join((self.workload, self.side, self.setting))


@dataclass(frozen=True)
class Sample:
    """One sample of a row."""

    seconds: float
    """From the start of all workers to the end of the last."""
    overhead: float
    """Beside that: to hand the parts over, wait for all workers, and get their answers."""
    tally: int | None = None
    """What the workload counted, e.g. lost updates."""


def worker_counts(cores: int, quick: bool = False) -> list[int]:
    """1, 2, 4, ... and `cores`; when quick, 1, 2 and `cores`.

    Powers of two that do not divide 4 * cores are left out: all work must come in equal shares for every number of
    workers, and 63 cores with 32 of them would ask for a multiple of 2016 calls.
    """
    powers = [1 << i for i in range(cores.bit_length()) if 1 << i <= cores and 4 * cores % (1 << i) == 0]
    return sorted({*(powers[:2] if quick else powers), cores})


def rows(workload: Workload, way: str, counts: Sequence[int]) -> Iterator[Row]:
    """The rows of a workload in one way."""
    for setting in workload.settings:
        for side in workload.sides:
            for workers in workers_of(workload, way, counts):
                size, limit, updates = workload.size, workload.limit, workload.updates
                yield Row(workload.name, side, setting, way, workers, size, limit, updates)


def workers_of(workload: Workload, way: str, counts: Sequence[int]) -> list[int]:
    """How many workers this way has for this workload: the sequential one alone, others as many as were asked for."""
    if way == "sequential":
        return [1]
    return [workload.at_once] if workload.at_once else list(counts)


def fitted(seconds_per_call: float, wanted: float, equal_shares: int) -> int:
    """So many calls that they take about the time that is wanted, in equal shares for every number of workers.

    A multiple by a power of two: coarse, so that runs on one machine mostly agree and their files can be compared.
    """
    return equal_shares << max(0, round(math.log2(wanted / (seconds_per_call * equal_shares))))
