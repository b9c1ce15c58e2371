"""sum_of_squares of buffers, ranges, lists and other collections, and its errors."""

import array
import ctypes
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from operands import WithArray, WithDLPack, any_values
from truth import assert_sum, exact_sum_of_squares, ulps_off

pytestmark = pytest.mark.kernels


@pytest.mark.parametrize("code", "bBhHiIlLqQ")
def test_the_sum_of_an_array_array_of_integers_is_exact(kernels, code):
    size = 8 * array.array(code).itemsize
    top = 2 ** (size - 1) - 1 if code.islower() else 2**size - 1
    bottom = -top - 1 if code.islower() else 0
    x = array.array(code, [bottom, 1, top, 5, top])
    assert kernels.sum_of_squares(x) == bottom**2 + 26 + 2 * top**2


@pytest.mark.parametrize("make", [bytes, bytearray, lambda values: memoryview(bytes(values))])
def test_bytes_are_summed_as_unsigned_integers(kernels, make):
    assert kernels.sum_of_squares(make([0, 1, 200, 255])) == 1 + 200**2 + 255**2
    assert kernels.sum_of_squares(make([])) == 0


@pytest.mark.parametrize("code", ["@b", "B", "@h", "H", "@i", "I", "l", "@L", "q", "@Q", "n", "N", "?", "f", "@d"])
def test_a_memoryview_is_read_in_its_format(kernels, code):
    memory = memoryview(bytearray(240)).cast(code)
    memory[0], memory[len(memory) - 1] = 1, True
    assert kernels.sum_of_squares(memory) == 2
    assert kernels.sum_of_squares(memory[::-1]) == 2
    assert kernels.sum_of_squares(memory[1:]) == 1


@pytest.mark.parametrize("value", [np.float64(1.5), np.float32(1.5), np.int64(-3), np.uint8(200), np.complex64(3 + 4j)])
def test_numpy_scalars_are_summed_as_arrays(kernels, value):
    assert_sum(kernels.sum_of_squares(value), np.asarray(value))


class WithArrayInterface:
    """Numbers that only `__array_interface__` exports."""

    def __init__(self, values):
        self.values = np.asarray(values)

    @property
    def __array_interface__(self):
        return self.values.__array_interface__


@pytest.mark.parametrize("wrap", [WithArray, WithArrayInterface, WithDLPack])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, np.complex64])
def test_objects_that_export_an_array_are_summed(kernels, wrap, dtype):
    x = any_values(dtype, (4, 5))
    assert_sum(kernels.sum_of_squares(wrap(x)), x)
    assert_sum(kernels.sum_of_squares(wrap(x[::2, ::-1])), x[::2])


def test_a_buffer_of_pointers_is_summed_or_raises_an_error(kernels):
    testbuffer = pytest.importorskip("_testbuffer", reason="this Python has no _testbuffer")
    x = testbuffer.ndarray(list(range(12)), shape=[3, 4], format="q", flags=testbuffer.ND_PIL)
    try:
        result = kernels.sum_of_squares(x)
    except (TypeError, ValueError, BufferError):
        return
    assert result == 506


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
        range(-(2**63), 2**63 - 1, 2**50),
        range(10**20, 10**20 + 5),
        range(10**40, -(10**40), -(10**39)),
        range(0, 10**30, 10**29),
    ],
    ids=str,
)
def test_the_sum_of_a_range_is_exact(kernels, numbers):
    result = kernels.sum_of_squares(numbers)
    assert result == sum(i * i for i in numbers)
    assert type(result) is int


@given(start=st.integers(-(2**65), 2**65), step=st.integers(-(2**65), 2**65).filter(bool), count=st.integers(0, 40))
def test_the_sum_of_any_range_is_exact(kernels, start, step, count):
    numbers = range(start, start + step * count, step)
    assert kernels.sum_of_squares(numbers) == sum(i * i for i in numbers)


def test_the_sum_of_the_first_ten_million_squares_is_exact(compiled):
    assert compiled.sum_of_squares(range(10_000_000)) == 333333283333335000000


