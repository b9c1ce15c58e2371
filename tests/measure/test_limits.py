"""What a core can do at most: the loops do all that they say, and their rates are those of a core."""

import math
import os
import threading
from array import array

import numpy as np
import pytest
from support import FREE_THREADED_NOW, run_python, switch_interval

import nogil_kernels
from nogil_kernels.measure import ceiling

pytestmark = pytest.mark.usefixtures("compiled_backend")


@pytest.fixture(scope="session", params=["compiled"])
def limits(compiled_backend):
    """The module. There is no pure one; named, so that the tests marked `kernels` run on every ISA."""
    from nogil_kernels.measure import limits

    return limits


# The loops


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_multiply_adds_counts_two_operations_for_each_number_of_each_vector(limits, dtype):
    one = limits.multiply_adds(dtype, 1)
    lanes_and_accumulators = one // 2
    assert one % 2 == 0
    assert lanes_and_accumulators % 12 == 0 or lanes_and_accumulators % 16 == 0
    assert [limits.multiply_adds(dtype, count) for count in (0, 2, 1000)] == [0, 2 * one, 1000 * one]


@pytest.mark.kernels
def test_a_vector_holds_twice_as_many_numbers_of_half_the_size(limits):
    one_lane = nogil_kernels.build_info()["compiler"].startswith("MSVC")  # it has no vectors
    assert limits.multiply_adds("float32", 7) == (1 if one_lane else 2) * limits.multiply_adds("float64", 7)


@pytest.mark.kernels
@pytest.mark.parametrize("streams", [1, 2, 4])
@pytest.mark.parametrize("prefetch", [False, True])
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000, 8191, 8192, 100_003])
def test_read_returns_the_bytes_of_all_passes(limits, streams, prefetch, size):
    buffer = bytes(size)
    assert limits.read(buffer, streams, prefetch=prefetch) == size
    assert limits.read(memoryview(buffer)[1:], streams, prefetch=prefetch, passes=3) == 3 * max(0, size - 1)
    assert limits.read(buffer, streams, passes=0) == 0


@pytest.mark.parametrize(
    "buffer", [bytearray(9), array("d", [1, 2]), memoryview(b"abc"), np.ones((3, 4)), np.ones((0, 4), np.float32)]
)
def test_read_takes_any_contiguous_buffer(limits, buffer):
    assert limits.read(buffer, 2) == memoryview(buffer).nbytes


@pytest.mark.parametrize("buffer", [[1, 2], "abc", None, np.ones(8)[::2], np.ones((2, 3)).T, np.ma.ones(3)])
def test_read_refuses_what_is_no_contiguous_buffer(limits, buffer):
    with pytest.raises(TypeError, match=f"contiguous buffer.*{type(buffer).__name__}"):
        limits.read(buffer, 1)


def test_wrong_values_are_refused_and_the_right_ones_are_named(limits):
    for call, message in (
        (lambda: limits.multiply_adds("int32", 1), "'float64' or 'float32', not 'int32'"),
        (lambda: limits.multiply_adds("float64", -1), "0 or more, not -1"),
        (lambda: limits.read(b"", 3), "1, 2 or 4, not 3"),
        (lambda: limits.read(b"", 8), "1, 2 or 4, not 8"),
        (lambda: limits.read(b"", 1, passes=-1), "0 or more, not -1"),
        (lambda: ceiling.native_speed_up("disk", 2), "'arithmetic' or 'memory', not 'disk'"),
        (lambda: ceiling.native_speed_up("memory", 0), "1 or more, not 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.skipif(FREE_THREADED_NOW, reason="no GIL to release in this interpreter")
@pytest.mark.parametrize("call", ["multiply_adds", "read"])
def test_another_thread_runs_meanwhile(limits, call):
    buffer = bytes(1 << 20)
    works = {
        "multiply_adds": lambda: limits.multiply_adds("float64", 2_000_000),
        "read": lambda: limits.read(buffer, 1, passes=200),
    }
    with switch_interval(3600):  # nobody is made to give the GIL up
        assert any(_runs_while(works[call]) for _ in range(20))


def _runs_while(work):
    """Whether this thread gets on before the work of another has ended; the system may be slow to wake it."""
    ended = threading.Event()

    def work_and_tell():
        work()
        ended.set()

    thread = threading.Thread(target=work_and_tell)
    thread.start()  # the new thread gets the GIL to say that it has started, and keeps it until it releases it
    before_the_end = not ended.is_set()
    thread.join()
    return before_the_end


def test_a_buffer_that_was_read_is_free_again(limits):
    buffer = bytearray(100)
    limits.read(buffer, 1)
    buffer.append(1)


# Rates


BEYOND_ANY_CORE = 1e14
"""Operations or bytes per second: where the compiler drops a loop, what is left seems as fast as that."""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_rate_of_multiply_adds_is_that_of_a_core(dtype):
    assert 0 < ceiling.multiply_add_rate(dtype) < BEYOND_ANY_CORE


def test_the_rate_of_reading_is_the_best_of_all_ways_and_that_of_a_core():
    rates = ceiling.read_rates(1 << 14)
    assert rates == sorted(rates, reverse=True)
    assert sorted((streams, prefetch) for _, streams, prefetch in rates) == sorted(ceiling.WAYS_TO_READ)
    assert 0 < ceiling.read_rate(1 << 14) < BEYOND_ANY_CORE


@pytest.mark.parametrize(("work", "size"), [("arithmetic", 0), ("memory", 1 << 16)])
def test_the_native_speed_up_is_a_ratio_and_leaves_this_thread_where_it_may_run(work, size):
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    found = ceiling.native_speed_up(work, 2, size)
    assert found > 0
    assert math.isfinite(found)
    assert affinity is None or os.sched_getaffinity(0) == affinity


def test_the_pure_backend_has_no_limits_and_says_why():
    done = run_python(
        "from nogil_kernels.measure import ceiling; ceiling.multiply_add_rate('float64')", NOGIL_KERNELS_BACKEND="pure"
    )
    assert done.returncode == 1
    assert "RuntimeError: a core's limits are measured by compiled loops" in done.stderr
    assert "NOGIL_KERNELS_BACKEND=pure" in done.stderr
