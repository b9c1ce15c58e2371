"""A session: the part of a comparison that one interpreter measures, row by row."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, wait
from contextlib import ExitStack, contextmanager, suppress
from threading import current_thread, main_thread
from time import perf_counter
from typing import Any

from ...measure import machine
from ...measure.facts import Fact, facts
from ...measure.gil_watch import watch
from ...workers import find, gate, worker
from ...workers.errors import Exited, Unavailable
from ...workers.gate import Gates
from ...workers.shared import Folder, maps
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
        self.folder = Folder()
        self.gates = Gates(self.folder)
        self.stack = ExitStack()
        self.stack.push(self.folder)
        self.notes: list[str] = []
        self.start_up: dict[str, float] = {}
        """Way -> seconds until all of its workers ran."""
        self.calls: dict[str, int] = dict(request.calls)
        self.rows: list[Row] = []
        self._failed: set[tuple[str, str]] = set()
        self._executors: dict[tuple[str, int], Executor | None] = {}
        self._search = [folder or os.getcwd() for folder in sys.path]  # a workload may change the current folder
        self._cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        try:
            with watch() as gil:
                self.workloads = {found.name: found for found in self._found()}
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
        self.gates.abort()
        self.stack.close()
        worker.calls.clear()  # whose matrices and
        maps.clear()  # files would stay in memory to the end of the process

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
                self.notes.append(f"{row.workload} on {row.way} ended early: {_one_line(error)}")
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

    def _fitted(self, row: Row) -> int:
        calls = self.calls[_turns(row) if _takes_turns(row) else row.work]
        return calls * row.workers if self.request.weak else math.ceil(calls / row.workers) * row.workers

    def _found(self) -> Iterator[Workload]:
        """The workloads that can run here, and the native ceilings that they need."""
        limits = set()
        for name in self.request.workloads:
            try:
                workload = workloads.find(name, self.folder)
            except Unavailable as reason:
                self.notes.append(f"{name} is left out: {reason}")
                continue
            except Exception as error:
                if self.request.first:
                    raise
                self.notes.append(f"{name} is left out: {_one_line(error)}")
                continue
            self.stack.callback(workload.close)
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
            if way not in self.request.ways and way != "sequential":
                continue
            counts = workers_of(workload, way, self.request.workers)
            if not counts:
                continue
            if not self._executor(way, max(counts)):
                continue
            if reason := workload.missing(way):
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
            self.notes.append(f"{workload.name}{where} is left out: {_one_line(error)}")
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

    def _executor(self, way: str, workers: int) -> Executor | None:
        """The executor of that way: made, and waited for, when it is first asked for."""
        key = way, workers
        if key not in self._executors:
            try:
                self._executors[key] = self._started(way, workers)
            except Exception as error:
                self.notes.append(f"no {way} here: {_one_line(error)}")
                self._executors[key] = None
        return self._executors[key]

    def _started(self, way: str, workers: int) -> Executor:
        begin = perf_counter()
        with uninterrupted():  # of an executor that is half made nobody could end the workers
            executor = find(way)(workers)
            self.stack.callback(executor.shutdown)
        if way != "asyncio":
            opening = self.gates.next(workers)
            self._results([executor.submit(worker.ready, opening, index, self._search) for index in range(workers)])
        self.start_up[way] = max(self.start_up.get(way, 0.0), perf_counter() - begin)
        return executor

    def _run(self, workload: Workload, row: Row, calls: int) -> tuple[float, float]:
        """Let all workers make so many calls each: the seconds that took, and those that went beside it."""
        most = max(workers_of(workload, row.way, self.request.workers))
        executor = self._executors[row.way, most]
        assert executor is not None
        opening = self.gates.next(row.workers)
        job = workload.job(row.side, row.setting, row.way)
        task = worker.run_async if row.way == "asyncio" else worker.run
        begin = perf_counter()
        futures = []
        for index in range(row.workers):
            core = self._cores[index] if workload.stays_on_core and row.workers <= len(self._cores) else None
            futures.append(executor.submit(task, worker.Part(job, calls, opening, index, core)))
        spans = self._results(futures)
        wall = perf_counter() - begin
        seconds = max(end for _, end in spans) - min(start for start, _ in spans)
        return seconds, wall - seconds

    def _results(self, futures: Sequence[Future[Any]]) -> list[Any]:
        """All results. An error in one worker, or Ctrl-C, sends home the others, who wait for it at the gate."""
        try:
            failed = [future for future in wait(futures, return_when=FIRST_EXCEPTION).done if future.exception()]
        except BaseException:
            self.gates.abort()
            raise
        if failed:
            self.gates.abort()
            wait(futures, gate.PATIENCE)
            failed[0].result()  # raises
        return [future.result() for future in futures]


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C comes at the end."""
    came: list[Any] = []
    handler = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or not callable(handler):
        yield
        return
    signal.signal(signal.SIGINT, lambda *arguments: came.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came:
        handler(*came[0])


def _takes_turns(row: Row) -> bool:
    """Whether the GIL lets one of its workers at a time run."""
    return row.way == "threads" and row.side in (PYTHON, HOLD) and machine.gil_enabled()


def _turns(row: Row) -> str:
    return f"{row.work} in turns"


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, (Unavailable, Exited)) else f"{type(error).__name__}: {text}"


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
