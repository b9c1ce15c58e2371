"""Any operands give the right numbers: every dtype, shape, layout, content and container, and every overlap of out.

`nox -s fuzz` tests 10 000 examples of each property, on every instruction set.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import with_gaps
from operands import small_integers
from strategies import (
    LONGEST,
    MULTIPLIED,
    STEPS,
    SUMMED,
    WRITABLE_STEPS,
    factors,
    gil_modes,
    layouts,
    operands,
    shapes,
    thread_counts,
)
from truth import assert_exact_product, assert_product_within_bound, assert_sum_within_bound, exactly

pytestmark = pytest.mark.kernels

WIDEST = {"b": "u1", "i": "i8", "u": "u8", "f": "g", "c": "G"}  # the widest dtypes by kind


@pytest.fixture(scope="module")
def executor():
    """Yield an executor of three threads."""
    with ThreadPoolExecutor(3) as executor:
        yield executor


def size_for(kernels, size):
    """Return the size for the compiled kernels, and a small size for plain Python."""
    return size if kernels.name == "compiled" else min(size, 500)


def as_bytes(x):
    """Return an array in which each element is a number of bytes. Long double has bytes that no number uses."""
    return x.view(f"V{x.itemsize}")


def options(data, executor):
    """Draw gil= and threads=."""
    threads = data.draw(thread_counts, "threads")
    return {"gil": data.draw(gil_modes, "gil"), "threads": executor if threads == "executor" else threads}


@given(data=st.data(), dtype=st.sampled_from(SUMMED))
def test_any_sum_of_squares_is_within_the_bound(kernels, executor, data, dtype):
    shape = data.draw(shapes(size_for(kernels, 400_000)), "shape")
    operand, x, memory = data.draw(operands(shape, dtype), "x").build()
    before = memory.tobytes()
    result = kernels.sum_of_squares(operand, **options(data, executor))
    assert type(result) is (int if x.dtype.kind in "biu" else float)
    assert_sum_within_bound(result, x)
    assert memory.tobytes() == before


@given(data=st.data(), dtype=st.sampled_from(SUMMED))
def test_any_sum_of_squares_along_axes_is_within_the_bound(kernels, executor, data, dtype):
    shape = data.draw(shapes(size_for(kernels, 5000)).filter(len), "shape")
    axis = tuple(data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True), "axis"))
    operand, x, _ = data.draw(operands(shape, dtype), "x").build()
    kept = [i for i in range(x.ndim) if i not in axis]
    rows = x.transpose(*kept, *axis)
    indices = [*np.ndindex(rows.shape[: len(kept)])]
    type_of_sums = {"b": np.int64, "i": np.int64, "u": np.uint64}.get(x.dtype.kind, np.float64)
    keywords = {"axis": axis, **options(data, executor)}
    if type_of_sums != np.float64 and any(exactly(rows[index]) > np.iinfo(type_of_sums).max for index in indices):
        with pytest.raises(OverflowError):
            kernels.sum_of_squares(operand, **keywords)
        return
    sums = kernels.sum_of_squares(operand, **keywords)
    assert sums.dtype == type_of_sums
    assert sums.shape == rows.shape[: len(kept)]
    for index in indices[:: len(indices) // 50 + 1]:
        assert_sum_within_bound(sums[index], rows[index])


@given(data=st.data(), dtypes=st.tuples(*[st.sampled_from(MULTIPLIED)] * 2), is_one_dtype=st.booleans())
def test_any_product_is_within_the_bound(kernels, executor, data, dtypes, is_one_dtype):
    a_shape, b_shape = data.draw(factors(size_for(kernels, 100_000)), "shapes")
    a_operand, a, a_memory = data.draw(operands(a_shape, dtypes[0]), "a").build()
    b_operand, b, b_memory = data.draw(operands(b_shape, dtypes[0 if is_one_dtype else 1]), "b").build()
    before = a_memory.tobytes(), b_memory.tobytes()
    result = kernels.matmul(a_operand, b_operand, **options(data, executor))
    assert_product_within_bound(result, a, b)

    dtype = np.asarray(result).dtype
    out_dtypes = [dtype, dtype, dtype.newbyteorder(), np.dtype(WIDEST[dtype.kind])]
    out_layout = data.draw(layouts(np.ndim(result), WRITABLE_STEPS), "layout of out")
    zeros = np.zeros(np.shape(result), data.draw(st.sampled_from(out_dtypes), "dtype of out"))
    out, memory = out_layout.at_most(LONGEST, zeros.shape).copy_of(zeros)
    memory_of_zeros = memory.tobytes()
    is_view = data.draw(st.booleans(), "out is a memoryview") and out.dtype.isnative
    out_operand = memoryview(out) if is_view else out
    assert kernels.matmul(a_operand, b_operand, out=out_operand, **options(data, executor)) is out_operand
    assert_product_within_bound(out.astype(dtype), a, b)
    as_bytes(out)[...] = bytes(out.itemsize)
    assert memory.tobytes() == memory_of_zeros, "bytes around out have changed"
    assert (a_memory.tobytes(), b_memory.tobytes()) == before


@given(data=st.data(), dtype=st.sampled_from(MULTIPLIED))
def test_out_can_overlap_the_operands_at_any_offset(kernels, executor, data, dtype):
    """a, b and out are parts of one memory. Most often the last element of one is the first one of another."""
    shape = dict(zip("ab", data.draw(factors(size_for(kernels, 30_000), max_stack=12), "shapes"), strict=True))
    shape["out"] = np.matmul(*(np.zeros(shape[name], bool) for name in "ab")).shape
    layout = {
        name: data.draw(layouts(len(shape[name]), STEPS if name != "out" else WRITABLE_STEPS), name) for name in shape
    }
    layout = {name: layout[name].at_most(100_000, shape[name]) for name in shape}
    length = {name: layout[name].strides(shape[name])[2] for name in shape}

    def distance(name, other):
        any_distance = st.integers(-length[name], length[other])
        return data.draw(st.sampled_from([1 - length[name], length[other] - 1]) | any_distance, f"{other} to {name}")

    start = {"a": 0, "b": distance("b", "a")}
    neighbour = data.draw(st.sampled_from("ab"), "neighbour of out")
    start["out"] = start[neighbour] + distance("out", neighbour)
    lowest = min(start.values())
    numbers = small_integers(dtype, (max(start[name] + length[name] for name in start) - lowest,))
    memory = np.zeros(numbers.nbytes + 8, np.uint8)
    shift = {"a": layout["a"].shift, "b": layout["a"].shift, "out": layout["out"].shift}
    np.ndarray(numbers.shape, dtype, memory, shift["a"])[...] = numbers
    a, b, out = (
        replace(layout[name], shift=shift[name]).array(
            shape[name], dtype, memory, (start[name] - lowest) * numbers.itemsize
        )
        for name in ("a", "b", "out")
    )
    a_copy, b_copy, out_copy, memory_copy = a.copy(), b.copy(), as_bytes(out).copy(), memory.copy()
    assert kernels.matmul(a, b, out=out, **options(data, executor)) is out
    assert_exact_product(out.copy(), a_copy, b_copy)
    as_bytes(out)[...] = out_copy
    np.testing.assert_array_equal(memory, memory_copy, "bytes around out have changed")


OVERLAPPING_SHAPES = [
    ((70, 30), (30, 90)),
    ((70, 30), (30,)),
    ((30,), (30, 300)),
    ((7, 30, 9), (9, 30)),
    ((30, 9), (7, 9, 30)),
    ((2, 3, 4, 9, 5), (2, 3, 4, 5, 7)),
]


@pytest.mark.parametrize("step", [1, -1], ids=["forwards", "backwards"])
@pytest.mark.parametrize("overlapped", ["a", "b"])
@pytest.mark.parametrize("shapes", OVERLAPPING_SHAPES, ids=str)
def test_out_can_overlap_an_operand_by_one_element(kernels, shapes, overlapped, step):
    """The first element of out is the last one of an operand, which is read after the first one of out is written."""
    for dtype in "fdFDiqe" if kernels.name == "compiled" else "d":
        a, b = (small_integers(dtype, shape) + np.dtype(dtype).type(9) for shape in shapes)
        expected = np.matmul(a, b)
        operand = a if overlapped == "a" else b
        memory = np.zeros(operand.size + expected.size - 1, dtype)[::step]
        view, out = memory[: operand.size].reshape(operand.shape), memory[operand.size - 1 :].reshape(expected.shape)
        view[...] = operand
        assert kernels.matmul(*((view, b) if overlapped == "a" else (a, view)), out=out) is out
        np.testing.assert_array_equal(out, expected)


CARRIES = {"short rows": (7, 5, 9, 6, 211), "long rows": (2, 3, 4, 5, 3300)}


@pytest.mark.parametrize("dtype", "BhfdD")
@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("shape", CARRIES.values(), ids=CARRIES)
def test_sums_over_five_axes_that_do_not_merge_are_exact(kernels, executor, shape, step, dtype):
    """The sum has four chunks. Every axis ends many times within a chunk, and chunks begin and end within rows."""
    shape = shape if kernels.name == "compiled" else (2, 3, 4, 2, 5)
    values = np.random.default_rng(18).integers(1, 100, shape)
    squares = values**2
    for order in ((0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)):
        x, _ = with_gaps(order, step).copy_of(values.astype(dtype))
        assert all(x.strides[i] != x.shape[j] * x.strides[j] for i, j in pairwise(order))
        for threads in (1, 7, executor):
            assert kernels.sum_of_squares(x, threads=threads) == squares.sum()
        sums = kernels.sum_of_squares(x, axis=(4, 3, 2, 1), threads=executor)
        np.testing.assert_array_equal(sums, squares.sum(axis=(1, 2, 3, 4)))
        sums = kernels.sum_of_squares(x, axis=(2, 4), threads=executor)
        np.testing.assert_array_equal(sums, squares.sum(axis=(2, 4)))


STACKS = [
    ((2, 3, 4, 100, 90), (2, 3, 4, 90, 110)),
    ((2, 1, 4, 100, 90), (3, 1, 90, 110)),
    ((4, 100, 90), (2, 3, 1, 90, 110)),
    ((340, 310), (310, 345)),  # two bands
]


@pytest.mark.parametrize("shapes", STACKS, ids=str)
def test_every_matrix_and_band_of_a_stack_with_gaps_is_multiplied(kernels, executor, shapes):
    if kernels.name == "pure":
        shapes = [[min(side, 4) for side in shape] for shape in shapes]
    a, b = (small_integers("d", shape) for shape in shapes)
    expected = np.matmul(a, b)
    for reverse in (False, True):
        a_view, b_view, out = (
            with_gaps(sorted(range(x.ndim), reverse=reverse)).copy_of(x)[0] for x in (a, b, np.zeros_like(expected))
        )
        for threads in (1, executor):
            np.testing.assert_array_equal(kernels.matmul(a_view, b_view, threads=threads), expected)
            kernels.matmul(a_view, b_view, out=out, threads=threads)
            np.testing.assert_array_equal(out, expected)
            out[...] = 0
