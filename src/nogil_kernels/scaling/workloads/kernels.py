"""The kernels of this package with the GIL held and released."""

from __future__ import annotations

from array import array
from functools import partial

from ... import build_info, matmul, sum_of_squares
from ...workers.shared import Folder, mapped
from ...workers.worker import Call, Job
from . import HOLD, RELEASE, Unavailable, Workload

NOT_COMPILED = "the compiled kernels are not in use"
NO_OWN_GIL = "the abi3 build has no kernels for subinterpreters"


def check() -> None:
    """Raise Unavailable on the pure backend. Each worker checks this, because backends of workers can differ."""
    if build_info()["backend"] == "pure":
        raise Unavailable(NOT_COMPILED)


class Kernel(Workload):
    """A kernel on buffers and ranges. Importing NumPy would cost each process 0.1 s."""

    sides = (HOLD, RELEASE)

    def __init__(self, folder: Folder) -> None:
        check()

    def missing(self, way: str) -> str:
        return NO_OWN_GIL if way == "interpreters" and build_info()["abi3"] else ""


class SumOfSquares(Kernel):
    """The same sum as squares-python, in C.

    A call takes a third of a millisecond. Calls of 5 us, on an array that fits L2, would halve the gain of two threads:
    a thread that waits for the GIL sleeps, and wakes up tens of microseconds late.
    """

    name = "sum_of_squares"
    COUNT = 1_000_000
    size = f"sum_of_squares(range({COUNT:_}))"

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:sum_call", (self.COUNT, side))


def sum_call(count: int, gil: str) -> Call:
    check()
    return partial(sum_of_squares, range(count), gil=gil)


class Matmul(Kernel):
    """C = A @ B for square float64 matrices. All workers map the same A and B, and each keeps its own C."""

    name = "matmul"
    N = 512  # 2 * 512**3 = 268 MFLOP: 3 ms at 90 GFLOP/s
    size = f"matmul of two {N} x {N} float64 into a third"

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder)
        numbers = array("d", [i / 1024 for i in range(1024)]) * (self.N * self.N // 1024)
        self.path = folder.file("matmul", numbers.tobytes())

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:matmul_call", (self.path, self.N, side))


def matmul_call(path: str, n: int, gil: str) -> Call:
    """Return a call in which both factors are the matrix in the file."""
    check()
    a = _matrix(memoryview(mapped(path)), n)
    return partial(matmul, a, a, out=_matrix(memoryview(bytearray(8 * n * n)), n), gil=gil)


def _matrix(data: memoryview, n: int) -> memoryview[float]:
    """Return `data` as an n x n float64 matrix."""
    return data.cast("d", [n, n])
