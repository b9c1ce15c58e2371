"""What to compare: the options of `compare`, checked before anything runs."""

from __future__ import annotations

import operator
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...measure import machine
from ...workers import WAYS, pythons
from ...workers.errors import Unknown, unknown
from ...workers.gate import MAX_WORKERS
from ...workers.worker import local_functions
from ..rows import Row, worker_counts
from ..workloads import WORKLOADS
from ..workloads.users import path_of, register

BESIDE_PYTHON = ("convoy",)
"""The workloads that are measured beside Python anyway."""


@dataclass(frozen=True)
class Request:
    """What one start of the workers measures, as plain values that can be sent to other interpreters."""

    workloads: Sequence[str]
    ways: Sequence[str]  # names of ways, and import paths of executor factories
    workers: Sequence[int]
    weak: bool = False
    """Whether the calls are per worker instead of shared."""
    beside_python: bool = False
    """Whether to time single calls beside a thread that runs Python, instead of scaling."""
    has_chosen_ways: bool = False
    """Whether the user named the ways."""
    tries_more: bool = False
    """Whether to try more threads or tasks for functions that wait, until more of them do not pay."""
    is_first: bool = True
    """Whether this is the interpreter that runs the command. It also probes functions of the user, and measures the
    native ceilings."""
    files: Sequence[tuple[str, str]] = ()
    """(module, path of its file) for functions that were given as ./file.py:function."""
    pickled: Sequence[tuple[str, str]] = ()
    """(name, pickled function in hexadecimal digits) for functions that have no import path."""
    rows: Sequence[Row] = ()
    """The rows, if an earlier start has planned them."""
    probed: Sequence[tuple[str, str, str, str]] = ()
    """(function, verdict, hold, limit), if an earlier start or another interpreter has probed it."""
    calls: Sequence[tuple[str, int]] = ()
    """(key, calls) that an earlier start or another interpreter has chosen, see calls.Calls."""
    excluded: Sequence[tuple[str, str]] = ()
    """(workload, way) that ended an earlier process. The way "" means all."""


def request_of(
    workloads: str | Callable[[], object] | Iterable[str | Callable[[], object]] | None,
    ways: str | Sequence[str] | None,
    workers: int | Sequence[int] | None,
    weak: bool,
    quick: bool,
    executors: str | Sequence[str],
    beside_python: bool,
) -> Request:
    """Return the request for these options. Raise Unknown for a name that does not exist or a number out of range."""
    if workloads is None:
        workloads = BESIDE_PYTHON if beside_python else WORKLOADS
    chosen = _several(workloads)
    for each in chosen:
        if not isinstance(each, str) and not callable(each):
            raise TypeError(f"a workload must be a name, a path or a function, got {each!r}")
    files: dict[str, str] = {}
    pickled: list[tuple[str, str]] = []
    paths = [_workload(each, files) if isinstance(each, str) else path_of(each) for each in chosen]
    names = [
        path if isinstance(each, str) else path or register(each, paths, pickled)
        for each, path in zip(chosen, paths, strict=True)
    ]
    for name, _ in pickled:
        local_functions.pop(name, None)
    for name in names if beside_python else ():
        if ":" not in name and name not in BESIDE_PYTHON:
            raise Unknown(f"beside Python, the workload must be a function or {BESIDE_PYTHON[0]}, got {name!r}")
    for name in names:
        if not name.isprintable():
            raise Unknown(f"the name of a function must have printable characters only, got {name!r}")
    if not names:
        raise Unknown("no workload to measure: expected at least one name, path or function")
    return Request(
        workloads=list(dict.fromkeys(names)),
        ways=_ways(ways, _names(executors)),
        workers=_worker_counts(workers, quick),
        weak=weak,
        beside_python=beside_python,
        has_chosen_ways=ways is not None,
        tries_more=workers is None,
        files=list(files.items()),
        pickled=pickled,
    )


def _workload(text: str, files: dict[str, str]) -> str:
    """Return the name of a workload, or the import path of a function. Add the file of its module to `files`."""
    if ":" not in text:
        if text not in WORKLOADS:
            raise unknown("workload", text, WORKLOADS, "module:function, or ./file.py:function")
        return text
    module, _, name = text.rpartition(":")
    if not module.endswith(".py"):
        return text
    path = os.path.abspath(module)
    if not os.path.isfile(path):
        raise Unknown(f"cannot import {text!r}: no file {module!r}")
    module = os.path.basename(path).removesuffix(".py")
    if files.setdefault(module, path) != path:
        raise Unknown(f"cannot import {text!r}: {files[module]!r} has the same name; rename one of them")
    return f"{module}:{name}"


def _ways(ways: str | Sequence[str] | None, executors: Sequence[str]) -> list[str]:
    chosen = [*(WAYS if ways is None else _names(ways)), *executors]
    for way in chosen:
        if not way.isprintable() or (":" not in way and (way not in WAYS or way in executors)):
            if way in executors:
                raise Unknown(f"an executor must be package.module:factory, got {way!r}")
            raise unknown("way", way, WAYS, "package.module:factory")
    return list(dict.fromkeys(chosen))


def _worker_counts(workers: int | Sequence[int] | None, quick: bool) -> list[int]:
    if workers is None:
        return [count for count in worker_counts(machine.usable_cores(), quick) if count > 1]
    try:
        counts = [operator.index(count) for count in _several(workers)]
    except TypeError:
        raise TypeError(f"workers must be an integer or several, got {workers!r}") from None
    if not counts or min(counts) < 1 or max(counts) > MAX_WORKERS:
        raise Unknown(f"workers must be from 1 to {MAX_WORKERS}, got {', '.join(map(str, counts)) or 'none'}")
    return sorted(set(counts))


def other_pythons(paths: str | Sequence[str]) -> list[pythons.Python]:
    """Return what these interpreters say about themselves. Raise Unknown for one that cannot be measured."""
    others = []
    for path in _names(paths):
        try:
            python = pythons.inspect(path)
        except pythons.PythonError as error:
            raise Unknown(f"cannot measure {path!r}: {str(error).partition(': ')[2]}") from None
        if python.is_this_one and not python.is_free_threaded:
            raise Unknown(f"cannot measure {path!r}: it is this interpreter, which is measured anyway")
        others.append(python)
    return others


def this_python() -> pythons.Python:
    """Return this interpreter."""
    return pythons.inspect(sys.executable)


def _names(names: str | Sequence[str]) -> list[str]:
    """Return one name or several as a list."""
    values = _several(names)
    if not all(isinstance(name, str) for name in values):
        raise TypeError(f"expected a name or several, got {names!r}")
    return values


def _several(values: Any) -> list[Any]:
    """Return one value or several as a list. Text is one value."""
    return [*values] if isinstance(values, Iterable) and not isinstance(values, str | bytes) else [values]
