"""sum_of_squares is within two units in the last place (ulp) of the exact sum."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from support import laid_out
from truth import exact_sum_of_squares, ulps_off

pytestmark = pytest.mark.kernels

BOUND = 2
LARGE = 10_000_000
FLOATS = [np.float32, np.float64]
DISTRIBUTIONS = ["uniform", "normal", "wide range", "ascending", "descending"]
RANDOM = [*itertools.product(DISTRIBUTIONS, [3, 50, 1000, 2049, 30_011, 123_904, 1_000_003])]
RANDOM += [("uniform", LARGE), ("wide range", LARGE)]


def size_for(kernels, size):
    """Return the size for the compiled kernels, and a small size for plain Python."""
    return size if kernels.name == "compiled" else min(size, 20_001)


def random_values(distribution, dtype, size, rng):
    """Return data that is hard to sum. Every value and its square are finite."""
    if distribution == "uniform":
        return rng.random(size, dtype=dtype)
    if distribution == "normal":
        return rng.standard_normal(size, dtype=dtype)
    exponents = rng.integers(-60, 60, size) if dtype == np.float32 else rng.integers(-400, 400, size)
    wide = np.ldexp(rng.standard_normal(size, dtype=dtype), exponents.astype(np.int32)).astype(dtype)
    if distribution == "wide range":
        return wide
    wide = wide[np.argsort(np.abs(wide))]
    return wide if distribution == "ascending" else wide[::-1].copy()


def test_exact_sum_of_squares_is_exact():
    x = random_values("wide range", np.float64, 500, np.random.default_rng(4))
    assert exact_sum_of_squares(x) == sum(Fraction(value) ** 2 for value in x.tolist())
    assert exact_sum_of_squares(np.array([3.0, -4.0, 0.0])) == 25
    assert ulps_off(math.nextafter(25.0, 26.0), Fraction(25)) == 1


@pytest.mark.parametrize(("distribution", "size"), RANDOM)
@pytest.mark.parametrize("dtype", FLOATS)
def test_random_data_is_within_two_ulp(kernels, dtype, distribution, size):
    x = random_values(distribution, dtype, size_for(kernels, size), np.random.default_rng(size))
    assert ulps_off(kernels.sum_of_squares(x), exact_sum_of_squares(x)) <= BOUND


@pytest.mark.parametrize("size", [10, 100, 500, 1023, 1500, 2048, 4096, 10_000, 100_003, 123_904])
@pytest.mark.parametrize("dtype", FLOATS)
def test_every_one_of_many_constants_is_within_two_ulp(kernels, dtype, size):
    """In a constant array all rounding errors have the same sign, so they do not cancel."""
    rng = np.random.default_rng(size)
    constants = rng.uniform(1, 2, 300 if kernels.name == "compiled" else 5).astype(dtype)
    x = np.empty(size_for(kernels, size), dtype)
    for constant in constants:
        x[:] = constant
        truth = x.size * Fraction(float(constant)) ** 2
        assert ulps_off(kernels.sum_of_squares(x), truth) <= BOUND, constant


@pytest.mark.parametrize("constant", [0.1, 1 / 3, 1.1, 0.7, math.pi, 1e-8, 12345.678])
@pytest.mark.parametrize("dtype", FLOATS)
def test_ten_million_equal_values_are_within_two_ulp(kernels, dtype, constant):
    x = np.full(size_for(kernels, LARGE), constant, dtype)
    assert ulps_off(kernels.sum_of_squares(x), x.size * Fraction(float(x[0])) ** 2) <= BOUND


@pytest.mark.parametrize("constant", [0.1, 1.1, math.pi])
def test_a_hundred_million_equal_values_are_within_two_ulp(kernels, constant):
    """A stride of zero replaces memory that would not fit."""
    x = np.broadcast_to(np.float64(constant), (size_for(kernels, 100_000_000),))
    assert ulps_off(kernels.sum_of_squares(x), x.size * Fraction(constant) ** 2) <= BOUND


@pytest.mark.parametrize("layout", ["every third element", "backwards", "unaligned"])
@pytest.mark.parametrize("distribution", ["uniform", "wide range"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_strided_data_is_within_two_ulp(kernels, dtype, distribution, layout):
    x = random_values(distribution, dtype, size_for(kernels, 300_007), np.random.default_rng(6))
    assert ulps_off(kernels.sum_of_squares(laid_out(x, layout)), exact_sum_of_squares(x)) <= BOUND


@pytest.mark.parametrize("shape", [(1000, 301), (301, 1000), (3, 100_001), (100_001, 3), (50, 60, 70)])
@pytest.mark.parametrize("dtype", FLOATS)
def test_rows_of_any_length_are_within_two_ulp(kernels, dtype, shape):
    if kernels.name == "pure":
        shape = tuple(min(side, 30) for side in shape)
    x = random_values("uniform", dtype, math.prod(shape), np.random.default_rng(7)).reshape(shape)
    wider = laid_out(x, "part of a wider array")
    truth = exact_sum_of_squares(x)
    assert ulps_off(kernels.sum_of_squares(wider), truth) <= BOUND
    assert ulps_off(kernels.sum_of_squares(wider.T), truth) <= BOUND


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_data_is_within_two_ulp(kernels, dtype):
    real = np.float32 if dtype == np.complex64 else np.float64
    parts = random_values("wide range", real, size_for(kernels, 200_002), np.random.default_rng(8))
    z = parts[: parts.size // 2 * 2].view(dtype)
    assert ulps_off(kernels.sum_of_squares(z), exact_sum_of_squares(z)) <= BOUND
    assert ulps_off(kernels.sum_of_squares(z[::-2]), exact_sum_of_squares(z[::-2])) <= BOUND


def test_float16_data_is_within_two_ulp(kernels):
    x = np.random.default_rng(9).standard_normal(size_for(kernels, 100_001)).astype(np.float16)
    assert ulps_off(kernels.sum_of_squares(x), exact_sum_of_squares(x)) <= BOUND


def test_one_large_value_does_not_hide_many_small_ones(kernels):
    """Each small square is a quarter ulp of the large one. A plain sum loses all of them."""
    x = np.full(size_for(kernels, 1_000_001), 2.0**-27)
    for place in (0, x.size // 2, -1):
        x[:] = 2.0**-27
        x[place] = 1.0
        assert ulps_off(kernels.sum_of_squares(x), 1 + (x.size - 1) * Fraction(1, 2**54)) <= BOUND


def test_a_list_of_equal_floats_is_within_two_ulp(kernels):
    for constant in np.random.default_rng(10).uniform(1, 2, 20).tolist():
        assert ulps_off(kernels.sum_of_squares([constant] * 5000), 5000 * Fraction(constant) ** 2) <= BOUND
