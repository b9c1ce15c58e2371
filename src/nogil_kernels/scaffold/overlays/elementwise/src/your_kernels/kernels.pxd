"""The loop nests that other Cython code can cimport and call without the GIL."""

cdef void polyval_nogil(
    const double *c, Py_ssize_t terms, const double *x, double *out, Py_ssize_t n
) noexcept nogil
