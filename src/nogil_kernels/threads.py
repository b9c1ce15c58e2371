"""Splitting work over an executor: the caller takes part, and no task ever waits for another one."""

from __future__ import annotations

import operator
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from typing import Any


def workers(threads: object) -> int:
    """How many threads `threads` stands for, the calling one included.

    An int stands for itself. An executor stands for its `max_workers`: the caller takes the place of one of its
    threads, so that ThreadPoolExecutor(2) and 2 split the work alike.

    Raises ValueError where an int is below 1, and TypeError for anything but an int and a thread executor.
    """
    try:
        count = operator.index(threads)  # type: ignore[arg-type]
    except TypeError:
        return _executor(threads)._max_workers
    if count < 1:
        raise ValueError(f"threads must be 1 or more, not {count}")
    return count


def share(task: Callable[[int], object], count: int, threads: int | ThreadPoolExecutor) -> None:
    """Run task(0) ... task(count - 1) on the calling thread and on those that `threads` stands for.

    An int starts threads - 1 threads for this call, which end with it; an executor is used as it is. The caller submits
    all tasks but the first, runs the first, then cancels what nobody has begun, last first, and runs that itself: a
    call from inside the executor's only worker completes too. When this returns or raises, no task is running.

    Raises what the first failing task in order raised, or at once what interrupted the caller (KeyboardInterrupt, or
    the RuntimeError of an executor that was shut down); tasks that nobody has begun by then are not run.
    """
    helpers = min(workers(threads), count) - 1
    if count > 1 and not hasattr(threads, "__index__"):
        _share(task, count, _executor(threads))
    elif helpers > 0:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(helpers, "nogil_kernels") as executor:
            _share(task, count, executor)
    else:
        for index in range(count):
            task(index)


def _executor(threads: object) -> ThreadPoolExecutor:
    """Return `threads` where it is an executor whose threads share this interpreter's memory and GIL."""
    from concurrent.futures import ThreadPoolExecutor

    # A subclass of ThreadPoolExecutor since 3.14; where one was made its module is loaded, so nothing need import it.
    interpreters = sys.modules.get("concurrent.futures.interpreter")
    if isinstance(threads, ThreadPoolExecutor) and not (
        interpreters and isinstance(threads, interpreters.InterpreterPoolExecutor)
    ):
        return threads
    raise TypeError(
        f"threads must be an int or a concurrent.futures.ThreadPoolExecutor, not {type(threads).__name__}: "
        "the work is shared between threads of one interpreter, which see the same memory"
    )


def _share(task: Callable[[int], object], count: int, executor: ThreadPoolExecutor) -> None:
    """Share the tasks with an executor's threads; its docstring is that of `share`."""
    futures: list[Future[object]] = []
    try:
        for index in range(1, count):
            futures.append(executor.submit(task, index))
        task(0)
        for index in range(count - 1, 0, -1):
            if futures[index - 1].cancel():
                task(index)
        for future in futures:
            if not future.cancelled():
                future.result()
    except BaseException:
        _settle(futures)
        raise


def _settle(futures: Sequence[Future[Any]]) -> None:
    """Cancel what nobody has begun and wait for what runs.

    A second Ctrl-C does not cut the wait short: a running task writes to memory that the caller is about to free.
    """
    from contextlib import suppress

    while not all(future.done() for future in futures):
        with suppress(BaseException):
            for future in futures:
                future.cancel()
            for future in futures:
                if not future.done():
                    future.exception()
