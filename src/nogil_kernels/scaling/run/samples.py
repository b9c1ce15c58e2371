"""The samples of a comparison: six starts of the workers per interpreter, with rounds of one sample per row.

Two runs of the same program differ more than two samples of one run: memory, caches and cores are assigned anew. So a
start of the workers gives one value per row, and the interval of a row is that of its starts.
Source: T. Kalibera, R. Jones, "Rigorous benchmarking in reasonable time", ISMM 2013.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from ... import __version__
from ...measure.samples import MIN_VALUES
from ...workers.errors import Failed, Unavailable, Unknown
from ...workers.pythons import PythonError
from ...workers.shared import Folder
from .. import Progress
from ..report.suite import Measured
from ..rows import Row, Sample
from ..workloads.kernels import NOT_COMPILED
from ..workloads.native import is_native
from .children import Broken, Interpreter, ThisInterpreter, Workers
from .request import Request

STARTS = MIN_VALUES  # fewer values have no 95 % interval
OVERRUN = 1.25  # another start begins if it will probably end before this times the budget


@dataclass(frozen=True)
class Budget:
    """When to stop. There is always one start, and every start completes a round."""

    seconds: float
    """For all starts of all interpreters."""
    rounds: int
    """Per start, at most."""


class Measuring:
    """The measurement of one interpreter: its request, which shrinks when functions fail, and its samples."""

    def __init__(self, interpreter: Interpreter | ThisInterpreter, request: Request) -> None:
        self.interpreter = interpreter
        self.request = request
        self.measured = Measured("", {})
        self.notes: list[str] = []
        self.failures: list[str] = []
        self._workers: Workers | None = None
        self._sampled: set[Row] = set()  # in this start

    def start(self, folder: Folder, budget: Budget, end: float) -> Iterable[float]:
        """Take the samples of one start. Yield the completed share after each sample."""
        self._sampled.clear()
        try:
            for round_number in range(budget.rounds):
                self._open(folder)  # again, if the last row ended the process
                begin = perf_counter()
                rows = self._rows()
                # every other round runs backwards, so that drift within a round cancels out
                for done, _ in enumerate(self._round(rows[::-1] if round_number % 2 else rows, folder), 1):
                    yield (round_number + done / len(rows)) / budget.rounds
                now = perf_counter()
                if not rows or now + (now - begin) > end:
                    break
        finally:
            self.close_workers()

    def _open(self, folder: Folder) -> None:
        """Start the workers unless they run. Exclude a function that ends the process, and try again."""
        if self._workers:
            return
        while self._workers is None:
            try:
                self._workers = self.interpreter.start(self.request, folder)
            except Broken as broken:
                if not broken.workload:
                    raise PythonError(f"skipped {self.interpreter.name}: {broken}") from None
                self._exclude(broken.workload, broken.way, f"failed: {_on(broken)}: {broken}")
        description = self._workers.description
        if not self.request.rows:
            self._adopt(self._workers)
        is_first_start = not self.measured.starts
        self._add_notes(note for note in description["notes"] if is_first_start or not note.startswith("skipped"))
        self.failures += description["failures"]
        for way, seconds in description["start_up"].items():
            self.measured.start_up[way] = max(seconds, self.measured.start_up.get(way, 0.0))

    def _adopt(self, workers: Workers) -> None:
        """Let later starts sample the rows of the first one."""
        description = workers.description
        self.request = replace(
            self.request, rows=workers.rows, probed=description["probed"], calls=description["calls"]
        )
        self.measured.facts = description["facts"]

    def _rows(self) -> list[Row]:
        return [row for row in self._workers.rows if not self._is_excluded(row)] if self._workers else []

    def _round(self, rows: Sequence[Row], folder: Folder) -> Iterable[Row]:
        """Take one sample of each row. Yield each row."""
        remaining = list(rows)
        while remaining:
            self._open(folder)
            assert self._workers
            remaining = [row for row in remaining if row in self._workers.rows]  # workers that started again have fewer
            try:
                for row, sample in self._workers.samples(remaining[:]):
                    remaining.remove(row)
                    if isinstance(sample, Sample):
                        self._record(row, sample)
                    else:
                        self._exclude(row.workload, row.way, f"stopped {_on(row)} early: {sample}")
                    yield row
            except Broken as broken:
                self.close_workers()
                self._exclude(broken.workload, broken.way, f"stopped {_on(broken)} early: {broken}")
            remaining = [row for row in remaining if not self._is_excluded(row)]

    def drop_long(self, seconds: float) -> bool:
        """Let later starts omit functions whose round takes longer than this, unless all do. Return whether any did."""
        rounds: dict[str, float] = {}
        for row, (samples, *_) in self.measured.starts.items():
            mean = sum(sample.seconds for sample in samples) / len(samples)
            rounds[row.workload] = rounds.get(row.workload, 0.0) + mean
        long = {name for name, round_seconds in rounds.items() if round_seconds > seconds}
        if not long or all(map(is_native, rounds.keys() - long)):
            return False
        self.request = replace(self.request, rows=[row for row in self.request.rows if row.workload not in long])
        self._add_notes(f"{name}: one start only, as a round takes {rounds[name]:.0f} s" for name in sorted(long))
        return True

    def _record(self, row: Row, sample: Sample) -> None:
        starts = self.measured.starts.setdefault(row, [])
        if row not in self._sampled:
            self._sampled.add(row)
            starts.append([])
        starts[-1].append(sample)

    def _exclude(self, workload: str, way: str, note: str) -> None:
        self.request = replace(
            self.request, excluded=(*self.request.excluded, (workload, "" if way == "sequential" else way))
        )
        self._add_notes([note])

    def _is_excluded(self, row: Row) -> bool:
        return bool({(row.workload, ""), (row.workload, row.way)} & {*self.request.excluded})

    def _add_notes(self, notes: Iterable[str]) -> None:
        if self.interpreter.is_copy:
            notes = [note for note in notes if not note.endswith(NOT_COMPILED)]
            notes.append(f"skipped the kernels: this Python lacks nogil_kernels {__version__}")
        self.notes += [note for note in notes if note not in self.notes]

    def close_workers(self) -> None:
        """End the workers, and note what functions changed."""
        if self._workers:
            for name, changed in self._workers.changes().items():
                self._add_notes([f"{name} changed {' and '.join(changed)}, restored after each sample"])
            self._workers.close()
            self._workers = None


def _on(place: Row | Broken) -> str:
    """Return the workload, and the way unless all ways stop."""
    return place.workload if place.way in ("", "sequential") else f"{place.workload} on {place.way}"


def take(
    all_measuring: Sequence[Measuring], folder: Folder, budget: Budget, progress: Progress, dropped: list[str]
) -> bool:
    """Take all samples, and return whether Ctrl-C ended the measurement. Add a note for each interpreter that failed.

    Every start of the first interpreter is followed by one of each other, so that drift concerns all of them.
    Raise KeyboardInterrupt without samples, and Failed if the first interpreter has nothing to sample.
    """
    begin = perf_counter()
    working = list(all_measuring)
    first = working[0]
    slice_seconds = budget.seconds / STARTS / len(working)
    try:
        for number in range(STARTS):
            start_begin = perf_counter()
            count = len(working)
            for position, measuring in enumerate(list(working)):
                done = number + position / count
                end = begin + budget.seconds * (done + 1 / count) / STARTS
                try:
                    for share in measuring.start(folder, budget, end):
                        elapsed = perf_counter() - begin
                        total = elapsed * STARTS / (done + share / count)
                        progress(elapsed, max(elapsed, min(total, budget.seconds)))
                except PythonError as error:
                    if measuring is first and number == 0:
                        raise Failed(str(error)) from None
                    dropped.append(str(error))
                    working.remove(measuring)
                except (Unknown, Unavailable, OSError) as error:  # for example, the function's folder was removed
                    if number == 0:
                        raise
                    dropped.append(f"stopped {measuring.interpreter.name} early: {error}")
                    working.remove(measuring)
                if number == 0 and measuring is first:
                    _hand_on(first, working[1:])
                if number == 0 and measuring.drop_long(slice_seconds):  # the other functions get that time back
                    begin = start_begin = max(begin, perf_counter() - (position + 1) * slice_seconds)
            now = perf_counter()
            if first not in working or now - begin + (now - start_begin) > OVERRUN * budget.seconds:
                break
    except KeyboardInterrupt:
        if not first.measured.starts:
            raise
        return True
    return False


def _hand_on(first: Measuring, others: Sequence[Measuring]) -> None:
    """Give the verdicts and numbers of calls to the other interpreters. Raise Failed if there is nothing to sample."""
    if all(is_native(row.workload) for row in first.measured.starts):
        raise Failed("\n".join([*first.failures, *first.notes]) or "there is nothing to measure")
    for other in others:
        other.request = replace(other.request, probed=first.request.probed, calls=first.request.calls)
