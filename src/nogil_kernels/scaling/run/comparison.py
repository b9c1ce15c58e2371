"""A comparison, from its request to its report."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from ... import build_info
from ...measure import machine
from ...measure.facts import Fact
from ...measure.noise import steal
from ...workers import pythons, worker
from ...workers.shared import Folder
from .. import Progress
from ..report import Report
from .children import Interpreter, ThisInterpreter
from .request import Request, this_python
from .samples import Budget, Measuring, take

FREE_THREADED = ("python3.13t", "python3.14t", "python3.15t")  # names to search for on PATH

SECONDS, ROUNDS = 80.0, 30
SECONDS_PER_OTHER = 35.0  # additional time per other interpreter: six starts with a round
QUICK_SECONDS, QUICK_SECONDS_PER_WORKLOAD, QUICK_ROUNDS = 8.0, 3.0, 7
UNLIMITED = 1_000_000


def measure(
    request: Request,
    others: Sequence[pythons.Python] | None,
    quick: bool,
    seconds: float | None,
    progress: Progress,
) -> Report:
    """Take samples of all rows in all interpreters, and return the report. `others` is None to search for them."""
    notes: list[str] = []
    if others is None:
        others, notes = ([], []) if quick else find_on_path()
    with ExitStack() as stack:
        folder = stack.enter_context(Folder())
        in_process = any(name in worker.local_functions for name in request.workloads)
        this = Measuring(ThisInterpreter(in_process), request)
        other_request = replace(request, is_first=False)
        all_measuring = [this]
        for python in others:
            all_measuring += [Measuring(interpreter, other_request) for interpreter in _with_gil_settings(python)]
        budget = budget_of(request, len(all_measuring), quick, seconds)
        steal_facts = stack.enter_context(steal())
        interrupted = take(all_measuring, folder, budget, progress, notes)
    this.measured.facts = {**this.measured.facts, **steal_facts}
    measured = [measuring for measuring in all_measuring if measuring.measured.starts]
    for name, measuring in zip(_unique([label(m.measured.facts) for m in measured]), measured, strict=True):
        measuring.measured.name = name
    return Report.of(
        [measuring.measured for measuring in measured],
        weak=request.weak,
        notes=[*_joined(measured), *notes],
        interrupted=interrupted,
    )


def budget_of(request: Request, interpreters: int, quick: bool, seconds: float | None) -> Budget:
    """Return the seconds and rounds of these options."""
    if seconds is not None:
        return Budget(seconds, UNLIMITED)
    if quick:
        seconds = QUICK_SECONDS + QUICK_SECONDS_PER_WORKLOAD * (len(request.workloads) - 1)
        return Budget(seconds * interpreters, QUICK_ROUNDS)
    return Budget(SECONDS + SECONDS_PER_OTHER * (interpreters - 1), ROUNDS)


def find_on_path() -> tuple[list[pythons.Python], list[str]]:
    """Return the FREE_THREADED interpreters on PATH, and notes on those that are missing or do not work.

    If this is a free-threaded build, return it too: its GIL is measured in the other state.
    """
    paths = {name: shutil.which(name) for name in FREE_THREADED}
    missing = [name for name, path in paths.items() if path is None]
    notes = []
    if missing:
        advice = f"install one with `uv python install {missing[0].removeprefix('python')}`, or use --python PATH"
        notes = [f"skipped {', '.join(missing)}: not found on PATH; {advice}"]
    found = [this_python()] if build_info()["free_threaded_build"] else []
    for path in filter(None, paths.values()):
        try:
            python = pythons.inspect(path)
        except pythons.PythonError as error:
            notes.append(str(error))
        else:
            found += [python] if not python.is_this_one else []
    return found, notes


def _with_gil_settings(python: pythons.Python) -> Iterator[Interpreter]:
    """Yield the interpreter, twice if it is free-threaded: with the GIL off and on.

    Of this interpreter, yield only the GIL state that it does not have now.
    """
    for setting in ("0", "1") if python.is_free_threaded else ("",):
        if not python.is_this_one or int(setting or 1) != machine.gil_enabled():
            yield Interpreter(python, setting)


def label(facts: Mapping[str, Fact]) -> str:
    """Return the name of an interpreter in a report: "3.14" or "3.14t GIL off"."""
    version = ".".join(str(facts["python_version"]).split(".")[:2])
    if not facts["nk_free_threaded_build"]:
        return version
    return f"{version}t GIL {'on' if facts['nk_gil_enabled'] else 'off'}"


def _unique(names: Sequence[str]) -> list[str]:
    """Append its position to each name that occurs again."""
    return [name if name not in names[:index] else f"{name} ({index + 1})" for index, name in enumerate(names)]


def _joined(all_measuring: Sequence[Measuring]) -> list[str]:
    """Return the notes of all interpreters, each once, with the names of those that it concerns."""
    names_by_note: dict[str, list[str]] = {}
    for measuring in all_measuring:
        for note in measuring.notes:
            names_by_note.setdefault(note, []).append(measuring.measured.name)
    several = len(all_measuring) > 1
    return [f"{note} ({', '.join(names)})" if several else note for note, names in names_by_note.items()]
