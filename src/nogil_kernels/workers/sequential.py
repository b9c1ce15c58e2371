"""One call after the other on the calling thread: the baseline of all ways."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class Sequential(Executor):
    """Run each task in `submit`."""

    def __init__(self, workers: int = 1) -> None:
        if workers != 1:
            raise ValueError(f"sequential must have 1 worker, got {workers}")

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the task now."""
        future: Future[Any] = Future()
        future.set_result(task(*args, **kwargs))
        return future
