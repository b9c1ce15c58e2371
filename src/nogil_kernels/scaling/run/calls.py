"""How many calls a sample makes. It must take long enough to be measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...measure import machine
from ...workers import worker
from ..rows import Row
from ..workloads import HOLD, PYTHON, Workload

SERIAL_SECONDS = 0.035  # seconds of work per sample if the workers take turns: seven switch intervals
PARALLEL_SECONDS = 0.04  # seconds of work per sample if the workers run at the same time
WAITING_SECONDS = 0.02  # seconds of a sample of a function that waits
LATENCY_CALLS, LATENCY_MAX_SECONDS = 100, 1.0  # of a sample whose calls are timed; 100 are needed for 99 % of them
WORKER_SECONDS = 0.005  # the least work of one worker: workers begin within 0.15 ms of each other
MIN_CALIBRATION_SECONDS = 0.01  # the shortest measurement of repeated calls
CALIBRATION_TRIES = 3  # measurements, of which the best counts
LONG_SECONDS = 1.0  # a measurement longer than this is not repeated; fitting uses this limit too


class Calls:
    """The numbers of calls, which all rows of the same work share."""

    def __init__(self, chosen: dict[str, int]) -> None:
        self.chosen = chosen
        """Key -> calls. The key is Row.work, or Row.work + " serial" if the workers run one at a time."""

    def fit(self, workload: Workload, side: str, setting: str, counts: Sequence[int], weak: bool) -> None:
        """Choose the calls of this work once."""
        key = "/".join((workload.name, side, setting))
        if key in self.chosen:
            return
        if calls := workload.calls_of(side, setting):
            self.chosen[key] = self.chosen[f"{key} serial"] = calls
            return
        seconds = 0.0 if workload.times_calls else workload.seconds
        if not seconds:
            with worker.picklable_errors(), workload.around(side, setting):
                seconds = seconds_per_call(workload.job(side, setting, "sequential"))
        if workload.times_calls:
            most = max(1, round(LATENCY_MAX_SECONDS / seconds))
            self.chosen[key] = min(most, max(LATENCY_CALLS, round(PARALLEL_SECONDS / seconds)))
            return
        if not workload.limit:
            self.chosen[key] = max(1, round(WAITING_SECONDS / seconds))  # per worker
            return
        multiple = math.lcm(*([1] if weak else counts or [1]))
        if multiple * seconds > LONG_SECONDS:
            # Then each row rounds up by itself. A common multiple for 64 workers would be 64 sequential calls of 1 s.
            multiple = 1
        target = max(PARALLEL_SECONDS, WORKER_SECONDS * max(counts, default=1))
        self.chosen[key] = fit_calls(seconds, target, multiple)
        self.chosen[f"{key} serial"] = min(self.chosen[key], fit_calls(seconds, SERIAL_SECONDS, multiple))

    def of(self, row: Row, weak: bool) -> int:
        """Return the calls of all workers of a row: those that were fitted, rounded up to equal shares."""
        is_serial = row.way == "threads" and row.side in (PYTHON, HOLD) and machine.gil_enabled()
        if not row.limit and row.work + " serial" not in self.chosen:
            return self.chosen[row.work] * row.workers
        calls = self.chosen[f"{row.work} serial" if is_serial else row.work]
        return calls * row.workers if weak else math.ceil(calls / row.workers) * row.workers


def fit_calls(seconds_per_call: float, target_seconds: float, multiple_of: int) -> int:
    """Return a number of calls that takes about `target_seconds`: `multiple_of` times a power of two.

    Powers of two are coarse, so that repeated runs mostly choose the same number and their files can be compared.
    """
    return multiple_of << max(0, round(math.log2(target_seconds / (seconds_per_call * multiple_of))))


def seconds_per_call(job: worker.Job) -> float:
    """Return the approximate time of a warm call: the best of CALIBRATION_TRIES, as any of them may be disturbed."""
    worker.seconds_of(job, 1)
    count = 1
    while True:
        fastest_seconds = math.inf
        for _ in range(CALIBRATION_TRIES):
            fastest_seconds = min(fastest_seconds, worker.seconds_of(job, count))
            if fastest_seconds < MIN_CALIBRATION_SECONDS or fastest_seconds > LONG_SECONDS:
                break
        if fastest_seconds >= MIN_CALIBRATION_SECONDS:
            return fastest_seconds / count
        count *= 2
