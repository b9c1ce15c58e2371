"""matmul: numpy.matmul's results, shapes, dtypes and refusals, out= included."""

import array
import ctypes
import itertools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support import LAYOUTS, laid_out

pytestmark = pytest.mark.kernels

INTEGERS = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
COMPLEX = [np.complex64, np.complex128, np.clongdouble]
CORES = [np.float32, np.float64, np.complex64, np.complex128, np.int32, np.int64]


def dtype_name(dtype):
    return np.dtype(dtype).name


def any_values(dtype, shape, seed=1):
    """Reproducible values: the whole range of integers, so that sums wrap around; normal ones for floats."""
    rng = np.random.default_rng([seed, *shape])
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 4, shape) == 0
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    if dtype.kind == "c":
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


def small_integers(dtype, shape, seed=1):
    """Integers so small that even float32 sums of their products are exact, in whatever order."""
    rng = np.random.default_rng([seed, *shape])
    values = rng.integers(-8, 9, shape)
    return (values + 1j * rng.integers(-8, 9, shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


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


# Dtypes


@pytest.mark.parametrize("b_dtype", [*INTEGERS, *FLOATS, *COMPLEX], ids=dtype_name)
@pytest.mark.parametrize("a_dtype", [*INTEGERS, *FLOATS, *COMPLEX], ids=dtype_name)
def test_every_pair_of_dtypes_multiplies_as_in_numpy(kernels, a_dtype, b_dtype):
    for m, k, n in [(3, 5, 4), (1, 1, 1), (9, 17, 6)]:
        a, b = any_values(a_dtype, (m, k), 1), any_values(b_dtype, (k, n), 2)
        if np.result_type(a, b).kind in "fc":  # 64-bit values times a float16 must stay finite
            a, b = small_integers(a_dtype, (m, k), 1), small_integers(b_dtype, (k, n), 2)
        assert_product(kernels.matmul(a, b), a, b)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, np.complex128], ids=dtype_name)
@pytest.mark.parametrize("k", [1, 2, 7, 40, 200])
def test_floats_are_within_the_bound_of_a_sum_of_k_products(kernels, dtype, k):
    a, b = any_values(dtype, (5, k), 3), any_values(dtype, (k, 6), 4)
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
def test_integers_wrap_around_like_numpy_without_a_warning(kernels, dtype):
    info = np.iinfo(dtype)
    a = np.full((3, 70), info.max, dtype)
    b = np.full((70, 3), info.max, dtype)
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


@pytest.mark.parametrize("dtype", [">i2", ">i4", ">u8", ">f2", ">f4", ">f8", ">c8", ">c16"])
def test_foreign_byte_order_is_read_rightly(kernels, dtype):
    native = np.dtype(dtype).newbyteorder("=")
    a, b = small_integers(native, (3, 4), 1), small_integers(native, (4, 2), 2)
    assert_exactly(kernels.matmul(a.astype(dtype), b), a, b)
    assert_exactly(kernels.matmul(a, b.astype(dtype)), a, b)
    assert_exactly(kernels.matmul(a.astype(dtype), b.astype(dtype)), a, b)


def test_float16_overflow_gives_infinity(kernels):
    a = np.full((2, 2), 60000, np.float16)
    with np.errstate(over="ignore"):
        assert kernels.matmul(a, a).tolist() == [[math.inf] * 2] * 2


# Shapes


EDGE_SHAPES = sorted(
    {shape for s in range(1, 41) for shape in [(s, s, s), (s, 7, 40), (7, s, 33), (40, 5, s), (s, 40, 1), (1, s, 40)]}
)
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


@pytest.mark.parametrize("dtype", CORES, ids=dtype_name)
def test_every_size_around_the_edges_of_a_tile_is_exact(kernels, dtype):
    shapes = EDGE_SHAPES if kernels.name == "compiled" else EDGE_SHAPES[::12]
    for m, k, n in shapes:
        a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
        assert_exactly(kernels.matmul(a, b), a, b)


@pytest.mark.parametrize("dtype", CORES, ids=dtype_name)
def test_every_small_size_is_exact(kernels, dtype):
    largest = 10 if kernels.name == "compiled" else 4
    for m, k, n in itertools.product(range(1, largest), repeat=3):
        a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
        assert_exactly(kernels.matmul(a, b), a, b)


