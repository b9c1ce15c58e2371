"""sum_of_squares: what it takes, what it gives back, and what it refuses."""

import array
import ctypes
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support import LAYOUTS, exact_sum_of_squares, laid_out, ulps_off

pytestmark = pytest.mark.kernels

INTEGERS = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
FLOATS = [np.float16, np.float32, np.float64]
COMPLEX = [np.complex64, np.complex128]
EXTREMES = [
    pytest.param(bound, dtype, id=f"{name} {np.dtype(dtype)}")
    for dtype in INTEGERS[1:]
    for name, bound in (("lowest", np.iinfo(dtype).min), ("highest", np.iinfo(dtype).max))
]


def exactly(values):
    """The sum of squares of an integer array, by Python's own integers."""
    return sum(int(value) ** 2 for value in np.asarray(values).reshape(-1))


def some_values(dtype, shape, seed=1):
    """Reproducible values that use the whole range of an integer dtype, and a moderate range of a float one."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    if dtype.kind == "c":
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


def moderate_elements(dtype):
    """Elements of any value for integers; of floats those whose squares float64 holds with all their bits."""
    if dtype.kind in "biu":
        return hnp.from_dtype(dtype)
    width = 8 * dtype.itemsize // (2 if dtype.kind == "c" else 1)
    bounds = {"width": width, "allow_subnormal": False}
    small = st.floats(0.0078125, 1024.0, **bounds) | st.floats(-1024.0, -0.0078125, **bounds) | st.just(0.0)
    return small if dtype.kind == "f" else st.builds(complex, small, small)


def check(result, x):
    """`result` is the sum of squares of the array x: exact for integers, within 2 ulp for floats, of the right type."""
    if x.dtype.kind in "biu":
        assert type(result) is int
        assert result == exactly(x)
    else:
        assert type(result) is float
        truth = exact_sum_of_squares(x)
        assert result == 0.0 if truth == 0 else ulps_off(result, truth) <= 2


# Arrays: dtypes and layouts


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 1000])
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_vectors_of_every_dtype_and_length_are_summed(kernels, dtype, size):
    x = some_values(dtype, size)
    check(kernels.sum_of_squares(x), x)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_every_layout_of_every_dtype_gives_the_same_sum(kernels, dtype, layout):
    x = some_values(dtype, (3, 5, 7))
    check(kernels.sum_of_squares(laid_out(x, layout)), x)


@pytest.mark.parametrize("size", [2047, 2048, 2049, 4095, 4096, 4097, 10_007])
@pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.float32, np.float64, np.complex64])
def test_lengths_around_the_blocks_lose_and_repeat_nothing(kernels, dtype, size):
    x = some_values(dtype, size, seed=size)
    check(kernels.sum_of_squares(x), x)
    check(kernels.sum_of_squares(x[::-1]), x)
    check(kernels.sum_of_squares(laid_out(x, "every third element")), x)


@pytest.mark.parametrize("dtype", FLOATS)
def test_of_every_length_each_number_counts_once(kernels, dtype):
    """From one number to several blocks, rows and vectors: sums of small integers, which floats hold exactly."""
    x = np.random.default_rng(16).integers(1, 100, 1200 if kernels.name == "compiled" else 60)
    truth = np.concatenate([[0], np.cumsum(x * x)])
    x = x.astype(dtype)
    assert [kernels.sum_of_squares(x[:size]) for size in range(x.size + 1)] == truth.tolist()


@pytest.mark.parametrize("size", [123_903, 123_904, 123_905, 247_808, 262_143, 262_144, 262_145, 524_289, 700_001])
@pytest.mark.parametrize("dtype", [np.int64, *FLOATS, np.complex64])
def test_around_the_ends_of_runs_and_of_caches_each_number_counts_once(kernels, dtype, size):
    x = np.random.default_rng(17).integers(1, 100, size if kernels.name == "compiled" else size // 1000)
    assert kernels.sum_of_squares(x.astype(dtype)) == int((x * x).sum())


@pytest.mark.parametrize("size", [1, 7, 8, 100, 1000, 8192, 8193, 16_384, 16_385])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64, np.complex128])
def test_what_is_short_has_the_same_bits_with_the_gil_released_and_as_a_matrix(kernels, dtype, size):
    x = some_values(dtype, size if kernels.name == "compiled" else min(size, 1000))
    results = [kernels.sum_of_squares(x, gil=gil) for gil in ("auto", "hold", "release")]
    results += [
        kernels.sum_of_squares(x, threads=2),
        kernels.sum_of_squares(x.reshape(1, -1)),
        kernels.sum_of_squares(x[::-1]),
    ]
    assert len(set(results)) == 1
    assert len(set(map(type, results))) == 1


@pytest.mark.parametrize("rows", [(3, 700), (700, 3), (5, 11, 13), (2, 1, 3, 1, 500)])
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_rows_that_do_not_join_in_memory_are_all_summed(kernels, dtype, rows):
    x = some_values(dtype, rows)
    wider = laid_out(x, "part of a wider array")
    check(kernels.sum_of_squares(wider), x)
    check(kernels.sum_of_squares(wider.T), x)
    check(kernels.sum_of_squares(np.swapaxes(wider, 0, 1)), x)


@pytest.mark.parametrize("dtype", [np.int32, np.uint64, np.float64, np.complex128])
def test_zero_strides_count_the_element_once_for_every_place(kernels, dtype):
    row = some_values(dtype, 5)
    x = np.broadcast_to(row, (4, 5))
    check(kernels.sum_of_squares(x), x)
    check(kernels.sum_of_squares(x.T), x)
    one = np.broadcast_to(row[:1].reshape(()), (3, 7))
    check(kernels.sum_of_squares(one), one)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_an_array_of_no_dimensions_is_one_value(kernels, dtype):
    x = some_values(dtype, ())
    check(kernels.sum_of_squares(np.asarray(x)), np.asarray(x))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_an_empty_array_gives_a_zero_of_the_right_type(kernels, dtype, shape):
    result = kernels.sum_of_squares(np.zeros(shape, dtype))
    assert result == 0
    assert type(result) is (int if np.dtype(dtype).kind in "biu" else float)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("code", ["i2", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"])
def test_either_byte_order_is_read_rightly(kernels, code, order):
    dtype, native = order + code, some_values(code, 37)
    check(kernels.sum_of_squares(native.astype(dtype)), native)
    check(kernels.sum_of_squares(memoryview(native.astype(dtype))), native)


def test_bools_of_any_bit_pattern_count_as_one(kernels):
    x = np.array([0, 1, 2, 128, 255] * 20, np.uint8).view(bool)
    assert kernels.sum_of_squares(x) == 80
    assert kernels.sum_of_squares(x[::2]) == 40


def test_as_many_dimensions_as_a_buffer_may_have_are_summed(kernels):
    x = np.arange(64.0).reshape((2,) * 6 + (1,) * 24)
    assert kernels.sum_of_squares(x) == kernels.sum_of_squares(x.T) == float(sum(i * i for i in range(64)))


@given(
    x=st.sampled_from([np.dtype(dtype) for dtype in [*INTEGERS, *FLOATS, *COMPLEX]]).flatmap(
        lambda dtype: hnp.arrays(
            dtype,
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
            elements=moderate_elements(dtype),
        )
    ),
    data=st.data(),
)
def test_any_slice_of_any_array_is_summed(kernels, x, data):
    view = np.asarray(x[data.draw(hnp.basic_indices(x.shape, min_dims=0, max_dims=5, allow_newaxis=True))])
    check(kernels.sum_of_squares(view), view)


# Other things with numbers in them


@pytest.mark.parametrize("code", "bBhHiIlLqQ")
def test_array_array_of_integers_is_exact(kernels, code):
    size = 8 * array.array(code).itemsize
    top = 2 ** (size - 1) - 1 if code.islower() else 2**size - 1
    bottom = -top - 1 if code.islower() else 0
    x = array.array(code, [bottom, 1, top, 5, top])
    assert kernels.sum_of_squares(x) == bottom**2 + 26 + 2 * top**2


@pytest.mark.parametrize("code", "fd")
def test_array_array_of_floats_gives_a_float(kernels, code):
    result = kernels.sum_of_squares(array.array(code, [0.5, -1.5, 3.0]))
    assert result == 11.5
    assert type(result) is float


@pytest.mark.parametrize("make", [bytes, bytearray, lambda values: memoryview(bytes(values))])
def test_bytes_are_unsigned_integers(kernels, make):
    assert kernels.sum_of_squares(make([0, 1, 200, 255])) == 1 + 200**2 + 255**2
    assert kernels.sum_of_squares(make([])) == 0


@pytest.mark.parametrize("code", ["@b", "B", "@h", "H", "@i", "I", "l", "@L", "q", "@Q", "n", "N", "?", "f", "@d"])
def test_a_cast_memoryview_is_read_in_its_own_format(kernels, code):
    memory = memoryview(bytearray(240)).cast(code)
    memory[0], memory[len(memory) - 1] = 1, True
    assert kernels.sum_of_squares(memory) == 2
    assert kernels.sum_of_squares(memory[::-1]) == 2
    assert kernels.sum_of_squares(memory[1:]) == 1


def test_a_memoryview_may_have_several_dimensions(kernels):
    memory = memoryview(array.array("d", range(12)))
    assert kernels.sum_of_squares(memory.cast("B").cast("d", (3, 2, 2))) == 506.0


@pytest.mark.parametrize(
    ("ctype", "values", "truth"),
    [
        (ctypes.c_double, [0.5, 1.5, -2.0], 6.5),
        (ctypes.c_float, [0.5, 1.5, -2.0], 6.5),
        (ctypes.c_int8, [-128, 127], 128**2 + 127**2),
        (ctypes.c_int32, [-(2**31), 3], 2**62 + 9),
        (ctypes.c_long, [-7, 3], 58),
        (ctypes.c_uint64, [2**64 - 1, 1], (2**64 - 1) ** 2 + 1),
        (ctypes.c_bool, [True, False, True], 2),
    ],
)
def test_ctypes_arrays_are_summed(kernels, ctype, values, truth):
    assert kernels.sum_of_squares((ctype * len(values))(*values)) == truth


def test_ctypes_arrays_may_have_several_dimensions(kernels):
    x = ((ctypes.c_double * 3) * 2)((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    assert kernels.sum_of_squares(x) == 91.0


@pytest.mark.parametrize("value", [np.float64(1.5), np.float32(1.5), np.int64(-3), np.uint8(200), np.complex64(3 + 4j)])
def test_numpy_scalars_are_arrays_of_one(kernels, value):
    check(kernels.sum_of_squares(value), np.asarray(value))


class WithArray:
    """Numbers behind `__array__` alone."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)


