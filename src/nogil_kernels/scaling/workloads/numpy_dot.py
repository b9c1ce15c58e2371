"""NumPy's matrix product, which releases the GIL."""

from functools import partial
from importlib.util import find_spec

from ...workers.shared import Folder, mapped
from ...workers.worker import Call, Job
from . import Unavailable, Workload

N = 1000
NEEDED = ("numpy", "threadpoolctl")


class NumpyDot(Workload):
    """numpy.dot of float64 matrices. BLAS is limited to one thread, so that only the workers scale."""

    name = "numpy-dot"
    size = f"numpy.dot of two {N} x {N} float64, BLAS on one thread"

    def __init__(self, folder: Folder) -> None:
        if missing := [name for name in NEEDED if find_spec(name) is None]:
            raise Unavailable(f"{' and '.join(missing)} not found: pip install {' '.join(missing)}")
        from array import array

        self.path = folder.file("numpy-dot", (array("d", [i / 1000 for i in range(1000)]) * N).tobytes())

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:call", (self.path,))

    def missing(self, way: str) -> str:
        return "NumPy does not support subinterpreters with their own GIL" if way == "interpreters" else ""


def call(path: str) -> Call:
    """Return the call, and limit all BLAS libraries of this process to one thread."""
    import numpy
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    threadpool_limits(1, user_api="blas")
    a = numpy.frombuffer(mapped(path)).reshape(N, N)
    return partial(numpy.dot, a, a, out=numpy.empty((N, N)))
