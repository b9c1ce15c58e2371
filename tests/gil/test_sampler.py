"""The native sampler: threads, interpreters and exits."""

import os
import sys
import threading
import time

import pytest
from native import count_threads, needs_a_gil, needs_native, soon_has_threads
from support import python_prints

from nogil_kernels.gil import probing, release_gil
from nogil_kernels.gil.recording import Recording
from nogil_kernels.gil.states import Tally

pytestmark = needs_native


def start(recording):
    return probing.start_sampler(recording.for_sampler)[0]


def empty_recording(most=10_000):
    return Recording(bytearray(Recording.size_for(most)), most)


@pytest.mark.parametrize("from_another_thread", [False, True])
def test_a_sampler_can_be_stopped_twice_and_by_any_thread(from_another_thread):
    before = count_threads()
    recording = empty_recording()
    sampler = start(recording)
    if from_another_thread:
        thread = threading.Thread(target=sampler.stop)
        thread.start()
        thread.join()
    sampler.stop()
    sampler.stop()
    assert soon_has_threads(before)
    assert len([*recording.samples(0)]) >= 1
    assert recording.cost >= 0


def test_a_full_recording_gets_no_more_samples():
    recording = empty_recording(most=5)
    sampler = start(recording)
    time.sleep(0.02)
    sampler.stop()
    assert len([*recording.samples(0)]) == 5
    assert recording.span(0) is None  # the memory after the samples


@needs_a_gil
def test_two_samplers_watch_two_threads_that_share_one_gil():
    def watch(name, call):
        recording = empty_recording()
        sampler = start(recording)
        recording.begin(time.perf_counter_ns(), 1)
        call(0.05)
        recording.end(time.perf_counter_ns())
        sampler.stop()
        tally = Tally(recording)
        tally.finish()
        totals[name] = tally.total

    totals = {}
    calls = {"sleeps": time.sleep, "computes": release_gil}
    threads = [threading.Thread(target=watch, args=item) for item in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals["sleeps"].waiting > 0.7 * totals["sleeps"].counted
    assert totals["computes"].parallel > 0.7 * totals["computes"].counted


def test_threads_that_end_right_after_their_sampler_do_no_harm():
    def sample():
        start(empty_recording(100)).stop()

    before = count_threads()
    for _ in range(50):
        thread = threading.Thread(target=sample)
        thread.start()
        thread.join()
    assert soon_has_threads(before)


DAEMON = """
    import os, sys, threading
    from nogil_kernels.gil import probing
    from nogil_kernels.gil.recording import Recording

    def compute():
        recording = Recording(bytearray(Recording.size_for(1000)), 1000)
        sampler = probing.start_sampler(recording.for_sampler)
        started.set()
        while True:
            sum(range(100))

    assert probing.native_works()
    for _ in range(20):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            started = threading.Event()
            threading.Thread(target=compute, daemon=True).start()
            started.wait()
            print("exits")
            break
        assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_daemon_thread_that_is_sampled_at_exit_neither_crashes_nor_hangs():
    """Twenty forks of one process exit, because a fork starts sooner than Python."""
    assert python_prints(DAEMON, timeout=60).split() == ["exits"] * 20


INTERPRETER = """
    import os, sys
    if sys.version_info >= (3, 13):
        import _interpreters
    else:
        import _xxsubinterpreters as _interpreters

    code = f'''
    import sys, time
    sys.path[:] = {sys.path!r}
    from nogil_kernels import gil
    from nogil_kernels.gil import probing
    if NATIVE:
        assert probing.native_works()
    else:
        probing.native_works = lambda: False
    held = probing.measure(sum, (range(100_000),), limit=0.5, advise=False)
    waits = probing.measure(time.sleep, (0.01,), limit=0.5, parallel=False)
    assert held.by_acquisitions != NATIVE
    assert held.hold_fraction > waits.hold_fraction + 0.3, (held, waits)
    '''
    if sys.version_info >= (3, 13):
        error = _interpreters.exec(_interpreters.create("isolated"), code)
        print(error.formatted if error else "works", flush=True)
    else:
        _interpreters.run_string(_interpreters.create(isolated=True), code)
        print("works", flush=True)
    os._exit(0)  # 3.12.1 crashes at exit if an interpreter has imported hashlib
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="interpreters have their own GIL from Python 3.12 on")
@pytest.mark.parametrize("native", [True, pytest.param(False, marks=needs_a_gil)])
def test_an_interpreter_with_its_own_gil_is_probed(native):
    assert python_prints(INTERPRETER.replace("NATIVE", str(native))) == "works"
