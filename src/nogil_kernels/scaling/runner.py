"""The runner: how many calls, in what order, and the clock."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, repeat
from time import perf_counter

from .. import build_info
from ..measure import machine
from . import Progress
from .ways import Barrier, Threads, Way
from .workloads import HOLD, PYTHON, RELEASE, Call, Matmul, SumOfSquares, Workload

TAKING_TURNS = 0.035  # seconds of all the work where the GIL lets one worker at a time run: seven switch intervals
AT_ONCE = 0.05  # seconds of all the work where workers run at once, longer since they get but a share of it each ...
ONE_SHARE = 0.01  # ... and at least this, as waking many takes some 0.1 ms
CALIBRATION = 0.01  # seconds of repeated calls that tell how long one takes


@dataclass(frozen=True)
class Work:
    """One workload on one side of the comparison: the call of each worker, and how many of them are made in all."""

    workload: Workload
    gil: str
    calls: list[Call]
    total: int


@dataclass(frozen=True)
class Series:
    """The samples of one row, in seconds for all of its work."""

    work: Work
    workers: int
    way: type[Way] = Threads
    samples: list[float] = field(default_factory=list)

    @property
    def calls(self) -> list[Call]:
        """The calls of this row's workers."""
        return self.work.calls[: self.workers]


def worker_counts(cores: int, quick: bool) -> list[int]:
    """1, 2, 4, ... and `cores`; when quick, 1, 2 and `cores`.

    Powers of two that do not divide 4 * cores are left out: all work must come in equal shares for every number of
    workers, and 63 cores with 32 of them would ask for a multiple of 2016 calls.
    """
    powers = [1 << i for i in range(cores.bit_length()) if 1 << i <= cores and 4 * cores % (1 << i) == 0]
    return sorted({*(powers[:2] if quick else powers), cores})


def measure(counts: Sequence[int], seconds: float, progress: Progress) -> tuple[list[Series], bool]:
    """The samples of every row, and whether KeyboardInterrupt cut them short; it is raised if there are none yet."""
    workloads: list[Workload] = [SumOfSquares(machine.l2_bytes()), Matmul()]
    sides = [PYTHON] if build_info()["backend"] == "pure" else [PYTHON, HOLD, RELEASE]
    works = [prepare(workload, gil, counts) for workload in workloads for gil in sides]
    series = [Series(work, workers) for work in works for workers in counts]
    try:
        run(series, seconds, progress)
    except KeyboardInterrupt:
        if not any(row.samples for row in series):
            raise
        return [row for row in series if row.samples], True
    return series, False


def prepare(workload: Workload, gil: str, counts: Sequence[int]) -> Work:
    """Make every worker's call, time the first one's, and choose how many calls all the work is.

    That is a multiple of every number of workers, by a power of two: coarse, so that runs on one machine mostly agree
    and their files can be compared.
    """
    calls = [workload.call(gil) for _ in range(max(counts))]
    runs_at_once = gil == RELEASE or not machine.gil_enabled()
    wanted = max(AT_ONCE, ONE_SHARE * max(counts)) if runs_at_once else TAKING_TURNS
    equal_shares = math.lcm(*counts)
    multiple = wanted / (seconds_per_call(calls[0]) * equal_shares)
    return Work(workload, gil, calls, equal_shares << max(0, round(math.log2(multiple))))


def seconds_per_call(call: Call) -> float:
    """A first idea of how long a call takes, warm."""
    call()
    times = 1
    while True:
        begin, end = repeated(call, times)
        if end - begin >= CALIBRATION:
            return (end - begin) / times
        times *= 2


def run(series: Sequence[Series], seconds: float, progress: Progress) -> None:
    """Sample all rows in turn until another round would pass `seconds`; once at least.

    Every other round goes backwards, so that a drift within a round cancels.
    """
    begin = perf_counter()
    with ExitStack() as stack:
        kinds = {(row.way, row.workers) for row in series}
        ways = {kind: stack.enter_context(kind[0](kind[1])) for kind in sorted(kinds, key=lambda kind: kind[1])}
        for row in series:  # starts the workers, and brings every worker's data near
            sample(ways[row.way, row.workers], row.calls, row.workers)
        warm = perf_counter() - begin
        for rounds in count(1):
            for done, row in enumerate(series if rounds % 2 else reversed(series), 1):
                row.samples.append(sample(ways[row.way, row.workers], row.calls, row.work.total))
                over = perf_counter() - begin
                one_round = (over - warm) / (rounds - 1 + done / len(series))
                progress(over, max(seconds, warm + one_round))
            if over + one_round > seconds:
                return


def sample(way: Way, calls: Sequence[Call], total: int) -> float:
    """Seconds from the start of all workers to the end of the last: one a call, `total` shared equally among them."""
    futures = [way.submit(share, way.start, call, total // len(calls)) for call in calls]
    spans: list[tuple[float, float]] = [future.result() for future in futures]
    return max(end for _, end in spans) - min(begin for begin, _ in spans)


def share(start: Barrier, call: Call, times: int) -> tuple[float, float]:
    """One worker's part: when it passed the barrier, and when its calls were done."""
    start.wait()
    return repeated(call, times)


def repeated(call: Call, times: int) -> tuple[float, float]:
    """When `times` calls began and when they ended, by a clock that all processes share."""
    begin = perf_counter()
    for _ in repeat(None, times):
        call()
    return begin, perf_counter()
