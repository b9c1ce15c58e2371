# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, autotestdict=False
"""The kernels: a loop nest that needs no Python, and a function that calls it with the GIL released or held."""

from your_kernels.buffers cimport check_aligned
from your_kernels.gil cimport release_wanted


cdef enum:
    # Sums side by side. One alone waits four cycles for each addition; eight are independent, and make vectors of them.
    LANES = 8
    # gil="auto" holds the GIL for as many numbers at most. Getting it back can take a switch interval, 5 ms, where
    # others run Python: too much for 64 KiB, which take 3 us from cache at 5 numbers a nanosecond, 10 from memory.
    AUTO_HOLD = 16 * 1024


cdef double sum_of_squares_nogil(const float *x, Py_ssize_t n) noexcept nogil:
    """x[0] * x[0] + ... + x[n-1] * x[n-1], in float64, in an order that depends on n alone."""
    cdef double[LANES] sums
    cdef double total = 0
    cdef Py_ssize_t i, lane
    for lane in range(LANES):
        sums[lane] = 0
    for i in range(n // LANES):
        for lane in range(LANES):
            sums[lane] += <double> x[LANES * i + lane] * x[LANES * i + lane]
    for i in range(n - n % LANES, n):
        total += <double> x[i] * x[i]
    for lane in range(LANES):
        total += sums[lane]
    return total


def sum_of_squares(const float[::1] x not None, *, gil="auto"):
    """The sum of v * v over all v in x, a contiguous buffer of float32 with one axis, in float64.

    Squares of float32 are exact in float64, and none is too large for it: only additions round.

    gil: "release" lets other threads run Python meanwhile, "hold" does not, and "auto" releases for long arrays, where
    it pays. All three run the same machine code.

    Raises TypeError for what is no buffer, ValueError or BufferError for another buffer, ValueError for another gil.
    """
    cdef Py_ssize_t n = x.shape[0]
    cdef double total
    check_aligned(&x[0], n, sizeof(float))
    if release_wanted(gil, n > AUTO_HOLD):
        with nogil:
            total = sum_of_squares_nogil(&x[0], n)
    else:
        total = sum_of_squares_nogil(&x[0], n)
    return total
