"""The workers of several ways. They start on first use, and all workers of a sample begin at the same time."""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, wait
from contextlib import ExitStack, contextmanager
from threading import current_thread, main_thread
from time import perf_counter
from typing import Any, NamedTuple

from ..measure import affinity
from . import find_way, gate, search_path, worker
from .errors import one_line
from .gate import Gates
from .shared import Folder, maps


class Timing(NamedTuple):
    """What all workers of a sample measured together."""

    seconds: float
    """From the first start to the last end."""
    overhead: float
    """Seconds for submitting the parts, waiting for all workers, and collecting the results."""
    kept_waiting: float
    """The share of the time in which workers were ready and got no core."""
    own_threads: float
    """See worker.Span. Only known if there is one worker."""


class Crew:
    """Workers and their shared memory. Workers wait for work until `close` is called."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.gates = Gates(folder)
        self.stack = ExitStack()
        self.start_up: dict[str, float] = {}  # way -> seconds from creating its executor until all its workers ran
        self._executors: dict[tuple[str, int], Executor] = {}
        self._failures: dict[tuple[str, int], str] = {}
        self._search_path = search_path.absolute()
        self._cores = sorted(affinity.cores() or ())

    def close(self) -> None:
        """End all workers and close everything on the stack."""
        self.gates.abort()
        self.stack.close()
        worker.calls.clear()  # frees the arrays of this process
        maps.clear()  # unmaps the files

    def start(self, way: str, workers: int, *, is_trial: bool = False) -> str:
        """Start the workers once, and wait until all of them run. Return "", or the reason for a failure.

        Do not count the time of a trial in `start_up`.
        """
        key = way, workers
        if key not in self._executors and key not in self._failures:
            begin = perf_counter()
            try:
                with delayed_interrupt():  # Otherwise Ctrl-C could leave workers that no executor can end.
                    executor = find_way(way)(workers)
                    self.stack.callback(executor.shutdown)
                if way != "asyncio":  # asyncio has one thread, and first_task is not a coroutine
                    start_gate = self.gates.next(workers)
                    arguments = ((start_gate, index, self._search_path) for index in range(workers))
                    self.results([executor.submit(worker.first_task, *task_arguments) for task_arguments in arguments])
            except Exception as error:
                self._failures[key] = one_line(error)
            else:
                self._executors[key] = executor
                if not is_trial:
                    self.start_up[way] = max(self.start_up.get(way, 0.0), perf_counter() - begin)
        return self._failures.get(key, "")

    def run(
        self, way: str, started_workers: int, job: worker.Job, calls: int, workers: int, stays_on_core: bool
    ) -> Timing:
        """Make `calls` calls on each of `workers` workers. `start` was called with `started_workers`."""
        sample_gate = self.gates.next(workers)
        task = worker.run_async if way == "asyncio" else worker.run_in_loop if job.is_async else worker.run
        cores = self._cores[:workers] if stays_on_core and workers <= len(self._cores) else [None] * workers
        begin = perf_counter()
        parts = (worker.Part(job, calls, sample_gate, index, core) for index, core in enumerate(cores))
        spans: list[worker.Span] = self.results(
            [self._executors[way, started_workers].submit(task, part) for part in parts]
        )
        wall = perf_counter() - begin
        seconds = max(span.end for span in spans) - min(span.begin for span in spans)
        total = sum(span.end - span.begin for span in spans)
        kept_waiting = sum(span.kept_waiting for span in spans) / total if total else 0.0
        return Timing(seconds, wall - seconds, kept_waiting, spans[0].own_threads if workers == 1 else 1.0)

    def results(self, futures: Sequence[Future[Any]]) -> list[Any]:
        """Return all results. If a worker fails or Ctrl-C is pressed, abort the gate, so that no other one waits."""
        try:
            done = wait(futures, return_when=FIRST_EXCEPTION).done
            failed_futures = [future for future in done if future.exception()]
        except BaseException:
            self.gates.abort()
            raise
        if failed_futures:
            self.gates.abort()
            wait(futures, gate.TIMEOUT)
            failed_futures[0].result()  # raises
        return [future.result() for future in futures]


@contextmanager
def delayed_interrupt() -> Iterator[None]:
    """Delay Ctrl-C until the end of the block."""
    signals: list[Any] = []
    handler = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or not callable(handler):  # only the main thread may set a handler
        yield
        return
    signal.signal(signal.SIGINT, lambda *arguments: signals.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if signals:
        handler(*signals[0])
