"""a.T @ a and a @ a.T, of which half is computed and mirrored, have the same bits as with a copy of a."""

import numpy as np
import pytest
from operands import any_values

from nogil_kernels import matmul

pytestmark = pytest.mark.kernels
# Below and above the size from which on half of the product is mirrored.
SHAPES = [(192, 255), (192, 256), (200, 257), (300, 391), (700, 513), (1030, 640)]


@pytest.mark.parametrize("dtype", "dfFDiq")
@pytest.mark.parametrize(("k", "n"), SHAPES)
def test_a_gram_matrix_equals_the_product_with_a_copy(compiled_backend, k, n, dtype):
    a = any_values(dtype, (k, n))
    expected = matmul(a.T, a.copy())
    assert np.array_equal(matmul(a.T, a), expected)
    b = np.ascontiguousarray(a.T)
    assert np.array_equal(matmul(b, b.T), expected)
    for threads in (2, 3, 7):
        assert np.array_equal(matmul(a.T, a, threads=threads), expected)


def test_memory_around_the_result_is_unchanged(compiled_backend):
    a = any_values("d", (300, 400))
    memory = np.full((402, 420), 7.0)
    matmul(a.T, a, out=memory[1:-1, 4:-16])
    assert np.array_equal(memory[1:-1, 4:-16], matmul(a.T, a.copy()))
    memory[1:-1, 4:-16] = 7.0
    assert (memory == 7.0).all()


def test_out_may_be_transposed(compiled_backend):
    a = any_values("d", (300, 400))
    assert np.array_equal(matmul(a.T, a, out=np.empty((400, 400)).T), matmul(a.T, a.copy()))
    assert np.array_equal(matmul(a.T, a, out=np.empty((800, 800))[::2, ::2]), matmul(a.T, a.copy()))


def test_each_matrix_of_a_stack_is_mirrored(compiled_backend):
    stack = np.stack([any_values("d", (200, 300)), any_values("d", (200, 300))[::-1] * 2])
    expected = matmul(stack.swapaxes(1, 2), stack.copy())
    assert np.array_equal(matmul(stack.swapaxes(1, 2), stack), expected)
    assert np.array_equal(matmul(stack.swapaxes(1, 2), stack, threads=3), expected)


def test_a_stack_times_its_first_matrix_is_not_mirrored(compiled_backend):
    stack = np.stack([any_values("d", (200, 300)), any_values("d", (200, 300)) * 2])
    assert np.array_equal(matmul(stack.swapaxes(1, 2), stack[0]), matmul(stack.swapaxes(1, 2), stack[0].copy()))
