"""matmul has the results, shapes and dtypes of numpy.matmul, for all types of operands."""

import array
import ctypes
import itertools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from operands import (
    COMPLEX,
    CORES,
    FLOATS,
    INTEGERS,
    SHAPE_PAIRS,
    WithArray,
    any_values,
    dtype_name,
    fractions,
    small_integers,
)
from support import LAYOUTS, laid_out
from truth import assert_exact_product, assert_product

pytestmark = pytest.mark.kernels

ALL = [*INTEGERS, *FLOATS, np.longdouble, *COMPLEX, np.clongdouble]


@pytest.mark.parametrize("b_dtype", ALL, ids=dtype_name)
@pytest.mark.parametrize("a_dtype", ALL, ids=dtype_name)
def test_every_pair_of_dtypes_gives_the_result_of_numpy(kernels, a_dtype, b_dtype):
    for m, k, n in [(3, 5, 4), (1, 1, 1), (9, 17, 6)]:
        a, b = any_values(a_dtype, (m, k), 1), any_values(b_dtype, (k, n), 2)
        if np.result_type(a, b).kind in "fc":  # 64-bit values times a float16 must stay finite
            a, b = small_integers(a_dtype, (m, k), 1), small_integers(b_dtype, (k, n), 2)
        assert_product(kernels.matmul(a, b), a, b)


@pytest.mark.parametrize("dtype", [*CORES, np.float16], ids=dtype_name)
@pytest.mark.parametrize("shape", [*((5, k, 6) for k in (1, 2, 7, 40, 200)), (181, 307, 149)], ids=str)
def test_products_of_random_matrices_are_within_the_bound(kernels, dtype, shape):
    m, k, n = (11, 30, 9) if kernels.name == "pure" and shape[0] > 5 else shape
    a, b = any_values(dtype, (m, k), 3), any_values(dtype, (k, n), 4)
    assert_product(kernels.matmul(a, b), a, b)


@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble], ids=dtype_name)
def test_long_doubles_keep_all_their_bits(kernels, dtype):
    a, b = any_values(dtype, (2, 3)) / 3, any_values(dtype, (3, 2)) / 7
    result = kernels.matmul(a, b)
    assert result.dtype == dtype
    eps = Fraction(*np.finfo(dtype).eps.as_integer_ratio())

    def parts(z):
        return Fraction(*z.real.as_integer_ratio()), Fraction(*z.imag.as_integer_ratio())

    for i, j in np.ndindex(2, 2):
        pairs = [(parts(a[i, p]), parts(b[p, j])) for p in range(3)]
        real = sum(x[0] * y[0] - x[1] * y[1] for x, y in pairs)
        imag = sum(x[0] * y[1] + x[1] * y[0] for x, y in pairs)
        bound = 8 * eps * sum((abs(x[0]) + abs(x[1])) * (abs(y[0]) + abs(y[1])) for x, y in pairs)
        assert abs(parts(result[i, j])[0] - real) <= bound
        assert abs(parts(result[i, j])[1] - imag) <= bound


@pytest.mark.parametrize("dtype", INTEGERS[1:], ids=dtype_name)
def test_integers_wrap_around_without_a_warning(kernels, dtype):
    info = np.iinfo(dtype)
    a, b = np.full((3, 70), info.max, dtype), np.full((70, 3), info.max, dtype)
    a[1], b[:, 1] = info.min, info.min
    np.testing.assert_array_equal(kernels.matmul(a, b), np.matmul(a, b), strict=True)


def test_bools_multiply_as_and_and_add_as_or(kernels):
    a = np.array([[True, False], [False, False]])
    assert kernels.matmul(a, np.array([[True], [True]])).tolist() == [[True], [False]]
    many = np.ones((2, 300), bool)
    assert kernels.matmul(many, many.T).tolist() == [[True, True], [True, True]]


def test_bools_of_any_bit_pattern_are_true(kernels):
    a = np.array([[2, 0], [0, 255]], np.uint8).view(bool)
    b = np.array([[4, 0], [0, 16]], np.uint8).view(bool)
    result = kernels.matmul(a, b)
    assert result.dtype == bool
    assert result.tolist() == [[True, False], [False, True]]
    assert kernels.matmul(a, np.eye(2, dtype=np.int64)).tolist() == [[1, 0], [0, 1]]


def test_float16_overflow_gives_infinity(kernels):
    a = np.full((2, 2), 60000, np.float16)
    with np.errstate(over="ignore"):
        assert kernels.matmul(a, a).tolist() == [[math.inf] * 2] * 2


