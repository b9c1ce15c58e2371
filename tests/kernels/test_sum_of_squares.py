"""sum_of_squares of arrays: dtypes, layouts, extreme values, infinities and nan."""

import math
from fractions import Fraction

import numpy as np
import pytest
from operands import COMPLEX, FLOATS, INTEGERS, any_values
from support import LAYOUTS, laid_out
from truth import assert_sum, ulps_off

pytestmark = pytest.mark.kernels

EXTREMES = [  # two squares of the highest uint64 need more than 128 bits
    pytest.param(bound, dtype, id=f"{name} {np.dtype(dtype)}")
    for dtype in INTEGERS[1:]
    for name, bound in (("lowest", np.iinfo(dtype).min), ("highest", np.iinfo(dtype).max))
]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 1000])
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_vectors_of_every_dtype_and_length_are_summed(kernels, dtype, size):
    x = any_values(dtype, size)
    assert_sum(kernels.sum_of_squares(x), x)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_every_layout_of_every_dtype_gives_the_same_sum(kernels, dtype, layout):
    x = any_values(dtype, (3, 5, 7))
    assert_sum(kernels.sum_of_squares(laid_out(x, layout)), x)


@pytest.mark.parametrize("size", [2047, 2048, 2049, 4095, 4096, 4097, 10_007])
@pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.float32, np.float64, np.complex64])
def test_lengths_near_the_block_size_are_summed(kernels, dtype, size):
    x = any_values(dtype, size, seed=size)
    assert_sum(kernels.sum_of_squares(x), x)
    assert_sum(kernels.sum_of_squares(x[::-1]), x)
    assert_sum(kernels.sum_of_squares(laid_out(x, "every third element")), x)


@pytest.mark.parametrize("dtype", FLOATS)
def test_each_number_counts_once_for_every_length(kernels, dtype):
    """Sums of small integers are exact in floats, so a number that is lost or counted twice changes the sum."""
    x = np.random.default_rng(16).integers(1, 100, 1200 if kernels.name == "compiled" else 60)
    truth = np.concatenate([[0], np.cumsum(x * x)])
    x = x.astype(dtype)
    assert [kernels.sum_of_squares(x[:size]) for size in range(x.size + 1)] == truth.tolist()


@pytest.mark.parametrize("size", [123_903, 123_904, 123_905, 247_808, 262_143, 262_144, 262_145, 524_289, 700_001])
@pytest.mark.parametrize("dtype", [np.int64, *FLOATS, np.complex64])
def test_each_number_counts_once_near_the_ends_of_runs_and_caches(kernels, dtype, size):
    x = np.random.default_rng(17).integers(1, 100, size if kernels.name == "compiled" else size // 1000)
    assert kernels.sum_of_squares(x.astype(dtype)) == int((x * x).sum())


@pytest.mark.parametrize("size", [1, 7, 8, 100, 1000, 8192, 8193, 16_384, 16_385])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64, np.complex128])
def test_short_arrays_have_the_same_bits_on_all_code_paths(kernels, dtype, size):
    x = any_values(dtype, size if kernels.name == "compiled" else min(size, 1000))
    results = [kernels.sum_of_squares(x, gil=gil) for gil in ("auto", "hold", "release")]
    results += [kernels.sum_of_squares(x, threads=2)]
    results += [kernels.sum_of_squares(view) for view in (x.reshape(1, -1), x[::-1])]
    assert len(set(results)) == 1
    assert len(set(map(type, results))) == 1


@pytest.mark.parametrize("rows", [(3, 700), (700, 3), (5, 11, 13), (2, 1, 3, 1, 500)])
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_rows_with_gaps_between_them_are_summed(kernels, dtype, rows):
    x = any_values(dtype, rows)
    wider = laid_out(x, "part of a wider array")
    assert_sum(kernels.sum_of_squares(wider), x)
    assert_sum(kernels.sum_of_squares(wider.T), x)
    assert_sum(kernels.sum_of_squares(np.swapaxes(wider, 0, 1)), x)


