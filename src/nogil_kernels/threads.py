"""Run tasks on the calling thread and on helper threads. No task waits for another one."""

from __future__ import annotations

import operator
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor
    from threading import Lock


TASKS_PER_WORKER = 4  # with several tasks per worker, a slow core delays the end less
MAX_WORKERS_PER_CORE = 4  # more gain nothing, and each must get a core to see that the call has failed
MIN_TASKS_FOR_NEW_THREADS = 6  # fewer gain nothing: a task takes some 0.4 ms, and starting a thread 0.1 to 0.2 ms


def worker_count(threads: object) -> int:
    """Return the number of threads that `threads` means, including the calling thread.

    An int is the number itself. An executor counts as its max_workers: the caller works in place of one of the
    executor's threads, so ThreadPoolExecutor(2) and 2 split the work in the same way.

    Raise ValueError if an int is below 1, and TypeError for other types.
    """
    if isinstance(threads, bool):
        raise TypeError(f"threads must be an int or a concurrent.futures.ThreadPoolExecutor, got {threads}")
    if _has_no_index(threads):  # checked first, because raising a TypeError takes a microsecond
        return _executor(threads)._max_workers
    try:
        count = operator.index(threads)  # type: ignore[arg-type]
    except TypeError:  # an array of several numbers has __index__, too, but it raises
        return _executor(threads)._max_workers
    if count < 1:
        raise ValueError(f"threads must be at least 1, got {count}")
    return count


def task_count(limit: int, threads: object, releases_gil: bool) -> int:
    """Return the number of tasks for work that is worth at most `limit` tasks. 1 means not to share the work.

    Threads that hold the GIL would run one after another. While a helper held it, the main thread could not answer a
    signal. So such work is not shared.
    """
    max_tasks = worker_count(threads) * TASKS_PER_WORKER
    if not releases_gil and getattr(sys, "_is_gil_enabled", lambda: True)():
        return 1
    return 1 if limit < (2 if _has_no_index(threads) else MIN_TASKS_FOR_NEW_THREADS) else min(limit, max_tasks)


def share(
    task: Callable[[int], object],
    count: int,
    threads: int | ThreadPoolExecutor,
    stop: Callable[[], object] = lambda: None,
) -> None:
    """Run task(0) ... task(count - 1) on the calling thread and on the threads that `threads` means.

    An int starts at most threads - 1 threads, and no more than there are other tasks. They end with this function. At
    most MAX_WORKERS_PER_CORE threads per core work. The caller runs the first task. Each thread takes the next task
    when it is free. The caller runs every task that no other thread takes, so a call also completes if it comes from
    the only worker of the executor, or if no thread can be started.

    Raise the error of a task, or the exception of a signal handler in the caller, such as KeyboardInterrupt. If several
    tasks fail, raise an error of the caller's tasks rather than one of another thread. Tasks that have not started by
    then are not run, and stop() is called, which makes running tasks return early. When this function returns or
    raises, no task is running and none will start.
    """
    helpers = min(worker_count(threads), count, MAX_WORKERS_PER_CORE * (os.cpu_count() or 1)) - 1
    if _has_no_index(threads):  # an executor's only thread helps, too, unless the caller is that thread
        executor = _executor(threads)
        helpers = min(max(helpers, 1), count - 1)
        _SharedTasks(task, count, stop).run(lambda run_tasks: executor.submit(run_tasks).cancel, helpers)
    elif helpers > 0:
        _SharedTasks(task, count, stop).run(_start, helpers)
    else:
        for index in range(count):
            task(index)


def _start(run_tasks: Callable[[], None]) -> Callable[[], object]:
    """Start a thread that runs run_tasks, and return its join.

    threading.Thread starts and joins with Python code that holds locks. If a signal handler raises in that code, the
    caller and the new thread can block each other forever. `_thread` has no such code. Before Python 3.13 it has no
    join either. There, the thread runs no Python code after its last task, and ends within microseconds.

    Since Python 3.13, the new thread is a daemon if the caller is one. When Python exits, it waits for both or neither.
    """
    import _thread
    from threading import current_thread

    if sys.version_info >= (3, 13):
        return _thread.start_joinable_thread(run_tasks, daemon=current_thread().daemon).join
    _thread.start_new_thread(run_tasks, ())
    return lambda: None


