"""Infinities, nan, signed zeros and subnormal numbers: complex sums of squares, and matmul."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from operands import COMPLEX, FLOATS, dtype_name
from support import laid_out

pytestmark = pytest.mark.kernels

INFINITE = [complex(math.inf, math.nan), complex(math.nan, -math.inf), complex(-math.inf, 1), complex(0, math.inf)]
NOT_A_NUMBER = [complex(math.nan, 1), complex(0, math.nan), complex(math.nan, math.nan)]
SPECIAL = [0.0, -0.0, 1.0, -2.0, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("size", [1, 2, 40, 1000, 62_000])
@pytest.mark.parametrize("dtype", COMPLEX, ids=dtype_name)
@pytest.mark.parametrize("z", [*INFINITE, *NOT_A_NUMBER], ids=str)
def test_a_complex_number_counts_as_its_absolute_value(kernels, z, dtype, size):
    """abs(z) is inf if a part is infinite, even if the other part is nan (C99, annex G; Python's abs)."""
    size = size if kernels.name == "compiled" else min(size, 1000)
    for place in {0, size // 2, size - 1}:
        x = np.ones(size, dtype)
        x[place] = z
        truth = abs(z)
        rows = np.stack([x, np.ones_like(x)])
        np.testing.assert_equal(kernels.sum_of_squares(x), truth)
        np.testing.assert_equal(kernels.sum_of_squares(x, threads=2), truth)
        np.testing.assert_equal(kernels.sum_of_squares(x[: place + 1000].tolist()), truth)
        np.testing.assert_equal(kernels.sum_of_squares(laid_out(x, "every third element")), truth)
        np.testing.assert_equal(kernels.sum_of_squares(rows, axis=1), [truth, float(size)])
        np.testing.assert_equal(kernels.sum_of_squares(rows, axis=0)[place], truth)


@pytest.mark.parametrize("distance", [1, 3, 100, 70_000])
@pytest.mark.parametrize("dtype", COMPLEX, ids=dtype_name)
@pytest.mark.parametrize(("infinite", "nan"), [*itertools.product(INFINITE, NOT_A_NUMBER)], ids=str)
def test_a_nan_beside_an_infinite_number_makes_the_sum_nan(kernels, infinite, nan, dtype, distance):
    x = np.ones(distance + 2 if kernels.name == "compiled" else 4, dtype)
    x[0], x[-1] = infinite, nan
    assert math.isnan(kernels.sum_of_squares(x))
    assert math.isnan(kernels.sum_of_squares(x[::-1].copy()))
    assert math.isnan(kernels.sum_of_squares(np.concatenate([x, x[:1]])))
    assert math.isnan(kernels.sum_of_squares([infinite, nan]))
    assert math.isnan(kernels.sum_of_squares([infinite, 2.5, nan, infinite]))


@pytest.mark.parametrize("place", [0, 500, 70_000, -1])
@pytest.mark.parametrize("nan_first", [False, True])
def test_each_chunk_and_row_finds_its_own_nan(kernels, nan_first, place):
    x = np.ones((3, 140_000 if kernels.name == "compiled" else 600), complex)
    place = place if place < x.shape[1] else 0
    x[0, place], x[1, place], x[1, place - 1] = INFINITE[0], INFINITE[0], NOT_A_NUMBER[0]
    if nan_first:
        x[1] = x[1, ::-1].copy()
    for threads in (1, 2):
        np.testing.assert_array_equal(kernels.sum_of_squares(x, axis=1, threads=threads)[:2], [math.inf, math.nan])
        np.testing.assert_equal(kernels.sum_of_squares(x, threads=threads), math.nan)


def test_the_other_kinds_of_operands_count_absolute_values(kernels):
    z = INFINITE[0]
    for x in (np.array(z), np.array([z], ">c8"), memoryview(np.array([z])), np.array([z, 1, Fraction(1, 2)], object)):
        assert kernels.sum_of_squares(x) == math.inf
    for x in (
        [np.complex64(z)],
        [[[z]], [[INFINITE[1]]]],
        (z for _ in range(2)),
        [type("Subclass", (complex,), {})(z)],
    ):
        assert kernels.sum_of_squares(x) == math.inf


def test_long_double_complex_numbers_in_a_list_count_as_their_absolute_values(kernels):
    for z in (*INFINITE, *NOT_A_NUMBER, 3 + 4j):
        result = kernels.sum_of_squares([np.clongdouble(z)])
        np.testing.assert_equal(result, np.longdouble(abs(z)) ** 2)
        assert type(result) is np.longdouble


def product(x, y):
    """Return x * y by the documented formula."""
    return complex(x.real * y.real - x.imag * y.imag, x.real * y.imag + x.imag * y.real)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 2), (2, 3, 5)], ids=str)
@pytest.mark.parametrize("dtype", COMPLEX, ids=dtype_name)
def test_complex_products_follow_the_formula_for_infinite_parts(kernels, dtype, shape):
    m, k, n = shape
    a, b = np.zeros((m, k), dtype), np.zeros((k, n), dtype)
    for parts in itertools.product(SPECIAL, repeat=4):
        x, y = complex(*parts[:2]), complex(*parts[2:])
        a[:, 0], b[0, :] = x, y
        c = kernels.matmul(a, b)
        np.testing.assert_array_equal([c[0, 0].real, c[0, 0].imag], [product(x, y).real, product(x, y).imag])
        np.testing.assert_array_equal(c, np.full((m, n), c[0, 0]))


@pytest.mark.parametrize("shape", [(1, 0, 1), (1, 1, 1), (1, 2, 1), (3, 1, 5), (8, 8, 1), (20, 20, 20)], ids=str)
@pytest.mark.parametrize("dtype", [*FLOATS, np.longdouble], ids=dtype_name)
@pytest.mark.parametrize(("x", "y"), [(0.0, -1.0), (-0.0, -0.0), (-0.0, 1.0), (0.0, 0.0)])
def test_a_sum_of_zeros_has_the_sign_of_numpy(kernels, x, y, dtype, shape):
    m, k, n = shape
    a, b = np.full((m, k), x, dtype), np.full((k, n), y, dtype)
    out = np.full((m, n), -1.0, dtype)
    expected = np.signbit(np.matmul(a, b))
    np.testing.assert_array_equal(np.signbit(kernels.matmul(a, b)), expected)
    np.testing.assert_array_equal(np.signbit(kernels.matmul(a, b, out=out)), expected)
    np.testing.assert_array_equal(np.signbit(kernels.matmul(memoryview(a), b)), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=dtype_name)
@pytest.mark.parametrize("k", [1, 2, 9, 33])
def test_products_of_subnormal_numbers_are_within_the_documented_bound(kernels, dtype, k):
    info, rng = np.finfo(dtype), np.random.default_rng(k)
    unit, smallest = Fraction(float(info.eps)) / 2, Fraction(float(info.smallest_subnormal))
    for exponent in (info.minexp // 2 - 12, info.minexp // 2, info.minexp // 2 + 20, info.minexp):
        a = np.ldexp(rng.standard_normal((5, k)), exponent).astype(dtype)
        b = np.ldexp(rng.standard_normal((k, 3)), info.minexp - exponent).astype(dtype)
        c = kernels.matmul(a, b)
        for i, j in np.ndindex(5, 3):
            products = [Fraction(float(x)) * Fraction(float(y)) for x, y in zip(a[i], b[:, j], strict=True)]
            bound = k * (unit * sum(map(abs, products)) + smallest / 2)
            assert abs(Fraction(float(c[i, j])) - sum(products)) <= bound * (1 + k * unit)
