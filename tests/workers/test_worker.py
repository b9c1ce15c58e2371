"""What a worker measures beside the time: whether it got a core, and whether its calls have threads of their own."""

import os
import signal
import sys
from concurrent.futures import Future
from contextlib import closing

import pytest
import user_functions
from support import python_prints

from nogil_kernels.measure import affinity
from nogil_kernels.workers import worker
from nogil_kernels.workers.crew import Crew, delayed_interrupt
from nogil_kernels.workers.worker import Job, Span


def clock(*times):
    """Return a clock that shows these times, one after the other."""
    iterator = iter(times)
    return lambda: next(iterator)


@pytest.mark.parametrize(
    ("process", "thread", "own_threads"), [((10.0, 16.0), (5.0, 8.0), 2.0), ((10.0, 10.0), (5.0, 5.0), 1.0)]
)
def test_a_span_has_the_seconds_without_a_core_and_the_cores_that_calls_use(process, thread, own_threads, monkeypatch):
    monkeypatch.setattr(worker, "run_queue_seconds", clock(1.0, 3.5))
    monkeypatch.setattr(worker, "process_time", clock(*process))
    monkeypatch.setattr(worker, "thread_time", clock(*thread))
    monkeypatch.setattr(worker, "perf_counter", clock(20.0, 24.0))
    assert worker.span_of(user_functions.squares, 3) == Span(20.0, 24.0, 2.5, own_threads)


@pytest.mark.skipif(not os.path.exists("/proc/thread-self/schedstat"), reason="this system has no schedstat")
def test_the_seconds_without_a_core_only_grow():
    seconds = [worker.run_queue_seconds() for _ in range(3)]
    assert seconds == sorted(seconds)
    assert seconds[0] >= 0


@pytest.mark.parametrize("content", [None, b"", b"1", b"1 x 2"])
def test_a_system_without_that_number_gives_none(content, tmp_path, monkeypatch):
    path = tmp_path / "schedstat"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(worker, "open", lambda *arguments, **options: path.open("rb"), raising=False)
    assert worker.run_queue_seconds() == 0.0


@pytest.mark.parametrize(
    ("spans", "timing"),
    [
        ([Span(1.0, 3.0, 0.5, 1.75)], (2.0, 0.25, 1.75)),
        ([Span(1.0, 3.0, 0.5, 1.75), Span(2.0, 4.0, 1.5, 2.0)], (3.0, 0.5, 1.0)),
        ([Span(1.0, 1.0)], (0.0, 0.0, 1.0)),
    ],
)
def test_a_crew_joins_the_spans_of_its_workers(spans, timing, folder, monkeypatch):
    with closing(Crew(folder)) as crew:
        crew._executors["threads", 2] = type("Executor", (), {"submit": lambda self, task, part: Future()})()
        monkeypatch.setattr(crew, "results", lambda futures: spans)
        joined = crew.run("threads", 2, Job("user_functions:squares"), 1, len(spans), False)
    assert (joined.seconds, joined.kept_waiting, joined.own_threads) == timing


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no CPU affinity")
@pytest.mark.parametrize("is_pinned", [True, False])
def test_a_worker_restores_its_affinity_after_a_function_that_changes_it(is_pinned):
    before = os.sched_getaffinity(0)
    with affinity.pinned([max(before)] if is_pinned else None):
        user_functions.changes_the_affinity()
    assert os.sched_getaffinity(0) == before


def test_only_processes_of_multiprocessing_keep_their_state():
    assert not worker.is_worker_process()
    code = """
        from nogil_kernels.workers import worker
        from nogil_kernels.workers.processes import Processes
        print(worker.is_worker_process())
        with Processes(1) as executor:
            print(executor.submit(worker.is_worker_process).result())
    """
    assert python_prints(code).split() == ["False", "True"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_is_delayed_until_workers_have_started():
    done = []

    def start():
        with delayed_interrupt():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(True)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        start()
    assert done
    assert signal.getsignal(signal.SIGINT) is handler
