"""What is right: sums and products in more digits or by Python's integers, and how far a result may be from them."""

import math
from fractions import Fraction

import numpy as np


def exact_sum_of_squares(x):
    """The sum of the squares of finite floats, as a Fraction, without any rounding.

    Each |x| is m * 2**e with an integer m < 2**53 = (high * 2**27 + low), so that x*x is
    (high*high * 2**54 + high*low * 2**28 + low*low) * 4**e, and all three products are below 2**54. Their halves
    of 32 bits are summed in uint64, which holds 2**32 of them.
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
    """The distance of the float `result` from the Fraction `truth`, in units in the last place of the truth."""
    return float(abs(Fraction(result) - truth) / Fraction(math.ulp(float(truth))))


def exactly(values):
    """The sum of squares of an integer array, by Python's own integers."""
    return sum(int(value) ** 2 for value in np.asarray(values).reshape(-1))


def assert_sum(result, x):
    """`result` is the sum of squares of the array x: exact for integers, within 2 ulp for floats, of the right type."""
    if x.dtype.kind in "biu":
        assert type(result) is int
        assert result == exactly(x)
    else:
        assert type(result) is float
        truth = exact_sum_of_squares(x)
        assert result == 0.0 if truth == 0 else ulps_off(result, truth) <= 2


def assert_exactly(result, a, b):
    """`result` is the product of matrices of small integers to the last bit, and of the dtype that NumPy gives."""
    wide = np.complex128 if np.result_type(a, b).kind == "c" else np.int64
    expected = np.matmul(a.astype(wide), b.astype(wide)).astype(np.result_type(a, b))
    assert isinstance(result, np.ndarray | np.generic)
    np.testing.assert_array_equal(result, expected, strict=True)


def assert_product(result, a, b):
    """`result` is a @ b as NumPy has it: exactly for integers and bools, within k eps |a| |b| for floats."""
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
    if dtype == np.float16:  # summed in float32, rounded once
        relative = np.finfo(np.float16).eps + k * np.finfo(np.float32).eps
    else:  # two roundings more for the parts of a complex product, and as many for a reference that is no wider
        relative = (k + 4) * (2 if np.finfo(wider).eps == np.finfo(dtype).eps else 1) * np.finfo(dtype).eps
    assert np.all(np.abs(result.astype(wider) - truth) <= relative * magnitude + np.finfo(dtype).smallest_subnormal)
