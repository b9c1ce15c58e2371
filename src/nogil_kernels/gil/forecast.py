"""The speed-up to expect from N workers, as a bracket, from what one call does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Forecast:
    """A bracket for the speed-up of `workers` workers, as far as the GIL and the cores limit it."""

    workers: int
    low: float
    high: float

    def agrees(self, low: float, high: float, tolerance: float) -> bool:
        """Return whether the interval low to high overlaps the bracket, extended by that share on both sides."""
        return self.low * (1 - tolerance) <= high and low <= self.high * (1 + tolerance)

    def text(self) -> str:
        """Return "1.9x to 2.0x"; one number if both are the same."""
        low, high = f"{self.low:.1f}x", f"{self.high:.1f}x"
        return low if low == high else f"{low} to {high}"


def threads(hold: float, cpu: float, workers: int, cores: int) -> Forecast:
    """Return the speed-up of threads.

    Parameters
    ----------
    hold
        The share of a call's time in which it holds the GIL.
    cpu
        The number of cores that it uses on average: the share of its time on a core, or more with own threads.
    workers, cores
        Numbers of threads, and of cores that they may use.

    Notes
    -----
    The time of a call is the unit. A call needs the GIL for `hold`, and then runs without it for `1 - hold`.

    High end: the threads never wait for each other. The speed-up is N, and at most 1 / hold for the GIL and cores / cpu
    for the cores.

    Low end: the threads meet by chance and queue for the GIL. Mean value analysis of a closed network with one queue
    gives the throughput X of n threads from that of n - 1 (M. Reiser, S. S. Lavenberg, "Mean-value analysis of closed
    multichain queuing networks", Journal of the ACM 27, 1980):

        R(n) = hold * (1 + Q(n - 1)),  X(n) = n / (R(n) + 1 - hold),  Q(n) = X(n) * R(n)

    The network assumes holds of random length. Holds of equal length queue less, so the truth is between both ends.
    """
    most = cores / cpu if cpu > 0 else float(workers)
    queue = throughput = 0.0
    for n in range(1, workers + 1):
        time_at_gil = hold * (1 + queue)
        throughput = n / (time_at_gil + 1 - hold)
        queue = throughput * time_at_gil
    high = min(workers, most, 1 / hold if hold > 0 else float(workers))
    return Forecast(workers, min(throughput, high), high)


def own_gils(cpu: float, workers: int, cores: int) -> Forecast:
    """Return the speed-up of workers that have a GIL each, or none: processes, interpreters, free-threaded builds."""
    high = min(float(workers), cores / cpu if cpu > 0 else float(workers))
    return Forecast(workers, high, high)


def threads_that_pay(hold: float, cpu: float, cores: int, most: int = 1024) -> int:
    """Return the number of threads from which on one more adds less than a twentieth of a thread."""
    best = 1
    while best < most and threads(hold, cpu, best + 1, cores).high - threads(hold, cpu, best, cores).high >= 0.05:
        best += 1
    return best
