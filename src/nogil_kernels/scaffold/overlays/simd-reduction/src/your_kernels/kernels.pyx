# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, autotestdict=False
"""The kernels: the loops of simd.c for this machine, and a function that calls them with the GIL released or held."""

from your_kernels.buffers cimport check_aligned
from your_kernels.gil cimport release_wanted

from your_kernels import isa


cdef extern from "simd.h":
    ctypedef struct simd_kernels:
        double (*sum_of_squares)(const float *x, Py_ssize_t n) noexcept nogil
    const simd_kernels *simd_of(const char *isa) noexcept


cdef bytes name = isa.chosen.encode()
cdef const simd_kernels *simd = simd_of(name)


cdef enum:
    # gil="auto" holds the GIL for as many numbers at most. Getting it back can take a switch interval, 5 ms, where
    # others run Python: too much for 64 KiB, which take 1 us from cache with AVX-512, 3 with SSE2, 10 from memory.
    AUTO_HOLD = 16 * 1024


cdef double sum_of_squares_nogil(const float *x, Py_ssize_t n) noexcept nogil:
    """x[0] * x[0] + ... + x[n-1] * x[n-1], in float64, in an order that depends on n alone."""
    return simd.sum_of_squares(x, n)


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
