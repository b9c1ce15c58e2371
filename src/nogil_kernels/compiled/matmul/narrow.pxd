"""Choose the faster tile of narrow.h for 64-bit integers that fit 32 bits."""

from nogil_kernels.compiled.isa.isa cimport chosen_isa
from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem, at
from nogil_kernels.compiled.matmul.tiles cimport nk_matmul_narrow, nk_matmul_tile, nk_narrow_of
from nogil_kernels.compiled.shared.buffers cimport I64, U64
from nogil_kernels.compiled.shared.interrupts cimport Interrupts, interrupted


cdef enum:
    # are_narrow is called only if each element is used in at least this many products. It costs half a cycle per
    # element. The narrow tile saves an eighth of a cycle per product, 4 cycles in 32 products: much more than a failed
    # check costs.
    NARROW_ROWS = 32
    # Numbers checked between two looks for interrupts: 64 Ki take 0.1 ms at 5 GB/s.
    PIECE = 1 << 16


cdef inline bint is_line_narrow(
    const Problem *p, const char *line, Py_ssize_t count, Interrupts *interrupts
) noexcept nogil:
    """Return whether contiguous numbers fit 32 bits. Return False if interrupted: both tiles give the same result."""
    while count > 0:
        if interrupted(interrupts) or not p.narrow.fits(line, min(PIECE, count)):
            return False
        line += PIECE * p.kernel.element_size
        count -= PIECE
    return True


cdef inline bint are_narrow(
    const Problem *p, const Matrix *matrix, Py_ssize_t i, Py_ssize_t rows, Py_ssize_t j, Py_ssize_t columns,
    Interrupts *interrupts
) noexcept nogil:
    """Return whether a part of a matrix fits 32 bits. Return False, unchecked, if no axis is contiguous."""
    cdef Py_ssize_t line
    if matrix.column_stride == p.kernel.element_size:
        for line in range(i, i + rows):
            if not is_line_narrow(p, at(matrix, line, j), columns, interrupts):
                return False
        return True
    if matrix.row_stride == p.kernel.element_size:
        for line in range(j, j + columns):
            if not is_line_narrow(p, at(matrix, i, line), rows, interrupts):
                return False
        return True
    return False


cdef inline const nk_matmul_narrow *narrow_for(const Problem *p) noexcept nogil:
    """Return the narrow tile if this ISA has one, and the problem has 64-bit integers and uses the tile `block`."""
    cdef const nk_matmul_narrow *narrow
    if (p.kind != I64 and p.kind != U64) or p.tile != &p.kernel.block:
        return NULL
    narrow = nk_narrow_of(chosen_isa())
    return narrow if narrow.block != NULL else NULL


cdef inline const nk_matmul_tile *tile_for_block(
    const Problem *p, const Matrix *A, const Matrix *B, Py_ssize_t m, Py_ssize_t pc, Py_ssize_t kc, Py_ssize_t jc,
    Py_ssize_t nc, Interrupts *interrupts
) noexcept nogil:
    """Return the tile for a block of k: the narrow one if all elements of A and B in it fit 32 bits."""
    if m >= NARROW_ROWS and nc >= NARROW_ROWS and are_narrow(p, B, pc, kc, jc, nc, interrupts) and \
            are_narrow(p, A, 0, m, pc, kc, interrupts):
        return p.narrow.block
    return p.tile
