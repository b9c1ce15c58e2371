"""threads.py in every order of the caller and two helpers, with at most two preemptions, and with an interrupt.

helpers/schedules.py runs the threads. NOGIL_KERNELS_TEST=every tries more schedules, as `nox -s concurrency` does.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from schedules import Interrupt, Wait, explore, instrumented
from support import EVERY_TEST

from nogil_kernels import threads

module = instrumented(Path(threads.__file__).read_text(encoding="utf-8"))
THREADS = 3  # the caller and two helpers
# How a call ends a helper: a thread is joined since Python 3.13, and not before; a task of an executor is cancelled.
WAYS = ["join", "nothing", "cancel"]


class TaskError(Exception):
    """The error of a task."""


class Executor(ThreadPoolExecutor):
    """An executor whose threads run under the scheduler."""

    def submit(self, run_tasks):
        return Helper(run_tasks)


class Helper:
    """A helper thread of the active scheduler. Request number `refuses` fails: no thread can be started."""

    requests = refuses = 0
    all = []  # noqa: RUF012

    def __init__(self, run_tasks):
        Helper.requests += 1
        if Helper.requests == Helper.refuses:
            raise RuntimeError("can't start new thread")
        self.has_begun = False
        Helper.all.append(self)
        self.thread = Helper.scheduler.start(lambda: self.run(run_tasks))

    def run(self, run_tasks):
        self.has_begun = True
        yield from run_tasks()

    def join(self):
        yield "join", True
        yield Wait(lambda: self.thread.is_over)

    def cancel(self):
        yield "cancel", True
        self.thread.is_over = self.thread.is_over or not self.has_begun

    def nothing(self):
        pass


class Call:
    """One call of share(), and what its tasks did."""

    def __init__(self, scheduler, way, count, fails=()):
        self.scheduler, self.way, self.count, self.fails = scheduler, way, count, fails
        self.started, self.ended, self.errors, self.late = [], [], [], []
        self.running = {}  # thread -> its task
        self.error = None
        self.stops = 0
        self.is_over = False
        Helper.scheduler, Helper.requests, Helper.all = scheduler, 0, []
        module._start = lambda run_tasks: getattr(Helper(run_tasks), way)
        scheduler.run(self.share)

    def share(self):
        try:
            yield from module.share(self.task, self.count, EXECUTOR if self.way == "cancel" else THREADS, self.stop)
        except BaseException as error:
            self.error = error
        self.is_over = True
        self.late += self.running.values()
        self.forgotten = [helper for helper in Helper.all if not helper.thread.is_over]
        if self.way == "cancel":  # a helper that has begun finds no task
            self.forgotten = [helper for helper in self.forgotten if not helper.has_begun]

    def stop(self):
        self.stops += 1

    def task(self, index):
        thread = self.scheduler.current.name
        self.started.append((thread, index))
        if self.is_over:
            self.late.append(index)
        self.running[thread] = index
        try:
            yield f"task {index}", True
            if index in self.fails:
                self.errors.append(TaskError(index, thread))
                raise self.errors[-1]
            self.ended.append(index)
        finally:
            del self.running[thread]

    def check(self):
        assert not self.late, f"tasks {self.late} ran after the call"
        indices = [index for _, index in self.started]
        assert len(indices) == len(set(indices)), f"a task ran twice: {self.started}"
        for thread in range(THREADS):
            indices = [index for name, index in self.started if name == thread]
            assert indices == sorted(indices), f"thread {thread} did not take the next task: {indices}"
            assert thread or indices[:1] in ([], [0]), f"the caller began with task {indices[0]}"
        assert not self.scheduler.timeouts, "the caller waited for a timeout"
        if not isinstance(self.error, Interrupt) and self.way != "nothing":
            assert not self.forgotten, "a helper was neither joined nor cancelled"
        if self.error is None:
            assert sorted(self.ended) == list(range(self.count)), f"tasks {self.ended} ran, of {self.count}"
            assert not self.errors, "an error of a task was not raised"
            assert not self.stops, "tasks were stopped without an error"
        elif not isinstance(self.error, Interrupt):
            assert self.errors, f"{self.error!r} was not raised by a task"
            errors_of_caller = [error for error in self.errors if error.args[1] == 0]
            assert self.error in (errors_of_caller or self.errors), f"{self.error!r} was raised, of {self.errors}"
            assert self.stops, "running tasks were not stopped"


EXECUTOR = Executor(THREADS)
MORE = int(EVERY_TEST)  # preemptions


def try_all(preemptions, interrupts=0, **call):
    """Try all schedules, and return their number."""
    return explore(lambda scheduler: Call(scheduler, **call).check(), preemptions + MORE, interrupts)


@pytest.fixture(autouse=True)
def no_thread_is_refused():
    Helper.refuses = 0


@pytest.mark.parametrize("way", WAYS)
def test_every_task_runs_once_in_every_schedule(way):
    schedules = try_all(2, way=way, count=3)
    assert schedules > 500, "threads.py has few switch points: do its shared names differ from those in schedules.py?"


# A join waits for tasks that would run after the call, so the way "nothing" finds most errors.
@pytest.mark.parametrize("fails", [{1}, {0, 1}], ids=str)
@pytest.mark.parametrize(("way", "preemptions"), [("nothing", 2), ("join", 1), ("cancel", 1)])
def test_the_error_of_a_task_is_raised_in_every_schedule(way, preemptions, fails):
    try_all(preemptions, way=way, count=3, fails=fails)


@pytest.mark.parametrize("way", WAYS)
def test_no_task_runs_after_an_interrupt_at_any_line_in_any_schedule(way):
    try_all(1, interrupts=1, way=way, count=3)


@pytest.mark.skipif(not EVERY_TEST, reason="takes long; nox -s concurrency runs this test")
def test_no_task_runs_after_an_interrupt_and_the_error_of_a_helper():
    try_all(1, interrupts=1, way="nothing", count=3, fails={1})


@pytest.mark.parametrize("refused", [1, 2])
def test_the_caller_works_with_the_threads_that_can_be_started(refused):
    Helper.refuses = refused
    try_all(2, way="join", count=3)
