"""A.T @ A and A @ A.T: compute half of C, and copy the other half."""

from nogil_kernels.compiled.matmul.bands cimport cut
from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem, at
from nogil_kernels.compiled.shared.interrupts cimport Interrupts, interrupted


cdef enum:
    # Of N x N bands, the share (N + 1) / (2 * N) is computed: 53 % for N = 16. A band has at least SYMMETRIC_ROWS rows,
    # because each packs its own B. k is at least SYMMETRIC_K, so that copying half of the elements costs less than it
    # saves.
    SYMMETRIC_BANDS = 16
    SYMMETRIC_ROWS = 128
    SYMMETRIC_K = 192
    MIRROR_ROWS = 8  # rows mirrored at a time


cdef inline bint is_symmetric(const Problem *p) noexcept nogil:
    """Return whether B is A.T and C is large enough to gain from it. C[i, j] and C[j, i] then add the same products."""
    cdef int axis
    for axis in range(p.ndim):
        if p.a_strides[axis] != p.b_strides[axis]:
            return False
    return p.A.data == p.B.data and p.m == p.n and p.m >= 2 * SYMMETRIC_ROWS and p.k >= SYMMETRIC_K and \
        p.A.row_stride == p.B.column_stride and p.A.column_stride == p.B.row_stride and \
        p.C.column_stride == p.kernel.element_size


cdef inline bint cut_symmetric(Problem *p) noexcept nogil:
    """Cut rows and columns alike, so a band's mirror image is a band. If C is not symmetric, only return False."""
    if p.tile != &p.kernel.block or not is_symmetric(p):
        return False
    p.bands_down = p.bands_across = min(SYMMETRIC_BANDS, p.m // SYMMETRIC_ROWS)
    p.row_step = p.column_step = p.NR if p.NR % p.MR == 0 else p.MR * p.NR
    return True


cdef inline bint is_below_diagonal(const Problem *p, Py_ssize_t band) noexcept nogil:
    return band // p.bands_across % p.bands_down > band % p.bands_across


cdef inline void mirror(const Problem *p, const Matrix *C, Py_ssize_t band, Interrupts *interrupts) noexcept nogil:
    """Copy a band above the diagonal to its mirror image, MIRROR_ROWS rows at a time: their cache lines stay in L1."""
    cdef Py_ssize_t down = band // p.bands_across % p.bands_down, across = band % p.bands_across
    cdef Py_ssize_t i = cut(p.m, p.row_step, down, p.bands_down), j = cut(p.n, p.column_step, across, p.bands_across)
    cdef Py_ssize_t row = 0, column, rows
    cdef char *image = C.data + (j - i) * (C.row_stride - C.column_stride)
    if down == across:
        return
    while row < C.rows and not interrupted(interrupts):
        rows = min(MIRROR_ROWS, C.rows - row)
        for column in range(C.columns):  # a row of the image
            p.kernel.pack_panel_b(1, rows, rows, at(C, row, column), 0, C.row_stride,
                                  image + column * C.row_stride + row * C.column_stride)
        row += MIRROR_ROWS
