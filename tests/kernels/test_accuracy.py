"""sum_of_squares is within the documented units in the last place (ulp) of the exact sum: usually 2, always 7."""

import array
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from support import EVERY_TEST, laid_out
from truth import exact_sum_of_squares, ulps_off

pytestmark = pytest.mark.kernels

BOUND = 2
LARGE = 10_000_000
FLOATS = [np.float32, np.float64]
DISTRIBUTIONS = ["uniform", "normal", "wide range", "ascending", "descending"]
RANDOM = [*itertools.product(DISTRIBUTIONS, [3, 50, 1000, 2049, 30_011, 123_904, 1_000_003])]
RANDOM += [("uniform", LARGE)]
RANDOM += [("wide range", LARGE)] if EVERY_TEST else []  # the exact sum of these numbers takes a second


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


@pytest.mark.parametrize("shape", [(2000, 4), (1000, 16), (500, 33), (500, 64), (500, 65), (50, 1000)])
def test_no_row_of_many_short_ones_exceeds_the_documented_bound(kernels, shape):
    """Among many short vectors, the roundings of some have the same direction. The worst are up to 3 ulp off."""
    rng = np.random.default_rng(11)
    rows, n = shape if kernels.name == "compiled" else (50, shape[1])
    x = np.ldexp(rng.standard_normal((rows, n)), rng.integers(-10, 10, (rows, n)).astype(np.int32))
    errors = [
        ulps_off(*pair) for pair in zip(kernels.sum_of_squares(x, axis=1), map(exact_sum_of_squares, x), strict=True)
    ]
    assert max(errors) <= 7
    assert np.mean(errors) < 0.5


# The exponents of squares that underflow, alone (-538 and less) or in part (-512), or whose sum is near a threshold.
SMALL_EXPONENTS = [-1074, -600, -540, -530, -512, -482, -456, -450]


@pytest.mark.parametrize("kind", ["equal", "similar", "different"])
@pytest.mark.parametrize("size", [1, 33, 1000, 130_001])
@pytest.mark.parametrize("exponent", SMALL_EXPONENTS)
def test_squares_that_underflow_are_within_two_ulp(kernels, exponent, size, kind):
    rng, size = np.random.default_rng(size), size_for(kernels, size)
    mantissas = {
        "equal": np.full(size, 1.6),
        "similar": rng.uniform(1, 2, size),
        "different": rng.standard_normal(size),
    }
    spread = 20 if kind == "different" else 0
    x = np.ldexp(mantissas[kind], rng.integers(exponent - spread, exponent + spread + 1, size).astype(np.int32))
    truth = exact_sum_of_squares(x)
    assert ulps_off(kernels.sum_of_squares(x), truth) <= BOUND
    assert ulps_off(kernels.sum_of_squares(x.astype(complex)), truth) <= BOUND
    assert ulps_off(kernels.sum_of_squares(laid_out(x, "every third element")), truth) <= BOUND
    assert ulps_off(kernels.sum_of_squares(x.tolist()), truth) <= BOUND
    assert ulps_off(kernels.sum_of_squares(x[np.newaxis], axis=1)[0], truth) <= BOUND


TINY = np.full(1000, 1.5e-162)
TINY_OPERANDS = {
    "array.array": array.array("d", TINY),
    "big-endian": TINY.astype(">f8"),
    "field of a record": np.array([(1, value) for value in TINY], [("name", "u1"), ("value", "f8")])["value"],
    "imaginary parts": (1 + 1j * TINY).imag,
    "broadcast": np.broadcast_to(TINY[:1], TINY.shape),
    "list of NumPy's scalars": list(TINY),
    "list of arrays": [TINY[: len(TINY) // 2], TINY[len(TINY) // 2 :]],
    "complex numbers": [complex(value, value) for value in TINY[:500]],
    "nested list": [[value] for value in TINY],
    "objects": TINY.astype(object),
    "mixed with other numbers": [*TINY, 0, False, Fraction(0)],
}


@pytest.mark.parametrize("operand", TINY_OPERANDS)
def test_every_kind_of_operand_keeps_squares_that_underflow(kernels, operand):
    result = kernels.sum_of_squares(TINY_OPERANDS[operand])
    assert ulps_off(float(result), exact_sum_of_squares(TINY)) <= BOUND


def test_squares_that_underflow_can_be_added_to_a_normal_sum(kernels):
    """Four chunks: squares that underflow, zeros, larger squares that are still tiny, and normal ones."""
    size = size_for(kernels, 123_904)
    values = [1.5e-162, 0.0, 1.1e-139, 1.2e-135]
    x = np.repeat(values, size)
    for order in (x, x[::-1].copy(), x.reshape(4, size).T.reshape(-1)):
        assert ulps_off(kernels.sum_of_squares(order), size * sum(Fraction(value) ** 2 for value in values)) <= BOUND


def test_each_row_decides_for_itself_whether_its_squares_underflow(kernels):
    size = size_for(kernels, 5000)
    x = np.array([[1.5e-162], [1.0], [0.0], [1e-155], [math.inf], [math.nan]]) * np.ones(size)
    sums = kernels.sum_of_squares(x, axis=1)
    for row in (0, 1, 3):
        assert ulps_off(sums[row], exact_sum_of_squares(x[row])) <= BOUND
    np.testing.assert_array_equal(sums[[2, 4, 5]], [0, math.inf, math.nan])


def test_tiny_sums_have_the_same_bits_for_every_number_of_threads(kernels):
    x = np.ldexp(np.random.default_rng(12).uniform(1, 2, size_for(kernels, 4_000_000)), -540)
    assert len({kernels.sum_of_squares(x, threads=threads) for threads in (1, 2, 3)}) == 1


@pytest.mark.parametrize("size", [0, 1, 7, 64, 1000, 2049, 123_905])
def test_zeros_of_either_sign_sum_to_positive_zero(kernels, size):
    x = np.zeros(size_for(kernels, size))
    for zeros in (x, -x, np.where(np.arange(x.size) % 2, -x, x)):
        assert str(kernels.sum_of_squares(zeros)) == str(kernels.sum_of_squares(zeros.astype(np.float32))) == "0.0"
        assert str(kernels.sum_of_squares(np.stack([zeros, zeros]), axis=1)) == "[0. 0.]"


@pytest.mark.parametrize("size", [1, 2, 9, 40, 1000, 200_000])
def test_sums_near_the_largest_float_are_not_nan(kernels, size):
    """A sum is inf only if it is within the documented bound of 2**1024, or above it."""
    x = np.random.default_rng(size).uniform(1, 2, size_for(kernels, size))
    largest = Fraction(math.nextafter(math.inf, 0))
    x *= math.sqrt(math.nextafter(math.inf, 0)) / math.sqrt(math.fsum(x * x))
    for factor in (1 - 1e-13, 1 - 1e-15, 1, 1 + 1e-15, 1 + 1e-13):
        scaled = x * factor
        truth = exact_sum_of_squares(scaled)
        result = kernels.sum_of_squares(scaled)
        if math.isinf(result):
            assert truth > largest * (1 - 7 * Fraction(2) ** -53)
        else:
            assert abs(Fraction(result) - truth) <= 7 * Fraction(math.ulp(result))
