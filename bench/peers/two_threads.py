"""The peers on two threads: NumPy's matmul with two threads of OpenBLAS, and the ceiling of reading on two cores."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from nogil_kernels.measure.ceiling import read

pool = ThreadPoolExecutor(2)

# Setting and resetting the number of threads takes about 20 us, a thousandth of the call.
np_matmul = ThreadpoolController().wrap(limits=2, user_api="blas")(numpy.matmul)


def read_halves(x: Any) -> None:
    """Read x, one half per thread, with the GIL released.

    In `ceiling.read_rates`, two streams with prefetching are the fastest or second-fastest way to read memory.
    """
    half_size = x.size // 2
    for future in [pool.submit(read, part, 2, prefetch=True) for part in (x[:half_size], x[half_size:])]:
        future.result()
