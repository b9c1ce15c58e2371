"""A crew: the workers of several ways. Each starts when it is first needed; all parts of a sample begin at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, wait
from contextlib import ExitStack, contextmanager
from threading import current_thread, main_thread
from time import perf_counter
from typing import Any

from . import find, gate, worker
from .errors import one_line
from .gate import Gates
from .shared import Folder, maps


class Crew:
    """Workers, and the memory that they share. Close it at the end: workers wait for work until then."""

    def __init__(self) -> None:
        self.folder = Folder()
        self.gates = Gates(self.folder)
        self.stack = ExitStack()
        self.stack.push(self.folder)
        self.start_up: dict[str, float] = {}
        """Way -> seconds until all of its workers ran."""
        self._executors: dict[tuple[str, int], Executor] = {}
        self._failures: dict[tuple[str, int], str] = {}
        self._search = [folder or os.getcwd() for folder in sys.path]  # a function may change the current folder
        self._cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []

    def close(self) -> None:
        """End all workers, and close what else is on the stack."""
        self.gates.abort()
        self.stack.close()
        worker.calls.clear()  # whose arrays and
        maps.clear()  # files would stay in memory to the end of the process

    def start(self, way: str, workers: int) -> str:
        """Start that many workers, once, and wait until all of them run. Return "", or why they cannot."""
        key = way, workers
        if key not in self._executors and key not in self._failures:
            begin = perf_counter()
            try:
                with uninterrupted():  # nobody could end the workers of an executor that is half made
                    executor = find(way)(workers)
                    self.stack.callback(executor.shutdown)
                if way != "asyncio":
                    opening = self.gates.next(workers)
                    self.results([executor.submit(worker.ready, opening, i, self._search) for i in range(workers)])
            except Exception as error:
                self._failures[key] = one_line(error)
            else:
                self._executors[key] = executor
                self.start_up[way] = max(self.start_up.get(way, 0.0), perf_counter() - begin)
        return self._failures.get(key, "")

    def run(
        self, way: str, started: int, job: worker.Job, calls: int, workers: int, stays_on_core: bool
    ) -> tuple[float, float]:
        """Make `calls` calls on each of `workers` workers, of the `started` ones of that way.

        Return the seconds from the first start to the last end, and the seconds of overhead beside them: to hand the
        parts over, to wait for all workers, and to collect their answers.
        """
        opening = self.gates.next(workers)
        task = worker.run_async if way == "asyncio" else worker.run
        cores = self._cores[:workers] if stays_on_core and workers <= len(self._cores) else [None] * workers
        begin = perf_counter()
        parts = (worker.Part(job, calls, opening, index, core) for index, core in enumerate(cores))
        spans = self.results([self._executors[way, started].submit(task, part) for part in parts])
        wall = perf_counter() - begin
        seconds = max(end for _, end in spans) - min(start for start, _ in spans)
        return seconds, wall - seconds

    def results(self, futures: Sequence[Future[Any]]) -> list[Any]:
        """Return all results. After an error in one worker, or Ctrl-C, no other worker waits at the gate."""
        try:
            failed = [future for future in wait(futures, return_when=FIRST_EXCEPTION).done if future.exception()]
        except BaseException:
            self.gates.abort()
            raise
        if failed:
            self.gates.abort()
            wait(futures, gate.PATIENCE)
            failed[0].result()  # raises
        return [future.result() for future in futures]


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay Ctrl-C to the end."""
    came: list[Any] = []
    handler = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or not callable(handler):
        yield
        return
    signal.signal(signal.SIGINT, lambda *arguments: came.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came:
        handler(*came[0])
