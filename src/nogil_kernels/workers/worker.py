"""What a worker does: make its call once, wait at the gate, call so many times, and say when that was.

Threads, processes, interpreters and foreign executors all run these functions. Nothing is imported here but what every
part of work needs.
"""

from __future__ import annotations

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
"""When a part began and when it ended, by a clock that all processes of a machine share."""


@dataclass(frozen=True)
class Job:
    """How a worker makes its call, in words that can be sent anywhere: `make`(*arguments) returns it."""

    make: str
    """The path of a function, "package.module:function"."""
    arguments: tuple[Any, ...] = ()
    """Plain values, and paths of files to map: arrays are never sent."""


@dataclass(frozen=True)
class Part:
    """One worker's part of a sample."""

    job: Job
    calls: int
    gate: Gate
    index: int
    core: int | None = None
    """The core to stay on meanwhile; None for any."""


calls: dict[tuple[Job, int], Call] = {}
"""The calls that are made already. Each thread has its own: what it works on no other one touches."""


def run(part: Part) -> Span:
    """Do one part."""
    with sendable(), on_core(part.core):
        call = call_of(part.job)
        part.gate.wait(part.index)
        return repeated(call, part.calls)


@contextmanager
def sendable() -> Iterator[None]:
    """Errors come out as what any process can be sent, and none of them ends it.

    A multiprocessing.Pool hangs on an exception that cannot be unpickled, and on sys.exit.
    """
    try:
        yield
    except SystemExit as error:
        raise Exited(f"it called sys.exit({error.code!r})") from None
    except Exception as error:
        while isinstance(error, ImportError) and isinstance(error.__cause__, ImportError):
            error = error.__cause__  # NumPy's own is a page of advice, of which none helps an interpreter
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            raise RuntimeError(f"{type(error).__name__}: {error}") from error
        raise error


async def run_async(part: Part) -> Span:
    """Do one part whose calls are coroutines."""
    call = call_of(part.job)
    await part.gate.wait_async(part.index)
    begin = perf_counter()
    for _ in repeat(None, part.calls):
        await call()
    return begin, perf_counter()


def repeated(call: Call, times: int) -> Span:
    """When so many calls began and when they ended."""
    begin = perf_counter()
    for _ in repeat(None, times):
        call()
    return begin, perf_counter()


def call_of(job: Job) -> Call:
    """This worker's call: made when first asked for, on this thread."""
    key = job, get_ident()
    if key not in calls:
        calls[key] = resolve(job.make)(*job.arguments)
    return calls[key]


def resolve(path: str) -> Callable[..., Any]:
    """What "package.module:name" names; the name may have dots, too. Raises ImportError or AttributeError."""
    module, _, name = path.partition(":")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


given: dict[str, Call] = {}
"""Functions that no path leads to, such as lambdas, by the name of their workload: for threads of this process."""


def itself(path: str) -> Call:
    """The call that is the function of that path: what `compare module:function` measures."""
    return given[path] if path in given else resolve(path)


def ready(gate: Gate, index: int, search: list[str]) -> None:
    """The first task of a worker: it has begun when it gets here. It finds modules where its parent does."""
    sys.path[:] = search
    gate.wait(index)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Keep this thread to one core meanwhile.

    Left alone, Linux now and then wakes a thread on the core of the one that passed it the GIL, and leaves both there
    for a while: 1.6x for two threads that gain 1.9x on two cores.
    """
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
