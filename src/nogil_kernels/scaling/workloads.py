"""The workloads: what one worker calls, again and again, on data of its own.

Plain buffers wherever they do: a worker that imports no NumPy starts sooner.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial
from typing import Protocol

from .. import matmul, pure, sum_of_squares

Call = Callable[[], object]

PYTHON, HOLD, RELEASE = "python", "hold", "release"
"""The three sides of the comparison (`nk_gil`): the pure-Python twin, the kernel with the GIL held, and released."""

MIB = 1 << 20


class Workload(Protocol):
    """Something to call in each of the three sides."""

    @property
    def name(self) -> str: ...

    def size(self, gil: str) -> str:
        """What one call works on, for people."""

    def call(self, gil: str) -> Call:
        """The call of one worker, on data that no other worker touches (inputs that are only read may be shared)."""


class SumOfSquares:
    """sum(x[i]**2 for all i) of float64 in memory that fits the worker's L2; the twin sums a list."""

    name = "sum_of_squares"

    # One pass over what fits L2 takes some 5 us. A thread that finds the GIL taken sleeps, and is woken tens of
    # microseconds later: with one pass a call that halved what two threads gained. 64 make it 0.3 ms.
    PASSES = 64
    TWIN = 2048  # about half a millisecond of pure Python

    def __init__(self, l2_bytes: int) -> None:
        # A quarter of L2, since pages that fall into the same of its sets push each other out: of half, now and then so
        # many did that one worker was slower than the other. At most 512 KiB: virtual machines report an L2 they lack.
        self.bytes = min(max(l2_bytes // 4, MIB // 4), MIB // 2) // 8192 * 8192

    def size(self, gil: str) -> str:
        if gil == PYTHON:
            return f"{self.TWIN:,} floats"
        return f"{self.PASSES} passes over {self.bytes // 8:,} float64 ({self.bytes / MIB:.1f} MiB)"

    def call(self, gil: str) -> Call:
        if gil == PYTHON:
            return partial(pure.sum_of_squares, [i / 1024 for i in range(self.TWIN)])
        from numpy import broadcast_to

        count = self.bytes // 8
        return partial(sum_of_squares, broadcast_to(_floats(count), (self.PASSES, count)), gil=gil)


class Matmul:
    """C = A @ B of square float64 matrices, into a C that each worker keeps; the twin multiplies nested lists."""

    name = "matmul"

    N = 512  # 2 * 512**3 = 268 MFLOP: 5 ms at 50 GFLOP/s
    TWIN = 24  # 24**3 multiplications: about a millisecond of pure Python

    def __init__(self) -> None:
        self.a = _matrix(_floats(self.N * self.N), self.N)
        self.b = _matrix(_floats(self.N * self.N), self.N)

    def size(self, gil: str) -> str:
        return f"{self.TWIN} x {self.TWIN} floats" if gil == PYTHON else f"{self.N} x {self.N} float64"

    def call(self, gil: str) -> Call:
        if gil == PYTHON:
            rows = [[(i + j) / 1024 for j in range(self.TWIN)] for i in range(self.TWIN)]
            return partial(pure.matmul, rows, rows)
        out = _matrix(bytearray(8 * self.N * self.N), self.N)
        return partial(matmul, self.a, self.b, out=out, gil=gil)


def _floats(count: int) -> array[float]:
    """`count` float64 between 0 and 1; a multiple of 1024."""
    return array("d", [i / 1024 for i in range(1024)]) * (count // 1024)


def _matrix(data: array[float] | bytearray, n: int) -> memoryview[float]:
    """The n x n float64 matrix that lies in `data`."""
    return memoryview(data).cast("B").cast("d", [n, n])
