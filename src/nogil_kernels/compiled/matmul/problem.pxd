"""A stack of matrix products: what is multiplied, and how that is cut."""

from nogil_kernels.compiled.matmul.tiles cimport nk_matmul_kernel, nk_matmul_narrow, nk_matmul_tile
from nogil_kernels.compiled.shared.buffers cimport MAX_NDIM, Kind


cdef struct Matrix:
    char *data
    Py_ssize_t rows, columns
    Py_ssize_t row_stride, column_stride  # in bytes


cdef struct Panel:
    const char *data
    Py_ssize_t row_stride, column_stride


cdef struct Problem:
    # A stack of products C := A @ B, all of the same size.
    # Taken:
    Kind kind                         # of element
    const nk_matmul_kernel *kernel    # its tiles
    Py_ssize_t m, n, k
    Matrix A, B, C                    # the first of the stack
    int ndim                          # of the stack
    Py_ssize_t[MAX_NDIM] shape
    Py_ssize_t[MAX_NDIM] a_strides    # 0 where A is the same along that axis
    Py_ssize_t[MAX_NDIM] b_strides
    Py_ssize_t[MAX_NDIM] c_strides
    Py_ssize_t matrices
    # Planned:
    const nk_matmul_tile *tile        # of the kernel's tiles, the one for this shape
    const nk_matmul_narrow *narrow    # a faster one for integers that fit 32 bits; NULL where there is none
    Py_ssize_t MR, NR, NC, KC
    Py_ssize_t row_step, column_step  # bands are cut at multiples of these
    bint pack_a, pack_b
    bint one_tile                     # read where it lies
    bint symmetric                    # A.T @ A or A @ A.T: bands below the diagonal mirror those above
    Py_ssize_t bands_down, bands_across  # of each matrix
    Py_ssize_t bands, bands_per_slice    # of all matrices
    Py_ssize_t tasks                     # shares of the bands, for as many threads at most
    bint release_gil


cdef inline char *at(const Matrix *matrix, Py_ssize_t row, Py_ssize_t column) noexcept nogil:
    return matrix.data + row * matrix.row_stride + column * matrix.column_stride


cdef inline Py_ssize_t rounded_up(Py_ssize_t value, Py_ssize_t step) noexcept nogil:
    return (value + step - 1) // step * step