@pytest.mark.parametrize("shape", LARGE_SHAPES, ids=str)
@pytest.mark.parametrize("dtype", CORES, ids=dtype_name)
def test_sizes_beyond_the_blocks_are_exact(kernels, dtype, shape):
    m, k, n = shape if kernels.name == "compiled" else [min(side, 31) for side in shape]
    a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
    assert_exactly(kernels.matmul(a, b), a, b)
    assert_exactly(kernels.matmul(b.T, a.T), b.T, a.T)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128, np.int64], ids=dtype_name)
def test_large_random_matrices_are_within_the_bound(kernels, dtype):
    m, k, n = (181, 307, 149) if kernels.name == "compiled" else (11, 30, 9)
    a, b = any_values(dtype, (m, k), 5), any_values(dtype, (k, n), 6)
    assert_product(kernels.matmul(a, b), a, b)


SHAPE_PAIRS = [
    ((3,), (3,)),
    ((1,), (1,)),
    ((3,), (3, 4)),
    ((4, 3), (3,)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (1, 3, 4)),
    ((2, 1, 2, 3), (5, 3, 4)),
    ((2, 1, 2, 3), (1, 5, 3, 4)),
    ((2, 1, 4, 2, 3), (7, 1, 3, 2)),
    ((3,), (5, 3, 4)),
    ((5, 4, 3), (3,)),
    ((3,), (2, 5, 3, 1)),
    ((1, 1), (1, 1)),
    ((0,), (0,)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((2, 3), (3, 0)),
    ((0, 0), (0, 0)),
    ((0,), (0, 4)),
    ((4, 0), (0,)),
    ((3,), (3, 0)),
    ((0, 2, 3), (3, 4)),
    ((0, 2, 3), (1, 3, 4)),
    ((5, 2, 0), (5, 0, 4)),
    ((5, 0, 3), (3, 2)),
    ((2, 0, 2, 3), (1, 3, 4)),
]


@pytest.mark.parametrize("shapes", SHAPE_PAIRS, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.complex64, np.int32, np.float16, np.bool_], ids=dtype_name)
def test_shapes_combine_as_in_numpy(kernels, dtype, shapes):
    a, b = small_integers(dtype, shapes[0], 1), small_integers(dtype, shapes[1], 2)
    result, expected = kernels.matmul(a, b), np.matmul(a, b)
    np.testing.assert_array_equal(result, expected, strict=True)
    assert isinstance(result, np.ndarray) is isinstance(expected, np.ndarray)


@given(
    shapes=hnp.mutually_broadcastable_shapes(signature="(m?,k),(k,n?)->(m?,n?)", max_dims=3, min_side=0, max_side=5),
    dtype=st.sampled_from([np.dtype(dtype) for dtype in [*INTEGERS, *FLOATS, *COMPLEX]]),
    layouts=st.tuples(st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS)),
    seed=st.integers(0, 1000),
)
def test_any_shapes_dtype_and_layouts_multiply_as_in_numpy(kernels, shapes, dtype, layouts, seed):
    a, b = (small_integers(dtype, shape, seed + i) for i, shape in enumerate(shapes.input_shapes))
    a_view, b_view = laid_out(a, layouts[0]), laid_out(b, layouts[1])
    expected = np.matmul(a, b)
    np.testing.assert_array_equal(kernels.matmul(a_view, b_view), expected, strict=True)
    layout = layouts[2] if layouts[2] != "read-only" else "C order"
    out = laid_out(np.full(shapes.result_shape, 99, dtype), layout)
    assert kernels.matmul(a_view, b_view, out=out) is out
    np.testing.assert_array_equal(out, expected, strict=True)


# Layouts


@pytest.mark.parametrize("b_layout", LAYOUTS)
@pytest.mark.parametrize("a_layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.int64, np.float16], ids=dtype_name)
def test_every_layout_of_either_input_is_read_rightly(kernels, dtype, a_layout, b_layout):
    m, k, n = (19, 23, 17) if kernels.name == "compiled" else (4, 5, 3)
    a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
    result = kernels.matmul(laid_out(a, a_layout), laid_out(b, b_layout))
    assert_exactly(result, a, b)
    assert result.flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32], ids=dtype_name)
