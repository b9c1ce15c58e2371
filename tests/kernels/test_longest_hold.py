"""The longest hold: what gil="auto" still holds the GIL for takes tens of microseconds, whatever the type."""

import time

import numpy as np
import pytest

pytestmark = pytest.mark.kernels

LONGEST = 200e-6  # measured: 1 to 67 µs; a machine three times slower than that one still passes
HELD_BYTES = 128 * 1024  # AUTO_HOLD_BYTES of sum_of_squares.pyx, which counts 8 bytes for a number at least
HELD_WORK = 400_000  # AUTO_HOLD_WORK of matmul.pyx, which counts 16 for each element beside the multiply-adds
MULTIPLY_ADDS = {"f4": 1, "f8": 1, "c8": 4, "c16": 4, "i4": 2, "i8": 8, "g": 16, "G": 64}


def shortest(call):
    """The least of many times in seconds: what the work takes, not what else goes on."""
    times = []
    for _ in range(30):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"])
def test_of_a_sum(compiled, dtype):
    parts = 2 if dtype.startswith("c") else 1
    x = np.ones(HELD_BYTES // (8 * parts), dtype)
    assert shortest(lambda: compiled.sum_of_squares(x, gil="hold")) < LONGEST


def test_of_a_sum_of_numbers_that_lie_apart(compiled):
    x = np.ones((HELD_BYTES // 64, 8))[:, 0]
    assert shortest(lambda: compiled.sum_of_squares(x, gil="hold")) < LONGEST


def test_of_sums_of_short_rows(compiled):
    x = np.ones((HELD_BYTES // (256 + 2 * 8), 2))
    assert shortest(lambda: compiled.sum_of_squares(x, axis=1, gil="hold")) < LONGEST


@pytest.mark.parametrize("dtype", MULTIPLY_ADDS)
def test_of_a_square_product(compiled, dtype):
    n = max(n for n in range(100) if MULTIPLY_ADDS[dtype] * n**3 + 16 * 3 * n**2 <= HELD_WORK)
    a, out = np.ones((n, n), dtype), np.ones((n, n), dtype)
    assert shortest(lambda: compiled.matmul(a, a, out=out, gil="hold")) < LONGEST


@pytest.mark.parametrize("dtype", MULTIPLY_ADDS)
def test_of_a_matrix_by_a_vector(compiled, dtype):
    n = int((HELD_WORK / (MULTIPLY_ADDS[dtype] + 16)) ** 0.5)
    a, x, out = np.ones((n, n), dtype), np.ones(n, dtype), np.ones(n, dtype)
    assert shortest(lambda: compiled.matmul(a, x, out=out, gil="hold")) < LONGEST
    assert shortest(lambda: compiled.matmul(x, a, out=out, gil="hold")) < LONGEST