class _SharedTasks:
    """Tasks that several threads take one by one, until one fails or all have started.

    If the caller is the main thread, a signal handler can raise an exception at almost every line that the caller runs.
    So the caller holds no lock that a helper needs, and it can repeat each step. The methods of lists and sets are
    atomic. Only a signal within a microsecond of another one, or of the error of a task of the caller, can end `run`
    while a helper runs a task. Nothing is freed then, because each task keeps the memory that it uses.
    """

    def __init__(self, task: Callable[[int], object], count: int, stop: Callable[[], object]) -> None:
        self.task = task
        self.stop = stop
        self.indices = list(range(count))[::-1]  # of the tasks that have not started
        self.running: set[Lock] = set()  # the locks of the helpers that run tasks
        self.error: BaseException | None = None  # of a helper; storing it needs no memory

    def run(self, request: Callable[[Callable[[], None]], Callable[[], object]], helpers: int) -> None:
        """Request helpers, run tasks on the calling thread, and wait for the helpers.

        request(run_tasks) makes another thread run it, now or later. It returns a function that is called at the end,
        and that cancels the request or joins the thread.
        """
        first_index = self.indices.pop()
        locks: list[Lock] = []
        end_functions: list[Callable[[], object]] = []
        error: BaseException | None = None
        has_begun = False
        while True:
            try:
                if not has_begun:
                    has_begun = True
                    self.request_helpers(request, helpers, locks, end_functions)
                    self.task(first_index)
                    self.run_tasks()
                if error is not None:
                    self.end()
                for lock in locks:
                    while lock in self.running:
                        lock.acquire(timeout=0.1)
                for end_helper in end_functions:
                    end_helper()
                break
            except BaseException as raised:
                error = raised if error is None else error
        try:
            error = self.error if error is None else error
            if error is not None:
                raise error
        finally:
            error = self.error = None  # their tracebacks refer to this frame

    def request_helpers(
        self,
        request: Callable[[Callable[[], None]], Callable[[], object]],
        helpers: int,
        locks: list[Lock],
        end_functions: list[Callable[[], object]],
    ) -> None:
        """Request helpers, until no more threads can be started."""
        from functools import partial
        from threading import Lock

        for _ in range(helpers):
            try:
                locks.append(Lock())  # RuntimeError without memory for a lock
                end_functions.append(request(partial(self.help, locks[-1])))
            except RuntimeError:
                break

    def help(self, lock: Lock) -> None:
        """Run tasks on a helper thread, where no signal handler runs. Hold the lock until the last task has ended."""
        with lock:
            self.running.add(lock)  # before this thread takes a task: run() looks here when no task is left
            try:
                self.run_tasks()
            except BaseException as error:
                self.error = error if self.error is None else self.error
                self.end()
            finally:
                self.running.discard(lock)

    def run_tasks(self) -> None:
        """Run tasks until all have started."""
        while self.indices:
            try:
                index = self.indices.pop()
            except IndexError:  # another thread has taken the last one
                return
            self.task(index)

    def end(self) -> None:
        """Start no more tasks, and make the running ones return early."""
        self.indices.clear()
        self.stop()


def _has_no_index(threads: object) -> bool:
    return not hasattr(threads, "__index__")


def _executor(threads: object) -> ThreadPoolExecutor:
    """Return `threads` if it is a ThreadPoolExecutor. Raise RuntimeError after its shutdown(), else TypeError."""
    # If an executor exists, its module is loaded and needs no import here. An InterpreterPoolExecutor (since 3.14) is a
    # ThreadPoolExecutor too, but its threads run other interpreters.
    thread_module = sys.modules.get("concurrent.futures.thread")
    interpreter_module = sys.modules.get("concurrent.futures.interpreter")
    shares_memory = not (interpreter_module and isinstance(threads, interpreter_module.InterpreterPoolExecutor))
    if thread_module and isinstance(threads, thread_module.ThreadPoolExecutor) and shares_memory:
        if threads._shutdown:
            raise RuntimeError("threads is an executor after its shutdown(). Pass a running executor, or an int.")
        return threads  # type: ignore[no-any-return]
    is_executor = hasattr(threads, "submit") and not isinstance(threads, type)
    reason = ". Its workers cannot share the operands' memory." if is_executor else ""
    raise TypeError(
        f"threads must be an int or a concurrent.futures.ThreadPoolExecutor, got {type(threads).__name__}{reason}"
    )
