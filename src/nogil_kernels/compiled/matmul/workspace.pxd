"""Scratch memory of one run of the loop nest: a panel of A and a block of B."""

from libc.stdint cimport uintptr_t

from nogil_kernels.compiled.matmul.problem cimport Problem, rounded_up


cdef enum:
    CACHE_LINE = 64
    # The most bytes of a workspace on the stack. If only the last panel of B is packed, it has at most 96 bytes per row
    # (256 if m = 1), so k <= 170 (63) fits. The smallest calls take 0.1 us, so an allocation would slow them.
    SMALL_WORKSPACE = 16 * 1024


cdef struct Workspace:
    # Each run of the loop nest has its own, so concurrent calls share no memory.
    char *a
    char *b


cdef inline Py_ssize_t size_of_a(const Problem *p) noexcept nogil:
    if not p.pack_a:
        return 0
    return rounded_up(p.kernel.block.mr * min(p.KC, p.k) * p.kernel.element_size, CACHE_LINE)


cdef inline Py_ssize_t size_of_workspace(const Problem *p) noexcept nogil:
    """Return the bytes for a panel of A and a block of B, plus room for their alignment."""
    cdef Py_ssize_t columns = 0
    if p.pack_b:
        columns = rounded_up(min(p.NC, p.n), p.NR)
    elif p.tile.nr_step > 1:
        columns = p.NR
    return size_of_a(p) + columns * min(p.KC, p.k) * p.kernel.element_size + CACHE_LINE


cdef inline Workspace workspace_in(const Problem *p, char *scratch) noexcept nogil:
    cdef Workspace space
    space.a = <char *> rounded_up(<Py_ssize_t> <uintptr_t> scratch, CACHE_LINE)
    space.b = space.a + size_of_a(p)
    return space
