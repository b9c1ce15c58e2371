"""Run tasks on the calling thread and on helper threads. No task waits for another one."""

from __future__ import annotations

import operator
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor


TASKS_PER_WORKER = 4  # with several tasks per worker, a slow core delays the end less
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


def task_count(limit: int, threads: object) -> int:
    """Return the number of tasks for work that is worth at most `limit` tasks. 1 means not to share the work."""
    max_tasks = worker_count(threads) * TASKS_PER_WORKER
    return 1 if limit < (2 if _has_no_index(threads) else MIN_TASKS_FOR_NEW_THREADS) else min(limit, max_tasks)


def share(task: Callable[[int], object], count: int, threads: int | ThreadPoolExecutor) -> None:
    """Run task(0) ... task(count - 1) on the calling thread and on the threads that `threads` means.

    An int starts at most threads - 1 threads, and no more than there are other tasks. They end before this function
    returns. The caller runs the first task. Each thread takes the next task when it is free. The caller runs every task
    that no other thread takes, so a call also completes if it comes from the only worker of the executor. When this
    function returns or raises, no task is running and none will start.

    Raise the first error of a task, or the KeyboardInterrupt of the caller. Tasks that have not started by then are not
    run. If the executor accepts no task, or no thread can be started, raise RuntimeError before any task runs. If this
    happens later, the caller runs the rest.
    """
    helpers = min(worker_count(threads), count) - 1
    if _has_no_index(threads):  # an executor's only thread helps, too, unless the caller is that thread
        executor = _executor(threads)
        helpers = min(max(helpers, 1), count - 1)
        _SharedTasks(task, count).run(lambda run_tasks: executor.submit(run_tasks).cancel, helpers)
    elif helpers > 0:
        _SharedTasks(task, count).run(_start, helpers)
    else:
        for index in range(count):
            task(index)


def _start(run_tasks: Callable[[], None]) -> Callable[[], object]:
    """Start a thread that runs run_tasks, and return its join. An executor of one thread would take twice as long."""
    from threading import Thread

    # `daemon` is inherited, and True in threads that Python did not start. Subinterpreters allow no daemon threads.
    thread = Thread(target=run_tasks, name="nogil_kernels", daemon=False)
    thread.start()
    return thread.join


class _SharedTasks:
    """Tasks that several threads take one by one, until one fails or all have started."""

    def __init__(self, task: Callable[[int], object], count: int) -> None:
        from threading import Condition

        self.task = task
        self.indices = iter(range(count))  # of the tasks that have not started
        self.running = 0  # the number of tasks that run on helper threads
        self.error: BaseException | None = None
        self.condition = Condition()

    def run(self, request: Callable[[Callable[[], None]], Callable[[], object]], helpers: int) -> None:
        """Request helpers, run tasks on the calling thread, and wait for the helpers.

        request(run_tasks) makes another thread run it, now or later. It returns a function that is called at the end,
        and that cancels the request or joins the thread.
        """
        end_functions = []
        try:
            index = self.next()
            for helper in range(helpers):
                try:
                    end_functions.append(request(self.run_tasks))
                except RuntimeError:  # the executor was shut down, or no thread can be started
                    if helper == 0:
                        raise
                    break
            while index is not None:
                self.task(index)
                index = self.next()
        finally:
            self.stop_and_wait()
            for end_helper in end_functions:
                end_helper()
        if self.error is not None:
            raise self.error

    def next(self) -> int | None:
        """Return the index of the next task, or None if all have started."""
        with self.condition:
            return next(self.indices, None)

    def run_tasks(self) -> None:
        """Run tasks on a helper thread."""
        while True:
            with self.condition:
                index = next(self.indices, None)
                if index is None:
                    return
                self.running += 1
            error: BaseException | None = None
            try:
                self.task(index)
            except BaseException as raised:
                error = raised
            with self.condition:
                self.running -= 1
                if error is not None:
                    self.error = self.error or error
                    self.indices = iter(())
                self.condition.notify_all()

    def stop_and_wait(self) -> None:
        """Start no more tasks, and wait for the running ones. Raise a KeyboardInterrupt only after this wait.

        Ctrl-C can still interrupt between two lines of this method. Tasks therefore own the memory that they use.
        """
        interrupt = None
        while True:
            try:
                with self.condition:
                    self.indices = iter(())
                    self.condition.wait_for(lambda: not self.running)
                break
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt


def _has_no_index(threads: object) -> bool:
    return not hasattr(threads, "__index__")


def _executor(threads: object) -> ThreadPoolExecutor:
    """Return `threads` if it is a ThreadPoolExecutor, and raise TypeError otherwise."""
    # If an executor exists, its module is loaded and needs no import here. An InterpreterPoolExecutor (since 3.14) is a
    # ThreadPoolExecutor too, but its threads run other interpreters.
    thread_module = sys.modules.get("concurrent.futures.thread")
    interpreter_module = sys.modules.get("concurrent.futures.interpreter")
    shares_memory = not (interpreter_module and isinstance(threads, interpreter_module.InterpreterPoolExecutor))
    if thread_module and isinstance(threads, thread_module.ThreadPoolExecutor) and shares_memory:
        return threads  # type: ignore[no-any-return]
    reason = ". Its workers cannot share the operands' memory." if hasattr(threads, "submit") else ""
    raise TypeError(
        f"threads must be an int or a concurrent.futures.ThreadPoolExecutor, got {type(threads).__name__}{reason}"
    )
