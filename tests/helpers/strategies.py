"""Strategies for hypothesis: operands of every dtype, shape, layout, content and container.

They describe operands. An operand is built in the test, so that a failure shows a short description.
"""

import array
import mmap
from dataclasses import dataclass
from functools import cache
from math import prod

import contents
import numpy as np
from hypothesis import strategies as st
from layouts import Layout
from operands import WithDLPack

SUMMED = "?bBhHiIlLqQefdFD"
MULTIPLIED = f"{SUMMED}gG"
# In these lists, values that occur more than once are drawn more often.
CONTAINERS = ("ndarray", "ndarray", "memoryview", "read-only", "byte-swapped", "DLPack", "array", "bytearray", "mmap")
SIZES = st.integers(0, 9) | st.sampled_from([15, 16, 17, 25, 33, 49, 64, 65, 100, 127, 200, 300, 400, 520, 2100])
STEPS = st.sampled_from([1, 1, 1, -1, 2, -3, 0])
WRITABLE_STEPS = st.sampled_from([1, 1, 1, -1, 2, -3])
GAPS = st.sampled_from([0, 0, 1, 5])
LONGEST = 2_000_000  # elements from the first to the last one of an array with gaps

gil_modes = st.sampled_from(["auto", "release", "hold"])
thread_counts = st.integers(1, 7) | st.just("executor")


@dataclass(frozen=True)
class Operand:
    """The description of an operand."""

    dtype: str
    shape: tuple[int, ...]
    layout: Layout
    content: str
    seed: int
    container: str

    def build(self):
        """Return the operand, an ndarray over the same memory, and all of that memory."""
        values = contents.numbers(self.content, self.dtype, self.shape, self.seed)
        return in_container(self.container, values, self.layout)


def cut(shape, size):
    """Return the shape with its longest axes halved until it has at most `size` elements."""
    shape = list(shape)
    while prod(shape) > size:
        shape[shape.index(max(shape))] //= 2
    return tuple(shape)


def in_container(container, values, layout):
    """Return the values in a container, an ndarray over the same memory, and all of that memory.

    A container that cannot have this dtype or these axes is replaced by an ndarray.
    """
    code, is_vector = values.dtype.char, values.ndim == 1
    if container == "array" and is_vector and code in "bBhHiIlLqQfd":
        numbers = array.array(code, values.tobytes())
        return numbers, np.asarray(numbers), np.asarray(numbers)
    if container in ("bytearray", "mmap") and values.size and values.ndim and code in "?bBhHiIlLqQfd":
        memory = bytearray(values.nbytes) if container == "bytearray" else mmap.mmap(-1, values.nbytes)
        view = np.ndarray(values.shape, values.dtype, memory)
        view[...] = values
        is_bytes = is_vector and code == "B"
        return memory if is_bytes else memoryview(memory).cast("B").cast(code, values.shape), view, view
    if container == "byte-swapped":
        values = values.astype(values.dtype.newbyteorder())
    view, memory = layout.at_most(LONGEST, values.shape).copy_of(values)
    if container == "memoryview":
        return memoryview(view), view, memory
    if container == "read-only":
        view.flags.writeable = False
    if container == "DLPack" and code not in "gG":
        return WithDLPack(view), view, memory
    return view, view, memory


@cache
def layouts(ndim, steps=STEPS):
    """Return a strategy for layouts of arrays with ndim axes."""
    return st.builds(
        Layout,
        order=st.permutations(range(ndim)).map(tuple),
        steps=st.tuples(*[steps] * ndim),
        gaps=st.tuples(*[GAPS] * ndim),
        shift=st.sampled_from([0, 0, 0, 1, 4]),
    )


@cache
def content_of(dtype):
    """Return a strategy for the contents of a dtype."""
    return st.sampled_from(contents.INTEGERS if np.dtype(dtype).kind in "biu" else contents.FLOATS)


@st.composite
def shapes(draw, size):
    """Draw a shape of at most 5 axes and `size` elements."""
    remaining, shape = size // draw(st.sampled_from([1, 10, 100, 1000])), []
    for _ in range(draw(st.integers(0, 5))):
        shape.append(min(draw(SIZES), remaining))
        remaining //= max(1, shape[-1])
    return tuple(draw(st.permutations(shape)))


@st.composite
def operands(draw, shape, dtype):
    """Draw an operand of a shape and dtype."""
    return Operand(
        dtype,
        shape,
        draw(layouts(len(shape))),
        draw(content_of(dtype)),
        draw(st.integers(0, 99)),
        draw(st.sampled_from(CONTAINERS)),
    )


@st.composite
def factors(draw, size, max_stack=60):
    """Draw two shapes that matmul accepts, with at most `size` multiply-adds: vectors, matrices or stacks."""
    stack = cut(draw(st.lists(st.integers(0, 5), max_size=3)), max_stack)
    size //= draw(st.sampled_from([1, 10, 100])) * max(1, prod(stack))
    m, k, n = cut([draw(SIZES) for _ in range(3)], size)
    shapes = []
    for matrix in ((m, k), (k, n)):
        own_stack = [draw(st.sampled_from([axis, axis, 1])) for axis in stack]
        shapes.append((*own_stack[draw(st.integers(0, len(stack))) :], *matrix))
    a_is_vector, b_is_vector = draw(st.sampled_from([(0, 0), (0, 0), (0, 0), (1, 0), (0, 1), (1, 1)]))
    return (k,) if a_is_vector else shapes[0], (k,) if b_is_vector else shapes[1]
