"""Matrix products as the loop nest sees them: where operands lie, how they are cut into bands, blocks and panels."""

from nogil_kernels.compiled.shared.buffers cimport MAX_NDIM
from nogil_kernels.compiled.matmul.tiles cimport nk_matmul_kernel, nk_matmul_tile


cdef enum:
    # Rows of a block of B, in elements. C is read and written once per KC multiply-adds, and a tile begun and ended; a
    # panel of A, MR x KC, stays in L1 while B streams through it: 4 x 512 float64 with AVX2 are 16 KiB of 32, 8 x 512
    # with AVX-512 are 32 KiB of 48. Against 256, n = 1024 gains 2 to 3 %.
    KC_MAX = 512
    # Elements of a dot product at a time, which every row of A meets: 16 KiB of float64 stay in L1.
    DOT_KC_MAX = 2048
    # Elements of a dot product at least, or adding up its lanes takes longer than it; unless there are few.
    DOT_K = 16
    # Bytes of a packed block of B: half of an L2 of 2 MiB, or all of one of 1 MiB.
    BLOCK_B_BYTES = 1024 * 1024
    # B is packed where it is read by more panels of A than its rows, so far apart, can bear: PACK_B_REACH / row stride.
    # Each row then lies on a page of its own or nearly so, and where the stride is a multiple of PAGE, in the same sets
    # of L1, too. Where B is packed for nothing m = 8 and 128 lose half and a tenth, where it is not a third and half.
    PACK_B_REACH = 16 * 1024
    PAGE = 4096
    # Rows of B from which on that matters: fewer stay in the TLB and in the ways of L1.
    PACK_B_ROWS = 32
    # A is packed only where its rows are not contiguous, and more panels of B than this read it: rows that are stay in
    # L1 as they lie, and packing them cost a tenth at n = 1024.
    PACK_A_PANELS = 4
    # A look at each element, half a cycle, pays where it is met in so many products that are an eighth of one faster.
    NARROW_ROWS = 32
    # Rows of B packed at a time, panel after panel: eight streams that are read along their rows, where a panel's own
    # 512 rows lie on as many pages. Gains 2 % at n = 1024.
    PACK_ROWS = 8
    # Of A.T @ A, cut into N x N bands, (N + 1) / (2 * N) are computed: 53 % with 16. They have so many rows at least,
    # as each packs its own B; and so long a k, as each element is copied once more.
    SYMMETRIC_BANDS = 16
    SYMMETRIC_ROWS = 128
    SYMMETRIC_K = 192
    MIRROR_ROWS = 8
    # Columns of a band, at least, in full tiles: each band reads all of A from memory.
    BAND_TILES = 4
    # Rows of a band, at least: each band packs its own B, which costs half a cycle an element, against 128 rows / 16
    # multiply-adds a cycle.
    BAND_ROWS = 128


cdef struct Matrix:
    char *data
    Py_ssize_t rows, columns
    Py_ssize_t row_stride, column_stride  # in bytes


cdef struct Panel:
    const char *data
    Py_ssize_t row_stride, column_stride


cdef struct Problem:
    # A stack of products C := A @ B, all of the same size.
    const nk_matmul_kernel *kernel
    const nk_matmul_tile *tile        # of the kernel's tiles, the one for this shape
    Py_ssize_t m, n, k
    Matrix A, B, C                    # the first of the stack
    int ndim                          # of the stack
    Py_ssize_t[MAX_NDIM] shape
    Py_ssize_t[MAX_NDIM] a_strides    # 0 where A is the same along that axis
    Py_ssize_t[MAX_NDIM] b_strides
    Py_ssize_t[MAX_NDIM] c_strides
    Py_ssize_t matrices
    Py_ssize_t MR, NR, NC, KC
    Py_ssize_t row_step, column_step  # bands are cut at multiples of these
    bint pack_a, pack_b
    bint one_tile                     # read where it lies
    bint symmetric                    # A.T @ A or A @ A.T: bands below the diagonal mirror those above
    Py_ssize_t bands_down, bands_across
    Py_ssize_t bands_per_slice


cdef inline char *at(const Matrix *matrix, Py_ssize_t row, Py_ssize_t column) noexcept nogil:
    return matrix.data + row * matrix.row_stride + column * matrix.column_stride


cdef inline Py_ssize_t rounded_up(Py_ssize_t value, Py_ssize_t step) noexcept nogil:
    return (value + step - 1) // step * step


# ---- panels: packed, or where they lie ----


cdef inline bint reads_b_in_place(const Problem *p, Py_ssize_t nr) noexcept nogil:
    """Whether a panel of B stays where it lies: its rows are contiguous, and nothing beyond their end is read."""
    return not p.pack_b and (nr == p.NR or p.tile.nr_step == 1 or nr % p.tile.nr_step == 0)


