"""One call after the other, on the thread that asks: what all ways are compared with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class Sequential(Executor):
    """Runs a task when it is submitted."""

    def __init__(self, workers: int = 1) -> None:
        if workers != 1:
            raise ValueError(f"sequential has one worker, not {workers}")

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the task now."""
        done: Future[Any] = Future()
        done.set_result(task(*args, **kwargs))
        return done
