"""Signals end a call soon, and no thread of the call runs after it. A handler that returns lets the call go on."""

import contextlib
import signal
import sys
import threading
import time
from collections import deque
from functools import partial

import numpy as np
import pytest
from support import EVERY_TEST, python_prints, run_python

from nogil_kernels import matmul
from nogil_kernels.threads import share

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no alarms")

WAYS = {
    "hold": {"gil": "hold"},
    "release": {"gil": "release"},
    "threads": {"threads": 2},
    "held threads": {"gil": "hold", "threads": 3},
    "many threads": {"threads": 1000},
}
LIMIT = 0.1  # seconds; python -m bench interrupts prints a tenth of it for most calls
PAGES = np.lib.stride_tricks.as_strided(np.zeros(2**24), (2**15,), (4096,))
LONG_SUMS = {
    "range": (range(10**12), None),
    "one number": (np.broadcast_to(1.5, (10**13,)), None),
    "long rows": (np.broadcast_to(np.ones(10**5), (10**8, 10**5)), None),
    "float16": (np.broadcast_to(np.float16(1.5), (10**13,)), None),
    "complex": (np.broadcast_to(np.ones(10**5, np.complex64), (10**8, 10**5)), None),
    "bool": (np.broadcast_to(np.ones(10**6, bool), (10**7, 10**6)), None),
    "pages": (np.broadcast_to(PAGES, (10**7, PAGES.size)), None),
    "axis": (np.broadcast_to(1.5, (10**6, 10**7)), 1),
    "short rows": (np.broadcast_to(1.5, (10**8, 3)), 1),
    "foreign byte order": (np.broadcast_to(np.ones(1000, np.dtype(float).newbyteorder("S")), (10**6, 1000)), None),
    "list": ([1.5] * (3 * 10**7), None),
}
LONG_PRODUCTS = {
    "square": ((4000, 10**6), (10**6, 4000), float),
    "few rows and columns": ((16, 4 * 10**8), (4 * 10**8, 16), float),
    "dot": ((10**11,), (10**11,), float),
    "matrix and vector": ((3000, 10**8), (10**8,), float),
    "vector and matrix": ((10**8,), (10**8, 3000), float),
    "outer": ((10**5, 1), (1, 10**4), float),
    "int64": ((4000, 10**6), (10**6, 4000), np.int64),
    "int8": ((2000, 10**4), (10**4, 20_000), np.int8),
    "long double": ((400, 10**6), (10**6, 400), np.longdouble),
    "stack": ((10**6, 8, 40), (10**6, 40, 8), float),
}


# What is built before the alarm, and a call with it. Python and NumPy have C loops over whole collections.
LONG_COLLECTIONS = {
    "array in a list": (lambda: [np.ones(10**7)], lambda kernels, x: kernels.sum_of_squares(x)),
    "array in an iterator": (lambda: [np.ones(10**7)], lambda kernels, x: kernels.sum_of_squares(iter(x))),
    "objects": (lambda: np.full(10**7, 1.5, object), lambda kernels, x: kernels.sum_of_squares(x)),
    "iterator with axis": (lambda: range(5 * 10**6), lambda kernels, x: kernels.sum_of_squares(iter(x), axis=0)),
    "deque": (lambda: deque(range(5 * 10**6)), lambda kernels, x: kernels.sum_of_squares(x)),
    "long row": (lambda: [[1.5] * 10**7], lambda kernels, x: kernels.sum_of_squares(x)),
    "list with axis": (lambda: [1.5] * 10**7, lambda kernels, x: kernels.sum_of_squares(x, axis=0)),
    "product of lists": (lambda: [1.5] * (3 * 10**6), lambda kernels, x: kernels.matmul(x, x)),
    "product of objects": (lambda: np.full(3 * 10**6, 1.5, object), lambda kernels, x: kernels.matmul(x, x)),
    "refused set": (lambda: set(range(5 * 10**6)), lambda kernels, x: kernels.matmul([x], x)),
}


class Alarm(BaseException):
    """What the handler of the alarm raises."""


@pytest.fixture
def alarm():
    """Yield a function that sets an alarm, whose handler raises Alarm or another exception."""

    def ring_after(seconds, error=Alarm, interval=0):
        def ring(*_):
            raise error

        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds, interval)
        return time.perf_counter() + seconds

    handler = signal.getsignal(signal.SIGALRM)
    yield ring_after
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)


