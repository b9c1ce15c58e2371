"""Panels of A and B, packed or in place."""

from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem, at, rounded_up
from nogil_kernels.compiled.shared.interrupts cimport Interrupts, interrupted


cdef enum:
    # B is packed this many rows at a time, panel after panel. Eight rows are eight sequential streams. All 512 rows of
    # one panel would be on 512 pages. n = 1024 gains 2 %.
    PACK_ROWS = 8


cdef struct Panel:
    const char *data
    Py_ssize_t row_stride, column_stride


cdef inline bint reads_b_in_place(const Problem *p, Py_ssize_t nr) noexcept nogil:
    """Return whether a panel of B is read in place: B is not packed, and the tile reads nothing beyond its columns."""
    return not p.pack_b and (nr == p.NR or p.tile.nr_step == 1 or nr % p.tile.nr_step == 0)


cdef inline char *packed_panel_b(const Problem *p, Py_ssize_t kc, Py_ssize_t jr, char *packed) noexcept nogil:
    # without pack_b, only the last panel is packed, at the start of the memory
    return packed + (jr * kc * p.kernel.element_size if p.pack_b else 0)


cdef inline void pack_block_b(
    const Problem *p, const Matrix *B, Py_ssize_t pc, Py_ssize_t kc, Py_ssize_t jc, Py_ssize_t nc, char *packed,
    Interrupts *interrupts
) noexcept nogil:
    """Pack panels of NR columns, the last one padded to whole vectors. Pack contiguous rows PACK_ROWS at a time.

    If elements are on pages of their own, a block takes 0.1 s and a panel at most 10 ms, so the loop looks for
    interrupts at each panel.
    """
    cdef Py_ssize_t rows = PACK_ROWS if B.column_stride == p.kernel.element_size else max(1, kc)
    cdef Py_ssize_t pr = 0, jr, nr, width
    while pr < kc:
        jr = 0
        while jr < nc and not interrupted(interrupts):
            nr = min(p.NR, nc - jr)
            if not reads_b_in_place(p, nr):
                width = rounded_up(nr, p.tile.nr_step)
                p.kernel.pack_panel_b(
                    min(rows, kc - pr), nr, width, at(B, pc + pr, jc + jr), B.row_stride, B.column_stride,
                    packed_panel_b(p, kc, jr, packed) + pr * width * p.kernel.element_size
                )
            jr += p.NR
        pr += rows


cdef inline Panel panel_b(
    const Problem *p, const Matrix *B, Py_ssize_t pc, Py_ssize_t kc, Py_ssize_t jc, Py_ssize_t jr, Py_ssize_t nr,
    char *packed
) noexcept nogil:
    """Return a panel of B, packed or in place. column_stride is not set: the elements of a row are contiguous."""
    cdef Panel panel
    if reads_b_in_place(p, nr):
        panel.data = at(B, pc, jc + jr)
        panel.row_stride = B.row_stride
    else:
        panel.data = packed_panel_b(p, kc, jr, packed)
        panel.row_stride = rounded_up(nr, p.tile.nr_step) * p.kernel.element_size
    return panel


cdef inline Panel panel_a(
    const Problem *p, const Matrix *A, Py_ssize_t ic, Py_ssize_t mr, Py_ssize_t pc, Py_ssize_t kc, char *packed
) noexcept nogil:
    """Return a panel of mr <= MR rows of A, packed if the plan packs A. The tile reads elements at any strides."""
    cdef Panel panel
    if p.pack_a:
        p.kernel.pack_panel_a(mr, kc, at(A, ic, pc), A.row_stride, A.column_stride, packed)
        panel.data = packed
        panel.row_stride = p.kernel.element_size
        panel.column_stride = p.kernel.block.mr * p.kernel.element_size
    else:
        panel.data = at(A, ic, pc)
        panel.row_stride = A.row_stride
        panel.column_stride = A.column_stride
    return panel
