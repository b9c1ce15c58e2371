"""The tasks of a worker: create its call once, wait at the gate, make n calls, and return when they began and ended.

Threads, processes, interpreters and executors of other packages all run these functions. This module imports only what
every task needs.
"""

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import repeat
from threading import get_ident
from time import perf_counter
from typing import Any

from .errors import Exited
from .gate import Gate

Call = Callable[[], Any]
Span = tuple[float, float]
"""(begin, end) in seconds of perf_counter. perf_counter is the same clock in all processes of a machine."""


@dataclass(frozen=True)
class Job:
    """A description of a call that can be sent to any worker: `make`(*arguments) returns the call."""

    make: str  # the import path "package.module:function"
    arguments: tuple[Any, ...] = ()  # plain values, and paths of files to map in place of arrays


@dataclass(frozen=True)
class Part:
    """The part of a sample that one worker runs."""

    job: Job
    calls: int
    gate: Gate
    index: int
    core: int | None = None  # the core to run on, or None for any


calls: dict[tuple[Job, int], Call] = {}
"""(job, thread) -> call. Each thread has calls of its own, so no thread uses the data of another."""


def run(part: Part) -> Span:
    """Run one part."""
    with picklable_errors(), on_core(part.core):
        call = call_of(part.job)
        part.gate.wait(part.index)
        return repeat_call(call, part.calls)


@contextmanager
def picklable_errors() -> Iterator[None]:
    """Replace errors on which a Pool hangs: SystemExit and those that cannot be pickled. Replace an ImportError by its
    cause."""
    try:
        yield
    except SystemExit as error:
        raise Exited(f"the function called sys.exit({error.code!r})") from None
    except Exception as error:
        while isinstance(error, ImportError) and isinstance(error.__cause__, ImportError):
            error = error.__cause__  # the cause, not NumPy's long advice, which does not apply to subinterpreters
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            raise RuntimeError(f"{type(error).__name__}: {error}") from error
        raise error


async def run_async(part: Part) -> Span:
    """Run one part whose calls return coroutines."""
    call = call_of(part.job)
    await part.gate.wait_async(part.index)
    begin = perf_counter()
    for _ in repeat(None, part.calls):
        await call()
    return begin, perf_counter()


def repeat_call(call: Call, count: int) -> Span:
    """Make `count` calls. Return when they began and ended."""
    begin = perf_counter()
    for _ in repeat(None, count):
        call()
    return begin, perf_counter()


def call_of(job: Job) -> Call:
    """Return this thread's call of the job. Create it on first use."""
    key = job, get_ident()
    if key not in calls:
        calls[key] = resolve(job.make)(*job.arguments)
    return calls[key]


def resolve(path: str) -> Callable[..., Any]:
    """Return the object with the path "package.module:name.name...". Raise ImportError or AttributeError."""
    module, _, names = path.partition(":")
    resolved: Any = import_module(module)
    for name in names.split("."):
        resolved = getattr(resolved, name)
    return resolved  # type: ignore[no-any-return]


local_functions: dict[str, Call] = {}
"""Workload name -> function without an import path, such as a lambda. Only threads of this process can call it."""


def user_function(path: str) -> Call:
    """Return the function that `compare module:function` measures."""
    return local_functions[path] if path in local_functions else resolve(path)


def first_task(gate: Gate, index: int, search_path: list[str]) -> None:
    """Set sys.path to that of the parent, and wait until all workers have started."""
    sys.path[:] = search_path
    gate.wait(index)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Pin this thread to one core during the block.

    Linux sometimes wakes a thread on the core of the thread that has just released the GIL, and leaves both on that
    core for a while. Two threads then gain 1.6x instead of 1.9x.
    """
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    previous_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, previous_cores)
