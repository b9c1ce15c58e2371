"""Act 2, plan: choose tile, packing and block sizes, whether to release the GIL, and how threads share the work."""

from nogil_kernels.compiled.matmul.bands cimport cut_into_bands
from nogil_kernels.compiled.matmul.narrow cimport narrow_for
from nogil_kernels.compiled.matmul.panels cimport reads_b_in_place
from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem
from nogil_kernels.compiled.matmul.symmetric cimport cut_symmetric
from nogil_kernels.compiled.matmul.tiles cimport nk_matmul_kernel, nk_matmul_tile
from nogil_kernels.compiled.shared.gil cimport is_unshared, release_wanted


cdef enum:
    # The most rows of a block of B. All of C is read and written once per KC rows, so few large blocks are better. L1
    # is the limit: it keeps a panel of A (MR x KC) while B streams through. 4 x 512 float64 (AVX2) are 16 KiB of 32,
    # and 8 x 512 (AVX-512) are 32 KiB of 48. n = 1024 is 2 to 3 % faster than with a limit of 256.
    KC_MAX = 512
    # The most elements of a dot product at a time. All rows of A use the same part of B: 16 KiB of float64 stay in L1.
    DOT_KC_MAX = 2048
    # The shortest dot product that uses the dots tile: for shorter ones, adding up the lanes takes longer than the
    # multiplications. If A has at most dots.mr rows, any k uses the tile.
    DOT_K = 16
    # The most bytes of a packed block of B: half of an L2 of 2 MiB, or all of an L2 of 1 MiB.
    BLOCK_B_BYTES = 1024 * 1024
    # B is packed if several panels of A read it, and their number times B's row stride in bytes exceeds PACK_B_REACH.
    # With long strides each row of B is on a page of its own, or nearly so. If the stride is a multiple of PAGE, the
    # rows also share sets of L1, so half of the limit applies. Against the rule, packing B costs half of the speed at
    # m = 8 and a tenth at m = 128, and not packing it costs a third at m = 8 and half at m = 128.
    PACK_B_REACH = 16 * 1024
    PAGE = 4096
    # The fewest rows of B worth packing: fewer rows stay in the TLB and in the ways of L1.
    PACK_B_ROWS = 32
    # A is packed if its rows are not contiguous and each of its panels is used with more than this many panels of B.
    # Contiguous rows stay in L1 without packing, and packing them cost a tenth at n = 1024.
    PACK_A_PANELS = 4
    # gil="auto" holds the GIL for at most this many multiply-adds (gil.pxd has the reason). They take 14 us with
    # AVX-512, 30 us with AVX2, 50 us with SSE2. An element moved to or from memory counts as 16 multiply-adds, so the
    # limit is 400 000 / 16 = 25 000 float64: 200 kB, 30 us at 6.5 GB/s.
    AUTO_HOLD_WORK = 400_000
    MOVE_WORK = 16
    # The smallest task worth sharing: two submits and their results cost 80 us, AVX-512 takes 400 us for such a task.
    TASK_WORK = 1 << 24


cdef inline void transpose(Matrix *matrix) noexcept nogil:
    matrix.rows, matrix.columns = matrix.columns, matrix.rows
    matrix.row_stride, matrix.column_stride = matrix.column_stride, matrix.row_stride


cdef inline void transpose_all(Problem *p) noexcept nogil:
    """Replace the problem by C.T := B.T @ A.T, which adds the same products in the same order."""
    cdef int axis
    p.A, p.B = p.B, p.A
    transpose(&p.A)
    transpose(&p.B)
    transpose(&p.C)
    p.m, p.n = p.n, p.m
    for axis in range(p.ndim):
        p.a_strides[axis], p.b_strides[axis] = p.b_strides[axis], p.a_strides[axis]


cdef inline const nk_matmul_tile *tile_for(const Problem *p) noexcept nogil:
    if p.n == 1 and p.A.column_stride == p.kernel.element_size and p.kernel.dots.run != NULL and \
            (p.k >= DOT_K or p.m <= p.kernel.dots.mr):
        return &p.kernel.dots
    return &p.kernel.row if p.m == 1 else &p.kernel.block