def least_latency(alarm, call):
    """Return the least seconds from an alarm to the end of the call, of two alarms: a busy machine adds to them."""
    latencies = []
    for delay in (0.05, 0.066):
        rings = alarm(delay)
        with pytest.raises(Alarm):
            call()
        latencies.append(time.perf_counter() - rings)
    return min(latencies)


def with_ways(names):
    """Return each name with each way, or with one way per name, which are different for neighbours."""
    pairs = [
        (name, way) for i, name in enumerate(names) for j, way in enumerate(WAYS) if EVERY_TEST or i % len(WAYS) == j
    ]
    return pytest.mark.parametrize(("name", "way"), pairs)


@with_ways(LONG_SUMS)
def test_an_alarm_ends_a_long_sum(compiled, alarm, name, way):
    x, axis = LONG_SUMS[name]
    assert least_latency(alarm, partial(compiled.sum_of_squares, x, axis=axis, **WAYS[way])) < LIMIT


@with_ways(LONG_PRODUCTS)
def test_an_alarm_ends_a_long_product(compiled, alarm, name, way):
    a_shape, b_shape, dtype = LONG_PRODUCTS[name]
    a, b = np.broadcast_to(dtype(3), a_shape), np.broadcast_to(dtype(5), b_shape)
    assert least_latency(alarm, partial(compiled.matmul, a, b, **WAYS[way])) < LIMIT


@pytest.mark.parametrize("delay", [0.04, 0.15] if EVERY_TEST else [0.15])
@pytest.mark.parametrize("name", LONG_COLLECTIONS)
def test_an_alarm_ends_the_reading_of_a_long_collection(compiled, alarm, name, delay):
    build, call = LONG_COLLECTIONS[name]
    x = build()
    latencies = []
    for _ in range(3):  # a busy machine adds to some
        rings = alarm(delay)
        try:
            with contextlib.suppress(TypeError, OverflowError):  # some values are refused in the end
                call(compiled, x)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Alarm:
            pass
        latencies.append(time.perf_counter() - rings)
    assert min(latencies) < LIMIT


def test_an_alarm_ends_a_product_of_numbers_a_page_apart(compiled, alarm):
    a = np.broadcast_to(PAGES, (4000, PAGES.size))
    for gil in ("hold", "release"):
        assert least_latency(alarm, lambda gil=gil: compiled.matmul(a, a.T, gil=gil)) < LIMIT


@pytest.mark.parametrize("way", WAYS)
def test_an_alarm_ends_a_call_beside_a_thread_that_runs_python(compiled, alarm, way):
    is_over = threading.Event()

    def work():
        while not is_over.is_set():
            sum(range(100))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert least_latency(alarm, partial(compiled.sum_of_squares, range(10**12), **WAYS[way])) < LIMIT
    finally:
        is_over.set()
        thread.join()


@pytest.fixture(scope="module")
def undisturbed(compiled_backend):
    """Return a matrix, and the results of two calls without signals."""
    a = np.random.default_rng(16).standard_normal((900, 900))
    return a, (sum_of_first_squares(10**9), matmul(a, a).tobytes())


@pytest.mark.parametrize("way", WAYS)
def test_a_handler_that_returns_lets_the_call_go_on(compiled, undisturbed, way):
    rung = []
    a, alone = undisturbed
    handler = signal.signal(signal.SIGALRM, lambda *_: rung.append(time.perf_counter()))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.01)
    try:
        start = time.perf_counter()
        total = compiled.sum_of_squares(range(10**9), **WAYS[way])
        rung_during_call = len(rung)
        elapsed = time.perf_counter() - start
        product = compiled.matmul(a, a, **WAYS[way]).tobytes()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    assert (total, product) == alone
    assert rung_during_call >= elapsed / 0.1, "the handler did not run during the call"


