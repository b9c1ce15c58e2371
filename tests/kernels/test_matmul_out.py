"""matmul with out=: its layouts and dtypes, and overlaps with the operands."""

import array
import math

import numpy as np
import pytest
from operands import CORES, SHAPE_PAIRS, dtype_name, fractions, small_integers
from support import LAYOUTS, laid_out
from truth import assert_exact_product, assert_product

pytestmark = pytest.mark.kernels

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
def test_memory_around_out_is_unchanged(kernels, dtype, layout):
    a, b = small_integers(dtype, (9, 5), 1), small_integers(dtype, (5, 7), 2)
    memory = np.full((40, 40), 55, dtype)
    window = np.s_[3:12, 4:11] if layout == "part of a wider array" else np.s_[3:30:3, 4:25:3]
    kernels.matmul(a, b, out=memory[window])
    assert_exact_product(memory[window], a, b)
    memory[window] = 55
    assert (memory == 55).all()


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 4, 3), (5, 0, 3), (70, 300, 33), (33, 1, 40)], ids=str)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, np.complex128], ids=dtype_name)
def test_nan_in_out_does_not_affect_the_result(kernels, dtype, shape):
    m, k, n = shape if kernels.name == "compiled" else [min(side, 8) for side in shape]
    a, b = small_integers(dtype, (m, k), 1) / 4, small_integers(dtype, (k, n), 2) / 4
    for order in "CF":
        out = np.full((m, n), math.nan, dtype, order=order)
        kernels.matmul(a, b, out=out)
        assert_product(out, a, b)


@pytest.mark.parametrize("shapes", SHAPE_PAIRS, ids=str)
def test_out_has_the_shape_of_the_result(kernels, shapes):
    a, b = small_integers(np.float64, shapes[0], 1), small_integers(np.float64, shapes[1], 2)
    expected = np.asarray(np.matmul(a, b))
    out = np.full(expected.shape, math.nan)
    assert kernels.matmul(a, b, out=out) is out
    np.testing.assert_array_equal(out, expected)


def test_out_can_be_any_writable_buffer(kernels):
    a, b = small_integers(np.float64, (2, 3), 1), small_integers(np.float64, (3, 4), 2)
    out = memoryview(array.array("d", [9.0] * 8)).cast("B").cast("d", (2, 4))
    assert kernels.matmul(a, b, out=out) is out
    assert out.tolist() == np.matmul(a, b).tolist()
    row = array.array("d", [9.0] * 4)
    assert kernels.matmul(a[0], b, out=row) is row
    assert list(row) == np.matmul(a[0], b).tolist()


def test_out_may_be_positional(kernels):
    out = np.zeros((2, 2))
    assert kernels.matmul(np.eye(2), np.eye(2), out) is out
    assert out.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_out_none_returns_a_new_array(kernels):
    assert kernels.matmul(np.eye(2), np.eye(2), out=None).tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(("dtype", "out_dtype"), [("f4", "f8"), ("i4", "i8"), ("i8", "f8"), ("f8", "f4"), ("?", "i1")])
def test_the_result_is_cast_to_an_out_of_the_same_kind_as_in_numpy(kernels, dtype, out_dtype):
    a, b = small_integers(dtype, (3, 4), 1), small_integers(dtype, (4, 5), 2)
    out, expected = np.zeros((3, 5), out_dtype), np.zeros((3, 5), out_dtype)
    assert kernels.matmul(a, b, out=out) is out
    np.matmul(a, b, out=expected)
    np.testing.assert_array_equal(out, expected, strict=True)


def test_out_can_have_dtype_object(kernels):
    a, b = fractions((2, 3), 1), fractions((3, 2), 2)
    out = np.zeros((2, 2), object)
    assert kernels.matmul(a, b, out=out) is out
    np.testing.assert_array_equal(out, np.matmul(a, b))


def test_out_whose_elements_share_memory_is_written_or_raises_an_error(kernels):
    memory = np.zeros(2)
    out = np.lib.stride_tricks.as_strided(memory, (2, 2), (0, 8))
    try:
        kernels.matmul(np.eye(2), np.array([[1.0, 2.0], [1.0, 2.0]]), out=out)
    except (TypeError, ValueError):
        assert memory.tolist() == [0.0, 0.0]
    else:
        assert memory.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("side", [1, 2, 5, 40, 150])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.int32, np.float16], ids=dtype_name)
def test_out_can_be_an_operand(kernels, dtype, side, threads):
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
    """On AArch64 NumPy's BLAS computes with unused lanes too, and NumPy warns of their invalid values."""
    with np.errstate(all="ignore"):
        return np.matmul(a, b)


def test_out_can_overlap_a_vector(kernels):
    matrix, memory = small_integers(np.float64, (6, 6), 1), np.arange(8.0)
    expected = np.matmul(matrix, memory[:6].copy())
    kernels.matmul(matrix, memory[:6], out=memory[2:])
    np.testing.assert_array_equal(memory[2:], expected)


def test_out_can_interleave_with_an_operand_without_overlap(kernels):
    memory = small_integers(np.float64, (8, 8), 1)
    a, expected = memory[:, ::2], np.matmul(memory[:, ::2].copy(), np.eye(4) * 2)
    kernels.matmul(a, np.eye(4) * 2, out=memory[:, 1::2])
    np.testing.assert_array_equal(memory[:, 1::2], expected)
    np.testing.assert_array_equal(a * 2, expected)


def test_out_of_a_stack_can_be_its_operand(kernels):
    a, b = small_integers(np.float64, (4, 3, 3), 1), small_integers(np.float64, (4, 3, 3), 2)
    expected = np.matmul(a, b)
    shared = a.copy()
    kernels.matmul(shared, b, out=shared)
    np.testing.assert_array_equal(shared, expected)
    shared = a.copy()
    kernels.matmul(shared, shared[0], out=shared)
    np.testing.assert_array_equal(shared, np.matmul(a, a[0]))


def test_an_empty_operand_does_not_overlap_out(kernels):
    r = np.ones((4, 4))[::-1]
    assert kernels.matmul(r, r[:, 2:2], out=r[:, 2:2]).shape == (4, 0)
    out = np.ones((4, 4))
    kernels.matmul(out[:, 1:1], out[1:1, :], out=out)
    assert not out.any()


def test_an_out_that_overlaps_itself_gets_only_final_sums(kernels):
    rng = np.random.default_rng(3)
    k = 600 if kernels.name == "compiled" else 20
    a, b, memory = rng.random((3, k)), rng.random((k, 3)), np.zeros(9)
    out = np.lib.stride_tricks.as_strided(memory, (3, 3), (8, 8))
    kernels.matmul(a, b, out=out)
    exact = (a @ b).ravel()
    assert all(np.isclose(value, exact).any() for value in memory[:5])
