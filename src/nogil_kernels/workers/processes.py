"""Processes, each with a Python of its own."""

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

# Linux' default until 3.13, fork, copies a process whose threads may hold locks. Since 3.14 it is forkserver.
START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
METHOD = multiprocessing.get_context(START_METHOD)


class Process(METHOD.Process):  # type: ignore[misc, name-defined]  # whose class depends on the system
    """A process that does not run the caller's __main__ again: what workers do is in modules.

    So a script that calls `compare` needs no `if __name__ == "__main__"`, and none of its other lines is run twice.
    """

    def start(self) -> None:
        """The same, with an empty __main__ meanwhile."""
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main


class Context(type(METHOD)):  # type: ignore[misc]
    """How processes are started, and which were."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[BaseProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:
        self.started.append(Process(*args, **kwargs))
        return self.started[-1]


class Processes(ProcessPoolExecutor):
    """concurrent.futures.ProcessPoolExecutor."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=Context(), initializer=begin)


def begin() -> None:
    """A worker's first step: leave Ctrl-C to the parent, and go when that goes, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=follow, daemon=True).start()