EDGE_SHAPES = sorted(
    {shape for s in range(1, 41) for shape in [(s, s, s), (s, 7, 40), (7, s, 33), (40, 5, s), (s, 40, 1), (1, s, 40)]}
)
SMALL_SHAPES = [*itertools.product(range(1, 10), repeat=3)]

LARGE_SHAPES = [
    (127, 127, 127),
    (131, 113, 97),
    (257, 65, 129),
    (65, 257, 63),
    (1, 1009, 1),
    (1009, 1, 31),
    (31, 1, 1009),
    (3, 2053, 5),
    (2053, 3, 5),
    (5, 3, 4201),
    (97, 769, 33),
    (521, 17, 23),
]


@pytest.mark.parametrize(("shapes", "step"), [(EDGE_SHAPES, 12), (SMALL_SHAPES, 1)], ids=["edges", "small"])
@pytest.mark.parametrize("dtype", CORES, ids=dtype_name)
def test_small_sizes_and_sizes_near_the_edges_of_a_tile_are_exact(kernels, dtype, shapes, step):
    for m, k, n in shapes if kernels.name == "compiled" else shapes[::step]:
        a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
        assert_exact_product(kernels.matmul(a, b), a, b)


@pytest.mark.parametrize("shape", LARGE_SHAPES, ids=str)
@pytest.mark.parametrize("dtype", CORES, ids=dtype_name)
def test_sizes_of_more_than_one_block_are_exact(kernels, dtype, shape):
    m, k, n = shape if kernels.name == "compiled" else [min(side, 31) for side in shape]
    a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
    assert_exact_product(kernels.matmul(a, b), a, b)
    assert_exact_product(kernels.matmul(b.T, a.T), b.T, a.T)


@pytest.mark.parametrize("shapes", SHAPE_PAIRS, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.complex64, np.int32, np.float16, np.bool_], ids=dtype_name)
def test_shapes_broadcast_as_in_numpy(kernels, dtype, shapes):
    a, b = small_integers(dtype, shapes[0], 1), small_integers(dtype, shapes[1], 2)
    result, expected = kernels.matmul(a, b), np.matmul(a, b)
    np.testing.assert_array_equal(result, expected, strict=True)
    assert isinstance(result, np.ndarray) is isinstance(expected, np.ndarray)


@pytest.mark.parametrize("b_layout", LAYOUTS)
@pytest.mark.parametrize("a_layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.int64, np.float16], ids=dtype_name)
def test_every_layout_of_either_operand_is_read_correctly(kernels, dtype, a_layout, b_layout):
    m, k, n = (19, 23, 17) if kernels.name == "compiled" else (4, 5, 3)
    a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
    result = kernels.matmul(laid_out(a, a_layout), laid_out(b, b_layout))
    assert_exact_product(result, a, b)
    assert result.flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32], ids=dtype_name)
def test_zero_strides_repeat_a_row_or_a_column(kernels, dtype):
    row = small_integers(dtype, (9,), 1)
    a, b = np.broadcast_to(row, (7, 9)), np.broadcast_to(row[:, None], (9, 5))
    assert_exact_product(kernels.matmul(a, b), a, b)
    assert_exact_product(kernels.matmul(a, a.T), a, a.T)
    scalar = np.broadcast_to(row[:1].reshape(()), (6, 6))
    assert_exact_product(kernels.matmul(scalar, scalar), scalar, scalar)


@pytest.mark.parametrize("size", [3, 64, 150])
@pytest.mark.parametrize("dtype", [np.float64, np.int32], ids=dtype_name)
def test_a_matrix_times_its_own_transpose_is_exact(kernels, dtype, size):
    side = size if kernels.name == "compiled" else 3
    a = small_integers(dtype, (side, side + 2), 1)
    assert_exact_product(kernels.matmul(a, a.T), a, a.T)
    assert_exact_product(kernels.matmul(a.T, a), a.T, a)


def test_overlapping_windows_of_a_vector_multiply_as_a_matrix(kernels):
    a = np.lib.stride_tricks.sliding_window_view(small_integers(np.float64, (40,)), 7)
    assert_exact_product(kernels.matmul(a, a.T), a, a.T)


@pytest.mark.parametrize("dtype", CORES, ids=dtype_name)
def test_the_operands_are_unchanged(kernels, dtype):
    a, b = any_values(dtype, (8, 9), 1), any_values(dtype, (9, 7), 2)
    before = a.copy(), b.copy()
    kernels.matmul(a, b)
    kernels.matmul(b.T, a.T, out=np.zeros((7, 8), dtype))
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])