class WithArrayInterface:
    """Numbers behind `__array_interface__` alone."""

    def __init__(self, values):
        self.values = np.asarray(values)

    @property
    def __array_interface__(self):
        return self.values.__array_interface__


class WithDLPack:
    """Numbers behind `__dlpack__` alone."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def __dlpack__(self, **keywords):
        return self.values.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


@pytest.mark.parametrize("wrap", [WithArray, WithArrayInterface, WithDLPack])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, np.complex64])
def test_objects_that_offer_an_array_are_summed(kernels, wrap, dtype):
    x = some_values(dtype, (4, 5))
    check(kernels.sum_of_squares(wrap(x)), x)
    check(kernels.sum_of_squares(wrap(x[::2, ::-1])), x[::2])


def test_a_buffer_of_pointers_is_never_misread(kernels):
    testbuffer = pytest.importorskip("_testbuffer", reason="this Python has no _testbuffer to make such a buffer")
    x = testbuffer.ndarray(list(range(12)), shape=[3, 4], format="q", flags=testbuffer.ND_PIL)
    try:
        result = kernels.sum_of_squares(x)
    except (TypeError, ValueError, BufferError):
        return
    assert result == 506


# Ranges, lists and other Python numbers


@pytest.mark.parametrize(
    "numbers",
    [
        range(0),
        range(5, 5),
        range(5, 2),
        range(1),
        range(10),
        range(1000),
        range(-7, 1000, 3),
        range(10, -10, -3),
        range(10, -11, -3),
        range(2**31 - 2, 2**31 + 2),
        range(2**32 - 2, 2**32 + 2),
        range(2**63 - 3, 2**63),
        range(2**63 - 3, 2**63 + 3),
        range(2**64 - 3, 2**64),
        range(2**64 - 1, 2**64 - 10, -3),
        range(-(2**63), -(2**63) + 3),
        range(-(2**63) + 1, -(2**63) - 3, -1),
        range(-(2**62), 2**63 - 1, 2**61),
        range(2**63 - 1, -(2**63), -(2**60)),
        range(-(2**63), 2**63 - 1, 2**63 - 1),
        range(10**20, 10**20 + 5),
        range(10**40, -(10**40), -(10**39)),
        range(0, 10**30, 10**29),
    ],
    ids=str,
)
def test_a_range_is_summed_exactly(kernels, numbers):
    result = kernels.sum_of_squares(numbers)
    assert result == sum(i * i for i in numbers)
    assert type(result) is int


@given(start=st.integers(-(2**65), 2**65), step=st.integers(-(2**65), 2**65).filter(bool), count=st.integers(0, 40))
def test_any_range_is_summed_exactly(kernels, start, step, count):
    numbers = range(start, start + step * count, step)
    assert kernels.sum_of_squares(numbers) == sum(i * i for i in numbers)


def test_the_first_ten_million_squares_are_summed_exactly(kernels):
    if kernels.name == "pure":
        pytest.skip("ten million numbers take plain Python a second or more; the ranges above cover it")
    assert kernels.sum_of_squares(range(10_000_000)) == 333333283333335000000


@pytest.mark.parametrize(
    "make",
    [list, tuple, iter, lambda values: (value for value in values), lambda values: map(int, values)],
    ids=["list", "tuple", "iterator", "generator", "map"],
)
def test_any_collection_of_ints_is_summed_exactly(kernels, make):
    result = kernels.sum_of_squares(make([3, -4, 2**70]))
    assert result == 25 + 2**140
    assert type(result) is int


@pytest.mark.parametrize(
    ("numbers", "truth"),
    [
        ([True, False, True], 2),
        ([1, 2.5], 7.25),
        ([0.5, True, 2], 5.25),
        ([3 + 4j], 25.0),
        ([3 + 4j, 1, 0.5], 26.25),
        ([[1, 2], [3, 4]], 30),
        ([[1.0, 2.0], (3.0, 4.0)], 30.0),
        ([[[1], [2]], [[3], [4]]], 30),
        ([Fraction(1, 3), Fraction(2, 3)], Fraction(5, 9)),
        ([Fraction(1, 3), 1], Fraction(10, 9)),
        ([Decimal("1.1"), Decimal("0.2")], Decimal("1.25")),
        ([2**200, -(2**200)], 2**401),
    ],
)
def test_lists_keep_the_type_of_their_numbers(kernels, numbers, truth):
    result = kernels.sum_of_squares(numbers)
    assert result == truth
    assert type(result) is type(truth)


@pytest.mark.parametrize("empty", [[], (), iter([]), [[], []]])
def test_nothing_at_all_sums_to_zero(kernels, empty):
    assert kernels.sum_of_squares(empty) == 0


def test_small_numpy_numbers_in_a_list_do_not_overflow(kernels):
    assert kernels.sum_of_squares([np.int8(100)] * 3) == 30_000
    assert kernels.sum_of_squares([np.uint64(2**64 - 1)] * 2) == 2 * (2**64 - 1) ** 2
    assert kernels.sum_of_squares([np.float32(1e20)]) == float(np.float32(1e20)) ** 2


def test_rows_of_arrays_in_a_list_are_summed(kernels):
    assert kernels.sum_of_squares([np.arange(3), np.arange(4)]) == 5 + 14
    assert kernels.sum_of_squares([array.array("d", [0.5]), array.array("d", [1.5, 2.0])]) == 6.5


@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 3)])
def test_arrays_of_objects_stay_exact(kernels, shape):
    x = np.array([Fraction(1, 3), 2**100, Fraction(-2, 3)], object).reshape(shape)
    assert kernels.sum_of_squares(x) == Fraction(5, 9) + 2**200
    assert kernels.sum_of_squares(x[::-1]) == Fraction(5, 9) + 2**200


def test_a_list_of_many_floats_is_as_accurate_as_an_array(kernels):
    x = np.random.default_rng(2).standard_normal(10_000)
    assert ulps_off(kernels.sum_of_squares(x.tolist()), exact_sum_of_squares(x)) <= 2


# Exactness at the edges of the types


@pytest.mark.parametrize("count", [1, 2, 3, 1000, 5001])
@pytest.mark.parametrize(("value", "dtype"), EXTREMES)
def test_extreme_integers_are_exact_however_many(kernels, value, dtype, count):
    x = np.full(count, value, dtype)
    assert kernels.sum_of_squares(x) == count * value**2
    assert kernels.sum_of_squares(laid_out(x, "every third element")) == count * value**2


@pytest.mark.parametrize(("value", "dtype"), EXTREMES)
def test_a_million_extreme_integers_are_exact(kernels, value, dtype):
    count = 1_000_003 if kernels.name == "compiled" else 20_003
    assert kernels.sum_of_squares(np.broadcast_to(np.array(value, dtype), (count,))) == count * value**2
    assert kernels.sum_of_squares(np.full(count, value, dtype)) == count * value**2


def test_two_maximal_squares_exceed_128_bits_and_are_exact(kernels):
    result = kernels.sum_of_squares(np.array([2**64 - 1, 2**64 - 1], np.uint64))
    assert result == 2 * (2**64 - 1) ** 2 > 2**128


def test_float32_neither_overflows_nor_vanishes(kernels):
    large, small = np.float32(1e20), np.float32(1e-23)
    assert kernels.sum_of_squares(np.full(16, large)) == 16 * float(large) ** 2
    assert kernels.sum_of_squares(np.full(16, small)) == 16 * float(small) ** 2
    assert kernels.sum_of_squares(np.full(16, large + 1j * large, np.complex64)) == 32 * float(large) ** 2


@pytest.mark.parametrize("size", [1, 7, 100, 700, 5000, 123_905])
@pytest.mark.parametrize("bound", ["max", "smallest_normal", "smallest_subnormal"])
def test_the_squares_of_the_largest_and_smallest_float32_are_kept(kernels, bound, size):
    x = np.full(size if kernels.name == "compiled" else min(size, 700), getattr(np.finfo(np.float32), bound))
    assert x.dtype == np.float32
    assert ulps_off(kernels.sum_of_squares(x), x.size * Fraction(float(x[0])) ** 2) <= 2


@pytest.mark.parametrize("value", [5.960464477539063e-08, 6.0e-05, 65504.0])
def test_float16_is_exact_from_its_smallest_to_its_largest(kernels, value):
    x = np.full(64, value, np.float16)
    assert kernels.sum_of_squares(x) == 64 * float(x[0]) ** 2


# Infinities and nan


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
def test_infinities_alone_sum_to_infinity_not_nan(kernels, dtype, size):
    assert kernels.sum_of_squares(np.full(size, math.inf, dtype)) == math.inf
    assert kernels.sum_of_squares(np.full((size, 3), -math.inf, dtype)[:, ::2]) == math.inf


@pytest.mark.parametrize("size", [1, 5, 100, 5000])
@pytest.mark.parametrize("dtype", FLOATS + COMPLEX)
def test_one_nan_makes_the_sum_nan(kernels, dtype, size):
    x = np.full(size, math.inf, dtype)
    x[size // 2] = math.nan
    assert math.isnan(kernels.sum_of_squares(x))
    assert math.isnan(kernels.sum_of_squares(x.tolist()))


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_nan_and_an_infinity_are_seen_in_every_place(kernels, dtype):
    x = np.ones(1100 if kernels.name == "compiled" else 30, dtype)
    for place in range(x.size):
        x[place] = math.nan
        assert math.isnan(kernels.sum_of_squares(x))
        x[place] = -math.inf
        assert kernels.sum_of_squares(x) == math.inf
        x[place] = 1


@pytest.mark.parametrize("size", [1, 3, 5000])
def test_squares_beyond_float64_sum_to_infinity_not_nan(kernels, size):
    assert kernels.sum_of_squares(np.full(size, 1e200)) == math.inf
    assert kernels.sum_of_squares(np.full(size, 1e200 + 1e200j)) == math.inf
    assert kernels.sum_of_squares([1e200] * size) == math.inf


def test_a_sum_beyond_float64_is_infinite_and_one_just_below_is_not(kernels):
    below = np.full(5000, 1e152)
    assert kernels.sum_of_squares(below) == pytest.approx(5e307, rel=1e-15)
    assert kernels.sum_of_squares(np.full(5000, 1.3e154)) == math.inf


# axis=


AXES = [0, 1, 2, -1, -2, -3, (0,), (0, 1), (1, 0), (0, 2), (-1, 0), (1, 2), (0, 1, 2), (2, -2), ()]


def kept_dtype(dtype):
    """The dtype of the sums over an axis."""
    return np.dtype({"b": np.int64, "i": np.int64, "u": np.uint64}.get(np.dtype(dtype).kind, np.float64))


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint8, np.int32, np.uint32, *FLOATS, *COMPLEX])
def test_an_axis_or_several_are_summed_and_the_others_kept(kernels, dtype, axis):
    x = some_values(dtype, (3, 4, 5))
    if x.dtype.kind in "iu":
        x //= 8  # squares of 32 bits fit into 64 bits, their sums only so
    result = kernels.sum_of_squares(x, axis=axis)
    assert result.dtype == kept_dtype(dtype)
    wide = x.astype(np.complex128 if x.dtype.kind == "c" else kept_dtype(dtype))
    truth = np.sum((wide * wide.conj()).real, axis=axis)
    assert result.shape == truth.shape
    if result.dtype.kind == "f":
        np.testing.assert_allclose(result, truth, rtol=1e-14)
    else:
        np.testing.assert_array_equal(result, truth)


@pytest.mark.parametrize("axis", [0, -1, (0, 2), (1, 2)], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_axis_reads_every_layout(kernels, layout, axis):
    x = some_values(np.float64, (6, 5, 7))
    np.testing.assert_allclose(
        kernels.sum_of_squares(laid_out(x, layout), axis=axis), np.sum(x * x, axis=axis), rtol=1e-14
    )
    n = some_values(np.int16, (6, 5, 7))
    expected = np.sum(n.astype(np.int64) ** 2, axis=axis)
    np.testing.assert_array_equal(kernels.sum_of_squares(laid_out(n, layout), axis=axis), expected)


def test_axis_gives_each_row_the_accuracy_of_a_whole_array(kernels):
    x = np.random.default_rng(3).standard_normal((7, 5003))
    for result, row in zip(kernels.sum_of_squares(x, axis=1), x, strict=True):
        assert ulps_off(result, exact_sum_of_squares(row)) <= 2
    for result, row in zip(kernels.sum_of_squares(np.asfortranarray(x), axis=1), x, strict=True):
        assert ulps_off(result, exact_sum_of_squares(row)) <= 2


@pytest.mark.parametrize(
    ("shape", "axis", "truth"),
    [((0, 3), 0, [0, 0, 0]), ((3, 0), 1, [0, 0, 0]), ((0, 3), 1, []), ((3, 0), 0, []), ((0,), (0,), 0)],
)
@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float32, np.complex64])
def test_axis_of_an_empty_array_gives_zeros(kernels, dtype, shape, axis, truth):
    result = kernels.sum_of_squares(np.zeros(shape, dtype), axis=axis)
    np.testing.assert_array_equal(result, np.array(truth, kept_dtype(dtype)), strict=True)


@pytest.mark.parametrize(
    "x",
    [
        [[1, 2], [3, 4]],
        ((1, 2), (3, 4)),
        memoryview(array.array("i", [1, 2, 3, 4])).cast("B").cast("i", (2, 2)),
        ((ctypes.c_int32 * 2) * 2)((1, 2), (3, 4)),
        WithArray([[1, 2], [3, 4]]),
        np.array([[1, 2], [3, 4]], ">i4"),
    ],
    ids=["list", "tuple", "memoryview", "ctypes", "__array__", "big-endian"],
)
def test_axis_takes_all_that_makes_an_array(kernels, x):
    np.testing.assert_array_equal(kernels.sum_of_squares(x, axis=0), np.array([10, 20]))
    np.testing.assert_array_equal(kernels.sum_of_squares(x, axis=-1), np.array([5, 25]))


@pytest.mark.parametrize(
    ("dtype", "fits", "too_large"),
    [
        (np.int64, [3037000499], [3037000500]),
        (np.int64, [-3037000499], [-3037000500]),
        (np.int64, [2**31, 2**31 - 1], [2**31, 2**31, 1, 2**31 - 1]),
        (np.int64, [0], [-(2**63)]),
        (np.uint64, [2**32 - 1], [2**32]),
        (np.uint64, [0], [2**64 - 1, 2**64 - 1]),
        (np.uint64, [2**32 - 1, 2**16], [2**32 - 1, 2**32 - 1]),
    ],
)
def test_axis_refuses_a_sum_that_does_not_fit_rather_than_wrap(kernels, dtype, fits, too_large):
    result = kernels.sum_of_squares(np.array([fits, fits], dtype), axis=1)
    assert result.tolist() == [exactly(np.array(fits, dtype))] * 2
    x = np.zeros((3, len(too_large)), dtype)
    x[1] = too_large
    with pytest.raises(OverflowError):
        kernels.sum_of_squares(x, axis=1)
    assert kernels.sum_of_squares(x) == exactly(x)


@pytest.mark.parametrize("axis", [3, -4, (0, 3), (0, 0), (1, -2)])
def test_an_axis_that_is_not_there_or_named_twice_is_refused(kernels, axis):
    with pytest.raises(ValueError, match="axis"):
        kernels.sum_of_squares(np.zeros((2, 3, 4)), axis=axis)


@pytest.mark.parametrize("axis", ["0", 1.0, [[0]], (0, "1"), object()])
def test_an_axis_that_is_no_integer_is_refused(kernels, axis):
    with pytest.raises(TypeError):
        kernels.sum_of_squares(np.zeros((2, 3, 4)), axis=axis)


def test_an_array_of_no_dimensions_has_no_axis(kernels):
    with pytest.raises(ValueError, match="axis"):
        kernels.sum_of_squares(np.array(1.0), axis=0)


def test_numpy_integers_name_an_axis_too(kernels):
    assert kernels.sum_of_squares(np.eye(2), axis=np.int64(1)).tolist() == [1.0, 1.0]


# Bad input


@pytest.mark.parametrize(
    "x",
    [
        np.array(["a", "b"]),
        np.array([b"a"]),
        np.array(["2026-01-01"], "M8[D]"),
        np.array([1], "m8[s]"),
        np.zeros(3, [("a", "f8"), ("b", "i4")]),
        np.zeros(3, "V8"),
        memoryview(b"abc").cast("c"),
        (ctypes.c_char * 3)(),
        (ctypes.c_void_p * 3)(),
    ],
    ids=["str", "bytes", "datetime", "timedelta", "structured", "void", "chars", "ctypes chars", "pointers"],
)
def test_what_holds_no_numbers_is_refused_by_type(kernels, x):
    with pytest.raises(TypeError, match=r"sum_of_squares|dtype|format|number"):
        kernels.sum_of_squares(x)


@pytest.mark.parametrize("x", [None, object(), "12", ["1", "2"], [None], [1, "2"], {"a": 1}, print])
def test_what_is_no_collection_of_numbers_is_refused(kernels, x):
    with pytest.raises(TypeError):
        kernels.sum_of_squares(x)


@pytest.mark.parametrize("options", [{}, {"axis": 0}], ids=["whole", "axis"])
def test_masked_arrays_are_refused_rather_than_summed_unmasked(kernels, options):
    with pytest.raises(TypeError, match="mask"):
        kernels.sum_of_squares(np.ma.array([1.0, 2.0], mask=[False, True]), **options)


def test_an_iterator_that_fails_says_so_itself(kernels):
    def numbers():
        yield 1
        raise LookupError("no more numbers")

    with pytest.raises(LookupError, match="no more numbers"):
        kernels.sum_of_squares(numbers())


def test_a_list_that_holds_itself_is_refused(kernels):
    x = [1]
    x.append(x)
    with pytest.raises((ValueError, RecursionError)):
        kernels.sum_of_squares(x)


def test_options_are_given_by_name_and_no_others_exist(kernels):
    with pytest.raises(TypeError):
        kernels.sum_of_squares(np.ones((2, 2)), 0)
    with pytest.raises(TypeError):
        kernels.sum_of_squares()
    with pytest.raises(TypeError):
        kernels.sum_of_squares(np.ones(2), axes=0)
    assert kernels.sum_of_squares(x=np.ones(2)) == 2.0


@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_the_input_is_left_as_it_was(kernels, dtype):
    x = some_values(dtype, (5, 6))
    before = x.copy()
    kernels.sum_of_squares(x.T)
    kernels.sum_of_squares(x[:, ::2], axis=None, threads=2)
    kernels.sum_of_squares(x.astype(np.float64), axis=0)
    np.testing.assert_array_equal(x, before)


# Sizes at the end of what fits


@pytest.mark.parametrize("axis", [None, 0])
def test_a_length_near_the_largest_is_out_of_memory_and_not_cut_short(kernels, axis):
    if kernels.name == "pure":
        pytest.skip("plain Python would count for centuries")
    for x in (np.broadcast_to(np.int8(1), (2**63 - 1,)), np.broadcast_to(1.5, (2**60 - 1,))):
        with pytest.raises(MemoryError):
            kernels.sum_of_squares(x, axis=axis)


def test_a_range_near_the_largest_is_out_of_memory_and_not_cut_short(kernels):
    if kernels.name == "pure":
        pytest.skip("plain Python would count for centuries")
    with pytest.raises(MemoryError):
        kernels.sum_of_squares(range(2**63 - 1))


def test_steps_over_the_whole_of_int64_are_exact(kernels):
    x = range(-(2**63), 2**63 - 1, 2**50)
    assert kernels.sum_of_squares(x) == sum(i * i for i in x)


def test_a_list_of_long_integers_stays_exact_along_an_axis(kernels):
    assert kernels.sum_of_squares([[2**63], [-1]], axis=1).tolist() == [2**126, 1]


@pytest.mark.parametrize("shape", [(3, 2), (2, 300_000)])
def test_the_sum_that_does_not_fit_is_named(kernels, shape):
    x = np.zeros(shape, np.int64)
    x[1, :2] = 2**40
    if kernels.name == "pure":
        x = x[:, :2]
    with pytest.raises(OverflowError, match=str(2**81)):
        kernels.sum_of_squares(x, axis=1)