cdef inline bint is_b_worth_packing(const Problem *p) noexcept nogil:
    cdef Py_ssize_t stride = max(p.B.row_stride, -p.B.row_stride), panels = (p.m + p.MR - 1) // p.MR
    cdef Py_ssize_t reach = PACK_B_REACH if stride % PAGE else PACK_B_REACH // 2
    return p.k >= PACK_B_ROWS and panels > 1 and panels * stride > reach


cdef inline bint better_transposed(const Problem *p) noexcept nogil:
    """Return whether C has contiguous columns and no contiguous rows. If A or B is a vector, test the other one."""
    cdef Py_ssize_t element_size = p.kernel.element_size
    if p.n == 1 and p.A.column_stride != element_size:
        return p.A.row_stride == element_size
    if p.m == 1 and p.B.column_stride != element_size:
        return p.B.row_stride == element_size
    return p.m > 1 and p.n > 1 and p.C.column_stride != element_size and p.C.row_stride == element_size


cdef inline void plan_blocks(Problem *p) noexcept nogil:
    """Plan one product from its operands alone, so that the number of threads changes no bit of it."""
    cdef const nk_matmul_kernel *kernel = p.kernel
    cdef Py_ssize_t element_size = kernel.element_size, blocks = 1, max_kc
    if better_transposed(p):
        transpose_all(p)
    p.tile = tile_for(p)
    p.MR, p.NR = p.tile.mr, p.tile.nr
    cdef bint is_dots = p.tile == &kernel.dots
    max_kc = DOT_KC_MAX if is_dots else KC_MAX
    if p.k > max_kc:
        blocks = (p.k + max_kc - 1) // max_kc
    p.KC = max(1, p.k if blocks == 1 else (p.k + blocks - 1) // blocks)  # k = 600 gives 2 x 300, not 512 + 88
    p.NC = max(1, BLOCK_B_BYTES // (p.KC * p.NR * element_size)) * p.NR
    p.pack_b = p.B.row_stride != element_size if is_dots else p.B.column_stride != element_size or is_b_worth_packing(p)
    p.pack_a = p.A.column_stride != element_size and p.n > PACK_A_PANELS * p.NR
    p.one_tile = p.m <= p.MR and p.n <= p.NR and p.k <= p.KC and not p.pack_a and reads_b_in_place(p, p.n)
    p.row_step, p.column_step = p.MR, p.NR
    p.bands_down = p.bands_across = 1
    p.symmetric = cut_symmetric(p)
    p.narrow = narrow_for(p)


cdef inline int plan_sharing(Problem *p, object gil, object threads) except -1:
    """Decide from the amount of work whether to release the GIL, and cut it into bands and tasks."""
    cdef double products = <double> p.matrices * p.m * p.n * p.k * p.kernel.multiply_adds
    cdef double moves = <double> p.matrices * (<double> p.m * p.k + <double> p.k * p.n + <double> p.m * p.n)
    cdef double work = products + MOVE_WORK * moves
    p.is_short = work <= AUTO_HOLD_WORK
    p.release_gil = release_wanted(gil, threads, not p.is_short)
    p.tasks = <Py_ssize_t> min(work / TASK_WORK, 1e6)  # the most that are worth sharing; task_count() chooses
    if is_unshared(threads, p.tasks):
        p.tasks = 1
    else:
        from nogil_kernels import threads as sharing
        p.tasks = sharing.task_count(p.tasks, threads, p.release_gil)
    if p.matrices == 0 or p.m == 0 or p.n == 0:
        p.bands = 0
        return 0
    if p.tasks > p.matrices:
        cut_into_bands(p, (p.tasks + p.matrices - 1) // p.matrices)
    p.bands = p.matrices * p.bands_down * p.bands_across
    p.tasks = min(p.tasks, p.bands)
    return 0
