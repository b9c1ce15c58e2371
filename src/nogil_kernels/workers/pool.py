"""Processes of a multiprocessing.Pool, with the interface of an executor."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import wait as wait_for
from threading import Thread
from typing import Any

from .processes import Context, begin


class Pool(Executor):
    """multiprocessing.Pool as an executor.

    A Pool silently replaces a worker that dies, and the task of that worker never finishes. This class makes all
    pending tasks fail instead.
    """

    def __init__(self, workers: int) -> None:
        context = Context()
        self.pool = context.Pool(workers, begin)
        self.sentinels = [process.sentinel for process in context.started]
        self.pending: set[Future[Any]] = set()
        self.broken = self.ended = False
        Thread(target=self._watch, name="nogil-kernels-pool", daemon=True).start()

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call Pool.apply_async and return a future."""
        future: Future[Any] = Future()
        self.pending.add(future)
        future.add_done_callback(self.pending.discard)
        self.pool.apply_async(task, args, kwargs, callback=future.set_result, error_callback=future.set_exception)
        if self.broken:
            self._fail_all()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Terminate the processes, even if tasks are running."""
        self.ended = True
        self.pool.terminate()
        if wait:
            self.pool.join()

    def _watch(self) -> None:
        wait_for(self.sentinels)
        self.broken = True
        if not self.ended:
            self._fail_all()

    def _fail_all(self) -> None:
        self.pool.terminate()  # Otherwise the pool would replace every process that dies, without end.
        for future in list(self.pending):
            with suppress(Exception):  # The task may have finished in the meantime.
                future.set_exception(BrokenProcessPool("a process of the pool ended while its task was running"))
