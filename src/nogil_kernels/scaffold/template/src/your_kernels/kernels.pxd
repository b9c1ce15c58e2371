"""The loop nests that other Cython code can cimport and call without the GIL."""

cdef double sum_of_squares_nogil(const double *x, Py_ssize_t n) noexcept nogil
