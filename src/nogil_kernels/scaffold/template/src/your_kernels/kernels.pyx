# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, autotestdict=False
"""The kernels: loop nests without Python objects, and functions that call them with the GIL released or held."""

from your_kernels cimport buffers
from your_kernels.gil cimport release_wanted


cdef enum:
    # The number of independent sums. With a single sum, each addition waits four cycles for the one before. The
    # compiler puts the eight sums into vectors.
    LANES = 8
    # gil="auto" holds the GIL for at most this many numbers. Getting the GIL back can take a switch interval, 5 ms, if
    # other threads run Python. 16 Ki numbers take 3 us from cache at 5 per nanosecond, 13 us from memory at 10 GB/s.
    AUTO_HOLD = 16 * 1024


cdef double sum_of_squares_nogil(const double *x, Py_ssize_t n) noexcept nogil:
    """Return x[0] * x[0] + ... + x[n-1] * x[n-1]. The order of additions depends on n alone."""
    cdef double[LANES] sums
    cdef double total = 0
    cdef Py_ssize_t i, lane
    for lane in range(LANES):
        sums[lane] = 0
    for i in range(n // LANES):
        for lane in range(LANES):
            sums[lane] += x[LANES * i + lane] * x[LANES * i + lane]
    for i in range(n - n % LANES, n):
        total += x[i] * x[i]
    for lane in range(LANES):
        total += sums[lane]
    return total


def sum_of_squares(const double[::1] x not None, *, gil="auto"):
    """Return the sum of v * v over all v in x.

    Parameters
    ----------
    x : buffer of float64
        Contiguous, with one axis.
    gil : {"auto", "release", "hold"}
        "release" lets other threads run Python during the call, "hold" does not. "auto" releases the GIL for long
        arrays. The result and the machine code are the same.

    Raises
    ------
    TypeError, ValueError, BufferError
        If x is not such a buffer, or gil has another value.
    """
    cdef Py_ssize_t n = x.shape[0]
    cdef double total
    buffers.check_aligned(&x[0], n, sizeof(double))
    if release_wanted(gil, n > AUTO_HOLD):
        with nogil:
            total = sum_of_squares_nogil(&x[0], n)
    else:
        total = sum_of_squares_nogil(&x[0], n)
    return total
