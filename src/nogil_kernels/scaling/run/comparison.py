"""A comparison from its options to its report: the session here, those of other interpreters, and the runner."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from ... import build_info
from ...measure import machine
from ...measure.facts import Fact
from ...measure.noise import noise
from ...workers import WAYS, find
from ...workers.errors import Unavailable
from ...workers.gate import MOST_WORKERS
from .. import Progress, workloads
from ..report.suite import Measured, Report
from ..workloads.users import path_of
from . import remote
from .plan import Request, worker_counts
from .runner import run
from .session import Session

SECONDS = 50.0  # with starting and ending workers about a minute
SECONDS_PER_REMOTE = 15.0  # more for each other interpreter
QUICK_SECONDS = 5.0  # with import, starting workers and the last round's overrun about 10 s


def request_of(
    names: Iterable[str | Callable[[], object]] | None,
    ways: Sequence[str] | None,
    workers: Sequence[int] | None,
    weak: bool,
    quick: bool,
    executors: Sequence[str],
) -> Request:
    """What to compare. Raises ValueError for numbers below what makes sense, and for a way that nobody knows."""
    names = list(workloads.WORKLOADS if names is None else names)
    request = Request(
        workloads=[name if isinstance(name, str) else path_of(name) for name in names],
        ways=list(dict.fromkeys([*(WAYS if ways is None else ways), *executors])),
        workers=_counts(workers, quick),
        weak=weak,
    )
    for way in request.ways:
        find(way)
    return request


def measure(
    request: Request, quick: bool, seconds: float | None, pythons: Sequence[str] | None, progress: Progress
) -> Report:
    """Sample all rows of all sessions, and report."""
    notes: list[str] = []
    if pythons is None:
        pythons, notes = remote.found_on_path()
        if build_info()["free_threaded_build"]:
            pythons = [sys.executable, *(path for path in pythons if not os.path.samefile(path, sys.executable))]
    with ExitStack() as stack:
        here = stack.enter_context(closing(Session(request)))
        others = []
        for python in pythons:
            try:
                for other in remote.sessions(python, replace(request, calls={**here.calls}, first=False)):
                    others.append(stack.enter_context(closing(other)))
            except remote.RemoteError as reason:
                notes.append(str(reason))
        if not here.rows:
            raise Unavailable("; ".join(here.notes))
        if seconds is None:
            seconds = QUICK_SECONDS if quick else SECONDS + SECONDS_PER_REMOTE * len(others)
        known = [{**here.facts, **noise()}, *(other.facts for other in others)]
        sessions: list[Session | remote.RemoteSession] = [here, *others]
        found, interrupted = run(sessions, seconds, progress)
    if interrupted and not any(series.samples for series in found[0]):
        raise KeyboardInterrupt
    labels = _unique([label(facts) for facts in known])
    measured = [
        Measured(name, of, series, [session.calls_of(row) for row in session.rows], session.start_up)
        for name, of, series, session in zip(labels, known, found, sessions, strict=True)
    ]
    with_note: dict[str, list[str]] = {}
    for name, session in zip(labels, sessions, strict=True):
        for note in session.notes:
            with_note.setdefault(note, []).append(name)
    notes = [f"{note} ({', '.join(of)})" if others else note for note, of in with_note.items()] + notes
    return Report.of(measured, weak=request.weak, notes=notes, interrupted=interrupted)


def label(known: Mapping[str, Fact]) -> str:
    """How a report names an interpreter: 3.14, or 3.14t GIL off."""
    short = ".".join(str(known["python_version"]).split(".")[:2])
    if not known["nk_free_threaded_build"]:
        return short
    return f"{short}t GIL {'on' if known['nk_gil_enabled'] else 'off'}"


def _unique(names: Sequence[str]) -> list[str]:
    return [name if name not in names[:place] else f"{name} ({place + 1})" for place, name in enumerate(names)]


def _counts(workers: Sequence[int] | None, quick: bool) -> list[int]:
    if workers is None:
        return [count for count in worker_counts(machine.usable_cores(), quick) if count > 1]
    if not workers or min(workers) < 1 or max(workers) > MOST_WORKERS:
        raise ValueError(f"workers must be 1 to {MOST_WORKERS}, not {', '.join(map(str, workers)) or 'none at all'}")
    return sorted(set(workers))
