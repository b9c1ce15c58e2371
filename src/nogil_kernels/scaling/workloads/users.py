"""A function of the user as a workload."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from itertools import count

from ...gil import probing
from ...gil.report import percent
from ...gil.target import Lazy
from ...workers import import_callable
from ...workers.errors import Unknown
from ...workers.worker import Job, local_functions, resolve
from . import Workload

PROBE_SECONDS = 2.0  # at most; most functions take 0.1


class UserFunction(Workload):
    """A function without arguments, which workers import by its path."""

    stays_on_core = False

    def __init__(self, path: str) -> None:
        function = local_functions[path] if path in local_functions else import_callable(path)
        if problem := _problem_of(function):
            raise Unknown(f"{path} {problem}")
        self._function = function
        self.name = self.path = path
        self.size = f"{path.partition(':')[2]}()"

    def probe(self) -> None:
        try:
            report = probing.measure(self._function, limit=PROBE_SECONDS, parallel=False, advise=False)
        except Lazy as error:
            raise Unknown(f"{self.path}: {error}") from None
        self.verdict = report.verdict
        if report.interval:
            low, high = map(percent, report.interval)
            self.hold = percent(report.hold_fraction or 0.0) if report.verdict else f"{low} to {high}"
        if report.verdict == "waits":
            self.limit = ""

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job("nogil_kernels.workers.worker:user_function", (self.path,))

    def missing(self, way: str) -> str:
        is_importable = self.path not in local_functions and not self.path.startswith("__main__:")
        if way in ("sequential", "threads") or is_importable:
            return ""
        return "workers cannot import the function; move it to a module"

    def close(self) -> None:
        """Drop the reference to the function."""
        local_functions.pop(self.path, None)


def _problem_of(function: Callable[..., object]) -> str:
    """Return why calls without arguments do not do the work of the function, or ""."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "is async, so a call only returns a coroutine; use a function that calls asyncio.run"
    if inspect.isgeneratorfunction(function):
        return "is a generator, so a call only returns an iterator; use a function that consumes it"
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        return f"takes arguments ({error}); use a function without arguments"
    except ValueError:
        pass  # a builtin without a signature
    return ""


def path_of(function: Callable[[], object]) -> str:
    """Return the import path of a function. Register a lambda, partial or bound method under a unique name instead."""
    module = getattr(function, "__module__", None) or type(function).__module__
    path = f"{module}:{getattr(function, '__qualname__', type(function).__name__)}"
    with suppress(ImportError, AttributeError):
        if resolve(path) is function:
            return path
    names = (path if number == 1 else f"{path} ({number})" for number in count(1))
    return next(name for name in names if local_functions.setdefault(name, function) is function)
