# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, autotestdict=False
"""The kernels: loop nests without Python objects, and functions that call them with the GIL released or held."""

from your_kernels cimport buffers
from your_kernels.gil cimport release_wanted


cdef enum:
    # Numbers of x per block. A step is y = y * x + c. It waits eight cycles for the previous step of the same number.
    # 32 numbers, in 16 vectors, keep the processor busy in the meantime.
    LANES = 32
    # gil="auto" holds the GIL for at most this many steps. Getting the GIL back can take a switch interval, 5 ms, if
    # other threads run Python. 32 Ki steps take 4 us at 9 per nanosecond.
    AUTO_HOLD = 32 * 1024
    MOVE_STEPS = 4  # reading x[i] and writing out[i] take as long as 4 steps


cdef void polyval_nogil(
    const double *c, Py_ssize_t terms, const double *x, double *out, Py_ssize_t n
) noexcept nogil:
    """out[i] = (c[0] * x[i] + c[1]) * x[i] + ..."""
    cdef double[LANES] y
    cdef double first = c[0] if terms > 0 else 0, factor
    cdef Py_ssize_t block, i, lane, term
    for block in range(n // LANES):  # all steps of a block come before the next block, so the block stays in cache
        i = block * LANES
        for lane in range(LANES):
            y[lane] = first
        for term in range(1, terms):
            factor = c[term]
            for lane in range(LANES):
                y[lane] = y[lane] * x[i + lane] + factor
        for lane in range(LANES):
            out[i + lane] = y[lane]
    for i in range(n - n % LANES, n):
        y[0] = first
        for term in range(1, terms):
            y[0] = y[0] * x[i] + c[term]
        out[i] = y[0]


def polyval(const double[::1] c not None, const double[::1] x not None, double[::1] out not None, *, gil="auto"):
    """For each i, write the polynomial c[0] * x[i]**(terms - 1) + ... + c[terms - 1] to out[i], by Horner's rule.

    Parameters
    ----------
    c, x : buffers of float64
        Contiguous, with one axis. If c is empty, the result is 0.
    out : writable buffer of float64
        As long as x. It may be x, but must not overlap c or x otherwise. Concurrent calls need different outputs.
    gil : {"auto", "release", "hold"}
        "release" lets other threads run Python during the call, "hold" does not. "auto" releases the GIL for long
        arrays. The result and the machine code are the same.

    Raises
    ------
    TypeError, ValueError, BufferError
        If an argument is not such a buffer, or gil has another value. out is then unchanged.
    """
    cdef Py_ssize_t terms = c.shape[0], n = out.shape[0]
    if x.shape[0] != n:
        raise ValueError(f"x and out must have the same length, got {x.shape[0]} and {n}")
    buffers.check_aligned(&c[0], terms, sizeof(double))
    buffers.check_aligned(&x[0], n, sizeof(double))
    buffers.check_aligned(&out[0], n, sizeof(double))
    if buffers.overlap(&c[0], terms * sizeof(double), &out[0], n * sizeof(double)) or \
            (&x[0] != &out[0] and buffers.overlap(&x[0], n * sizeof(double), &out[0], n * sizeof(double))):
        raise ValueError("out must not share memory with c; it may be x, but must not overlap x otherwise")
    if release_wanted(gil, <double> n * (terms + MOVE_STEPS) > AUTO_HOLD):
        with nogil:
            polyval_nogil(&c[0], terms, &x[0], &out[0], n)
    else:
        polyval_nogil(&c[0], terms, &x[0], &out[0], n)
