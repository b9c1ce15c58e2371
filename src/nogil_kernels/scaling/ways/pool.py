"""Processes of a multiprocessing.Pool."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from .processes import begin, context


class Pool(Executor):
    """multiprocessing.Pool, shaped like an executor."""

    def __init__(self, workers: int) -> None:
        self.pool = context().Pool(workers, begin)

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Pool.apply_async, with a future."""
        future: Future[Any] = Future()
        self.pool.apply_async(task, args, kwargs, callback=future.set_result, error_callback=future.set_exception)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, whatever they do."""
        self.pool.terminate()
        if wait:
            self.pool.join()
