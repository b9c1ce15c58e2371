"""What other Cython code can cimport: the loop nest alone, to be called from a `nogil` block of its own."""

ctypedef fused real:
    float
    double

cdef Py_ssize_t workspace(Py_ssize_t n, Py_ssize_t k, Py_ssize_t itemsize) noexcept nogil
cdef void matmul_nogil(
    Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, const real *b, real *c, real *packed_a
) noexcept nogil