cdef inline char *packed_panel_b(const Problem *p, Py_ssize_t kc, Py_ssize_t jr, char *packed) noexcept nogil:
    return packed + (jr * kc * p.kernel.element_size if p.pack_b else 0)  # else only the last panel can be here


cdef inline void pack_block_b(
    const Problem *p, const Matrix *B, Py_ssize_t pc, Py_ssize_t kc, Py_ssize_t jc, Py_ssize_t nc, char *packed
) noexcept nogil:
    """Panels of NR columns, the last one padded to whole vectors; rows that are contiguous PACK_ROWS at a time."""
    cdef Py_ssize_t rows = PACK_ROWS if B.column_stride == p.kernel.element_size else max(1, kc)
    cdef Py_ssize_t pr = 0, jr, nr, width
    while pr < kc:
        jr = 0
        while jr < nc:
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
    """MR rows of A: the tile reads them element by element, at any strides."""
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


# ---- 64-bit integers that fit 32 bits ----


cdef inline bint is_narrow(
    const Problem *p, const Matrix *matrix, Py_ssize_t i, Py_ssize_t rows, Py_ssize_t j, Py_ssize_t columns
) noexcept nogil:
    """Whether all elements of a part of a matrix are narrow. No, where they lie apart: to look would cost too much."""
    cdef Py_ssize_t line
    if matrix.column_stride == p.kernel.element_size:
        for line in range(i, i + rows):
            if not p.kernel.is_narrow(at(matrix, line, j), columns):
                return False
        return True
    if matrix.row_stride == p.kernel.element_size:
        for line in range(j, j + columns):
            if not p.kernel.is_narrow(at(matrix, i, line), rows):
                return False
        return True
    return False


cdef inline const nk_matmul_tile *tile_for_block(
    const Problem *p, const Matrix *A, const Matrix *B, Py_ssize_t m, Py_ssize_t pc, Py_ssize_t kc, Py_ssize_t jc,
    Py_ssize_t nc
) noexcept nogil:
    """The tile for a block of k: with 64-bit integers a faster one where all of A's and B's are narrow."""
    if p.kernel.narrow != NULL and p.tile == &p.kernel.block and m >= NARROW_ROWS and nc >= NARROW_ROWS and \
            is_narrow(p, B, pc, kc, jc, nc) and is_narrow(p, A, 0, m, pc, kc):
        return p.kernel.narrow
    return p.tile


# ---- bands: what threads share ----


