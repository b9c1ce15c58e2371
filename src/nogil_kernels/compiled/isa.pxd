"""The C side as Cython sees it: tables of tiles, and those of the instruction set that runs.

The module isa owns every tile; kernels ask it for their table when they are imported, in whichever of their two builds.
"""

from libc.stdint cimport int64_t, uint64_t


cdef extern from "tiles/sum_of_squares.h":
    ctypedef struct nk_sum:
        double hi, lo
        uint64_t words[3]
    ctypedef void (*nk_sum_run)(const void *x, Py_ssize_t n, nk_sum *sum) noexcept nogil
    ctypedef struct nk_sum_tiles:
        nk_sum_run *run  # indexed by Kind
        nk_sum_run *far
        void (*range)(int64_t start, int64_t step, Py_ssize_t n, nk_sum *sum) noexcept nogil
    const nk_sum NK_SUM_ZERO
    enum:
        NK_RUN


cdef extern from "tiles/matmul.h":
    ctypedef struct nk_matmul_tile:
        int mr, nr, nr_step
        void (*run)(
            Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t kc,
            const char *a, Py_ssize_t a_row_stride, Py_ssize_t a_column_stride, const char *b, Py_ssize_t b_row_stride,
            char *c, Py_ssize_t c_row_stride, Py_ssize_t c_column_stride, bint accumulate
        ) noexcept nogil
    ctypedef struct nk_matmul_kernel:
        int element_size, multiply_adds
        void (*pack_panel_a)(
            Py_ssize_t rows, Py_ssize_t kc, const char *a, Py_ssize_t row_stride, Py_ssize_t column_stride, char *packed
        ) noexcept nogil
        void (*pack_panel_b)(
            Py_ssize_t kc, Py_ssize_t columns, Py_ssize_t width,
            const char *b, Py_ssize_t row_stride, Py_ssize_t column_stride, char *packed
        ) noexcept nogil
        nk_matmul_tile block, row, dots
        const nk_matmul_tile *narrow
        bint (*is_narrow)(const char *x, Py_ssize_t n) noexcept nogil
    enum:
        NK_MATMUL_F32, NK_MATMUL_F64, NK_MATMUL_C64, NK_MATMUL_C128, NK_MATMUL_I32, NK_MATMUL_I64
        NK_MATMUL_LONG_DOUBLE, NK_MATMUL_C_LONG_DOUBLE


cdef extern from "tiles/limits.h":
    ctypedef struct nk_arithmetic:
        int multiply_adds
        void (*run)(Py_ssize_t steps) noexcept nogil
    ctypedef void (*nk_read)(const char *x, Py_ssize_t bytes) noexcept nogil
    ctypedef struct nk_limits_tiles:
        nk_arithmetic *arithmetic
        nk_read[2][3] read
    enum:
        NK_LIMITS_F32, NK_LIMITS_F64


cdef const nk_sum_tiles *sum_tiles() noexcept
cdef const nk_matmul_kernel *const *matmul_kernels() noexcept
cdef bint reads_ndarrays(object ndarray) noexcept
