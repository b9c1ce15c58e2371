"""Processes, each with a Python of its own."""

import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from threading import Thread

# Linux' default until 3.13, fork, copies a process whose threads may hold locks. Since 3.14 it is forkserver.
START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"


class Processes(ProcessPoolExecutor):
    """concurrent.futures.ProcessPoolExecutor."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=context(), initializer=begin)


def context() -> BaseContext:
    """How processes are started."""
    return multiprocessing.get_context(START_METHOD)


def begin() -> None:
    """A worker's first step: leave Ctrl-C to the parent, and go when that goes, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=follow, daemon=True).start()
