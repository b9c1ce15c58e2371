"""A function of the user as a workload."""

import functools
import inspect
import os
import pickle
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from importlib import import_module
from itertools import count
from typing import Any

from ...gil import probing
from ...gil.report import percent
from ...gil.target import Lazy
from ...workers import import_callable
from ...workers.errors import Unknown
from ...workers.worker import Job, local_functions, pickled_functions, resolve, unpickled
from . import WAITING, Workload

PROBE_SECONDS = 5.0  # at most; most functions take 0.1, and more on a busy machine
MAX_PICKLED = 1 << 24  # bytes of a pickled function that is sent to workers


class UserFunction(Workload):
    """A function without arguments, which workers import by its path, or unpickle."""

    stays_on_core = False

    def __init__(self, name: str, files: Mapping[str, str]) -> None:
        self.function = _function(name, files)
        if problem := _problem_of(self.function):
            raise Unknown(f"{name} {problem}")
        self.name = name
        self.size = f"{name.partition(':')[2]}()"
        self.is_async = _is_async(self.function)
        if self.is_async:
            self.ways = tuple(way for way in WAITING if way != "threads")

    def probe(self) -> None:
        try:
            report = probing.measure(self.function, limit=PROBE_SECONDS, parallel=False, advise=False)
        except Lazy as error:
            raise Unknown(f"{self.name}: {error}") from None
        self.verdict, self.seconds = report.verdict, report.seconds_per_call
        if report.interval:
            low, high = map(percent, report.interval)
            self.hold = percent(report.hold_fraction or 0.0) if report.verdict else f"{low} to {high}"
        if report.verdict == "waits":
            self.limit = ""

    def job(self, side: str, setting: str, way: str) -> Job:
        if self.name in pickled_functions and self.name not in local_functions:
            return Job("nogil_kernels.workers.worker:unpickled", (pickled_functions[self.name],), self.is_async)
        return Job("nogil_kernels.workers.worker:user_function", (self.name,), self.is_async)

    def missing(self, way: str) -> str:
        is_importable = self.name not in local_functions and not self.name.startswith("__main__:")
        if way in ("sequential", "threads", "asyncio") or is_importable:
            return ""
        return "workers cannot import the function; move it to a module"


def _function(name: str, files: Mapping[str, str]) -> Callable[..., object]:
    if name in local_functions:
        return local_functions[name]
    if name in pickled_functions:
        return unpickled(pickled_functions[name])
    module = name.partition(":")[0]
    if module in files:
        file = getattr(import_module(module), "__file__", None) or ""
        if os.path.realpath(files[module]) != os.path.realpath(file):
            raise Unknown(f"cannot import {files[module]}: another module has the name {module!r}; rename the file")
    return import_callable(name)


def _is_async(function: Callable[..., object]) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function)


def _problem_of(function: Callable[..., object]) -> str:
    """Return why calls without arguments do not do the work of the function, or ""."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return "is a generator, so a call only returns an iterator; use a function that consumes it"
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        return f"takes arguments ({error}); use a function without arguments, such as a functools.partial"
    except ValueError:
        pass  # a builtin without a signature
    return ""


def path_of(function: Callable[[], object]) -> str:
    """Return the import path of a function, or "" if other processes cannot import it."""
    path = _described(function)
    with suppress(ImportError, AttributeError):
        if not path.startswith("__main__:") and resolve(path) is function:  # other processes have another __main__
            return path
    return ""


def register(function: Callable[[], object], taken: Collection[str], pickled: list[tuple[str, str]]) -> str:
    """Register a function without an import path, under a name that is not taken. Return the name.

    Add the name and the pickled function to `pickled` if that is possible: a partial or a bound method can be sent to
    other processes.
    """
    path = _described(function)
    names = (path if number == 1 else f"{path} ({number})" for number in count(1))
    name = next(name for name in names if name not in taken and local_functions.setdefault(name, function) is function)
    with suppress(Exception):  # objects of users can raise anything
        data = pickle.dumps(function)
        if len(data) <= MAX_PICKLED and b"__main__" not in data:
            pickled.append((name, data.hex()))
    return name


def _described(function: Callable[[], object]) -> str:
    """Return where a function, or the function of a partial, was defined."""
    named: Any = function
    while isinstance(named, functools.partial):
        named = named.func
    module = getattr(named, "__module__", None) or type(named).__module__
    return f"{module}:{getattr(named, '__qualname__', type(named).__name__)}"
