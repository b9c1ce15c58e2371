"""The problem that the three acts pass on: a stack of matrix products, and the plan to compute it."""

from nogil_kernels.compiled.matmul.tiles cimport nk_matmul_kernel, nk_matmul_narrow, nk_matmul_tile
from nogil_kernels.compiled.shared.buffers cimport MAX_NDIM, Kind


cdef struct Matrix:
    char *data
    Py_ssize_t rows, columns
    Py_ssize_t row_stride, column_stride  # in bytes


cdef struct Problem:
    # A stack of products C := A @ B, all of the same size.
    # Act 1 fills in:
    Kind kind
    const nk_matmul_kernel *kernel    # the tiles for this kind
    Py_ssize_t m, n, k
    Matrix A, B, C                    # the first ones of the stack
    int ndim                          # of the stack, without the last two axes
    Py_ssize_t[MAX_NDIM] shape
    Py_ssize_t[MAX_NDIM] a_strides    # 0 along axes that A is broadcast along
    Py_ssize_t[MAX_NDIM] b_strides    # the same for B
    Py_ssize_t[MAX_NDIM] c_strides
    Py_ssize_t matrices               # the number of products in the stack
    # Act 2 fills in:
    const nk_matmul_tile *tile        # the kernel's tile for this shape
    const nk_matmul_narrow *narrow    # a faster tile for integers that fit 32 bits, or NULL
    Py_ssize_t MR, NR, NC, KC         # rows and columns of a tile; columns and rows of a block of B
    Py_ssize_t row_step, column_step  # bands are cut at multiples of these
    bint pack_a, pack_b
    bint one_tile                     # the product is one tile, and no panel is packed
    bint symmetric                    # A.T @ A or A @ A.T: bands below the diagonal are copies of those above
    Py_ssize_t bands_down, bands_across  # of each matrix: one below another, and side by side
    Py_ssize_t bands                     # of all matrices
    Py_ssize_t tasks                     # equal shares of the bands; at most this many threads work
    bint release_gil
    bint is_short                        # so short that nothing needs to interrupt it


cdef inline char *at(const Matrix *matrix, Py_ssize_t row, Py_ssize_t column) noexcept nogil:
    return matrix.data + row * matrix.row_stride + column * matrix.column_stride


cdef inline Py_ssize_t rounded_up(Py_ssize_t value, Py_ssize_t step) noexcept nogil:
    return (value + step - 1) // step * step
