"""The peers on two threads: OpenBLAS with two of its own, and the reading loop, which shows what two cores can read."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from nogil_kernels.measure.ceiling import read

pool = ThreadPoolExecutor(2)

# Setting the number of threads and setting it back takes some 20 us, a thousandth of the call.
np_matmul = ThreadpoolController().wrap(limits=2, user_api="blas")(numpy.matmul)


def read_halves(x: Any) -> None:
    """Read all of x, a half on each of two threads that wait for it; no GIL is held while they read.

    Two streams with prefetching is the way to read memory that `ceiling.read_rates` finds the fastest, or next to it.
    """
    half = x.size // 2
    for done in [pool.submit(read, part, 2, prefetch=True) for part in (x[:half], x[half:])]:
        done.result()
