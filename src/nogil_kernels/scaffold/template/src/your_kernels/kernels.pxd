"""What other Cython code can cimport: the loop nest alone, to be called from a `nogil` block of its own."""

cdef double sum_of_squares_nogil(const float *x, Py_ssize_t n) noexcept nogil
