"""The tasks of a worker: create its call once, wait at the gate, make n calls, and return when they began and ended.

Threads, processes, interpreters and executors of other packages all run these functions. This module imports only what
every task needs.
"""

import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from itertools import repeat
from threading import get_ident
from time import perf_counter, process_time, thread_time
from typing import Any, NamedTuple

from ..measure import affinity
from .errors import Exited
from .gate import Gate
from .state import kept

Call = Callable[[], Any]


class Span(NamedTuple):
    """When the calls of a worker began and ended, in seconds of perf_counter: all processes share that clock."""

    begin: float
    end: float
    kept_waiting: float = 0.0
    """Seconds in which the thread was ready and got no core. 0 if the system does not say."""
    own_threads: float = 1.0
    """CPU time of the process, divided by that of the thread."""


@dataclass(frozen=True)
class Job:
    """A description of a call that can be sent to any worker: `make`(*arguments) returns the call."""

    make: str  # the import path "package.module:function"
    arguments: tuple[Any, ...] = ()  # plain values, and paths of files to map in place of arrays
    is_async: bool = False  # whether the call returns a coroutine


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
    core = None if part.core is None else [part.core]
    with picklable_errors(), affinity.pinned(core), kept(set()) if is_worker_process() else nullcontext():
        call = call_of(part.job)
        part.gate.wait(part.index)
        return span_of(call, part.calls)


def is_worker_process() -> bool:
    """Return whether this is a process of multiprocessing. It runs functions in its main thread."""
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def span_of(call: Call, count: int) -> Span:
    """Make `count` calls, and see how much CPU time they got."""
    waited, process_seconds, thread_seconds = run_queue_seconds(), process_time(), thread_time()
    begin, end = repeat_call(call, count)
    thread_seconds, process_seconds = thread_time() - thread_seconds, process_time() - process_seconds
    own_threads = process_seconds / thread_seconds if thread_seconds > 0 else 1.0
    return Span(begin, end, run_queue_seconds() - waited, own_threads)


def run_queue_seconds() -> float:
    """Return how long this thread was ready and got no core since it started. Return 0 if the system does not say."""
    try:
        with open("/proc/thread-self/schedstat", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return 0.0


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
    return Span(*await repeat_async(call, part.calls))


async def repeat_async(call: Call, count: int) -> tuple[float, float]:
    """Await `count` calls, one after the other. Return when they began and ended."""
    begin = perf_counter()
    for _ in repeat(None, count):
        await call()
    return begin, perf_counter()


def seconds_of(job: Job, count: int) -> float:
    """Make `count` calls of the job on this thread. Return the seconds."""
    call = call_of(job)
    if job.is_async:
        import asyncio

        begin, end = asyncio.run(repeat_async(call, count))
    else:
        begin, end = repeat_call(call, count)
    return end - begin


def run_in_loop(part: Part) -> Span:
    """Run one part whose calls return coroutines, in an event loop of its own."""
    import asyncio

    return asyncio.run(run_async(part))


def repeat_call(call: Call, count: int) -> tuple[float, float]:
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
pickled_functions: dict[str, str] = {}
"""Workload name -> pickled function in hexadecimal digits, such as a functools.partial."""


def user_function(name: str) -> Call:
    """Return the function that `compare module:function` measures."""
    return local_functions[name] if name in local_functions else resolve(name)


def unpickled(digits: str) -> Call:
    """Return the function that was pickled."""
    return pickle.loads(bytes.fromhex(digits))  # type: ignore[no-any-return]


def first_task(gate: Gate, index: int, search_path: list[str]) -> None:
    """Set sys.path to that of the parent, and wait until all workers have started."""
    sys.path[:] = search_path
    gate.wait(index)
