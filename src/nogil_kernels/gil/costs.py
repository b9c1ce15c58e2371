"""What an executor costs on this machine: its start, and each task."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from ..workers import find_way, search_path

TASKS = 20  # of which the median counts
SECONDS = 0.5  # after which no other task begins


@dataclass(frozen=True)
class Cost:
    """Costs of an executor with one worker, in seconds."""

    start: float
    """From creating the executor until its first task has a result."""
    task: float
    """From submitting a task that does nothing, with its data, to its result."""

    def smallest_work(self) -> float:
        """Return the seconds of work, all tasks together, from which on two workers are faster than none.

        Two workers take start + work / 2, so they are faster than `work` if work > 2 * start.
        """
        return 2 * self.start

    def calls_per_task(self, seconds_per_call: float) -> int:
        """Return the fewest calls per task with which two workers are faster than none.

        Two workers do two tasks in the time of one task and its cost, so the work of a task must exceed its cost.
        """
        return int(self.task / seconds_per_call) + 1


def measure(way: str, data_bytes: int = 0) -> Cost | None:
    """Return the costs of threads, processes or interpreters, or None if they cannot be started.

    `data_bytes` is the size of the pickled arguments and result of a task, which processes and interpreters transfer.
    """
    data = bytes(0 if way == "threads" else data_bytes)
    begin = perf_counter()
    try:
        with search_path.without_current_folder(), find_way(way)(1) as executor:
            executor.submit(len, data).result()
            start = perf_counter() - begin
            tasks = []
            for _ in range(TASKS):
                begin = perf_counter()
                executor.submit(len, data).result()
                tasks.append(perf_counter() - begin)
                if sum(tasks) > SECONDS:
                    break
    except (OSError, RuntimeError):  # Unavailable is a RuntimeError
        return None
    return Cost(start, median(tasks))


def pickled_bytes(*values: object) -> int | None:
    """Return the size of the pickled values, or None if they cannot be pickled."""
    try:
        return len(pickle.dumps(values))
    except Exception:  # whatever __reduce__ raises
        return None
