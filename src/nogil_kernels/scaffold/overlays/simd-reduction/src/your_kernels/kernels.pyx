# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, autotestdict=False
"""The kernels: the loops of simd.c for this machine, and functions that call them with the GIL released or held."""

from your_kernels cimport buffers
from your_kernels.gil cimport release_wanted

from your_kernels import isa


cdef extern from "simd.h":
    ctypedef struct simd_kernels:
        double (*sum_of_squares)(const double *x, Py_ssize_t n) noexcept nogil
    const simd_kernels *simd_of(const char *isa) noexcept


cdef bytes name = isa.chosen.encode()
cdef const simd_kernels *simd = simd_of(name)


cdef enum:
    # gil="auto" holds the GIL for at most this many numbers. Getting the GIL back can take a switch interval, 5 ms, if
    # other threads run Python. 16 Ki numbers take 1 to 3 us from cache, and 13 us from memory at 10 GB/s.
    AUTO_HOLD = 16 * 1024


cdef double sum_of_squares_nogil(const double *x, Py_ssize_t n) noexcept nogil:
    """Return x[0] * x[0] + ... + x[n-1] * x[n-1]. The order of additions depends on n alone."""
    return simd.sum_of_squares(x, n)


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
