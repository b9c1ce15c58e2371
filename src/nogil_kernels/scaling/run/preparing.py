"""From a request to rows: create the workloads, probe functions, start the workers, and fit the numbers of calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace

from ...measure import machine
from ...workers import find_way, worker
from ...workers.crew import Crew
from ...workers.errors import Unavailable, Unknown, described, one_line
from ...workers.state import kept
from .. import workloads
from ..workloads import HOLD, PYTHON, Workload
from ..workloads.native import Native
from .request import Request
from .rows import Row

SERIAL_SECONDS = 0.035  # seconds of work per sample if the workers take turns: seven switch intervals
PARALLEL_SECONDS = 0.04  # seconds of work per sample if the workers run at the same time
WAITING_SECONDS = 0.02  # seconds of a sample of a function that waits
LATENCY_CALLS, LATENCY_MAX_SECONDS = 100, 1.0  # of a sample whose calls are timed: 99 % of 100 calls are 99
WORKER_SECONDS = 0.005  # the least work of one worker: workers begin within 0.15 ms of each other
MIN_CALIBRATION_SECONDS = 0.01  # the shortest measurement of repeated calls
CALIBRATION_TRIES = 3  # measurements, of which the best counts
LONG_SECONDS = 1.0  # a measurement longer than this is not repeated; fitting uses this limit too
MOST_WAITING = 64  # threads or tasks that are tried for a function that waits
PAYS = 1.25  # twice the workers must be this much faster, or more of them are not tried

Doing = Callable[[str, str], None]
"""doing(workload, way) is called before each step, so that the parent knows which one ended the process."""


@dataclass
class Prepared:
    """What can be sampled."""

    rows: list[Row] = field(default_factory=list)
    workloads: dict[str, Workload] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What was left out and why."""
    failures: list[str] = field(default_factory=list)
    """Texts of functions that raised, with their tracebacks."""
    changed: dict[str, set[str]] = field(default_factory=dict)
    """Workload -> the names of what it changed in this process."""

    def kept(self, workload: str) -> AbstractContextManager[None]:
        """Restore the state of this process after the block. Each block is short, so that nothing else meets it."""
        return kept(self.changed.setdefault(workload, set()))

    calls: Calls = field(default_factory=lambda: Calls({}))


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


def prepare(request: Request, crew: Crew, doing: Doing) -> Prepared:
    """Prepare what the request asks for. Leave out what does not work in this environment, with a note.

    Raise Unknown, before anything runs, for a function or way that does not exist.
    """
    prepared = Prepared(calls=Calls(dict(request.calls)))
    for way in request.ways if request.is_first else ():
        find_way(way)
    created = [*_created(request, crew, prepared, doing)]
    _check_ways(request, created)
    for workload in created:
        _prepare(request, crew, prepared, workload, doing)
    limits = {row.limit for row in prepared.rows} - {""}
    for limit in sorted(limits) if request.is_first else ():
        with suppress(Unavailable):
            _prepare(request, crew, prepared, Native(limit), doing)
    if request.rows:
        ready = {replace(row, calls=1) for row in prepared.rows}
        prepared.rows = [row for row in request.rows if replace(row, calls=1) in ready]
    else:
        prepared.rows = [replace(row, calls=prepared.calls.of(row, request.weak)) for row in prepared.rows]
    return prepared


def _created(request: Request, crew: Crew, prepared: Prepared, doing: Doing) -> Iterator[Workload]:
    needed = {row.workload for row in request.rows}
    for name in request.workloads:
        if (needed and name not in needed) or "" in _excluded_ways(request, name):
            continue
        doing(name, "")
        try:
            path, beside_python = list(request.search_path), request.beside_python
            workload = workloads.find(name, crew.folder, path, beside_python=beside_python)
        except Exception as error:
            if request.is_first and isinstance(error, Unknown):
                raise
            _leave_out(prepared, name, "", error)
            continue
        crew.stack.callback(workload.close)
        yield workload


def _check_ways(request: Request, created: Sequence[Workload]) -> None:
    """Raise Unknown for a function that none of the requested ways suits."""
    for workload in created if request.ways and request.is_first and not request.beside_python else ():
        if ":" in workload.name and not any(suits(workload, way) for way in request.ways):
            kind = "is async" if "asyncio" in workload.ways else "is not async"
            raise Unknown(
                f"{workload.name} {kind}, so none of the ways {', '.join(request.ways)} suits it: expected one of"
                f" {', '.join(workload.ways)}"
            )


def suits(workload: Workload, way: str) -> bool:
    """Return whether a workload can run this way. Executors run what processes run."""
    return ("processes" if ":" in way else way) in workload.ways