@pytest.mark.parametrize("error", [KeyboardInterrupt, TimeoutError, SystemExit, Alarm])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_writes_to_out_after_the_call_has_raised(compiled, alarm, way, error):
    a, b = np.broadcast_to(1.5, (700, 10**6)), np.broadcast_to(1.5, (10**6, 700))
    out = np.zeros((700, 700))
    alarm(0.1, error)
    with pytest.raises(error):
        compiled.matmul(a, b, out=out, **WAYS[way])
    out[:] = 5
    time.sleep(0.05)
    assert (out == 5).all()


# Python ignores an exception of a handler that runs in a callback, such as that of a weak reference to a thread.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_task_runs_after_share_has_raised_at_a_random_time(alarm):
    running = set()

    def task(index):
        running.add(index)
        time.sleep(0.0003)
        running.discard(index)

    rng = np.random.default_rng(17)
    raised = 0
    for _ in range(300):
        alarm(rng.uniform(0.0001, 0.004))
        try:
            share(task, 12, 3)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Alarm:
            raised += 1
            # the caller's own task may have been interrupted before its last line
            assert len(running) <= 1
        running.clear()
    assert raised > 100


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_repeated_alarms_neither_hang_nor_crash_a_call(compiled, alarm):
    x = np.broadcast_to(1.5, (10**10,))

    def call():
        try:
            alarm(0.003, interval=0.0007)
            compiled.sum_of_squares(x, threads=2)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    for _ in range(30):
        with pytest.raises(Alarm):
            call()
    assert compiled.sum_of_squares(np.ones(3_000_000), threads=2) == 3_000_000


def test_a_handler_that_calls_kernels_can_be_interrupted_again_and_again(compiled):
    code = """
        import signal
        import numpy as np
        from nogil_kernels import sum_of_squares

        x = np.broadcast_to(1.5, (15 * 10**6,))

        def ring(*_):
            global count
            count += 1
            if count < 400:
                sum_of_squares(x)

        count = 0
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
        sum_of_squares(x)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print("no crash")
    """
    assert python_prints(code, NOGIL_KERNELS_BACKEND=compiled.name) == "no crash"


def test_a_call_in_another_thread_goes_on_while_the_main_thread_handles_signals(compiled, alarm):
    results = []
    thread = threading.Thread(target=lambda: results.append(compiled.sum_of_squares(range(10**9), threads=2)))
    thread.start()
    alarm(0.05)
    with pytest.raises(Alarm):
        time.sleep(60)
    thread.join()
    assert results == [sum_of_first_squares(10**9)]


def sum_of_first_squares(n):
    return (n - 1) * n * (2 * n - 1) // 6


@pytest.mark.parametrize(
    "call", ["sum_of_squares(range(3 * 10**9), gil='hold')", "matmul(a, a, gil='hold')"], ids=["sum", "product"]
)
def test_a_held_call_does_not_delay_a_garbage_collection_on_a_free_threaded_build(compiled, call):
    """In a process of its own, where a collection takes a millisecond."""
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        pytest.skip("the GIL of this build is always on, so a collection stops no other thread")
    code = f"""
        import gc, threading, time
        import numpy as np
        from nogil_kernels import matmul, sum_of_squares

        a = np.ones((4000, 4000))
        thread = threading.Thread(target=lambda: {call})
        thread.start()
        time.sleep(0.1)
        start = time.perf_counter()
        gc.collect()
        seconds = time.perf_counter() - start
        print(thread.is_alive() and seconds < 0.1)
    """
    assert python_prints(code, NOGIL_KERNELS_BACKEND=compiled.name) == "True"


def test_ctrl_c_during_shared_work_is_raised_after_the_last_write(compiled):
    code = f"""
        import os, signal, threading, time
        import numpy as np
        import nogil_kernels

        a, out = np.ones((900, 900)), np.zeros((900, 900))
        nogil_kernels.matmul(a, a, out=out, threads=2)

        def interrupt():
            time.sleep(0.3)
            os.kill(os.getpid(), {int(signal.SIGINT)})

        timer = threading.Thread(target=interrupt)
        try:
            timer.start()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                nogil_kernels.matmul(a, a, out=out, threads=2)
        except KeyboardInterrupt:
            out[:] = 5
            time.sleep(0.2)
            print("interrupted", bool((out == 5).all()))
    """
    process = run_python(code, NOGIL_KERNELS_BACKEND=compiled.name)
    assert process.stdout.split() == ["interrupted", "True"], process.stderr
