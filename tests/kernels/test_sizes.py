"""Sizes near 2**31 and 2**63: each call computes the exact result or refuses, and no size wraps around.

Broadcast arrays have that many elements in little memory.
"""

import ctypes
import sys

import numpy as np
import pytest
from support import EVERY_TEST, python_prints

slow = pytest.mark.skipif(not EVERY_TEST, reason="takes minutes: set NOGIL_KERNELS_TEST=every")
REFUSED = (MemoryError, OverflowError, ValueError)  # ValueError is NumPy's: "array is too big"
FEW = np.full(1 << 16, 3, np.int8)
HUGE = 2**40


def broadcast(value, *shape):
    return np.broadcast_to(value, shape)


def nested(*shape):
    """Return an empty ctypes array of float64. NumPy refuses a shape if the product of its other sizes is too large."""
    cls = ctypes.c_double
    for size in reversed(shape):
        cls = cls * size
    return cls()


def test_more_than_2_to_the_32_elements_are_summed_exactly(compiled):
    assert compiled.sum_of_squares(broadcast(FEW, 2**16 + 1, 2**16)) == 9 * (2**16 + 1) * 2**16
    assert compiled.sum_of_squares(broadcast(FEW[:-1], 2**15 + 1, 2**16 - 1)) == 9 * (2**15 + 1) * (2**16 - 1)


def test_rows_of_more_than_2_to_the_31_elements_are_summed_exactly(compiled):
    x = broadcast(FEW, 2, 2**15 + 1, 2**16)
    assert compiled.sum_of_squares(x, axis=(1, 2)).tolist() == [9 * (2**15 + 1) * 2**16] * 2


@slow
@pytest.mark.parametrize("count", [2**31 - 1, 2**31, 2**31 + 1, 2**32 + 5])
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32])
def test_broadcast_elements_are_summed_exactly(count, dtype, compiled):
    assert compiled.sum_of_squares(broadcast(dtype(3), count), threads=2) == 9 * count
    assert compiled.sum_of_squares(broadcast(dtype(3), count, 2), axis=0).tolist() == [9 * count] * 2


@slow
@pytest.mark.parametrize("k", [2**31 - 1, 2**31 + 1, 2**32 + 5])
def test_a_product_over_that_many_elements_is_exact(k, compiled):
    assert compiled.matmul(broadcast(1.0, 1, k), broadcast(1.0, k, 1)).tolist() == [[k]]
    assert compiled.matmul(broadcast(np.int64(3), k), broadcast(np.int64(5), k)) == 15 * k


@pytest.mark.parametrize(
    "terms",
    [
        range(-(2**63), 2**63 - 1, 2**61),
        range(2**63 - 1, -(2**63), -(2**62)),
        range(2**63 - 2, 2**63 - 1),
        range(-(2**63), 2**63, 2**63 - 1),
        range(-(2**63), -(2**63) + 3),
        range(2**63 - 3, 2**63 + 3),
        range(0, 2**66, 2**64),
        range(-(2**64), 2**64, 2**63),
    ],
    ids=str,
)
def test_ranges_at_the_limits_of_64_bits_are_exact(terms, kernels):
    assert kernels.sum_of_squares(terms) == sum(term * term for term in terms)


@pytest.mark.parametrize("count", [2**46, 2**62, 2**63 - 1, 2**63, 2**64])
@pytest.mark.parametrize("step", [1, -1])
def test_ranges_of_too_many_terms_are_refused(count, step, compiled):
    half = count // 2
    terms = range(-half, count - half) if step > 0 else range(half, half - count, -1)
    with pytest.raises(REFUSED):
        compiled.sum_of_squares(terms)


def test_empty_operands_of_enormous_shapes_give_empty_results_or_are_refused(kernels):
    x = broadcast(np.zeros((1, 0)), HUGE, 0)
    assert kernels.sum_of_squares(x) == 0
    assert kernels.sum_of_squares(x, axis=0).shape == (0,)
    assert kernels.matmul(np.zeros((0, 2**59)), np.zeros((2**59, 0))).shape == (0, 0)
    with pytest.raises(REFUSED):
        kernels.sum_of_squares(broadcast(np.zeros((1, 0)), 2**59, 0), axis=1)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (broadcast(1.0, 2**31, 1), broadcast(1.0, 1, 2**31)),
        (broadcast(np.zeros((1, 0)), HUGE, 0), broadcast(np.zeros((0, 1)), 0, HUGE)),
        (broadcast(1.0, HUGE, 1, 1, 1), broadcast(1.0, 1, HUGE, 1, 1)),
        (broadcast(np.zeros((1, 1, 0, 1)), HUGE, 1, 0, 1), broadcast(1.0, 1, HUGE, 1, 1)),
        (broadcast(np.zeros((1, 1, 1, 0)), HUGE, 1, 1, 0), broadcast(np.zeros((1, 1, 0, 1)), 1, HUGE, 0, 1)),
    ],
    ids=["rows x columns", "zeros", "stacks", "stacks of nothing", "stacks over nothing"],
)
def test_products_of_too_many_elements_are_refused(a, b, compiled):
    with pytest.raises(REFUSED):
        compiled.matmul(a, b)


def test_an_empty_buffer_whose_number_of_rows_wraps_around_is_summed(compiled):
    assert compiled.sum_of_squares(nested(HUGE, HUGE, 0)) == 0


def test_an_empty_stack_whose_number_of_products_wraps_around_is_not_computed(compiled):
    a, b, out = (
        broadcast(np.zeros((1, 1, 0, 1)), HUGE, 1, 0, 1),
        broadcast(1.0, 1, HUGE, 1, 1),
        nested(HUGE, HUGE, 0, 1),
    )
    assert compiled.matmul(a, b, out=out) is out


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux enforces RLIMIT_AS")
def test_results_of_2_to_the_31_rows_are_a_memory_error(kernels):
    code = """
        import resource
        import numpy as np
        from nogil_kernels import matmul, sum_of_squares
        matmul(np.eye(2), np.eye(2))
        resource.setrlimit(resource.RLIMIT_AS, (1 << 34, resource.RLIM_INFINITY))
        column = np.broadcast_to(1.0, (2**31 + 1, 1))
        for call in (lambda: sum_of_squares(column, axis=1), lambda: matmul(column, np.eye(1))):
            try:
                call()
            except MemoryError:
                print("MemoryError")
    """
    assert python_prints(code, NOGIL_KERNELS_BACKEND=kernels.name).split() == ["MemoryError"] * 2