def _prepare(request: Request, crew: Crew, prepared: Prepared, workload: Workload, doing: Doing) -> None:
    """Probe a workload, start its workers, and add its rows."""
    excluded = _excluded_ways(request, workload.name)
    if "" in excluded:
        return
    skipped: dict[str, list[str]] = {}
    try:
        doing(workload.name, "")
        with prepared.kept(workload.name):
            _probe(request, workload)
        for way in dict.fromkeys(("sequential", *request.ways)):
            if way in excluded or not suits(workload, way):
                continue
            doing(workload.name, way)
            if reason := workload.missing(way):
                skipped.setdefault(reason, []).append(way)
                continue
            try:
                counts = _counts(request, crew, prepared, workload, way)
            except Exception as error:
                _leave_out(prepared, workload.name, way, error)
                continue
            if not counts:
                continue
            if reason := crew.start(way, max(counts)):
                if (note := f"skipped {way}: {reason}") not in prepared.notes:
                    prepared.notes.append(note)
            else:
                _add_rows(request, crew, prepared, workload, way, counts)
    except Exception as error:
        if isinstance(error, Unknown) and request.is_first:
            raise
        _leave_out(prepared, workload.name, "", error)
        return
    prepared.workloads[workload.name] = workload
    for reason, ways in skipped.items():
        prepared.notes.append(f"skipped {workload.name} on {', '.join(ways)}: {reason}")


def _excluded_ways(request: Request, workload: str) -> set[str]:
    return {way for name, way in request.excluded if name == workload}


def _probe(request: Request, workload: Workload) -> None:
    for name, verdict, hold, limit in request.probed:
        if name == workload.name:
            workload.verdict, workload.hold, workload.limit = verdict, hold, limit
            return
    if request.is_first and not request.rows:
        with worker.picklable_errors():
            workload.probe()


def _counts(request: Request, crew: Crew, prepared: Prepared, workload: Workload, way: str) -> list[int]:
    """Return the numbers of workers for this workload and way."""
    if request.rows:
        return [row.workers for row in request.rows if (row.workload, row.way) == (workload.name, way)]
    if way == "sequential":
        return [1]
    if workload.simultaneous_calls:
        return [workload.simultaneous_calls]
    may_try = request.tries_more and workload.verdict == "waits" and way in ("threads", "asyncio")
    if may_try and not crew.start(way, MOST_WAITING):
        with prepared.kept(workload.name):
            return _counts_that_pay(crew, workload, way)
    return list(request.workers)


def _counts_that_pay(crew: Crew, workload: Workload, way: str) -> list[int]:
    """Return 2, 4, ... as long as twice the workers are faster, at most MOST_WAITING."""
    counts, fastest = [2], math.inf
    while counts[-1] <= MOST_WAITING:
        count = counts[-1]
        timing = crew.run(way, MOST_WAITING, workload.job("", "", way), 1, count, workload.stays_on_core)
        if timing.seconds / count > fastest / PAYS:
            break
        fastest = timing.seconds / count
        counts.append(2 * count)
    return counts[:-1] or [2]


def _add_rows(
    request: Request, crew: Crew, prepared: Prepared, workload: Workload, way: str, counts: Sequence[int]
) -> None:
    """Fit the calls, run those with the most workers once, and add the rows."""
    try:
        for setting in workload.settings:
            for side in workload.sides:
                with prepared.kept(workload.name):
                    if not request.rows:
                        prepared.calls.fit(workload, side, setting, request.workers, request.weak)
                    # also creates the functions that rows with fewer workers call
                    job, calls = workload.job(side, setting, way), int(workload.seconds < LONG_SECONDS)
                    crew.run(way, max(counts), job, calls, max(counts), workload.stays_on_core)
                about_workload = workload.size, workload.limit, workload.updates, workload.verdict, workload.hold
                prepared.rows += [Row(workload.name, side, setting, way, n, 1, *about_workload) for n in counts]
        workload.latencies()  # discard those of the warm-up
    except Exception as error:
        if way == "sequential":
            raise
        _leave_out(prepared, workload.name, way, error)


def _leave_out(prepared: Prepared, name: str, way: str, error: Exception) -> None:
    """Leave out a workload, or a way of it. A function of the user that failed is not merely skipped."""
    verb = "skipped" if isinstance(error, Unavailable) else "failed:"
    prepared.rows = [row for row in prepared.rows if row.workload != name or (way and row.way != way)]
    prepared.notes.append(f"{verb} {name}{f' on {way}' if way else ''}: {one_line(error)}")
    if not isinstance(error, Unavailable):
        prepared.failures.append(described(error))


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
