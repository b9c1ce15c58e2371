# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, autotestdict=False
"""The kernels: a loop nest that needs no Python, and a function that calls it with the GIL released or held."""

from your_kernels.buffers cimport check_aligned, overlap
from your_kernels.gil cimport release_wanted


cdef enum:
    # Numbers side by side. A step of one waits for its last one, eight cycles; 32 are independent, and make 16 vectors.
    LANES = 32
    # gil="auto" holds the GIL for as many steps at most. Getting it back can take a switch interval, 5 ms, where others
    # run Python: too much for 32 Ki, which take 4 us at 9 a nanosecond.
    AUTO_HOLD = 32 * 1024
    MOVE = 4  # steps that reading x[i] and writing out[i] counts for; where c is short they are all there is


cdef void polyval_nogil(
    const double *c, Py_ssize_t terms, const double *x, double *out, Py_ssize_t n
) noexcept nogil:
    """out[i] := (c[0] * x[i] + c[1]) * x[i] + ...: all steps of some numbers before the next, in registers or close by.

    Steps on whole arrays, one after the other, would read and write memory for every one of them.
    """
    cdef double[LANES] y
    cdef double first = c[0] if terms > 0 else 0, factor
    cdef Py_ssize_t block, i, lane, term
    for block in range(n // LANES):
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
    """out[i] := c[0] * x[i]**(terms - 1) + ... + c[terms - 1], for contiguous buffers of float64 with one axis.

    x and out have one length, and may be the same memory. No coefficient gives zeros. The rule is Horner's:
    (c[0] * x + c[1]) * x + ..., with one rounding a step where the processor multiplies and adds in one, else two.

    gil: "release" lets other threads run Python meanwhile, "hold" does not, and "auto" releases for long arrays, where
    it pays. All three run the same machine code. Threads that write to one out are the caller's to keep apart.

    Raises TypeError for what is no buffer, ValueError or BufferError for another buffer or an out that may not be
    written, ValueError for two lengths, an out that shares memory otherwise, and another gil. out is then as it was.
    """
    cdef Py_ssize_t terms = c.shape[0], n = out.shape[0]
    if x.shape[0] != n:
        raise ValueError(f"x and out must be of one length, not {x.shape[0]} and {n}")
    check_aligned(&c[0], terms, sizeof(double))
    check_aligned(&x[0], n, sizeof(double))
    check_aligned(&out[0], n, sizeof(double))
    if overlap(&c[0], terms * sizeof(double), &out[0], n * sizeof(double)) or \
            (&x[0] != &out[0] and overlap(&x[0], n * sizeof(double), &out[0], n * sizeof(double))):
        raise ValueError("out must not share memory with c, nor with x unless it is x")
    if release_wanted(gil, <double> n * (terms + MOVE) > AUTO_HOLD):
        with nogil:
            polyval_nogil(&c[0], terms, &x[0], &out[0], n)
    else:
        polyval_nogil(&c[0], terms, &x[0], &out[0], n)
