"""What other Cython code can cimport: the loop nest alone, to be called from a `nogil` block of its own."""

cdef void axpy_nogil(double a, const double *x, double *y, Py_ssize_t n) noexcept nogil
