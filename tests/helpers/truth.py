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
    return sum(value * value for value in np.asarray(values).reshape(-1).tolist())


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


def assert_sum_within_bound(result, x):
    """Check a sum of squares of any numbers: exact for integers, within the documented bound for floats."""
    if x.dtype.kind in "biu":
        assert int(result) == exactly(x)
        return
    parts = np.stack([x.real, x.imag] if x.dtype.kind == "c" else [x, x]).reshape(2, x.size)
    is_infinite, is_nan = np.isinf(parts).any(axis=0), np.isnan(parts).any(axis=0)
    if (is_nan & ~is_infinite).any():
        assert math.isnan(result)
    elif is_infinite.any():
        assert result == math.inf
    else:
        ulps, largest = 7 if x.dtype.char in "dD" else 11, Fraction(math.nextafter(math.inf, 0))
        truth = exact_sum_of_squares(x)
        if math.isinf(result):
            assert truth >= largest * (1 - ulps * Fraction(2) ** -53)
        else:
            assert math.copysign(1, result) == 1
            assert abs(Fraction(float(result)) - truth) <= ulps * Fraction(math.ulp(min(truth, largest)))


def assert_product_within_bound(result, a, b):
    """Check a product of any numbers: exact modulo 2**bits for integers, within the documented bound for floats."""
    dtype = np.result_type(a, b)
    result, a, b = np.asarray(result), a.astype(dtype), b.astype(dtype)
    assert result.dtype == dtype
    if dtype.kind in "biu":
        exact = np.matmul(a.astype(np.uint64), b.astype(np.uint64))  # modulo 2**64
        np.testing.assert_array_equal(result, exact.astype(dtype))
    elif dtype.kind == "f":
        _assert_reals(result, a, b, 1)
    else:  # a sum of complex products is a sum of twice as many real products
        rows = -min(b.ndim, 2)
        _assert_reals(result.real, np.concatenate([a.real, -a.imag], -1), np.concatenate([b.real, b.imag], rows), 3)
        _assert_reals(result.imag, np.concatenate([a.real, a.imag], -1), np.concatenate([b.imag, b.real], rows), 3)


def _assert_reals(result, a, b, factor):
    """Check a product of real matrices: abs(error) <= factor * k * (u * abs(a) @ abs(b) + s / 2).

    u is the largest relative error of a rounding, and s is the smallest subnormal number.
    """
    info, k = np.finfo(result.dtype), a.shape[-1]
    unit, smallest, wide_eps = (np.longdouble(x) for x in (info.eps, info.smallest_subnormal, np.finfo("g").eps))
    unit *= 1 if wide_eps == info.eps else 0.5  # the truth has errors, too, if it is only as precise
    with np.errstate(all="ignore"):
        truth = np.matmul(a.astype("g"), b.astype("g"))
        magnitude = np.matmul(*(np.where(np.isfinite(x), np.abs(x), 0).astype("g") for x in (a, b)))
        bound = factor * k * (unit * magnitude * (1 + k * unit) + smallest / 2)
        error = np.abs(result - truth)
    may_overflow = ~np.isnan(truth) & (magnitude > info.max / 2)  # a partial sum can be inf, or inf - inf
    is_right = np.where(np.isfinite(truth), error <= bound, (result == truth) | (np.isnan(truth) & np.isnan(result)))
    assert (is_right | may_overflow).all()
    is_sum_of_zeros = (np.matmul((a != 0).astype(np.uint64), (b != 0).astype(np.uint64)) == 0) & (result == 0)
    assert not np.signbit(result[is_sum_of_zeros]).any()  # a sum begins with 0.0, so no sum of zeros is -0.0
