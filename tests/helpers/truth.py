"""The right results: sums and products in higher precision or exact integers, and the allowed errors."""

import math
from fractions import Fraction

import numpy as np


def exact_sum_of_squares(x):
    """Return the exact sum of the squares of finite floats, as a Fraction.

    Each |x| is m * 2**e with an integer m = high * 2**27 + low < 2**53. So x*x is
    (high*high * 2**54 + high*low * 2**28 + low*low) * 4**e, and all three products are below 2**54. Their upper and
    lower 32 bits are summed in uint64, which can hold a sum of 2**32 such numbers.
    """
    total = Fraction(0)
    flat = np.ascontiguousarray(x).reshape(-1)
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    for start in range(0, flat.size, 1_000_000):
        mantissa, exponent = np.frexp(flat[start : start + 1_000_000].astype(np.float64))
        order = np.argsort(exponent.astype(np.int16), kind="stable")
        exponent = exponent[order]
        m = (np.abs(mantissa[order]) * 2.0**53).astype(np.uint64)
        high, low = m >> np.uint64(27), m & np.uint64(2**27 - 1)
        starts = np.flatnonzero(np.r_[True, exponent[1:] != exponent[:-1]])
        powers = [2 * (int(e) - 53) for e in exponent[starts]]
        for product, shift in ((high * high, 54), (high * low, 28), (low * low, 0)):
            upper = np.add.reduceat(product >> np.uint64(32), starts).tolist()
            lower = np.add.reduceat(product & np.uint64(2**32 - 1), starts).tolist()
            for u, v, power in zip(upper, lower, powers, strict=True):
                total += ((u << 32) + v) * Fraction(2) ** (power + shift)
    return total


def ulps_off(result, truth):
    """Return the distance of the float `result` from the Fraction `truth`, in units in the last place of the truth."""
    return float(abs(Fraction(result) - truth) / Fraction(math.ulp(float(truth))))


def exactly(values):
    """Return the sum of squares of an integer array, computed with Python's integers."""
    return sum(int(value) ** 2 for value in np.asarray(values).reshape(-1))


def assert_sum(result, x):
    """Check the value and type of the sum of squares of x: exact for integers, within 2 ulp for floats."""
    if x.dtype.kind in "biu":
        assert type(result) is int
        assert result == exactly(x)
    else:
        assert type(result) is float
        truth = exact_sum_of_squares(x)
        assert result == 0.0 if truth == 0 else ulps_off(result, truth) <= 2


def assert_exact_product(result, a, b):
    """Check that `result` is the exact product of two matrices of small integers, with NumPy's dtype."""
    wide = np.complex128 if np.result_type(a, b).kind == "c" else np.int64
    expected = np.matmul(a.astype(wide), b.astype(wide)).astype(np.result_type(a, b))
    assert isinstance(result, np.ndarray | np.generic)
    np.testing.assert_array_equal(result, expected, strict=True)


def assert_product(result, a, b):
    """Check that `result` is NumPy's a @ b: exactly for integers and bools, within some k eps |a| |b| for floats."""
    dtype = np.result_type(a, b)
    assert isinstance(result, np.ndarray | np.generic)
    assert result.dtype == dtype
    if dtype.kind in "biu":
        np.testing.assert_array_equal(result, np.matmul(a, b), strict=True)
        return
    wider = np.clongdouble if dtype.kind == "c" else np.longdouble
    truth = np.matmul(a.astype(wider), b.astype(wider))
    assert result.shape == truth.shape
    magnitude = np.matmul(np.abs(a.astype(wider)), np.abs(b.astype(wider)))
    k = a.shape[-1]
    if dtype == np.float16:  # sums are in float32, and rounded once
        relative = np.finfo(np.float16).eps + k * np.finfo(np.float32).eps
    else:  # k + 4 roundings suffice, twice as many if the reference is only as precise as dtype
        relative = (k + 4) * (2 if np.finfo(wider).eps == np.finfo(dtype).eps else 1) * np.finfo(dtype).eps
    assert np.all(np.abs(result.astype(wider) - truth) <= relative * magnitude + np.finfo(dtype).smallest_subnormal)
