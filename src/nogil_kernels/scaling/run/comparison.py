"""A comparison from its request to its report: the session here, those of other interpreters, and the runner."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType

from ... import build_info
from ...measure import machine
from ...measure.facts import Fact
from ...measure.noise import noise
from ...workers import WAYS, find
from ...workers.errors import Unavailable
from ...workers.gate import MOST_WORKERS
from .. import workloads
from ..report.suite import Measured, Report
from ..workloads.users import path_of
from . import elsewhere
from .plan import Request, worker_counts
from .runner import Progress, run
from .session import Session

SECONDS = 50.0  # with starting and ending workers about a minute
SECONDS_ELSEWHERE = 15.0  # more for each other interpreter
QUICK_SECONDS = 5.0  # with import, starting workers and the last round's overrun about 10 s


class Comparison:
    """All the sessions of one comparison. Leaving its context ends them."""

    def __init__(
        self,
        names: Sequence[str | Callable[[], object]] | None,
        wanted: Sequence[str] | None,
        workers: Sequence[int] | None,
        weak: bool,
        quick: bool,
        pythons: Sequence[str] | None,
        executors: Sequence[str],
    ) -> None:
        self.request = Request(
            workloads=tuple(map(_path, workloads.WORKLOADS if names is None else names)),
            ways=tuple(dict.fromkeys([*(WAYS if wanted is None else wanted), *executors])),
            workers=tuple(_counts(workers, quick)),
            weak=weak,
        )
        for way in self.request.ways:
            find(way)
        self.quick = quick
        self.notes: list[str] = []
        if pythons is None:
            pythons, self.notes = elsewhere.found_on_path()
            if build_info()["free_threaded_build"]:
                pythons = [sys.executable, *(path for path in pythons if not os.path.samefile(path, sys.executable))]
        self.stack = ExitStack()
        try:
            self.here = Session(self.request)
            self.stack.callback(self.here.close)
            self.others = [session for python in pythons for session in self._sessions(python)]
        except BaseException:
            self.stack.close()
            raise

    def __enter__(self) -> Comparison:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stack.close()

    def measure(self, seconds: float | None, progress: Progress) -> Report:
        """Sample all rows, and report."""
        if seconds is None:
            seconds = QUICK_SECONDS if self.quick else SECONDS + SECONDS_ELSEWHERE * len(self.others)
        if seconds <= 0:
            raise ValueError(f"seconds must be positive, not {seconds!r}")
        if not self.here.rows:
            raise Unavailable("; ".join(self.here.notes))
        sessions: list[Session | elsewhere.RemoteSession] = [self.here, *self.others]
        known: list[Mapping[str, Fact]] = [session.facts for session in sessions]
        known[0] = {**known[0], **noise()}
        found, interrupted = run(sessions, seconds, progress)
        if interrupted and not any(series.samples for series in found[0]):
            raise KeyboardInterrupt
        names = _unique([*map(label, known)])
        measured = [
            Measured(name, of, series, [session.calls_of(row) for row in session.rows], session.start_up)
            for name, of, series, session in zip(names, known, found, sessions, strict=True)
        ]
        said: dict[str, list[str]] = {}
        for name, session in zip(names, sessions, strict=True):
            for note in session.notes:
                said.setdefault(note, []).append(name)
        notes = [f"{note} ({', '.join(of)})" if self.others else note for note, of in said.items()] + self.notes
        return Report.of(measured, weak=self.request.weak, notes=notes, interrupted=interrupted)

    def _sessions(self, python: str) -> list[elsewhere.RemoteSession]:
        """What another interpreter will measure: the same calls as here."""
        here = {**self.here.calls}
        request = Request(**{**self.request.__dict__, "calls": here, "first": False})
        found = []
        try:
            for session in elsewhere.sessions(python, request):
                self.stack.callback(session.close)
                found.append(session)
        except elsewhere.Elsewhere as reason:
            self.notes.append(f"{reason}")
        return found


def label(known: Mapping[str, Fact]) -> str:
    """How a report names an interpreter: 3.14, or 3.14t GIL off."""
    short = ".".join(str(known["python_version"]).split(".")[:2])
    if not known["nk_free_threaded_build"]:
        return short
    return f"{short}t GIL {'on' if known['nk_gil_enabled'] else 'off'}"


def _unique(names: Sequence[str]) -> list[str]:
    return [name if name not in names[:place] else f"{name} ({place + 1})" for place, name in enumerate(names)]


def _path(workload: str | Callable[[], object]) -> str:
    """The name of a workload, or the path of a function."""
    return workload if isinstance(workload, str) else path_of(workload)


def _counts(workers: Sequence[int] | None, quick: bool) -> list[int]:
    if workers is None:
        return [count for count in worker_counts(machine.usable_cores(), quick) if count > 1]
    if not workers or min(workers) < 1 or max(workers) > MOST_WORKERS:
        raise ValueError(f"workers must be 1 to {MOST_WORKERS}, not {', '.join(map(str, workers)) or 'none at all'}")
    return sorted(set(workers))
