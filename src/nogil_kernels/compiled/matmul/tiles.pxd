"""The declarations of tiles.h and narrow.h for Cython."""

from nogil_kernels.compiled.isa.isa cimport nk_isa


cdef extern from "compiled/matmul/tiles.h":
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
    const nk_matmul_kernel *const *nk_matmul_kernels_of(nk_isa isa) noexcept nogil
cdef extern from "compiled/matmul/narrow.h":
    ctypedef struct nk_matmul_narrow:
        const nk_matmul_tile *block
        bint (*fits)(const char *x, Py_ssize_t n) noexcept nogil
    const nk_matmul_narrow *nk_narrow_of(nk_isa isa) noexcept nogil
