"""A function of the user's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from itertools import count

from ...workers import imported
from ...workers.errors import Unknown
from ...workers.worker import Job, given, resolve
from . import Workload


class Users(Workload):
    """A function that takes no arguments, found by its import path in every worker."""

    stays_on_core = False

    def __init__(self, path: str) -> None:
        function = given[path] if path in given else imported(path)
        if reason := _unfit(function):
            raise Unknown(f"{path} {reason}")
        self.name = self.path = path
        self.size = f"{path.partition(':')[2]}()"

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job("nogil_kernels.workers.worker:itself", (self.path,))

    def missing(self, way: str) -> str:
        is_importable = self.path not in given and not self.path.startswith("__main__:")
        if way in ("sequential", "threads") or is_importable:
            return ""
        return "it cannot be imported there: move it to a module"

    def close(self) -> None:
        """Forget the function."""
        given.pop(self.path, None)


def _unfit(function: Callable[..., object]) -> str:
    """Why calls without arguments would not do the work of that function; "" where they do."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "is async: a call of it runs none of it; name a function that calls asyncio.run"
    if inspect.isgeneratorfunction(function):
        return "is a generator: a call of it runs none of it; name a function that takes its items"
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        return f"takes arguments ({error}): name a function that takes none"
    except ValueError:
        pass  # a builtin that does not tell
    return ""


def path_of(function: Callable[[], object]) -> str:
    """The import path of a function; a name for one that none leads to: a lambda, a partial, a method of an object."""
    module = getattr(function, "__module__", None) or type(function).__module__
    path = f"{module}:{getattr(function, '__qualname__', type(function).__name__)}"
    with suppress(ImportError, AttributeError):
        if resolve(path) is function:
            return path
    paths = (path if place == 1 else f"{path} ({place})" for place in count(1))
    return next(path for path in paths if given.setdefault(path, function) is function)
