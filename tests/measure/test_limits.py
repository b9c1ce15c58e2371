"""The limits of a core: the loops do all their work, and the rates are plausible for one core."""

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
    """The compiled module. The parameter lets the tests marked `kernels` run on every ISA."""
    from nogil_kernels.measure import limits

    return limits


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_multiply_adds_counts_two_operations_per_element_of_each_vector(limits, dtype):
    operations = limits.multiply_adds(dtype, 1)
    elements = operations // 2
    assert operations % 2 == 0
    assert elements % 12 == 0 or elements % 16 == 0
    assert [limits.multiply_adds(dtype, count) for count in (0, 2, 1000)] == [0, 2 * operations, 1000 * operations]


@pytest.mark.kernels
def test_float32_vectors_have_twice_as_many_elements(limits):
    one_lane = nogil_kernels.build_info()["compiler"].startswith("MSVC")  # which has no vector types
    assert limits.multiply_adds("float32", 7) == (1 if one_lane else 2) * limits.multiply_adds("float64", 7)


@pytest.mark.kernels
@pytest.mark.parametrize("streams", [1, 2, 4])
@pytest.mark.parametrize("prefetch", [False, True])
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000, 8191, 8192, 100_003])
def test_read_returns_the_number_of_bytes_of_all_passes(limits, streams, prefetch, size):
    buffer = bytes(size)
    assert limits.read(buffer, streams, prefetch=prefetch) == size
    assert limits.read(memoryview(buffer)[1:], streams, prefetch=prefetch, passes=3) == 3 * max(0, size - 1)
    assert limits.read(buffer, streams, passes=0) == 0


@pytest.mark.parametrize(
    "buffer", [bytearray(9), array("d", [1, 2]), memoryview(b"abc"), np.ones((3, 4)), np.ones((0, 4), np.float32)]
)
def test_read_accepts_any_contiguous_buffer(limits, buffer):
    assert limits.read(buffer, 2) == memoryview(buffer).nbytes


@pytest.mark.parametrize("buffer", [[1, 2], "abc", None, np.ones(8)[::2], np.ones((2, 3)).T, np.ma.ones(3)])
def test_read_rejects_other_objects(limits, buffer):
    with pytest.raises(TypeError, match=f"contiguous buffer.*{type(buffer).__name__}"):
        limits.read(buffer, 1)


def test_errors_name_the_wrong_value_and_the_valid_ones(limits):
    for call, message in (
        (lambda: limits.multiply_adds("int32", 1), "'float64' or 'float32', got 'int32'"),
        (lambda: limits.multiply_adds("float64", -1), "must not be negative, got -1"),
        (lambda: limits.read(b"", 3), "1, 2 or 4, got 3"),
        (lambda: limits.read(b"", 8), "1, 2 or 4, got 8"),
        (lambda: limits.read(b"", 1, passes=-1), "must not be negative, got -1"),
        (lambda: ceiling.native_speed_up("disk", 2), "'arithmetic' or 'memory', got 'disk'"),
        (lambda: ceiling.native_speed_up("memory", 0), "must be a positive integer, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.skipif(FREE_THREADED_NOW, reason="this interpreter runs without a GIL")
@pytest.mark.parametrize("call", ["multiply_adds", "read"])
def test_the_loops_release_the_gil(limits, call):
    buffer = bytes(1 << 20)
    works = {
        "multiply_adds": lambda: limits.multiply_adds("float64", 2_000_000),
        "read": lambda: limits.read(buffer, 1, passes=200),
    }
    with switch_interval(3600):  # no thread is forced to release the GIL
        assert any(_runs_while(works[call]) for _ in range(20))


def _runs_while(work):
    """Return whether this thread continues before another thread has finished `work`. The system may wake it late."""
    finished = threading.Event()

    def work_and_set():
        work()
        finished.set()

    thread = threading.Thread(target=work_and_set)
    thread.start()  # The new thread takes the GIL to report that it has started, and holds it until `work` releases it.
    continued = not finished.is_set()
    thread.join()
    return continued


def test_read_releases_the_buffer(limits):
    buffer = bytearray(100)
    limits.read(buffer, 1)
    buffer.append(1)


BEYOND_ANY_CORE = 1e14
"""Operations or bytes per second. A loop that the compiler removes seems to exceed this."""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_rate_of_multiply_adds_is_plausible(dtype):
    assert 0 < ceiling.multiply_add_rate(dtype) < BEYOND_ANY_CORE


def test_the_rate_of_reading_is_plausible_and_the_rates_are_sorted():
    rates = ceiling.read_rates(1 << 14)
    assert rates == sorted(rates, reverse=True)
    assert sorted((streams, prefetch) for _, streams, prefetch in rates) == sorted(ceiling.WAYS_TO_READ)
    assert 0 < ceiling.read_rate(1 << 14) < BEYOND_ANY_CORE


@pytest.mark.parametrize(("work", "size"), [("arithmetic", 0), ("memory", 1 << 16)])
def test_native_speed_up_returns_a_positive_ratio_and_restores_the_affinity(work, size):
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    speed_up = ceiling.native_speed_up(work, 2, size)
    assert speed_up > 0
    assert math.isfinite(speed_up)
    assert affinity is None or os.sched_getaffinity(0) == affinity


def test_the_pure_backend_raises_with_the_reason():
    process = run_python(
        "from nogil_kernels.measure import ceiling; ceiling.multiply_add_rate('float64')", NOGIL_KERNELS_BACKEND="pure"
    )
    assert process.returncode == 1
    assert "RuntimeError: measuring a core's limits needs the compiled backend" in process.stderr
    assert "NOGIL_KERNELS_BACKEND=pure" in process.stderr
