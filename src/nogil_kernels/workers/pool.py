"""Processes of a multiprocessing.Pool, with the interface of an executor."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import wait as wait_for
from threading import Thread
from typing import Any

from .processes import Context, initialize_worker


class Pool(Executor):
    """multiprocessing.Pool as an executor.

    A Pool silently replaces a worker that dies, and the worker's task never finishes. Here all pending tasks
    fail instead.
    """

    def __init__(self, workers: int) -> None:
        context = Context()
        self.pool = context.Pool(workers, initialize_worker)
        self.sentinels = [process.sentinel for process in context.started]
        self.pending: set[Future[Any]] = set()
        self.is_broken = self.is_shut_down = False
        Thread(target=self._watch, name="nogil-kernels-pool", daemon=True).start()

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call Pool.apply_async and return a future."""
        future: Future[Any] = Future()
        self.pending.add(future)
        future.add_done_callback(self.pending.discard)
        self.pool.apply_async(task, args, kwargs, callback=future.set_result, error_callback=future.set_exception)
        if self.is_broken:
            self._fail_all()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Terminate the processes, even if tasks are running."""
        self.is_shut_down = True
        self.pool.terminate()
        if wait:
            self.pool.join()

    def _watch(self) -> None:
        wait_for(self.sentinels)
        self.is_broken = True
        if not self.is_shut_down:
            self._fail_all()

    def _fail_all(self) -> None:
        self.pool.terminate()  # otherwise the pool would start a new process for each one that dies, without end
        for future in list(self.pending):
            with suppress(Exception):  # The task may have finished in the meantime.
                future.set_exception(BrokenProcessPool("a process of the pool ended while its task was running"))
