"""The rows of a comparison: workloads, ways, and numbers of workers."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..workloads import Workload


@dataclass(frozen=True)
class Request:
    """What to compare, as plain values that can be sent to other interpreters."""

    workloads: Sequence[str]
    ways: Sequence[str]  # names of ways, and import paths of executor factories
    workers: Sequence[int]
    weak: bool = False  # whether the calls are per worker instead of shared
    is_local: bool = True
    """Whether this is the interpreter that runs the command. It also measures the native ceilings, and it raises the
    errors of workloads. Other interpreters skip a workload that fails."""
    probed: dict[str, list[str]] = field(default_factory=dict)
    """Workload -> [verdict, hold, limit], if another session has probed it."""
    calls: dict[str, int] = field(default_factory=dict)
    """The numbers of calls that another session has chosen, by Row.work, or by Row.work + " serial" if only one worker
    can run at a time. With weak, the numbers are per worker."""


@dataclass(frozen=True)
class Row:
    """One side and setting of a workload, in one way, with one number of workers.

    A side is, for example, a kernel with the GIL held. A setting is the value of a further parameter.
    """

    workload: str
    side: str
    setting: str
    way: str
    workers: int
    size: str
    limit: str
    """The native ceiling to compare with: "arithmetic", "memory", or "" for work that waits."""
    updates: int = 0  # the number of updates per call; Sample.tally counts the lost ones
    verdict: str = ""  # of the probe, on a function of the user
    hold: str = ""  # see Workload

    @property
    def work(self) -> str:
        """The key of the work, without way and workers. Rows with the same key are compared."""
        return "/".join((self.workload, self.side, self.setting))


@dataclass(frozen=True)
class Sample:
    """One sample of a row."""

    seconds: float
    """From the start of the first worker to the end of the last one."""
    overhead: float
    """Additional time for submitting the parts, waiting for all workers, and collecting the results."""
    tally: int | None = None
    """What the workload counted, such as lost updates."""


def worker_counts(cores: int, quick: bool = False) -> list[int]:
    """Return 1, 2, 4, ... and `cores`, or only 1, 2 and `cores` if quick.

    Omit powers of two that do not divide 4 * cores. All rows make the same number of calls in equal shares, so 63 cores
    and 32 workers, for example, would need a multiple of 2016 calls.
    """
    powers = [1 << i for i in range(cores.bit_length()) if 1 << i <= cores and 4 * cores % (1 << i) == 0]
    return sorted({*(powers[:2] if quick else powers), cores})


def rows(workload: Workload, way: str, counts: Sequence[int]) -> Iterator[Row]:
    """Yield the rows of a workload in one way."""
    for setting in workload.settings:
        for side in workload.sides:
            for workers in workers_of(workload, way, counts):
                about_workload = workload.size, workload.limit, workload.updates, workload.verdict, workload.hold
                yield Row(workload.name, side, setting, way, workers, *about_workload)


def workers_of(workload: Workload, way: str, counts: Sequence[int]) -> list[int]:
    """Return the numbers of workers for this workload and way."""
    if way == "sequential":
        return [1]
    return [workload.simultaneous_calls] if workload.simultaneous_calls else list(counts)


def fit_calls(seconds_per_call: float, target_seconds: float, multiple_of: int) -> int:
    """Return a number of calls that takes about `target_seconds`: `multiple_of` times a power of two.

    Powers of two are coarse, so that repeated runs mostly choose the same number and their files can be compared.
    """
    return multiple_of << max(0, round(math.log2(target_seconds / (seconds_per_call * multiple_of))))
