"""Calls whose operands begin or end at a page that cannot be accessed. A new process runs them."""

import ctypes
import itertools
import mmap

import numpy as np
from contents import numbers
from layouts import Layout, with_gaps
from operands import small_integers
from test_tiles import CANARY, DTYPES, exact_product, widest

from nogil_kernels import matmul, sum_of_squares

PAGE = mmap.PAGESIZE


class GuardedMemory:
    """Memory between two pages that cannot be accessed. Linux only."""

    def __init__(self, size):
        self.size = -(-size // PAGE) * PAGE
        self.memory = mmap.mmap(-1, self.size + 2 * PAGE)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mprotect.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        for guard in (start, start + PAGE + self.size):
            assert libc.mprotect(guard, PAGE, 0) == 0, ctypes.get_errno()

    def place(self, values, layout, at_end):
        """Return a copy of the values that ends at the last guard page, or begins after the first one."""
        length = layout.strides(values.shape)[2] * values.itemsize
        copy = layout.array(values.shape, values.dtype, self.memory, PAGE + (self.size - length if at_end else 0))
        copy[...] = values
        return copy


ROWS, COLUMNS = Layout((0, 1), (1, 1), (0, 0)), Layout((1, 0), (1, 1), (0, 0))
APART, BACKWARDS = Layout((0, 1), (2, 3), (0, 1)), Layout((0, 1), (-1, -1), (0, 0))
MEMORIES = [GuardedMemory(1 << 20) for _ in range(3)]


def multiply(a, b, at_end=True, layouts=(ROWS, ROWS, ROWS)):
    """Multiply copies of a and b between guard pages."""
    exact = exact_product(a, b)
    a, b, out = (memory.place(*x, at_end) for memory, *x in zip(MEMORIES, (a, b, exact), layouts, strict=True))
    out[...] = CANARY
    matmul(a, b, out=out)
    assert (out == exact).all(), (a.shape, b.shape, a.dtype, layouts)


def all_products():
    """Multiply matrices of every dtype, layout and size around the edges of tiles."""
    for dtype in DTYPES:
        print(dtype, end=" ", flush=True)  # if the process is killed, the last printed dtype failed
        block, row = widest(dtype)
        left, right = small_integers(dtype, (200, 2049), 1), small_integers(dtype, (2049, 200), 2)
        for k, m, n in itertools.product([1, 3], [1, 2, 3, 4, 5, 8, 9], range(1, block + 2)):
            multiply(left[:m, :k], right[:k, :n])
        for layouts in itertools.product([ROWS, COLUMNS], repeat=3):
            for m, k, n in itertools.product([1, 2, 5, 9], [1, 9, 40], [1, 3, 8, block - 1, block + 1, 4 * block + 3]):
                for at_end in (True, False):
                    multiply(left[:m, :k], right[:k, :n], at_end, layouts)
        for layouts in itertools.product([ROWS, APART, BACKWARDS], repeat=3):
            for m, k, n, at_end in [
                (9, 40, block + 1, True),
                (9, 40, block + 1, False),
                (1, 9, 3, True),
                (5, 40, 1, True),
            ]:
                multiply(left[:m, :k], right[:k, :n], at_end, layouts)
        for n in range(1, row + 2):
            multiply(left[:1, :3], right[:3, :n])
            multiply(left[:n, :3], right[:3, :1], True, (COLUMNS, ROWS, ROWS))
        for k in [*range(1, 70), 127, 129, 383, 385, 769, 2047, 2049]:
            for m in (1, 4, 5):
                for at_end in (True, False):
                    multiply(left[:m, :k], right[:k, :1], at_end)
        for at_end in (True, False):  # both operands are packed, because they have many panels
            multiply(left[:150, :20], right[:20, : 3 * block + 1], at_end)
            multiply(left[:150, :20], right[:20, : 4 * block + 1], at_end, (COLUMNS, COLUMNS, ROWS))
            multiply(left[:33, :513], right[:513, :63], at_end)  # two blocks of k, and narrow integers
    print("done")


def all_sums():
    """Sum vectors of every dtype and of lengths around the ends of vectors, rows and blocks; and strided arrays."""
    memory = GuardedMemory(4 << 20)
    lengths = [*range(1, 132), *(n + d for n in (256, 512, 1024, 2048, 4096) for d in (-1, 0, 1)), 123_905, 131_075]
    for dtype in "?bBhHiIqQefdFD":
        print(dtype, end=" ", flush=True)
        values = numbers("any", dtype, lengths[-1], 19)
        tiny = values * np.array(1e-170, dtype) if dtype in "dD" else values  # the kernel reads these twice
        for length, at_end in itertools.product(lengths, (True, False)):
            for x in (values[:length], tiny[:length]) if length < 520 else (values[:length],):
                sum_of_squares(memory.place(x, Layout((0,), (1,), (0,)), at_end))
        for step, length, at_end in itertools.product(
            (2, 3, -1, -5), (1, 2, 7, 63, 64, 2047, 2049, 5000), (True, False)
        ):
            sum_of_squares(memory.place(values[:length], Layout((0,), (step,), (0,)), at_end))
        for shape, at_end in itertools.product([(3, 5, 2, 7, 4), (1, 70, 30), (2, 3, 2050)], (True, False)):
            x = memory.place(values[: np.prod(shape)].reshape(shape), with_gaps(range(len(shape))), at_end)
            sum_of_squares(x)
            if dtype not in "iIqQ":  # the sums of these do not fit
                sum_of_squares(x, axis=-1)
    print("done")
