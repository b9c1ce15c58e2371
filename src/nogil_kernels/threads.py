"""Splitting work over an executor: the caller takes part, and no task ever waits for another one."""

from __future__ import annotations

import operator
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor


TASKS_PER_WORKER = 4  # more tasks than workers even out a slow core
STARTING = 6  # tasks, of some 0.4 ms each, from which on starting a thread pays: 0.1 to 0.2 ms


def workers(threads: object) -> int:
    """How many threads `threads` stands for, the calling one included.

    An int stands for itself. An executor stands for its `max_workers`: the caller takes the place of one of its
    threads, so that ThreadPoolExecutor(2) and 2 split the work alike.

    Raises ValueError where an int is below 1, and TypeError for anything but an int and a thread executor.
    """
    if _is_executor(threads):  # asked first: a TypeError takes a microsecond
        return _executor(threads)._max_workers
    try:
        count = operator.index(threads)  # type: ignore[arg-type]
    except TypeError:  # an array of several numbers has __index__, too
        return _executor(threads)._max_workers
    if count < 1:
        raise ValueError(f"threads must be 1 or more, not {count}")
    return count


def tasks(most: int, threads: object) -> int:
    """How many tasks to make of work that could be cut into `most` of them worth sharing; 1 where it stays whole."""
    count = workers(threads)
    return 1 if most < (2 if _is_executor(threads) else STARTING) else min(most, count * TASKS_PER_WORKER)


def share(task: Callable[[int], object], count: int, threads: int | ThreadPoolExecutor) -> None:
    """Run task(0) ... task(count - 1) on the calling thread and on those that `threads` stands for.

    An int starts threads - 1 threads for this call, which end with it; an executor is used as it is. The caller runs
    the first task, and whoever is free begins the next one, until none is left: what no other thread begins the caller
    runs itself, so a call from inside the executor's only worker completes too. When this returns or raises, no task is
    running and none will begin.

    Raises what the first task to fail has raised, or what interrupted the caller (KeyboardInterrupt); tasks that nobody
    has begun by then are not run. Raises the RuntimeError of an executor that takes no task at all, before any is run;
    where it stops taking them later, the caller does the rest.
    """
    helpers = min(workers(threads), count) - 1
    if _is_executor(threads):  # a pool of one helps too, where the caller is not in it
        executor = _executor(threads)
        _Shared(task, count).run(lambda help: executor.submit(help).cancel, min(max(helpers, 1), count - 1))
    elif helpers > 0:
        _Shared(task, count).run(_start, helpers)
    else:
        for index in range(count):
            task(index)


def _start(help: Callable[[], None]) -> Callable[[], object]:
    """A thread for this call alone: a tenth of a millisecond, half of what an executor of one takes."""
    from threading import Thread

    # Subinterpreters allow no daemons, and what is called from a thread that Python has not started would inherit one.
    thread = Thread(target=help, name="nogil_kernels", daemon=False)
    thread.start()
    return thread.join


class _Shared:
    """Tasks that are handed out one by one to the threads that ask for them, until one fails or all have begun."""

    def __init__(self, task: Callable[[int], object], count: int) -> None:
        from threading import Condition

        self.task = task
        self.indices = iter(range(count))  # of the tasks that nobody has begun
        self.running = 0  # tasks on other threads than the caller's
        self.error: BaseException | None = None
        self.changed = Condition()

    def run(self, ask: Callable[[Callable[[], None]], Callable[[], object]], helpers: int) -> None:
        """The caller's part: ask for help, work, and wait for what still runs elsewhere.

        `ask` has another thread run `help`, now or later, and returns what to call when there is nothing left to help
        with: a request is cancelled, a thread joined.
        """
        ends = []
        try:
            index = self.next()
            for asked in range(helpers):
                try:
                    ends.append(ask(self.help))
                except RuntimeError:  # it was shut down, or no thread can be started
                    if not asked:
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
        """The next task that nobody has begun."""
        with self.changed:
            return next(self.indices, None)

    def help(self) -> None:
        """The part of another thread."""
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
        """Hand out nothing more, and wait for what runs. Ctrl-C does not cut the wait short, and is raised after it.

        It can still come between two lines of Python here. Tasks therefore own the memory that they work on.
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
    """Return `threads` where it is an executor whose threads share this interpreter's memory and GIL."""
    # Where an executor was made its module is loaded, so nothing need import it. That of interpreters is a subclass of
    # ThreadPoolExecutor since 3.14.
    pools = sys.modules.get("concurrent.futures.thread")
    interpreters = sys.modules.get("concurrent.futures.interpreter")
    if (
        pools
        and isinstance(threads, pools.ThreadPoolExecutor)
        and not (interpreters and isinstance(threads, interpreters.InterpreterPoolExecutor))
    ):
        return threads  # type: ignore[no-any-return]
    raise TypeError(
        f"threads must be an int or a concurrent.futures.ThreadPoolExecutor, not {type(threads).__name__}: "
        "the work is shared between threads of one interpreter, which see the same memory"
    )
