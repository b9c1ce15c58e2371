"""Coroutines, which share one thread. Only work that waits gains from them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Thread
from typing import Any


class EventLoop(Executor):
    """An event loop on a separate thread. Tasks are coroutine functions."""

    def __init__(self, workers: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self.loop.run_forever, name="nogil-kernels", daemon=True)
        self.thread.start()

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a coroutine function."""
        return asyncio.run_coroutine_threadsafe(task(*args, **kwargs), self.loop)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the loop and its thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.loop.close()
