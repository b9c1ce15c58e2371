"""sum_of_squares with axis=."""

import array
import ctypes

import numpy as np
import pytest
from operands import COMPLEX, FLOATS, WithArray, any_values
from support import LAYOUTS, laid_out
from truth import exact_sum_of_squares, exactly, ulps_off

pytestmark = pytest.mark.kernels

AXES = [0, 1, 2, -1, -2, -3, (0,), (0, 1), (1, 0), (0, 2), (-1, 0), (1, 2), (0, 1, 2), (2, -2), ()]


def sum_dtype(dtype):
    """Return the dtype of the sums over an axis."""
    return np.dtype({"b": np.int64, "i": np.int64, "u": np.uint64}.get(np.dtype(dtype).kind, np.float64))


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint8, np.int32, np.uint32, *FLOATS, *COMPLEX])
def test_sums_over_any_axes_have_the_values_and_shape_of_numpy(kernels, dtype, axis):
    x = any_values(dtype, (3, 4, 5))
    if x.dtype.kind in "iu":
        x //= 8  # otherwise sums of several squares of 32-bit integers do not fit into 64 bits
    result = kernels.sum_of_squares(x, axis=axis)
    assert result.dtype == sum_dtype(dtype)
    wide = x.astype(np.complex128 if x.dtype.kind == "c" else sum_dtype(dtype))
    truth = np.sum((wide * wide.conj()).real, axis=axis)
    assert result.shape == truth.shape
    if result.dtype.kind == "f":
        np.testing.assert_allclose(result, truth, rtol=1e-14)
    else:
        np.testing.assert_array_equal(result, truth)


@pytest.mark.parametrize("axis", [0, -1, (0, 2), (1, 2)], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_axis_works_for_every_layout(kernels, layout, axis):
    x, n = any_values(np.float64, (6, 5, 7)), any_values(np.int16, (6, 5, 7))
    float_sums, int_sums = (kernels.sum_of_squares(laid_out(values, layout), axis=axis) for values in (x, n))
    np.testing.assert_allclose(float_sums, np.sum(x * x, axis=axis), rtol=1e-14)
    np.testing.assert_array_equal(int_sums, np.sum(n.astype(np.int64) ** 2, axis=axis))


def test_the_sum_of_each_row_is_within_two_ulp(kernels):
    x = np.random.default_rng(3).standard_normal((7, 5003))
    for values in (x, np.asfortranarray(x)):
        for result, row in zip(kernels.sum_of_squares(values, axis=1), x, strict=True):
            assert ulps_off(result, exact_sum_of_squares(row)) <= 2


@pytest.mark.parametrize(
    ("shape", "axis", "truth"),
    [((0, 3), 0, [0, 0, 0]), ((3, 0), 1, [0, 0, 0]), ((0, 3), 1, []), ((3, 0), 0, []), ((0,), (0,), 0)],
)
@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float32, np.complex64])
def test_axis_of_an_empty_array_gives_zeros(kernels, dtype, shape, axis, truth):
    result = kernels.sum_of_squares(np.zeros(shape, dtype), axis=axis)
    np.testing.assert_array_equal(result, np.array(truth, sum_dtype(dtype)), strict=True)


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
def test_axis_works_for_everything_that_converts_to_an_array(kernels, x):
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
def test_a_sum_that_does_not_fit_raises_overflow_error(kernels, dtype, fits, too_large):
    result = kernels.sum_of_squares(np.array([fits, fits], dtype), axis=1)
    assert result.tolist() == [exactly(np.array(fits, dtype))] * 2
    x = np.zeros((3, len(too_large)), dtype)
    x[1] = too_large
    with pytest.raises(OverflowError):
        kernels.sum_of_squares(x, axis=1)
    assert kernels.sum_of_squares(x) == exactly(x)


@pytest.mark.parametrize(
    ("shape", "axis"), [*(((2, 3, 4), axis) for axis in (3, -4, (0, 3), (0, 0), (1, -2))), ((), 0)], ids=str
)
def test_a_missing_or_repeated_axis_raises_value_error(kernels, shape, axis):
    with pytest.raises(ValueError, match="axis"):
        kernels.sum_of_squares(np.zeros(shape), axis=axis)


@pytest.mark.parametrize("axis", ["0", 1.0, [[0]], (0, "1"), object()])
def test_an_axis_that_is_not_an_integer_raises_type_error(kernels, axis):
    with pytest.raises(TypeError):
        kernels.sum_of_squares(np.zeros((2, 3, 4)), axis=axis)


def test_an_axis_can_be_a_numpy_integer(kernels):
    assert kernels.sum_of_squares(np.eye(2), axis=np.int64(1)).tolist() == [1.0, 1.0]
