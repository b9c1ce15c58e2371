"""Run tasks on the calling thread and on helper threads. No task waits for another one."""

from __future__ import annotations

import operator
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor


TASKS_PER_WORKER = 4  # more tasks than workers even out a slow core
STARTING = 6  # tasks of some 0.4 ms each: starting a thread takes 0.1 to 0.2 ms, so it pays from this many on


def workers(threads: object) -> int:
    """Return the number of threads that `threads` means, including the calling thread.

    An int means itself. An executor means its `max_workers`: the caller replaces one of its threads, so that
    ThreadPoolExecutor(2) and 2 split the work in the same way.

    Raise ValueError if an int is below 1, and TypeError for other types.
    """
    if _is_executor(threads):  # checked first, because a TypeError takes a microsecond
        return _executor(threads)._max_workers
    try:
        count = operator.index(threads)  # type: ignore[arg-type]
    except TypeError:  # an array of several numbers has __index__ too, and raises here
        return _executor(threads)._max_workers
    if count < 1:
        raise ValueError(f"threads must be at least 1, got {count}")
    return count


def tasks(limit: int, threads: object) -> int:
    """Return the number of tasks for work that is worth at most `limit` tasks. 1 means not to share the work."""
    count = workers(threads)
    return 1 if limit < (2 if _is_executor(threads) else STARTING) else min(limit, count * TASKS_PER_WORKER)


def share(task: Callable[[int], object], count: int, threads: int | ThreadPoolExecutor) -> None:
    """Run task(0) ... task(count - 1) on the calling thread and on the threads that `threads` means.

    An int starts threads - 1 threads, which end before this function returns. The caller runs the first task. Each free
    thread then starts the next task. The caller runs every task that no other thread starts, so a call from the only
    worker of the executor completes too. When this function returns or raises, no task is running and none will start.

    Raise the first error of a task, or the KeyboardInterrupt of the caller. Tasks that have not started by then are not
    run. If the executor accepts no task, raise its RuntimeError before any task runs. If it stops accepting tasks
    later, the caller runs the rest.
    """
    helpers = min(workers(threads), count) - 1
    if _is_executor(threads):  # the one thread of an executor helps too, unless it is the caller
        executor = _executor(threads)
        _SharedTasks(task, count).run(lambda help: executor.submit(help).cancel, min(max(helpers, 1), count - 1))
    elif helpers > 0:
        _SharedTasks(task, count).run(_start, helpers)
    else:
        for index in range(count):
            task(index)


def _start(help: Callable[[], None]) -> Callable[[], object]:
    """Start a thread that runs `help`, in 0.1 ms. An executor of one thread takes twice as long. Return its join."""
    from threading import Thread

    # Subinterpreters allow no daemon threads. Threads started by a thread that Python did not start would be daemons.
    thread = Thread(target=help, name="nogil_kernels", daemon=False)
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
        self.changed = Condition()

    def run(self, request: Callable[[Callable[[], None]], Callable[[], object]], helpers: int) -> None:
        """Request helpers, run tasks on the calling thread, and wait for the helpers.

        request(help) lets another thread run `help`, now or later. It returns a function that cancels the request or
        joins the thread, to be called at the end.
        """
        ends = []
        try:
            index = self.next()
            for helper in range(helpers):
                try:
                    ends.append(request(self.help))
                except RuntimeError:  # the executor was shut down, or no thread can be started
                    if helper == 0:
                        raise
                    break
            while index is not None:
                self.task(index)
                index = self.next()
        finally:
            self.settle()
            for end in ends:
                end()
        if self.error is not None:
            raise self.error

    def next(self) -> int | None:
        """Return the index of the next task, or None if all have started."""
        with self.changed:
            return next(self.indices, None)

    def help(self) -> None:
        """Run tasks on a helper thread."""
        while True:
            with self.changed:
                index = next(self.indices, None)
                if index is None:
                    return
                self.running += 1
            error: BaseException | None = None
            try:
                self.task(index)
            except BaseException as raised:
                error = raised
            with self.changed:
                self.running -= 1
                if error is not None:
                    self.error = self.error or error
                    self.indices = iter(())
                self.changed.notify_all()

    def settle(self) -> None:
        """Start no more tasks, and wait for the running ones. Raise a KeyboardInterrupt only after this wait.

        Ctrl-C can still interrupt between two lines of this method. Tasks therefore own the memory that they use.
        """
        interrupted = None
        while True:
            try:
                with self.changed:
                    self.indices = iter(())
                    self.changed.wait_for(lambda: not self.running)
                break
            except KeyboardInterrupt as error:
                interrupted = error
        if interrupted is not None:
            raise interrupted


def _is_executor(threads: object) -> bool:
    return not hasattr(threads, "__index__")


def _executor(threads: object) -> ThreadPoolExecutor:
    """Return `threads` if it is a ThreadPoolExecutor, and raise TypeError otherwise."""
    # If an executor exists, its module is loaded and needs no import here. An InterpreterPoolExecutor (since 3.14) is a
    # ThreadPoolExecutor too, but its threads run other interpreters.
    pools = sys.modules.get("concurrent.futures.thread")
    interpreters = sys.modules.get("concurrent.futures.interpreter")
    if (
        pools
        and isinstance(threads, pools.ThreadPoolExecutor)
        and not (interpreters and isinstance(threads, interpreters.InterpreterPoolExecutor))
    ):
        return threads  # type: ignore[no-any-return]
    raise TypeError(
        f"threads must be an int or a concurrent.futures.ThreadPoolExecutor, got {type(threads).__name__}. "
        "Processes and other interpreters cannot share the operands' memory."
    )