cdef inline Py_ssize_t cut(Py_ssize_t size, Py_ssize_t step, Py_ssize_t part, Py_ssize_t parts) noexcept nogil:
    """Where a part begins: whole steps, one more in each of the first: who is last to take a part takes a small one."""
    cdef Py_ssize_t steps = (size + step - 1) // step
    return min(size, (steps // parts * part + min(part, steps % parts)) * step)


cdef inline void find_band(const Problem *p, Py_ssize_t band, Matrix *C, Matrix *A, Matrix *B) noexcept nogil:
    """The parts of C, A and B that belong to a band, counted from matrix to matrix of the stack."""
    cdef Py_ssize_t matrix = band, index, i = 0, j = 0, i_end = p.m, j_end = p.n, part
    cdef int axis
    if p.bands_down * p.bands_across > 1:  # a division takes as long as a row of a small product
        part = matrix % p.bands_across
        j, j_end = cut(p.n, p.column_step, part, p.bands_across), cut(p.n, p.column_step, part + 1, p.bands_across)
        matrix //= p.bands_across
        part = matrix % p.bands_down
        i, i_end = cut(p.m, p.row_step, part, p.bands_down), cut(p.m, p.row_step, part + 1, p.bands_down)
        matrix //= p.bands_down
    A[0] = p.A
    B[0] = p.B
    C[0] = p.C
    A.data += i * A.row_stride
    B.data += j * B.column_stride
    C.data += i * C.row_stride + j * C.column_stride
    C.rows = i_end - i
    C.columns = j_end - j
    for axis in range(p.ndim - 1, -1, -1):
        index = matrix % p.shape[axis] if axis else matrix
        matrix = matrix // p.shape[axis] if axis else 0
        A.data += index * p.a_strides[axis]
        B.data += index * p.b_strides[axis]
        C.data += index * p.c_strides[axis]


cdef inline void cut_into_bands(Problem *p, Py_ssize_t bands) noexcept nogil:
    """Cut each matrix of C into so many bands of whole tiles, or less: columns first, so that B is packed once.

    Rows are cut where columns are too few, and each of those bands packs its own B: no task waits for another one.
    """
    if p.symmetric:  # cut already, and always alike
        return
    p.bands_across = max(1, min(bands, p.n // (BAND_TILES * p.NR)))
    p.bands_down = max(1, min((bands + p.bands_across - 1) // p.bands_across, p.m // BAND_ROWS))


# ---- A.T @ A and A @ A.T: half the work ----


cdef inline bint is_symmetric(const Problem *p) noexcept nogil:
    """Whether B is A transposed, so that C[i, j] and C[j, i] are sums of the same products, and it is worth it."""
    cdef int axis
    for axis in range(p.ndim):
        if p.a_strides[axis] != p.b_strides[axis]:
            return False
    return p.A.data == p.B.data and p.m == p.n and p.m >= 2 * SYMMETRIC_ROWS and p.k >= SYMMETRIC_K and \
        p.A.row_stride == p.B.column_stride and p.A.column_stride == p.B.row_stride and \
        p.C.column_stride == p.kernel.element_size


cdef inline void cut_into_squares(Problem *p) noexcept nogil:
    """Rows and columns at the same places, so that the mirror image of a band is a band."""
    p.bands_down = p.bands_across = min(SYMMETRIC_BANDS, p.m // SYMMETRIC_ROWS)
    p.row_step = p.column_step = p.NR if p.NR % p.MR == 0 else p.MR * p.NR


cdef inline bint is_below_diagonal(const Problem *p, Py_ssize_t band) noexcept nogil:
    return band // p.bands_across % p.bands_down > band % p.bands_across


cdef inline void mirror(const Problem *p, const Matrix *C, Py_ssize_t band) noexcept nogil:
    """Copy a band above the diagonal to its place below: MIRROR_ROWS rows at a time, whose lines stay in L1."""
    cdef Py_ssize_t down = band // p.bands_across % p.bands_down, across = band % p.bands_across
    cdef Py_ssize_t i = cut(p.m, p.row_step, down, p.bands_down), j = cut(p.n, p.column_step, across, p.bands_across)
    cdef Py_ssize_t row = 0, column, rows
    cdef char *image = C.data + (j - i) * (C.row_stride - C.column_stride)
    if down == across:
        return
    while row < C.rows:
        rows = min(MIRROR_ROWS, C.rows - row)
        for column in range(C.columns):  # a row of the image
            p.kernel.pack_panel_b(1, rows, rows, at(C, row, column), 0, C.row_stride,
                                  image + column * C.row_stride + row * C.column_stride)
        row += MIRROR_ROWS


# ---- the plan ----


cdef inline void transpose(Matrix *matrix) noexcept nogil:
    matrix.rows, matrix.columns = matrix.columns, matrix.rows
    matrix.row_stride, matrix.column_stride = matrix.column_stride, matrix.row_stride


cdef inline void transpose_all(Problem *p) noexcept nogil:
    """C.T := B.T @ A.T, the same sums in the same order."""
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


cdef inline bint reads_b_often(const Problem *p) noexcept nogil:
    cdef Py_ssize_t stride = max(p.B.row_stride, -p.B.row_stride), panels = (p.m + p.MR - 1) // p.MR
    cdef Py_ssize_t reach = PACK_B_REACH if stride % PAGE else PACK_B_REACH // 2
    return p.k >= PACK_B_ROWS and panels > 1 and panels * stride > reach


cdef inline bint better_transposed(const Problem *p) noexcept nogil:
    """Rows are what tiles read and write fast: those of C, or of the matrix where the other one is a vector."""
    cdef Py_ssize_t size = p.kernel.element_size
    if p.n == 1 and p.A.column_stride != size:
        return p.A.row_stride == size
    if p.m == 1 and p.B.column_stride != size:
        return p.B.row_stride == size
    return p.m > 1 and p.n > 1 and p.C.column_stride != size and p.C.row_stride == size


cdef inline void plan(Problem *p, const nk_matmul_kernel *kernel) noexcept nogil:
    """How the problem is cut. It follows from sizes and strides alone: no number of threads can change a bit."""
    cdef Py_ssize_t size = kernel.element_size, blocks, kc_max
    p.kernel = kernel
    if better_transposed(p):
        transpose_all(p)
    p.tile = tile_for(p)
    p.MR, p.NR = p.tile.mr, p.tile.nr
    kc_max = DOT_KC_MAX if p.tile == &kernel.dots else KC_MAX
    blocks = max(1, (p.k + kc_max - 1) // kc_max)
    p.KC = max(1, (p.k + blocks - 1) // blocks)  # blocks of one size: 2 x 300 rather than 512 + 88
    p.NC = max(1, BLOCK_B_BYTES // (p.KC * p.NR * size)) * p.NR
    p.pack_b = p.B.row_stride != size if p.tile == &kernel.dots else p.B.column_stride != size or reads_b_often(p)
    p.pack_a = p.A.column_stride != size and p.n > PACK_A_PANELS * p.NR
    p.one_tile = p.m <= p.MR and p.n <= p.NR and p.k <= p.KC and not p.pack_a and reads_b_in_place(p, p.n)
    p.bands_down = p.bands_across = 1
    p.row_step, p.column_step = p.MR, p.NR
    p.symmetric = p.tile == &kernel.block and is_symmetric(p)
    if p.symmetric:
        cut_into_squares(p)