def test_zero_strides_repeat_a_row_or_a_column(kernels, dtype):
    row = small_integers(dtype, (9,), 1)
    a, b = np.broadcast_to(row, (7, 9)), np.broadcast_to(row[:, None], (9, 5))
    assert_exactly(kernels.matmul(a, b), a, b)
    assert_exactly(kernels.matmul(a, a.T), a, a.T)
    one = np.broadcast_to(row[:1].reshape(()), (6, 6))
    assert_exactly(kernels.matmul(one, one), one, one)


@pytest.mark.parametrize("size", [3, 64, 150])
@pytest.mark.parametrize("dtype", [np.float64, np.int32], ids=dtype_name)
def test_a_matrix_times_its_own_transpose_is_right(kernels, dtype, size):
    side = size if kernels.name == "compiled" else 3
    a = small_integers(dtype, (side, side + 2), 1)
    assert_exactly(kernels.matmul(a, a.T), a, a.T)
    assert_exactly(kernels.matmul(a.T, a), a.T, a)


def test_overlapping_windows_of_one_vector_are_a_matrix(kernels):
    a = np.lib.stride_tricks.sliding_window_view(small_integers(np.float64, (40,)), 7)
    assert_exactly(kernels.matmul(a, a.T), a, a.T)


@pytest.mark.parametrize("dtype", CORES, ids=dtype_name)
def test_the_inputs_are_left_as_they_were(kernels, dtype):
    a, b = any_values(dtype, (8, 9), 1), any_values(dtype, (9, 7), 2)
    before = a.copy(), b.copy()
    kernels.matmul(a, b)
    kernels.matmul(b.T, a.T, out=np.zeros((7, 8), dtype))
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])


# Other things with numbers in them


def test_lists_multiply_as_the_arrays_they_stand_for(kernels):
    assert_exactly(kernels.matmul([[1, 2], [3, 4]], [[5], [6]]), np.array([[1, 2], [3, 4]]), np.array([[5], [6]]))
    for a, b in [
        ([1.5, 2], [2, 4]),
        ([[1, 2]], np.array([[3.0], [4.0]], np.float32)),
        ([[True, False]], [[True], [True]]),
        ([[1j, 2]], [[1], [2.5]]),
        ((1, 2), [[3, 4], [5, 6]]),
        ([[]], np.zeros((0, 2))),
    ]:
        np.testing.assert_array_equal(kernels.matmul(a, b), np.matmul(a, b), strict=True)


def test_buffers_multiply_as_the_arrays_they_stand_for(kernels):
    vector = array.array("d", [1, 2, 3])
    matrix = memoryview(array.array("d", range(12))).cast("B").cast("d", (3, 4))
    ctypes_matrix = ((ctypes.c_double * 4) * 3)(*[(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)])
    expected = np.matmul([1.0, 2.0, 3.0], np.arange(12.0).reshape(3, 4))
    np.testing.assert_array_equal(kernels.matmul(vector, matrix), expected, strict=True)
    np.testing.assert_array_equal(kernels.matmul(vector, ctypes_matrix), expected, strict=True)
    np.testing.assert_array_equal(kernels.matmul(vector, matrix[::-1]), np.matmul([3.0, 2, 1], np.asarray(matrix)))
    assert kernels.matmul(vector, vector) == 14.0