def test_lists_multiply_as_arrays(kernels):
    assert_exact_product(kernels.matmul([[1, 2], [3, 4]], [[5], [6]]), np.array([[1, 2], [3, 4]]), np.array([[5], [6]]))
    for a, b in [
        ([1.5, 2], [2, 4]),
        ([[1, 2]], np.array([[3.0], [4.0]], np.float32)),
        ([[True, False]], [[True], [True]]),
        ([[1j, 2]], [[1], [2.5]]),
        ((1, 2), [[3, 4], [5, 6]]),
        ([[]], np.zeros((0, 2))),
    ]:
        np.testing.assert_array_equal(kernels.matmul(a, b), np.matmul(a, b), strict=True)


def test_buffers_multiply_as_arrays(kernels):
    vector = array.array("d", [1, 2, 3])
    matrix = memoryview(array.array("d", range(12))).cast("B").cast("d", (3, 4))
    ctypes_matrix = ((ctypes.c_double * 4) * 3)(*[(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)])
    expected = np.matmul([1.0, 2.0, 3.0], np.arange(12.0).reshape(3, 4))
    np.testing.assert_array_equal(kernels.matmul(vector, matrix), expected, strict=True)
    np.testing.assert_array_equal(kernels.matmul(vector, ctypes_matrix), expected, strict=True)
    np.testing.assert_array_equal(kernels.matmul(vector, matrix[::-1]), np.matmul([3.0, 2, 1], np.asarray(matrix)))
    assert kernels.matmul(vector, vector) == 14.0


def test_objects_with_an_array_method_multiply(kernels):
    a, b = small_integers(np.float32, (3, 4), 1), small_integers(np.float32, (4, 2), 2)
    assert_exact_product(kernels.matmul(WithArray(a), b), a, b)
    assert_exact_product(kernels.matmul(a, WithArray(b)), a, b)


def test_arrays_of_objects_stay_exact(kernels):
    a = np.array([[Fraction(1, 3), 2], [Fraction(1, 7), 2**100]], object)
    b = np.array([[Fraction(3, 5)], [5]], object)
    result = kernels.matmul(a, b)
    assert result.dtype == object
    assert result.shape == (2, 1)
    assert result.tolist() == [[Fraction(51, 5)], [Fraction(3, 35) + 5 * 2**100]]


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((4, 2, 3), (3, 2)), ((4, 1, 3), (4, 3, 1))], ids=str)
def test_arrays_of_objects_can_have_every_shape(kernels, shapes):
    a, b = fractions(shapes[0], 1), fractions(shapes[1], 2)
    result, expected = kernels.matmul(a, b), np.matmul(a, b)
    assert type(result) is (np.ndarray if isinstance(expected, np.ndarray) else Fraction)
    np.testing.assert_array_equal(result, expected, strict=True)


def test_objects_and_numbers_can_be_mixed(kernels):
    result = kernels.matmul(np.array([[Fraction(1, 3), Fraction(1, 6)]]), np.array([[3], [6]]))
    assert result.dtype == object
    assert result.tolist() == [[2]]
    assert kernels.matmul([[2**70]], [[2**70]]).tolist() == [[2**140]]
    assert kernels.matmul([[Decimal("1.1")]], [[Decimal("0.2")]]).tolist() == [[Decimal("0.22")]]


@pytest.mark.parametrize("side", [1, 3, 9, 33, 70])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble], ids=dtype_name)
def test_infinities_and_nan_change_only_their_row_and_column(kernels, dtype, side):
    if kernels.name == "pure":
        side = min(side, 9)
    a, b = np.ones((side, side), dtype), np.ones((side, side), dtype)
    a[-1, -1], b[0, 0] = math.inf, math.nan
    expected = np.full((side, side), side, dtype)
    expected[-1, :], expected[:, 0] = math.inf, math.nan
    np.testing.assert_array_equal(kernels.matmul(a, b), expected, strict=True)
    a[-1, -1], b[0, 0], b[-1, 0] = math.inf, 1, 0
    expected[:, 0], expected[-1, 0] = side - 1, math.nan
    if side > 1:
        np.testing.assert_array_equal(kernels.matmul(a, b), expected, strict=True)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128], ids=dtype_name)
def test_a_complex_nan_changes_only_its_row(kernels, dtype):
    a, b = np.ones((6, 5), dtype), np.ones((5, 7), dtype)
    a[5, 4] = complex(math.nan, math.nan)
    result = kernels.matmul(a, b)
    assert np.isnan(result[5]).all()
    assert (result[:5] == 5).all()
