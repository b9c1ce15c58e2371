"""The rows of a comparison: one workload in one way, with one number of workers."""

from __future__ import annotations

from dataclasses import dataclass


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
    calls: int
    """The calls of all workers together, per sample."""
    size: str
    limit: str
    """The native ceiling to compare with: "arithmetic", "memory", or "" for work that waits."""
    updates: int = 0  # per call; a sample counts the lost ones
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
    """From the start of the first worker to the end of the last one. If each call is timed: their median, times their
    number."""
    overhead: float = 0.0
    """Additional seconds for submitting the parts, waiting for all workers, and collecting the results."""
    lost: int | None = None
    """The number of lost updates, if the workload counts them."""
    p99: float | None = None
    """The seconds that 99 % of the calls take at most, if each call was timed."""
    kept_waiting: float = 0.0
    """The share of the time in which workers were ready and got no core. 0 if the system does not say."""
    own_threads: float = 1.0
    """CPU time of the process, divided by that of the worker: 2 for calls that keep two threads busy."""


def worker_counts(cores: int, quick: bool = False) -> list[int]:
    """Return 1, 2, 4, ... and `cores`, or only 1, 2 and `cores` if quick.

    Omit powers of two that do not divide 4 * cores. All rows make the same number of calls in equal shares, so 63 cores
    and 32 workers, for example, would need a multiple of 2016 calls.
    """
    powers = [1 << i for i in range(cores.bit_length()) if 1 << i <= cores and 4 * cores % (1 << i) == 0]
    return sorted({*(powers[:2] if quick else powers), cores})