class WithArray:
    """Numbers behind `__array__` alone."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)


def test_objects_that_offer_an_array_multiply(kernels):
    a, b = small_integers(np.float32, (3, 4), 1), small_integers(np.float32, (4, 2), 2)
    assert_exactly(kernels.matmul(WithArray(a), b), a, b)
    assert_exactly(kernels.matmul(a, WithArray(b)), a, b)


def test_arrays_of_objects_stay_exact(kernels):
    a = np.array([[Fraction(1, 3), 2], [Fraction(1, 7), 2**100]], object)
    b = np.array([[Fraction(3, 5)], [5]], object)
    result = kernels.matmul(a, b)
    assert result.dtype == object
    assert result.shape == (2, 1)
    assert result.tolist() == [[Fraction(51, 5)], [Fraction(3, 35) + 5 * 2**100]]


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((4, 2, 3), (3, 2)), ((4, 1, 3), (4, 3, 1))], ids=str)
def test_arrays_of_objects_take_every_shape(kernels, shapes):
    a = fractions(shapes[0], 1)
    b = fractions(shapes[1], 2)
    result, expected = kernels.matmul(a, b), np.matmul(a, b)
    if isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(result, expected, strict=True)
    else:
        assert result == expected
        assert type(result) is Fraction


def fractions(shape, seed):
    """An array of objects, each a multiple of a third."""
    result = np.empty(shape, object)
    result.flat = [Fraction(int(n), 3) for n in small_integers(np.int64, shape, seed).flat]
    return result


def test_objects_and_numbers_mix(kernels):
    result = kernels.matmul(np.array([[Fraction(1, 3), Fraction(1, 6)]]), np.array([[3], [6]]))
    assert result.dtype == object
    assert result.tolist() == [[2]]
    assert kernels.matmul([[2**70]], [[2**70]]).tolist() == [[2**140]]
    assert kernels.matmul([[Decimal("1.1")]], [[Decimal("0.2")]]).tolist() == [[Decimal("0.22")]]


# Infinities and nan


@pytest.mark.parametrize("side", [1, 3, 9, 33, 70])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble], ids=dtype_name)
def test_infinities_and_nan_reach_their_row_and_column_and_no_other(kernels, dtype, side):
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
def test_a_complex_nan_reaches_its_row_and_no_other(kernels, dtype):
    a, b = np.ones((6, 5), dtype), np.ones((5, 7), dtype)
    a[5, 4] = complex(math.nan, math.nan)
    result = kernels.matmul(a, b)
    assert np.isnan(result[5]).all()
    assert (result[:5] == 5).all()


# out=


OUT_LAYOUTS = [layout for layout in LAYOUTS if layout != "read-only"]


@pytest.mark.parametrize("layout", OUT_LAYOUTS)
@pytest.mark.parametrize("dtype", [*CORES, np.float16, np.uint8, np.bool_], ids=dtype_name)
def test_out_of_any_layout_is_written_and_returned(kernels, dtype, layout):
    m, k, n = (19, 23, 17) if kernels.name == "compiled" else (4, 5, 3)
    a, b = small_integers(dtype, (m, k), 1), small_integers(dtype, (k, n), 2)
    out = laid_out(np.zeros((m, n), dtype), layout)
    assert kernels.matmul(a, b, out=out) is out
    np.testing.assert_array_equal(out, np.matmul(a, b), strict=True)


@pytest.mark.parametrize("layout", ["part of a wider array", "every third element"])
@pytest.mark.parametrize("dtype", [np.float32, np.int64], ids=dtype_name)
def test_out_that_is_a_window_leaves_all_around_it_alone(kernels, dtype, layout):
    a, b = small_integers(dtype, (9, 5), 1), small_integers(dtype, (5, 7), 2)
    memory = np.full((40, 40), 55, dtype)
    window = np.s_[3:12, 4:11] if layout == "part of a wider array" else np.s_[3:30:3, 4:25:3]
    kernels.matmul(a, b, out=memory[window])
    assert_exactly(memory[window], a, b)
    memory[window] = 55
    assert (memory == 55).all()


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 4, 3), (5, 0, 3), (70, 300, 33), (33, 1, 40)], ids=str)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, np.complex128], ids=dtype_name)
def test_nan_in_out_does_not_leak_into_the_result(kernels, dtype, shape):
    m, k, n = shape if kernels.name == "compiled" else [min(side, 8) for side in shape]
    a, b = small_integers(dtype, (m, k), 1) / 4, small_integers(dtype, (k, n), 2) / 4
    a, b = a.astype(dtype), b.astype(dtype)
    for order in "CF":
        out = np.full((m, n), math.nan, dtype, order=order)
        kernels.matmul(a, b, out=out)
        assert_product(out, a, b)


@pytest.mark.parametrize("shapes", SHAPE_PAIRS, ids=str)
def test_out_has_the_shape_that_the_result_would_have(kernels, shapes):
    a, b = small_integers(np.float64, shapes[0], 1), small_integers(np.float64, shapes[1], 2)
    expected = np.asarray(np.matmul(a, b))
    out = np.full(expected.shape, math.nan)
    assert kernels.matmul(a, b, out=out) is out
    np.testing.assert_array_equal(out, expected)


def test_out_may_be_any_writable_buffer(kernels):
    a, b = small_integers(np.float64, (2, 3), 1), small_integers(np.float64, (3, 4), 2)
    out = memoryview(array.array("d", [9.0] * 8)).cast("B").cast("d", (2, 4))
    assert kernels.matmul(a, b, out=out) is out
    assert out.tolist() == np.matmul(a, b).tolist()
    row = array.array("d", [9.0] * 4)
    assert kernels.matmul(a[0], b, out=row) is row
    assert list(row) == np.matmul(a[0], b).tolist()


def test_out_of_none_is_no_out(kernels):
    assert kernels.matmul(np.eye(2), np.eye(2), out=None).tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("dtype", "out_dtype"),
    [
        (np.float32, np.float64),
        (np.int32, np.int64),
        (np.int64, np.float64),
        (np.float64, np.float32),
        (np.bool_, np.int8),
    ],
)
def test_out_of_another_dtype_of_the_same_kind_is_cast_to_as_in_numpy(kernels, dtype, out_dtype):
    a, b = small_integers(dtype, (3, 4), 1), small_integers(dtype, (4, 5), 2)
    out, expected = np.zeros((3, 5), out_dtype), np.zeros((3, 5), out_dtype)
    assert kernels.matmul(a, b, out=out) is out
    np.matmul(a, b, out=expected)
    np.testing.assert_array_equal(out, expected, strict=True)


def test_out_of_foreign_byte_order_is_written_rightly(kernels):
    a, b = small_integers(np.float64, (3, 4), 1), small_integers(np.float64, (4, 5), 2)
    out = np.zeros((3, 5), ">f8")
    assert kernels.matmul(a, b, out=out) is out
    np.testing.assert_array_equal(out, np.matmul(a, b))


def test_out_for_objects_holds_objects(kernels):
    a, b = fractions((2, 3), 1), fractions((3, 2), 2)
    out = np.zeros((2, 2), object)
    assert kernels.matmul(a, b, out=out) is out
    np.testing.assert_array_equal(out, np.matmul(a, b))


def test_out_whose_elements_share_one_place_is_refused_or_written_as_in_numpy(kernels):
    place = np.zeros(2)
    out = np.lib.stride_tricks.as_strided(place, (2, 2), (0, 8))
    try:
        kernels.matmul(np.eye(2), np.array([[1.0, 2.0], [1.0, 2.0]]), out=out)
    except (TypeError, ValueError):
        assert place.tolist() == [0.0, 0.0]
    else:
        assert place.tolist() == [1.0, 2.0]


# out= over the inputs


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("side", [1, 2, 5, 40, 150])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.int32, np.float16], ids=dtype_name)
def test_out_may_be_an_input_itself(kernels, dtype, side, threads):
    side = side if kernels.name == "compiled" else min(side, 5)
    a, b = small_integers(dtype, (side, side), 1), small_integers(dtype, (side, side), 2)
    for over in (lambda a, b: a, lambda a, b: b, lambda a, b: a.T, lambda a, b: b[::-1], lambda a, b: b[:, ::-1]):
        x, y = a.copy(), b.copy()
        out = over(x, y)
        assert kernels.matmul(x, y, out=out, threads=threads) is out
        np.testing.assert_array_equal(out, product_by_numpy(a, b))
    x = a.copy()
    assert kernels.matmul(x, x, out=x, threads=threads) is x
    np.testing.assert_array_equal(x, product_by_numpy(a, a))


def product_by_numpy(a, b):
    """On AArch64 its BLAS computes with lanes that nobody reads, and NumPy warns of what it finds there."""
    with np.errstate(all="ignore"):
        return np.matmul(a, b)


@given(
    offsets=st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
    steps=st.tuples(*[st.sampled_from([1, 2, -1])] * 3),
    dtype=st.sampled_from([np.dtype(dtype) for dtype in [np.float64, np.int32, np.complex64, np.int8]]),
)
def test_out_that_overlaps_the_inputs_in_any_way_is_right(kernels, offsets, shape, steps, dtype):
    m, k, n = shape
    memory = (np.arange(100) % 7).astype(dtype)
    # Three views of one memory, each of its own stride and place.
    a, b, out = (
        memory[offset : offset + 2 * rows * columns][::step][: rows * columns].reshape(rows, columns)
        for offset, step, (rows, columns) in zip(offsets, steps, [(m, k), (k, n), (m, n)], strict=True)
    )
    expected = np.matmul(a.copy(), b.copy())
    untouched = np.ones(100, bool)
    untouched[(out_places(memory, out)).reshape(-1)] = False
    before = memory.copy()
    assert kernels.matmul(a, b, out=out) is out
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(memory[untouched], before[untouched])


def out_places(memory, view):
    """The indices in the vector `memory` at which the elements of `view` lie."""
    start = view.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    steps = [np.arange(n) * stride for n, stride in zip(view.shape, view.strides, strict=True)]
    return (start + np.add.outer(*steps)) // memory.itemsize


def test_out_that_overlaps_a_vector_is_right(kernels):
    matrix, memory = small_integers(np.float64, (6, 6), 1), np.arange(8.0)
    expected = np.matmul(matrix, memory[:6].copy())
    kernels.matmul(matrix, memory[:6], out=memory[2:])
    np.testing.assert_array_equal(memory[2:], expected)


def test_out_that_interleaves_with_an_input_but_shares_nothing_is_right(kernels):
    memory = small_integers(np.float64, (8, 8), 1)
    a, expected = memory[:, ::2], np.matmul(memory[:, ::2].copy(), np.eye(4) * 2)
    kernels.matmul(a, np.eye(4) * 2, out=memory[:, 1::2])
    np.testing.assert_array_equal(memory[:, 1::2], expected)
    np.testing.assert_array_equal(a * 2, expected)


def test_a_stack_written_over_its_own_input_is_right(kernels):
    a, b = small_integers(np.float64, (4, 3, 3), 1), small_integers(np.float64, (4, 3, 3), 2)
    expected = np.matmul(a, b)
    shared = a.copy()
    kernels.matmul(shared, b, out=shared)
    np.testing.assert_array_equal(shared, expected)
    shared = a.copy()
    kernels.matmul(shared, shared[0], out=shared)
    np.testing.assert_array_equal(shared, np.matmul(a, a[0]))


# Bad input


BAD_SHAPES = [
    ((2, 3), (4, 5)),
    ((3,), (4,)),
    ((3,), (4, 5)),
    ((4, 5), (4,)),
    ((6, 2, 3), (7, 3, 2)),
    ((2, 6, 2, 3), (7, 3, 2)),
    ((2, 0), (3, 2)),
]


@pytest.mark.parametrize("shapes", BAD_SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16, object], ids=dtype_name)
def test_shapes_that_do_not_fit_are_both_named(kernels, dtype, shapes):
    a, b = np.zeros(shapes[0], dtype), np.zeros(shapes[1], dtype)
    with pytest.raises(ValueError, match=r"\(.*\)") as caught:
        kernels.matmul(a, b)
    assert str(shapes[0]) in str(caught.value)
    assert str(shapes[1]) in str(caught.value)
    if dtype is not object:
        with pytest.raises(ValueError, match=r"shape|dimension"):
            kernels.matmul(a, b, out=np.zeros((2, 2), dtype))


@pytest.mark.parametrize("operands", [(np.array(2.0), np.ones(3)), (np.ones(3), np.array(2.0)), (3, 4), (2.5, [1, 2])])
def test_scalars_are_refused_as_in_numpy(kernels, operands):
    with pytest.raises(ValueError, match="dimension"):
        kernels.matmul(*operands)


@pytest.mark.parametrize(
    "bad",
    [
        np.array([["a"]]),
        np.array([[b"a"]]),
        np.array([["2026-01-01"]], "M8[D]"),
        np.array([[1]], "m8[s]"),
        np.zeros((1, 1), [("a", "f8")]),
        np.zeros((1, 1), "V8"),
        [["a"]],
    ],
    ids=["str", "bytes", "datetime", "timedelta", "structured", "void", "list of str"],
)
def test_what_holds_no_numbers_is_refused_by_type(kernels, bad):
    out = np.full((1, 1), 7.0)
    for operands in ((bad, bad), (bad, np.ones((1, 1))), (np.ones((1, 1)), bad)):
        with pytest.raises(TypeError):
            kernels.matmul(*operands)
        with pytest.raises(TypeError):
            kernels.matmul(*operands, out=out)
    assert out.tolist() == [[7.0]]


@pytest.mark.parametrize("bad", [None, object(), {1}, {"a": 1}])
def test_what_is_no_array_is_refused(kernels, bad):
    with pytest.raises((TypeError, ValueError)):
        kernels.matmul(bad, np.ones((1, 1)))
    with pytest.raises((TypeError, ValueError)):
        kernels.matmul(np.ones((1, 1)), bad)


def test_masked_arrays_are_refused_rather_than_multiplied_unmasked(kernels):
    masked = np.ma.array([[1.0]], mask=[[True]])
    for operands in ((masked, masked), (np.ones((1, 1)), masked)):
        with pytest.raises(TypeError, match="mask"):
            kernels.matmul(*operands)
    with pytest.raises(TypeError, match="mask"):
        kernels.matmul(np.ones((1, 1)), np.ones((1, 1)), out=masked)


def test_a_ragged_list_is_refused(kernels):
    with pytest.raises(ValueError, match="shape"):
        kernels.matmul([[1, 2], [3]], [[1], [2]])


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (2,), (), (4,), (0, 2)], ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16], ids=dtype_name)
def test_out_of_the_wrong_shape_is_refused_and_untouched(kernels, dtype, shape):
    a, out = np.ones((2, 2), dtype), np.full(shape, 7, dtype)
    with pytest.raises(ValueError, match="out") as caught:
        kernels.matmul(a, a, out=out)
    assert str(shape) in str(caught.value)
    assert "(2, 2)" in str(caught.value)
    assert (out == 7).all()


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16], ids=dtype_name)
def test_out_that_is_read_only_is_refused_and_untouched(kernels, dtype):
    a, out = np.ones((2, 2), dtype), np.full((2, 2), 7, dtype)
    out.flags.writeable = False
    with pytest.raises((TypeError, ValueError), match=r"read-only|writable"):
        kernels.matmul(a, a, out=out)
    assert (out == 7).all()


@pytest.mark.parametrize(
    ("dtype", "out_dtype"),
    [
        (np.float64, np.int64),
        (np.complex64, np.float32),
        (np.float32, np.bool_),
        (np.float64, "M8[s]"),
    ],
)
def test_out_of_a_dtype_that_cannot_hold_the_result_is_refused_and_untouched(kernels, dtype, out_dtype):
    out = np.ones((2, 2), np.int64).astype(out_dtype)
    before = out.copy()
    with pytest.raises(TypeError):
        kernels.matmul(np.full((2, 2), 3, dtype), np.ones((2, 2), dtype), out=out)
    np.testing.assert_array_equal(out, before)


@pytest.mark.parametrize("out", [[[0.0, 0.0], [0.0, 0.0]], "out", 5, object()])
def test_out_that_is_no_buffer_is_refused(kernels, out):
    with pytest.raises(TypeError):
        kernels.matmul(np.eye(2), np.eye(2), out=out)


def test_options_are_given_by_name_and_no_others_exist(kernels):
    with pytest.raises(TypeError):
        kernels.matmul(np.eye(2), np.eye(2), np.eye(2))
    with pytest.raises(TypeError):
        kernels.matmul(np.eye(2))
    with pytest.raises(TypeError):
        kernels.matmul(np.eye(2), np.eye(2), casting="safe")
    assert kernels.matmul(a=np.eye(2), b=np.eye(2)).tolist() == [[1.0, 0.0], [0.0, 1.0]]


# Overlaps at their edges


def test_an_empty_operand_inside_out_is_no_overlap(kernels):
    r = np.ones((4, 4))[::-1]
    assert kernels.matmul(r, r[:, 2:2], out=r[:, 2:2]).shape == (4, 0)
    out = np.ones((4, 4))
    kernels.matmul(out[:, 1:1], out[1:1, :], out=out)
    assert not out.any()


def test_an_out_that_overlaps_itself_holds_no_sums_in_progress(kernels):
    rng = np.random.default_rng(3)
    k = 600 if kernels.name == "compiled" else 20
    a, b, place = rng.random((3, k)), rng.random((k, 3)), np.zeros(9)
    out = np.lib.stride_tricks.as_strided(place, (3, 3), (8, 8))
    kernels.matmul(a, b, out=out)
    true = (a @ b).ravel()
    assert all(np.isclose(value, true).any() for value in place[:5])


@pytest.mark.parametrize("operand", [None, object(), {}], ids=["None", "object", "dict"])
def test_what_is_no_array_is_a_type_error(kernels, operand):
    for operands in ((operand, np.eye(2)), (np.eye(2), operand)):
        with pytest.raises(TypeError, match=type(operand).__name__):
            kernels.matmul(*operands)


def test_rows_of_different_lengths_are_a_value_error(kernels):
    with pytest.raises(ValueError, match="equally long"):
        kernels.matmul([[1, 2], [3]], np.eye(2))
