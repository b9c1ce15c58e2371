"""From a request to rows: create the workloads, probe functions, start the workers, and run each way once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace

from ...workers import find_way, worker
from ...workers.crew import Crew
from ...workers.errors import Unavailable, Unknown, described, one_line
from ...workers.state import kept
from .. import workloads
from ..rows import Row
from ..workloads import Workload
from ..workloads.native import Native
from .calls import LONG_SECONDS, Calls
from .request import Request

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
    calls: Calls = field(default_factory=lambda: Calls({}))

    def kept(self, workload: str) -> AbstractContextManager[None]:
        """Restore the state of this process after the block. Nothing but the function may run in the block."""
        return kept(self.changed.setdefault(workload, set()))


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
            files, beside_python = dict(request.files), request.beside_python
            workload = workloads.find(name, crew.folder, files, beside_python=beside_python)
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
        for way in workload.ways if isinstance(workload, Native) else dict.fromkeys(("sequential", *request.ways)):
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
                verb = "cannot start" if request.has_chosen_ways else "skipped"
                if (note := f"{verb} {way}: {reason}") not in prepared.notes:
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
    if may_try and not crew.start(way, MOST_WAITING, is_trial=True):
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
    return counts[:-1]


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
                    # this also creates the calls of rows with fewer workers
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