@pytest.mark.parametrize("dtype", [np.int32, np.uint64, np.float64, np.complex128])
def test_an_element_with_zero_stride_counts_once_per_index(kernels, dtype):
    row = any_values(dtype, 5)
    x = np.broadcast_to(row, (4, 5))
    assert_sum(kernels.sum_of_squares(x), x)
    assert_sum(kernels.sum_of_squares(x.T), x)
    scalar = np.broadcast_to(row[:1].reshape(()), (3, 7))
    assert_sum(kernels.sum_of_squares(scalar), scalar)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_an_array_without_dimensions_is_one_number(kernels, dtype):
    x = any_values(dtype, ())
    assert_sum(kernels.sum_of_squares(np.asarray(x)), np.asarray(x))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_an_empty_array_gives_zero_of_the_right_type(kernels, dtype, shape):
    result = kernels.sum_of_squares(np.zeros(shape, dtype))
    assert result == 0
    assert type(result) is (int if np.dtype(dtype).kind in "biu" else float)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("code", ["i2", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"])
def test_both_byte_orders_are_read_correctly(kernels, code, order):
    dtype, native = order + code, any_values(code, 37)
    assert_sum(kernels.sum_of_squares(native.astype(dtype)), native)
    assert_sum(kernels.sum_of_squares(memoryview(native.astype(dtype))), native)


def test_bools_of_any_bit_pattern_count_as_one(kernels):
    x = np.array([0, 1, 2, 128, 255] * 20, np.uint8).view(bool)
    assert kernels.sum_of_squares(x) == 80
    assert kernels.sum_of_squares(x[::2]) == 40


def test_an_array_of_thirty_dimensions_is_summed(kernels):
    x = np.arange(64.0).reshape((2,) * 6 + (1,) * 24)
    assert kernels.sum_of_squares(x) == kernels.sum_of_squares(x.T) == float(sum(i * i for i in range(64)))


@pytest.mark.parametrize("count", [1, 2, 3, 1000, 5001, 1_000_003])
@pytest.mark.parametrize(("value", "dtype"), EXTREMES)
def test_sums_of_extreme_integers_are_exact(kernels, value, dtype, count):
    x = np.full(count if kernels.name == "compiled" else min(count, 20_003), value, dtype)
    for view in (x, laid_out(x, "every third element"), np.broadcast_to(x[0], x.shape)):
        assert kernels.sum_of_squares(view) == x.size * value**2


def test_squares_of_float32_neither_overflow_nor_underflow(kernels):
    large, small = np.float32(1e20), np.float32(1e-23)
    assert kernels.sum_of_squares(np.full(16, large)) == 16 * float(large) ** 2
    assert kernels.sum_of_squares(np.full(16, small)) == 16 * float(small) ** 2
    assert kernels.sum_of_squares(np.full(16, large + 1j * large, np.complex64)) == 32 * float(large) ** 2


@pytest.mark.parametrize("size", [1, 7, 100, 700, 5000, 123_905])
@pytest.mark.parametrize("bound", ["max", "smallest_normal", "smallest_subnormal"])
def test_sums_of_extreme_float32_are_within_two_ulp(kernels, bound, size):
    x = np.full(size if kernels.name == "compiled" else min(size, 700), getattr(np.finfo(np.float32), bound))
    assert x.dtype == np.float32
    assert ulps_off(kernels.sum_of_squares(x), x.size * Fraction(float(x[0])) ** 2) <= 2


@pytest.mark.parametrize("value", [5.960464477539063e-08, 6.0e-05, 65504.0])
def test_sums_of_extreme_float16_are_exact(kernels, value):
    x = np.full(64, value, np.float16)
    assert kernels.sum_of_squares(x) == 64 * float(x[0]) ** 2


@pytest.mark.parametrize("size", [1, 5, 100, 5000])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_an_infinity_makes_the_sum_infinite(kernels, dtype, size, place):
    for infinity in (math.inf, -math.inf):
        x = np.ones(size, dtype)
        x[{"first": 0, "middle": size // 2, "last": -1}[place]] = infinity
        assert kernels.sum_of_squares(x) == math.inf


@pytest.mark.parametrize("size", [1, 5, 100, 5000])
@pytest.mark.parametrize("dtype", FLOATS + COMPLEX)
def test_infinities_sum_to_infinity_and_not_nan(kernels, dtype, size):
    assert kernels.sum_of_squares(np.full(size, math.inf, dtype)) == math.inf
    assert kernels.sum_of_squares(np.full((size, 3), -math.inf, dtype)[:, ::2]) == math.inf


@pytest.mark.parametrize("size", [1, 5, 100, 5000])
@pytest.mark.parametrize("dtype", FLOATS + COMPLEX)
def test_a_nan_makes_the_sum_nan(kernels, dtype, size):
    x = np.full(size, math.inf, dtype)
    x[size // 2] = math.nan
    assert math.isnan(kernels.sum_of_squares(x))
    assert math.isnan(kernels.sum_of_squares(x.tolist()))


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_nan_or_an_infinity_counts_at_every_index(kernels, dtype):
    x = np.ones(1100 if kernels.name == "compiled" else 30, dtype)
    for place in range(x.size):
        x[place] = math.nan
        assert math.isnan(kernels.sum_of_squares(x))
        x[place] = -math.inf
        assert kernels.sum_of_squares(x) == math.inf
        x[place] = 1


@pytest.mark.parametrize("size", [1, 3, 5000])
def test_squares_that_overflow_float64_sum_to_infinity(kernels, size):
    assert kernels.sum_of_squares(np.full(size, 1e200)) == math.inf
    assert kernels.sum_of_squares(np.full(size, 1e200 + 1e200j)) == math.inf
    assert kernels.sum_of_squares([1e200] * size) == math.inf


def test_a_sum_is_infinite_only_if_it_overflows_float64(kernels):
    assert kernels.sum_of_squares(np.full(5000, 1e152)) == pytest.approx(5e307, rel=1e-15)
    assert kernels.sum_of_squares(np.full(5000, 1.3e154)) == math.inf


LONGEST = [np.broadcast_to(np.int8(1), (2**63 - 1,)), np.broadcast_to(1.5, (2**60 - 1,))]


@pytest.mark.parametrize(("x", "axis"), [*((x, axis) for x in LONGEST for axis in (None, 0)), (range(2**63 - 1), None)])
def test_a_length_near_the_maximum_raises_memory_error(compiled, x, axis):
    with pytest.raises(MemoryError):
        compiled.sum_of_squares(x, axis=axis)


def test_sums_of_long_integers_along_an_axis_are_exact(kernels):
    assert kernels.sum_of_squares([[2**63], [-1]], axis=1).tolist() == [2**126, 1]


@pytest.mark.parametrize("shape", [(3, 2), (2, 300_000)])
def test_the_overflow_error_has_the_sum_that_does_not_fit(kernels, shape):
    x = np.zeros(shape, np.int64)
    x[1, :2] = 2**40
    if kernels.name == "pure":
        x = x[:, :2]
    with pytest.raises(OverflowError, match=str(2**81)):
        kernels.sum_of_squares(x, axis=1)
