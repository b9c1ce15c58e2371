"""Processes of a concurrent.futures.ProcessPoolExecutor."""

import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from threading import Thread
from types import ModuleType
from typing import Any

from .search_path import for_start

# Linux: until 3.13 the default is fork, which copies locks that other threads hold. Since 3.14 it is forkserver.
START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
START_CONTEXT = multiprocessing.get_context(START_METHOD)


class Process(START_CONTEXT.Process):  # type: ignore[misc, name-defined]  # the class depends on the system
    """A process that does not run the caller's __main__ again.

    It needs no __main__, because all tasks of workers are in modules. Scripts that call `compare` therefore need no
    `if __name__ == "__main__"`.
    """

    def start(self) -> None:
        """Start the process while __main__ is replaced by an empty module. worker.first_task sets its sys.path."""
        main, path = sys.modules["__main__"], sys.path
        sys.modules["__main__"], sys.path = ModuleType("__main__"), for_start()
        try:
            super().start()
        finally:
            sys.modules["__main__"], sys.path = main, path


class Context(type(START_CONTEXT)):  # type: ignore[misc]
    """A multiprocessing context that keeps the processes it has started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[BaseProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:
        self.started.append(Process(*args, **kwargs))
        return self.started[-1]


class Processes(ProcessPoolExecutor):
    """A ProcessPoolExecutor whose processes ignore Ctrl-C and exit with their parent."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=Context(), initializer=initialize_worker)


def initialize_worker() -> None:
    """Initialize a worker: ignore Ctrl-C, and exit when the parent exits, also if the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def exit_with_parent() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=exit_with_parent, daemon=True).start()
