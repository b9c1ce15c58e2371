"""The function that other Cython modules can call without a GIL: see nogil_kernels/__init__.pxd."""

# C[i, j] := sum(A[i, p] * B[p, j] for p in range(k)), for i < m and j < n. A row stride is the bytes from A[i, j] to
# A[i + 1, j], a column stride those from A[i, j] to A[i, j + 1]. C must overlap neither A nor B. Returns 0. Returns -1
# and leaves C unchanged if there is no memory for a workspace of up to about 1.1 MiB.
cdef int matmul_f64(
    Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
    const double *a, Py_ssize_t a_row_stride, Py_ssize_t a_column_stride,
    const double *b, Py_ssize_t b_row_stride, Py_ssize_t b_column_stride,
    double *c, Py_ssize_t c_row_stride, Py_ssize_t c_column_stride
) noexcept nogil
