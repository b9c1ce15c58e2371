"""A comparison, from its options to its report."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from ... import build_info
from ...measure import machine
from ...measure.facts import Fact
from ...measure.noise import noise
from ...workers import WAYS, find_way
from ...workers.errors import Unavailable
from ...workers.gate import MAX_WORKERS
from ...workers.pythons import PythonError
from .. import Progress, workloads
from ..report import Report
from ..report.suite import Measured
from ..workloads.users import path_of
from . import remote
from .plan import Request, worker_counts
from .runner import run
from .session import Session

SECONDS = 50.0  # about one minute in total, with starting and stopping workers
SECONDS_PER_REMOTE = 15.0  # additional time per remote session
QUICK_SECONDS = 5.0  # about 10 s in total, with imports, starting workers and the overrun of the last round


def request_of(
    names: Iterable[str | Callable[[], object]] | None,
    ways: Sequence[str] | None,
    workers: Sequence[int] | None,
    weak: bool,
    quick: bool,
    executors: Sequence[str],
) -> Request:
    """Return the request for these options. Raise ValueError for an unknown way or a number out of range."""
    names = list(workloads.WORKLOADS if names is None else names)
    request = Request(
        workloads=[name if isinstance(name, str) else path_of(name) for name in names],
        ways=list(dict.fromkeys([*(WAYS if ways is None else ways), *executors])),
        workers=_worker_counts(workers, quick),
        weak=weak,
    )
    for way in request.ways:
        find_way(way)
    return request


def measure(
    request: Request, quick: bool, seconds: float | None, pythons: Sequence[str] | None, progress: Progress
) -> Report:
    """Take samples of all rows in all sessions, and return the report."""
    notes: list[str] = []
    if pythons is None and not quick:
        pythons, notes = remote.find_on_path()
        if build_info()["free_threaded_build"]:  # the same interpreter once more, with its GIL in the other state
            pythons = [sys.executable, *(path for path in pythons if not os.path.samefile(path, sys.executable))]
    with ExitStack() as stack:
        local_session = stack.enter_context(closing(Session(request)))
        probed = {name: [w.verdict, w.hold, w.limit] for name, w in local_session.workloads.items() if w.verdict}
        remote_request = replace(request, calls={**local_session.calls}, probed=probed, is_local=False)
        remotes: list[remote.RemoteSession] = []
        for python in pythons or ():
            try:
                for remote_session in remote.start_sessions(python, remote_request):
                    remotes.append(stack.enter_context(closing(remote_session)))
            except PythonError as error:
                notes.append(str(error))
        if not local_session.rows:
            raise Unavailable("; ".join(local_session.notes))
        if seconds is None:
            seconds = QUICK_SECONDS if quick else SECONDS + SECONDS_PER_REMOTE * len(remotes)
        facts = [{**local_session.facts, **noise()}, *(session.facts for session in remotes)]
        sessions: list[Session | remote.RemoteSession] = [local_session, *remotes]
        series_by_session, interrupted = run(sessions, seconds, progress)
    if interrupted and not any(series.samples for series in series_by_session[0]):
        raise KeyboardInterrupt
    labels = _unique([label(session_facts) for session_facts in facts])
    measured_sessions = [
        Measured(name, session_facts, series, [session.calls_of(row) for row in session.rows], session.start_up)
        for name, session_facts, series, session in zip(labels, facts, series_by_session, sessions, strict=True)
    ]
    names_by_note: dict[str, list[str]] = {}
    for name, session in zip(labels, sessions, strict=True):
        for note in session.notes:
            names_by_note.setdefault(note, []).append(name)
    notes = [f"{note} ({', '.join(names)})" if remotes else note for note, names in names_by_note.items()] + notes
    return Report.of(measured_sessions, weak=request.weak, notes=notes, interrupted=interrupted)


def label(facts: Mapping[str, Fact]) -> str:
    """Return the name of an interpreter in a report: "3.14" or "3.14t GIL off"."""
    version = ".".join(str(facts["python_version"]).split(".")[:2])
    if not facts["nk_free_threaded_build"]:
        return version
    return f"{version}t GIL {'on' if facts['nk_gil_enabled'] else 'off'}"


def _unique(names: Sequence[str]) -> list[str]:
    """Append its position to each name that occurs again."""
    return [name if name not in names[:index] else f"{name} ({index + 1})" for index, name in enumerate(names)]


def _worker_counts(workers: Sequence[int] | None, quick: bool) -> list[int]:
    if workers is None:
        return [count for count in worker_counts(machine.usable_cores(), quick) if count > 1]
    if not workers or min(workers) < 1 or max(workers) > MAX_WORKERS:
        raise ValueError(f"workers must be from 1 to {MAX_WORKERS}, got {', '.join(map(str, workers)) or 'none'}")
    return sorted(set(workers))
