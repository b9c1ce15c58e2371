"""What other Cython code can cimport: the loop nest alone, to be called from a `nogil` block of its own."""

cdef void polyval_nogil(
    const double *c, Py_ssize_t terms, const double *x, double *out, Py_ssize_t n
) noexcept nogil
