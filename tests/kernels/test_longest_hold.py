"""gil="auto" holds the GIL for at most tens of microseconds, for every dtype."""

import timeit

import numpy as np
import pytest

pytestmark = pytest.mark.kernels

LONGEST = 200e-6  # 1 to 67 µs were measured; this allows for a machine that is 3 times slower
HELD_BYTES = 128 * 1024  # AUTO_HOLD_BYTES of sum_of_squares.pyx, which counts at least 8 bytes per number
HELD_WORK = 400_000  # AUTO_HOLD_WORK of plan.pxd, which adds 16 per element to the multiply-adds
MULTIPLY_ADDS = {"f4": 1, "f8": 1, "c8": 4, "c16": 4, "i4": 2, "i8": 8, "g": 16, "G": 64}


def shortest(call):
    """Return the shortest of 30 times in seconds: other processes only make a call longer."""
    return min(timeit.repeat(call, number=1, repeat=30))


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"])
def test_hold_of_a_sum(compiled, dtype):
    parts = 2 if dtype.startswith("c") else 1
    x = np.ones(HELD_BYTES // (8 * parts), dtype)
    assert shortest(lambda: compiled.sum_of_squares(x, gil="hold")) < LONGEST


def test_hold_of_a_strided_sum(compiled):
    x = np.ones((HELD_BYTES // 64, 8))[:, 0]
    assert shortest(lambda: compiled.sum_of_squares(x, gil="hold")) < LONGEST


def test_hold_of_sums_of_short_rows(compiled):
    x = np.ones((HELD_BYTES // (256 + 2 * 8), 2))
    assert shortest(lambda: compiled.sum_of_squares(x, axis=1, gil="hold")) < LONGEST


@pytest.mark.parametrize("dtype", MULTIPLY_ADDS)
def test_hold_of_a_square_product(compiled, dtype):
    n = max(n for n in range(100) if MULTIPLY_ADDS[dtype] * n**3 + 16 * 3 * n**2 <= HELD_WORK)
    a, out = np.ones((n, n), dtype), np.ones((n, n), dtype)
    assert shortest(lambda: compiled.matmul(a, a, out=out, gil="hold")) < LONGEST


@pytest.mark.parametrize("dtype", MULTIPLY_ADDS)
def test_hold_of_a_matrix_vector_product(compiled, dtype):
    n = int((HELD_WORK / (MULTIPLY_ADDS[dtype] + 16)) ** 0.5)
    a, x, out = np.ones((n, n), dtype), np.ones(n, dtype), np.ones(n, dtype)
    assert shortest(lambda: compiled.matmul(a, x, out=out, gil="hold")) < LONGEST
    assert shortest(lambda: compiled.matmul(x, a, out=out, gil="hold")) < LONGEST
