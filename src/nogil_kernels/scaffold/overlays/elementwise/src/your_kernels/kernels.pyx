# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, autotestdict=False
"""The kernels: a loop nest that needs no Python, and a function that calls it with the GIL released or held."""

from your_kernels.gil cimport release_wanted


cdef enum:
    # gil="auto" holds the GIL for as many numbers at most. Getting it back can take a switch interval, 5 ms, where
    # others run Python: too much for 64 KiB of x and of y, which take 3 us from cache, and 30 from memory at 6.5 GB/s.
    AUTO_HOLD = 8 * 1024


cdef void axpy_nogil(double a, const double *x, double *y, Py_ssize_t n) noexcept nogil:
    """y[i] := a * x[i] + y[i]. The C compiler makes vectors of it, and looks first whether x and y overlap."""
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = a * x[i] + y[i]


def axpy(double a, const double[::1] x not None, double[::1] y not None, *, gil="auto"):
    """y := a * x + y, in place, for contiguous buffers of float64 with one axis and of one length.

    gil: "release" lets other threads run Python meanwhile, "hold" does not, and "auto" releases for long arrays, where
    it pays. All three run the same machine code. Threads that write to one y at a time are the caller's to keep apart.

    Raises TypeError for what is no buffer, ValueError or BufferError for another buffer or one that may not be written,
    ValueError for two lengths and for another gil. y is then as it was.
    """
    cdef Py_ssize_t n = y.shape[0]
    if x.shape[0] != n:
        raise ValueError(f"x and y must be of one length, not {x.shape[0]} and {n}")
    if release_wanted(gil, n > AUTO_HOLD):
        with nogil:
            axpy_nogil(a, &x[0], &y[0], n)
    else:
        axpy_nogil(a, &x[0], &y[0], n)
