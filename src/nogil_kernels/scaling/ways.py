"""Ways of running work on several workers: small classes in the shape of concurrent.futures.Executor.

A way is made for a number of workers, takes tasks by `submit` and ends with `shutdown` or its `with` block. Beyond
that it has a `name` and a `start`: a barrier for all of its workers, so that they begin at one moment and starting them
is not timed.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, ClassVar, Protocol, Self


class Barrier(Protocol):
    """Where workers wait for one another: `wait` returns in all of them when the last has come."""

    def wait(self) -> object: ...


class Way(Protocol):
    """An executor that can make its workers begin at one moment."""

    name: ClassVar[str]

    @property
    def start(self) -> Barrier: ...

    def __init__(self, workers: int) -> None: ...

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: Any) -> bool | None: ...


class Threads(ThreadPoolExecutor):
    """Threads of this process, from concurrent.futures.ThreadPoolExecutor, each on a core of its own.

    Left alone, Linux now and then wakes a thread on the core of the one that passed it the GIL, and leaves both there
    for a while: 1.6x for two threads that gain 1.9x on two cores.
    """

    name: ClassVar[str] = "threads"

    def __init__(self, workers: int) -> None:
        super().__init__(workers, thread_name_prefix="nogil-kernels", initializer=self._take_core)
        self.start = threading.Barrier(workers)
        self.cores: SimpleQueue[int] = SimpleQueue()
        if hasattr(os, "sched_setaffinity"):
            for core in sorted(os.sched_getaffinity(0)):
                self.cores.put(core)

    def _take_core(self) -> None:
        """Keep this thread, of as many as there are cores, to the next of them."""
        with suppress(Empty):
            os.sched_setaffinity(0, {self.cores.get_nowait()})

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers. Those that wait at `start` for one that will not come (Ctrl-C between submits) go home."""
        self.start.abort()
        super().shutdown(wait, cancel_futures=cancel_futures)
