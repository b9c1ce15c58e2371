"""A session: the part of a comparison that one interpreter measures."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress

from ...measure import machine
from ...measure.facts import Fact, facts
from ...measure.gil_watch import watch
from ...workers import worker
from ...workers.crew import Crew
from ...workers.errors import Unavailable, one_line
from .. import workloads
from ..workloads import HOLD, PYTHON, Workload
from ..workloads.native import Native
from .plan import Request, Row, Sample, fit_calls, rows, workers_of

SERIAL_SECONDS = 0.035  # seconds of work per sample if the workers take turns: seven switch intervals
PARALLEL_SECONDS = 0.05  # seconds of work per sample if the workers run at the same time
WORKER_SECONDS = 0.005  # the least work of one worker: workers begin within 0.15 ms of each other
MIN_CALIBRATION_SECONDS = 0.01  # the shortest measurement of repeated calls
CALIBRATION_TRIES = 3  # measurements, of which the best counts
LONG_SECONDS = 1.0  # a measurement longer than this is not repeated; _fit_calls uses this limit too


class Session:
    """Rows that this interpreter can sample. Workers wait for work until `close` is called."""

    def __init__(self, request: Request) -> None:
        """Create the workloads, start the workers, fit the number of calls, and run each way once.

        Skip what does not work in this environment, and add a note with the reason.
        """
        self.request = request
        self.crew = Crew()
        self.start_up = self.crew.start_up
        self.notes: list[str] = []
        self.calls: dict[str, int] = dict(request.calls)
        self.rows: list[Row] = []
        self._failed: set[tuple[str, str]] = set()
        try:
            with watch() as gil:
                self.workloads = {workload.name: workload for workload in self._create_workloads()}
                for workload in self.workloads.values():
                    self._prepare(workload)
            # The calls are chosen now: an import can switch the GIL on later, and the number must not change then.
            self._calls = {row: self._choose_calls(row) for row in self.rows}
            self.facts: dict[str, Fact] = {**facts(), **gil.facts()}  # before the measurement
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End all workers and workloads."""
        self.crew.close()

    def round(self, works: Sequence[str], backwards: bool) -> Iterator[tuple[int, Sample]]:
        """Yield (index of the row, sample) for each row of these works, in order or backwards.

        Stop sampling a workload in a way in which it fails, for example because a worker was killed.
        """
        indices = [index for index, row in enumerate(self.rows) if row.work in works]
        for index in reversed(indices) if backwards else indices:
            row = self.rows[index]
            if (row.workload, row.way) in self._failed:
                continue
            try:
                sample = self.sample(row)
            except Exception as error:
                if row.way == "sequential" and self.request.is_local:
                    raise
                self._failed.add((row.workload, row.way))
                self.notes.append(f"stopped {row.workload} on {row.way} early: {one_line(error)}")
            else:
                yield index, sample

    def sample(self, row: Row) -> Sample:
        """Return one sample of a row."""
        workload = self.workloads[row.workload]
        calls = self.calls_of(row)
        with workload.around(row.side, row.setting):
            seconds, overhead = self._run(workload, row, calls // row.workers)
        return Sample(seconds, overhead, workload.tally(calls))

    def calls_of(self, row: Row) -> int:
        """Return the total number of calls of all workers of a row."""
        return self._calls[row]

    def _run(self, workload: Workload, row: Row, calls: int) -> tuple[float, float]:
        started_workers = max(workers_of(workload, row.way, self.request.workers))
        job = workload.job(row.side, row.setting, row.way)
        return self.crew.run(row.way, started_workers, job, calls, row.workers, workload.stays_on_core)

    # Preparation

    def _create_workloads(self) -> Iterator[Workload]:
        """Yield the workloads that work in this environment, and their native ceilings."""
        limits = set()
        for name in self.request.workloads:
            try:
                workload = workloads.find(name, self.crew.folder)
                if name in self.request.probed:
                    workload.verdict, workload.hold, workload.limit = self.request.probed[name]
                elif self.request.is_local:
                    with worker.picklable_errors():
                        workload.probe()
            except Exception as error:
                if self.request.is_local and not isinstance(error, Unavailable):
                    raise
                self.notes.append(f"skipped {name}: {one_line(error)}")
                continue
            self.crew.stack.callback(workload.close)
            limits.add(workload.limit)
            yield workload
        for limit in sorted(limits - {""}) if self.request.is_local else ():
            with suppress(Unavailable):
                yield Native(limit)

    def _prepare(self, workload: Workload) -> None:
        """Add the rows of a workload that work in this environment."""
        executor_paths = [way for way in self.request.ways if ":" in way]
        skipped: dict[str, list[str]] = {}
        for way in [*workload.ways, *(executor_paths if "processes" in workload.ways else [])]:
            counts = workers_of(workload, way, self.request.workers)
            if not counts or way not in (*self.request.ways, "sequential"):
                continue
            if reason := self.crew.start(way, max(counts)):
                if (note := f"skipped {way}: {reason}") not in self.notes:
                    self.notes.append(note)
            elif reason := workload.missing(way):
                skipped.setdefault(reason, []).append(way)
            else:
                warm_rows = self._warm_up(workload, way, counts)
                if not warm_rows and way == "sequential":
                    return
                self.rows += warm_rows
        for reason, ways in skipped.items():
            self.notes.append(f"skipped {workload.name} on {', '.join(ways)}: {reason}")

    def _warm_up(self, workload: Workload, way: str, counts: Sequence[int]) -> list[Row]:
        """Fit the calls of all rows, and run those with the most workers once. Return all rows, or [] on failure."""
        warm_rows = [*rows(workload, way, counts)]
        try:
            for row in warm_rows:
                self._fit_calls(workload, row)
                if row.workers == max(counts):  # also creates the functions that rows with fewer workers call
                    self._run(workload, row, 1)
                workload.tally(0)  # discard what was counted so far
        except Exception as error:
            if way == "sequential" and self.request.is_local:
                raise
            way_suffix = "" if way == "sequential" else f" on {way}"
            self.notes.append(f"skipped {workload.name}{way_suffix}: {one_line(error)}")
            return []
        return warm_rows

    def _fit_calls(self, workload: Workload, row: Row) -> None:
        """Choose the number of calls, once for all rows of the same work."""
        if row.work in self.calls:
            return
        if calls := workload.calls_of(row.side, row.setting):
            self.calls[row.work] = self.calls[_serial_key(row)] = calls
            return
        with worker.picklable_errors(), workload.around(row.side, row.setting):
            seconds = seconds_per_call(worker.call_of(workload.job(row.side, row.setting, "sequential")))
        counts = [1] if self.request.weak else self.request.workers or [1]
        multiple = math.lcm(*counts)
        if multiple * seconds > LONG_SECONDS:
            # Then each row rounds up by itself. A common multiple for 64 workers would be 64 sequential calls of 1 s.
            multiple = 1
        target = max(PARALLEL_SECONDS, WORKER_SECONDS * max(counts))
        self.calls[row.work] = fit_calls(seconds, target, multiple)
        self.calls[_serial_key(row)] = min(self.calls[row.work], fit_calls(seconds, SERIAL_SECONDS, multiple))

    def _choose_calls(self, row: Row) -> int:
        """Return the total number of calls of a row: its fitted calls, rounded up to equal shares."""
        is_serial = row.way == "threads" and row.side in (PYTHON, HOLD) and machine.gil_enabled()
        calls = self.calls[_serial_key(row) if is_serial else row.work]
        return calls * row.workers if self.request.weak else math.ceil(calls / row.workers) * row.workers


def _serial_key(row: Row) -> str:
    """Return the key of `calls` for rows whose workers run one at a time, because all need the GIL."""
    return f"{row.work} serial"


def seconds_per_call(call: worker.Call) -> float:
    """Return the approximate time of a warm call: the best of CALIBRATION_TRIES, as any of them may be disturbed."""
    call()
    count = 1
    while True:
        fastest_seconds = math.inf
        for _ in range(CALIBRATION_TRIES):
            begin, end = worker.repeat_call(call, count)
            fastest_seconds = min(fastest_seconds, end - begin)
            if fastest_seconds < MIN_CALIBRATION_SECONDS or fastest_seconds > LONG_SECONDS:
                break
        if fastest_seconds >= MIN_CALIBRATION_SECONDS:
            return fastest_seconds / count
        count *= 2
