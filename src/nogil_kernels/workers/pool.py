"""Processes of a multiprocessing.Pool."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import wait as wait_for
from threading import Thread
from typing import Any

from .processes import Context, begin


class Pool(Executor):
    """multiprocessing.Pool, shaped like an executor.

    A Pool replaces a worker that dies, and says nothing: its task is never done. Here it ends all tasks with an error.
    """

    def __init__(self, workers: int) -> None:
        context = Context()
        self.pool = context.Pool(workers, begin)
        self.sentinels = [process.sentinel for process in context.started]
        self.pending: set[Future[Any]] = set()
        self.broken = self.ended = False
        Thread(target=self._watch, name="nogil-kernels-pool", daemon=True).start()

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Pool.apply_async, with a future."""
        future: Future[Any] = Future()
        self.pending.add(future)
        future.add_done_callback(self.pending.discard)
        self.pool.apply_async(task, args, kwargs, callback=future.set_result, error_callback=future.set_exception)
        if self.broken:
            self._give_up()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, whatever they do."""
        self.ended = True
        self.pool.terminate()
        if wait:
            self.pool.join()

    def _watch(self) -> None:
        wait_for(self.sentinels)
        self.broken = True
        if not self.ended:
            self._give_up()

    def _give_up(self) -> None:
        self.pool.terminate()  # it would start new processes again and again where each of them dies
        for future in list(self.pending):
            with suppress(Exception):  # it may be done meanwhile
                future.set_exception(BrokenProcessPool("a process of the pool ended in the middle of its work"))