@pytest.mark.parametrize(
    "make",
    [list, tuple, iter, lambda values: (value for value in values), lambda values: map(int, values)],
    ids=["list", "tuple", "iterator", "generator", "map"],
)
def test_the_sum_of_any_collection_of_ints_is_exact(kernels, make):
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
        ([np.int8(100)] * 3, 30_000),
        ([np.uint64(2**64 - 1)] * 2, 2 * (2**64 - 1) ** 2),
        ([np.float32(1e20)], float(np.float32(1e20)) ** 2),
        ([array.array("d", [0.5, 0.0]), array.array("d", [1.5, 2.0])], 6.5),
        (array.array("f", [0.5, -1.5, 3.0]), 11.5),
        (array.array("d", [0.5, -1.5, 3.0]), 11.5),
        (memoryview(array.array("d", range(12))).cast("B").cast("d", (3, 2, 2)), 506.0),
        (((ctypes.c_double * 3) * 2)((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)), 91.0),
        ((ctypes.c_double * 3)(0.5, 1.5, -2.0), 6.5),
        ((ctypes.c_float * 3)(0.5, 1.5, -2.0), 6.5),
        ((ctypes.c_int8 * 2)(-128, 127), 128**2 + 127**2),
        ((ctypes.c_int32 * 2)(-(2**31), 3), 2**62 + 9),
        ((ctypes.c_long * 2)(-7, 3), 58),
        ((ctypes.c_uint64 * 2)(2**64 - 1, 1), (2**64 - 1) ** 2 + 1),
        ((ctypes.c_bool * 3)(True, False, True), 2),
        ([], 0),
        ((), 0),
        (iter([]), 0),
        ([[], []], 0),
    ],
)
def test_the_sum_has_the_type_of_the_numbers(kernels, numbers, truth):
    result = kernels.sum_of_squares(numbers)
    assert result == truth
    assert type(result) is type(truth)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 3)])
def test_the_sum_of_an_array_of_objects_is_exact(kernels, shape):
    x = np.array([Fraction(1, 3), 2**100, Fraction(-2, 3)], object).reshape(shape)
    assert kernels.sum_of_squares(x) == Fraction(5, 9) + 2**200
    assert kernels.sum_of_squares(x[::-1]) == Fraction(5, 9) + 2**200


def test_the_sum_of_a_list_of_floats_is_within_two_ulp(kernels):
    x = np.random.default_rng(2).standard_normal(10_000)
    assert ulps_off(kernels.sum_of_squares(x.tolist()), exact_sum_of_squares(x)) <= 2


def test_floats_and_ints_beyond_float64_in_one_list_raise_overflow_error(kernels):
    assert kernels.sum_of_squares([10**200]) == 10**400
    with pytest.raises(OverflowError, match="too large"):
        kernels.sum_of_squares([10**200, 1.5])


UNREADABLE = [memoryview(b"abc").cast("c"), (ctypes.c_char * 3)(), (ctypes.c_void_p * 3)()]


@pytest.mark.parametrize("x", [*UNREADABLE, None, object(), "12", ["1", "2"], [None], [1, "2"], {"a": 1}, print])
def test_objects_without_numbers_raise_type_error(kernels, x):
    with pytest.raises(TypeError, match=r"sum_of_squares|dtype|format|number"):
        kernels.sum_of_squares(x)


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])


@pytest.mark.parametrize("options", [{}, {"axis": 0}], ids=["whole", "axis"])
@pytest.mark.parametrize("x", [MASKED, [MASKED], [[MASKED], [[1.0, 2.0]]]], ids=["array", "in a list", "nested"])
def test_masked_arrays_raise_type_error(kernels, x, options):
    with pytest.raises(TypeError, match=r"is a masked array: .*filled"):
        kernels.sum_of_squares(x, **options)


def test_axis_of_a_ragged_list_raises_value_error(kernels):
    with pytest.raises(ValueError, match="rows of equal length"):
        kernels.sum_of_squares([[1, 2], [3]], axis=0)


def test_the_error_of_an_iterator_is_raised(kernels):
    def numbers():
        yield 1
        raise LookupError("no more numbers")

    with pytest.raises(LookupError, match="no more numbers"):
        kernels.sum_of_squares(numbers())


def test_a_list_that_contains_itself_raises_an_error(kernels):
    x = [1]
    x.append(x)
    with pytest.raises((ValueError, RecursionError)):
        kernels.sum_of_squares(x)


def test_options_are_keyword_only(kernels):
    for operands, options in (((np.ones((2, 2)), 0), {}), ((), {}), ((np.ones(2),), {"axes": 0})):
        with pytest.raises(TypeError):
            kernels.sum_of_squares(*operands, **options)
    assert kernels.sum_of_squares(x=np.ones(2)) == 2.0


@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_the_operand_is_unchanged(kernels, dtype):
    x = any_values(dtype, (5, 6))
    before = x.copy()
    kernels.sum_of_squares(x.T)
    kernels.sum_of_squares(x[:, ::2], axis=None, threads=2)
    kernels.sum_of_squares(x.astype(np.float64), axis=0)
    np.testing.assert_array_equal(x, before)
