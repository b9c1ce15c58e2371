"""A session: the part of a comparison that one interpreter measures, row by row."""

from __future__ import annotations

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
from .plan import Request, Row, Sample, fitted, rows, workers_of

TAKING_TURNS = 0.035  # seconds of all the work where the GIL lets one worker at a time run: seven switch intervals
AT_ONCE = 0.05  # seconds of all the work where workers run at once, longer since they get but a share of it each ...
ONE_SHARE = 0.005  # ... and at least this: all of them begin within 0.15 ms
CALIBRATION = 0.01  # seconds of repeated calls that tell how long one takes, ...
TRIES = 3  # ... the best of so many
TOO_LONG = 1.0  # seconds: for a second try of such a call, and for equal shares by every number of workers


class Session:
    """Rows that can be sampled, in this interpreter. Close it at the end: workers wait for work until then."""

    def __init__(self, request: Request) -> None:
        """Make the workloads, start the workers, fit the number of calls, and run every row once.

        What cannot run here is left out, and a note says why.
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
                self.workloads = {workload.name: workload for workload in self._found()}
                for workload in self.workloads.values():
                    self._prepare(workload)
            self._calls = {row: self._fitted(row) for row in self.rows}  # an import may switch the GIL on later
            self.facts: dict[str, Fact] = {**facts(), **gil.facts()}
            """Of this machine and interpreter, before anything is measured."""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End all workers, and what was started for the workloads."""
        self.crew.close()

    def round(self, works: Sequence[str], backwards: bool) -> Iterator[tuple[int, Sample]]:
        """Sample once every row whose work is named, in order or backwards: (index of the row, its sample).

        A workload that fails in one way, e.g. since a worker was killed, keeps its samples and gets no more.
        """
        indices = [index for index, row in enumerate(self.rows) if row.work in works]
        for index in reversed(indices) if backwards else indices:
            row = self.rows[index]
            if (row.workload, row.way) in self._failed:
                continue
            try:
                sample = self.sample(row)
            except Exception as error:
                if row.way == "sequential" and self.request.first:
                    raise
                self._failed.add((row.workload, row.way))
                self.notes.append(f"{row.workload} on {row.way} ended early: {one_line(error)}")
            else:
                yield index, sample

    def sample(self, row: Row) -> Sample:
        """Sample one row."""
        workload = self.workloads[row.workload]
        calls = self.calls_of(row)
        with workload.around(row.side, row.setting):
            seconds, overhead = self._run(workload, row, calls // row.workers)
        return Sample(seconds, overhead, workload.tally(calls))

    def calls_of(self, row: Row) -> int:
        """Calls in all, over all workers of a row."""
        return self._calls[row]

    def _run(self, workload: Workload, row: Row, calls: int) -> tuple[float, float]:
        started = max(workers_of(workload, row.way, self.request.workers))
        job = workload.job(row.side, row.setting, row.way)
        return self.crew.run(row.way, started, job, calls, row.workers, workload.stays_on_core)

    # Preparing

    def _found(self) -> Iterator[Workload]:
        """The workloads that can run here, and the native ceilings that they need."""
        limits = set()
        for name in self.request.workloads:
            try:
                workload = workloads.find(name, self.crew.folder)
            except Exception as error:
                if self.request.first and not isinstance(error, Unavailable):
                    raise
                self.notes.append(f"{name} is left out: {one_line(error)}")
                continue
            self.crew.stack.callback(workload.close)
            limits.add(workload.limit)
            yield workload
        for limit in sorted(limits - {""}) if self.request.first else ():
            with suppress(Unavailable):
                yield Native(limit)

    def _prepare(self, workload: Workload) -> None:
        """Make the rows of a workload that work here."""
        foreign = [way for way in self.request.ways if ":" in way]
        missing: dict[str, list[str]] = {}
        for way in [*workload.ways, *(foreign if "processes" in workload.ways else [])]:
            counts = workers_of(workload, way, self.request.workers)
            if not counts or way not in (*self.request.ways, "sequential"):
                continue
            if reason := self.crew.start(way, max(counts)):
                if (note := f"no {way} here: {reason}") not in self.notes:
                    self.notes.append(note)
            elif reason := workload.missing(way):
                missing.setdefault(reason, []).append(way)
            else:
                found = self._warm(workload, way, counts)
                if not found and way == "sequential":
                    return
                self.rows += found
        for reason, of in missing.items():
            self.notes.append(f"{workload.name} on {', '.join(of)} is left out: {reason}")

    def _warm(self, workload: Workload, way: str, counts: Sequence[int]) -> list[Row]:
        """Fit the calls, and let every worker make its own: the rows; none where that fails."""
        found = [*rows(workload, way, counts)]
        try:
            for row in found:
                self._fit(workload, row)
                if row.workers == max(counts):  # whichever worker gets a part of a smaller row has its call by then
                    self._run(workload, row, 1)
                workload.tally(0)  # what was counted so far is nobody's
        except Exception as error:
            if way == "sequential" and self.request.first:
                raise
            where = "" if way == "sequential" else f" on {way}"
            self.notes.append(f"{workload.name}{where} is left out: {one_line(error)}")
            return []
        return found

    def _fit(self, workload: Workload, row: Row) -> None:
        """Choose how many calls all the work is, once for all rows of it."""
        if row.work in self.calls:
            return
        if calls := workload.calls_of(row.side, row.setting):
            self.calls[row.work] = self.calls[_turns(row)] = calls
            return
        with worker.sendable(), workload.around(row.side, row.setting):
            took = seconds_per_call(worker.call_of(workload.job(row.side, row.setting, "sequential")))
        counts = [1] if self.request.weak else self.request.workers or [1]
        share = math.lcm(*counts)
        if share * took > TOO_LONG:
            share = 1  # and rows round up: 64 calls of a second, one after another, would be a minute a sample
        self.calls[row.work] = fitted(took, max(AT_ONCE, ONE_SHARE * max(counts)), share)
        self.calls[_turns(row)] = min(self.calls[row.work], fitted(took, TAKING_TURNS, share))

    def _fitted(self, row: Row) -> int:
        takes_turns = row.way == "threads" and row.side in (PYTHON, HOLD) and machine.gil_enabled()
        calls = self.calls[_turns(row) if takes_turns else row.work]
        return calls * row.workers if self.request.weak else math.ceil(calls / row.workers) * row.workers


def _turns(row: Row) -> str:
    """The work of a row whose workers run one at a time, since each needs the GIL."""
    return f"{row.work} in turns"


def seconds_per_call(call: worker.Call) -> float:
    """A first idea of how long a call takes, warm: the best of some tries, since any of them may be interrupted."""
    call()
    times = 1
    while True:
        quickest = math.inf
        for _ in range(TRIES):
            begin, end = worker.repeated(call, times)
            quickest = min(quickest, end - begin)
            if quickest < CALIBRATION or quickest > TOO_LONG:
                break
        if quickest >= CALIBRATION:
            return quickest / times
        times *= 2
