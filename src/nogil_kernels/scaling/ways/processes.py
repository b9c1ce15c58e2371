"""Processes, each with a Python of its own."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext

# Linux' default until 3.13, fork, copies a process whose threads may hold locks. Since 3.14 it is forkserver.
START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"


def context() -> BaseContext:
    """How processes are started."""
    return multiprocessing.get_context(START_METHOD)


class Processes(ProcessPoolExecutor):
    """concurrent.futures.ProcessPoolExecutor."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=context())
