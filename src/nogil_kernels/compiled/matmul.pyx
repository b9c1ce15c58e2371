# cython: freethreading_compatible=True
"""C := A @ B, packed and blocked: the loop nest, the GIL switch, the public function."""

from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.stdint cimport uintptr_t

from nogil_kernels.compiled cimport buffers
from nogil_kernels.compiled.buffers cimport Kind, PyErr_CheckSignals, one_thread, release_wanted, take

from nogil_kernels.compiled.isa import chosen


cdef void multiply(const Problem *p, Matrix C, Matrix A, Matrix B, Workspace space) noexcept nogil:
    """C := A @ B: the loops around the tile.

    After GotoBLAS (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008): a block KC x NC of B is packed
    into panels that stay in L2, a panel MR x KC of A into one that stays in L1. The first block of k overwrites C, the others add.
    """
    cdef Py_ssize_t jc = 0, pc, ic, jr, nc, kc, mr, nr
    cdef Panel a, b
    while jc < C.columns:
        nc = min(p.NC, C.columns - jc)
        pc = 0
        while pc == 0 or pc < p.k:  # once where k is 0, to write zeros
            kc = min(p.KC, p.k - pc)
            pack_block_b(p, &B, pc, kc, jc, nc, space.b)
            ic = 0
            while ic < C.rows:
                mr = min(p.MR, C.rows - ic)
                a = panel_a(p, &A, ic, mr, pc, kc, space.a)
                jr = 0
                while jr < nc:
                    nr = min(p.NR, nc - jr)
                    b = panel_b(p, &B, pc, kc, jc, jr, nr, space.b)
                    p.kernel.tile(mr, nr, kc, a.data, a.row_stride, a.column_stride, b.data, b.row_stride,
                                  at(&C, ic, jc + jr), C.row_stride, C.column_stride, pc > 0)
                    jr += p.NR
                ic += p.MR
            pc += p.KC
        jc += p.NC


cdef void multiply_bands(const Problem *p, Py_ssize_t first, Py_ssize_t last, Workspace space) noexcept nogil:
    """Bands of the stack of matrices, counted from matrix to matrix: what is shared among threads."""
    cdef Py_ssize_t band
    cdef Matrix A, B, C
    for band in range(first, last):
        find_band(p, band, &C, &A, &B)
        multiply(p, C, A, B, space)


cdef int run(const Problem *p, Py_ssize_t first, Py_ssize_t last, bint release_gil) except -1:
    """The GIL switch: one loop nest, the GIL released or held; slice by slice, to look for Ctrl-C in between."""
    cdef Py_ssize_t stop
    cdef Workspace space = new_workspace(p)
    try:
        while first < last:
            stop = min(first + p.bands_per_slice, last)
            if release_gil:
                with nogil:
                    multiply_bands(p, first, stop, space)
            else:
                multiply_bands(p, first, stop, space)
            first = stop
            if first < last:
                PyErr_CheckSignals()
    finally:
        PyMem_RawFree(space.memory)
    return 0


cdef enum:
    # Rows of a packed block of B, in elements. A panel of A, MR x KC, stays in L1 beside the panel of B that streams through:
    # 8 x 256 float64 are 16 KiB of 32 to 48. C is read and written once per KC multiply-adds of each element.
    KC_MAX = 256
    # Bytes of a packed block of B: half of an L2 of 2 MiB, or all of one of 1 MiB.
    BLOCK_B_BYTES = 1024 * 1024
    # B is packed where more panels of A than this will read it.
    PACK_B_PANELS = 8
    # A is packed where more panels of B than this will read it.
    PACK_A_PANELS = 4
    # gil="auto" holds the GIL for at most this much work, since getting it back can cost a switch interval (5 ms) where other
    # threads run Python: 400 000 multiply-adds take 14 us with AVX-512, 30 us with AVX2, 90 us with SSE2. Moving an element to or
    # from memory counts as 16: 25 000 float64 are 200 kB, 30 us at 6.5 GB/s.
    AUTO_HOLD_WORK = 400_000
    MOVE_WORK = 16
    # A task worth submitting: two submits and their results cost 80 us; 2**24 multiply-adds take 600 us with AVX-512.
    TASK_WORK = 1 << 24
    # More tasks than workers even out a slow core.
    TASKS_PER_WORKER = 4
    # Between two looks for Ctrl-C: 2**32 multiply-adds take a sixth of a second with AVX-512, one second with SSE2.
    SLICE_WORK = 1 << 31
    ALIGNMENT = 64  # of packed panels: a cache line
    MAX_NDIM = 64   # of the buffer protocol: PyBUF_MAX_NDIM


cdef extern from "tiles/matmul.h":
    ctypedef struct nk_matmul_kernel:
        int element_size, multiply_adds, mr, nr, nr_step
        void (*pack_panel_a)(Py_ssize_t rows, Py_ssize_t kc, const char *a, Py_ssize_t row_stride, Py_ssize_t column_stride,
                             char *packed) noexcept nogil
        void (*pack_panel_b)(Py_ssize_t kc, Py_ssize_t columns, Py_ssize_t width, const char *b, Py_ssize_t row_stride,
                             Py_ssize_t column_stride, char *packed) noexcept nogil
        void (*tile)(Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t kc, const char *a, Py_ssize_t a_row_stride,
                     Py_ssize_t a_column_stride, const char *b, Py_ssize_t b_row_stride, char *c, Py_ssize_t c_row_stride,
                     Py_ssize_t c_column_stride, bint accumulate) noexcept nogil
    enum:
        NK_F32, NK_F64, NK_C64, NK_C128, NK_I32, NK_I64, NK_LONG_DOUBLE, NK_C_LONG_DOUBLE
    int nk_isa_of(const char *name)
    const nk_matmul_kernel *nk_matmul_kernels_of(int isa)


cdef const nk_matmul_kernel *kernels = nk_matmul_kernels_of(nk_isa_of(chosen.encode()))


cdef struct Matrix:
    char *data
    Py_ssize_t rows, columns
    Py_ssize_t row_stride, column_stride  # in bytes


cdef struct Panel:
    const char *data
    Py_ssize_t row_stride, column_stride


cdef struct Workspace:
    # Owned by one run of the loop nest: calls share nothing.
    void *memory
    char *a
    char *b


cdef struct Problem:
    # A stack of products C := A @ B, all of the same size.
    const nk_matmul_kernel *kernel
    Py_ssize_t m, n, k
    Matrix A, B, C                   # the first of the stack
    int ndim                         # of the stack
    Py_ssize_t shape[MAX_NDIM]
    Py_ssize_t a_strides[MAX_NDIM]   # 0 where A is the same along that axis
    Py_ssize_t b_strides[MAX_NDIM]
    Py_ssize_t c_strides[MAX_NDIM]
    Py_ssize_t matrices
    Py_ssize_t MR, NR, NC, KC
    bint pack_a, pack_b
    Py_ssize_t band_rows, band_columns
    Py_ssize_t bands_down, bands_across
    Py_ssize_t bands_per_slice


cdef inline char *at(const Matrix *matrix, Py_ssize_t row, Py_ssize_t column) noexcept nogil:
    return matrix.data + row * matrix.row_stride + column * matrix.column_stride


cdef inline Py_ssize_t rounded_up(Py_ssize_t value, Py_ssize_t step) noexcept nogil:
    return (value + step - 1) // step * step


cdef inline bint reads_b_in_place(const Problem *p, Py_ssize_t nr) noexcept nogil:
    """A panel of B may stay where it lies if its rows are contiguous and end with a whole vector: nothing beyond is read."""
    return not p.pack_b and nr % p.kernel.nr_step == 0


cdef inline void pack_block_b(const Problem *p, const Matrix *B, Py_ssize_t pc, Py_ssize_t kc, Py_ssize_t jc, Py_ssize_t nc,
                              char *packed) noexcept nogil:
    """Panel after panel of NR columns, the last one padded to whole vectors."""
    cdef Py_ssize_t jr = 0, nr
    while jr < nc:
        nr = min(p.NR, nc - jr)
        if not reads_b_in_place(p, nr):
            p.kernel.pack_panel_b(kc, nr, rounded_up(nr, p.kernel.nr_step), at(B, pc, jc + jr), B.row_stride, B.column_stride,
                                  packed_panel_b(p, kc, jr, packed))
        jr += p.NR


cdef inline char *packed_panel_b(const Problem *p, Py_ssize_t kc, Py_ssize_t jr, char *packed) noexcept nogil:
    return packed + (jr * kc * p.kernel.element_size if p.pack_b else 0)  # unpacked, only the last panel can be here


cdef inline Panel panel_b(const Problem *p, const Matrix *B, Py_ssize_t pc, Py_ssize_t kc, Py_ssize_t jc, Py_ssize_t jr,
                          Py_ssize_t nr, char *packed) noexcept nogil:
    cdef Panel panel
    panel.column_stride = p.kernel.element_size
    if reads_b_in_place(p, nr):
        panel.data = at(B, pc, jc + jr)
        panel.row_stride = B.row_stride
    else:
        panel.data = packed_panel_b(p, kc, jr, packed)
        panel.row_stride = rounded_up(nr, p.kernel.nr_step) * p.kernel.element_size
    return panel


cdef inline Panel panel_a(const Problem *p, const Matrix *A, Py_ssize_t ic, Py_ssize_t mr, Py_ssize_t pc, Py_ssize_t kc,
                          char *packed) noexcept nogil:
    """MR rows of A, packed or where they lie: the tile reads them element by element, at any strides."""
    cdef Panel panel
    if p.pack_a:
        p.kernel.pack_panel_a(mr, kc, at(A, ic, pc), A.row_stride, A.column_stride, packed)
        panel.data = packed
        panel.row_stride = p.kernel.element_size
        panel.column_stride = p.MR * p.kernel.element_size
    else:
        panel.data = at(A, ic, pc)
        panel.row_stride = A.row_stride
        panel.column_stride = A.column_stride
    return panel


cdef void find_band(const Problem *p, Py_ssize_t band, Matrix *C, Matrix *A, Matrix *B) noexcept nogil:
    """The blocks of C, A and B that belong to a band."""
    cdef Py_ssize_t across = band % p.bands_across, down = band // p.bands_across % p.bands_down
    cdef Py_ssize_t matrix = band // (p.bands_across * p.bands_down), index
    cdef Py_ssize_t i = down * p.band_rows, j = across * p.band_columns
    cdef int axis
    A[0] = p.A
    B[0] = p.B
    C[0] = p.C
    A.data += i * A.row_stride
    B.data += j * B.column_stride
    C.data += i * C.row_stride + j * C.column_stride
    C.rows = min(p.band_rows, p.m - i)
    C.columns = min(p.band_columns, p.n - j)
    for axis in range(p.ndim - 1, -1, -1):
        index = matrix % p.shape[axis]
        matrix //= p.shape[axis]
        A.data += index * p.a_strides[axis]
        B.data += index * p.b_strides[axis]
        C.data += index * p.c_strides[axis]


cdef Workspace new_workspace(const Problem *p) except *:
    """Room for a panel of A and a block of B, no more than this problem needs."""
    cdef Workspace space
    cdef Py_ssize_t kc = min(p.KC, p.k), nc = min(p.NC, p.band_columns)
    cdef Py_ssize_t a_size = rounded_up(p.MR * kc * p.kernel.element_size, ALIGNMENT) if p.pack_a else 0
    cdef Py_ssize_t b_size = (rounded_up(nc, p.NR) if p.pack_b else p.NR) * kc * p.kernel.element_size
    space.memory = PyMem_RawMalloc(a_size + b_size + ALIGNMENT)
    if space.memory == NULL:
        raise MemoryError(f"no memory for a workspace of {a_size + b_size + ALIGNMENT} bytes")
    space.a = <char *> rounded_up(<Py_ssize_t> <uintptr_t> space.memory, ALIGNMENT)
    space.b = space.a + a_size
    return space


# ---- planning: from buffers to a Problem ----


cdef void take_matrix(Matrix *matrix, const Py_buffer *view, bint is_column) noexcept nogil:
    """The last two axes; a vector is one row, or one column on the right of the @."""
    cdef int last = view.ndim - 1
    matrix.data = <char *> view.buf
    if view.ndim > 1:
        matrix.rows, matrix.columns = view.shape[last - 1], view.shape[last]
        matrix.row_stride, matrix.column_stride = view.strides[last - 1], view.strides[last]
    elif is_column:
        matrix.rows, matrix.columns = view.shape[0], 1
        matrix.row_stride, matrix.column_stride = view.strides[0], view.itemsize
    else:
        matrix.rows, matrix.columns = 1, view.shape[0]
        matrix.row_stride, matrix.column_stride = 0, view.strides[0]


cdef bint take_stack(Problem *p, const Py_buffer *a, const Py_buffer *b) noexcept nogil:
    """Broadcast the axes before the last two; False where their sizes do not fit."""
    cdef int a_ndim = max(a.ndim - 2, 0), b_ndim = max(b.ndim - 2, 0), axis, a_axis, b_axis
    cdef Py_ssize_t a_size, b_size
    p.ndim = max(a_ndim, b_ndim)
    p.matrices = 1
    for axis in range(p.ndim):
        a_axis = axis - p.ndim + a_ndim
        b_axis = axis - p.ndim + b_ndim
        a_size = a.shape[a_axis] if a_axis >= 0 else 1
        b_size = b.shape[b_axis] if b_axis >= 0 else 1
        if a_size != b_size and a_size != 1 and b_size != 1:
            return False
        p.shape[axis] = b_size if a_size == 1 else a_size
        p.a_strides[axis] = a.strides[a_axis] if a_axis >= 0 and a_size != 1 else 0
        p.b_strides[axis] = b.strides[b_axis] if b_axis >= 0 and b_size != 1 else 0
        p.matrices *= p.shape[axis]
    return True


cdef bint take_operands(Problem *p, const Py_buffer *a, const Py_buffer *b) noexcept nogil:
    """Everything that follows from A and B; False where they do not fit together."""
    if a.ndim == 0 or b.ndim == 0:
        return False
    take_matrix(&p.A, a, False)
    take_matrix(&p.B, b, True)
    p.m, p.k, p.n = p.A.rows, p.A.columns, p.B.columns
    return p.B.rows == p.k and take_stack(p, a, b)


cdef bint take_result(Problem *p, const Py_buffer *c, bint a_is_vector, bint b_is_vector) noexcept nogil:
    """C's place and strides; False where its shape is another, or where one element of it serves for several."""
    cdef int ndim = p.ndim + 2 - a_is_vector - b_is_vector, axis
    if c.ndim != ndim:
        return False
    for axis in range(ndim):
        if c.strides[axis] == 0 and c.shape[axis] > 1:
            return False
    for axis in range(p.ndim):
        if c.shape[axis] != p.shape[axis]:
            return False
        p.c_strides[axis] = c.strides[axis]
    p.C.data = <char *> c.buf
    p.C.rows, p.C.columns = p.m, p.n
    p.C.row_stride = p.C.column_stride = c.itemsize
    axis = p.ndim
    if not a_is_vector:
        if c.shape[axis] != p.m:
            return False
        p.C.row_stride = c.strides[axis]
        axis += 1
    if not b_is_vector:
        if c.shape[axis] != p.n:
            return False
        p.C.column_stride = c.strides[axis]
    return True


cdef void transpose(Matrix *matrix) noexcept nogil:
    matrix.rows, matrix.columns = matrix.columns, matrix.rows
    matrix.row_stride, matrix.column_stride = matrix.column_stride, matrix.row_stride


cdef void plan(Problem *p, const nk_matmul_kernel *kernel) noexcept nogil:
    """How the problem is cut. It follows from sizes and strides alone: no number of threads can change a bit."""
    cdef Matrix A
    cdef Py_ssize_t size = kernel.element_size
    cdef int axis
    if p.C.column_stride != size and p.C.row_stride == size:  # C.T := B.T @ A.T, so that C's rows are contiguous
        A = p.A
        p.A, p.B = p.B, A
        transpose(&p.A)
        transpose(&p.B)
        transpose(&p.C)
        p.m, p.n = p.n, p.m
        for axis in range(p.ndim):
            p.a_strides[axis], p.b_strides[axis] = p.b_strides[axis], p.a_strides[axis]
    p.kernel = kernel
    p.MR, p.NR, p.KC = kernel.mr, kernel.nr, KC_MAX
    p.NC = max(1, BLOCK_B_BYTES // (KC_MAX * p.NR * size)) * p.NR
    p.pack_b = p.B.column_stride != size or p.m > PACK_B_PANELS * p.MR
    p.pack_a = p.n > PACK_A_PANELS * p.NR
    p.band_rows, p.band_columns = max(1, p.m), max(1, p.n)
    p.bands_down = p.bands_across = 1


cdef void cut_into_bands(Problem *p, Py_ssize_t bands) noexcept nogil:
    """Cut each matrix of the result into about so many bands of whole tiles, across its longer side."""
    if p.n >= p.m:
        p.band_columns = rounded_up((p.n + bands - 1) // bands, p.NR)
        p.bands_across = (p.n + p.band_columns - 1) // p.band_columns
    else:
        p.band_rows = rounded_up((p.m + bands - 1) // bands, p.MR)
        p.bands_down = (p.m + p.band_rows - 1) // p.band_rows


cdef class Task:
    """A share of a problem's bands, for threads.share: task i of `tasks`. The problem outlives it on the caller's stack."""
    cdef const Problem *problem
    cdef Py_ssize_t bands, tasks
    cdef bint release_gil

    def __call__(self, Py_ssize_t i):
        run(self.problem, self.bands * i // self.tasks, self.bands * (i + 1) // self.tasks, self.release_gil)


cdef int compute(Problem *p, object gil, object threads) except -1:
    """Weigh the work, cut it, and run it on this thread or shared with others."""
    cdef double products = <double> p.matrices * p.m * p.n * p.k * p.kernel.multiply_adds
    cdef double moves = <double> p.matrices * (<double> p.m * p.k + <double> p.k * p.n + <double> p.m * p.n)
    cdef double work = products + MOVE_WORK * moves
    cdef bint release_gil = release_wanted(gil, threads, work > AUTO_HOLD_WORK)
    cdef Py_ssize_t bands, tasks = 1
    cdef Task task
    if p.matrices == 0 or p.m == 0 or p.n == 0:
        return 0
    if not one_thread(threads):
        from nogil_kernels import threads as sharing
        tasks = max(1, min(<Py_ssize_t> min(work / TASK_WORK, 1e6), sharing.workers(threads) * TASKS_PER_WORKER))
    tasks = max(tasks, <Py_ssize_t> min(work / SLICE_WORK, 1e6))
    if tasks > p.matrices:
        cut_into_bands(p, (tasks + p.matrices - 1) // p.matrices)
    bands = p.matrices * p.bands_down * p.bands_across
    p.bands_per_slice = max(1, <Py_ssize_t> (bands / max(1.0, work / SLICE_WORK)))
    tasks = min(tasks, bands)
    if one_thread(threads) or tasks <= 1:
        return run(p, 0, bands, release_gil)
    task = Task()
    task.problem = p
    task.bands = bands
    task.tasks = tasks
    task.release_gil = release_gil
    sharing.share(task, tasks, threads)
    return 0


# ---- the public function ----


cdef inline const nk_matmul_kernel *kernel_of(Kind kind) noexcept nogil:
    if kind == buffers.F64:
        return &kernels[<int> NK_F64]
    if kind == buffers.F32:
        return &kernels[<int> NK_F32]
    if kind == buffers.C128:
        return &kernels[<int> NK_C128]
    if kind == buffers.C64:
        return &kernels[<int> NK_C64]
    if kind == buffers.I64 or kind == buffers.U64:
        return &kernels[<int> NK_I64]
    if kind == buffers.I32 or kind == buffers.U32:
        return &kernels[<int> NK_I32]
    if kind == buffers.LONG_DOUBLE:
        return &kernels[<int> NK_LONG_DOUBLE]
    if kind == buffers.C_LONG_DOUBLE:
        return &kernels[<int> NK_C_LONG_DOUBLE]
    return NULL


cdef inline bint overlap(const Py_buffer *x, const Py_buffer *y) noexcept nogil:
    """Whether the spans of two buffers meet, from lowest to highest byte."""
    cdef uintptr_t x_low, x_high, y_low, y_high
    span(x, &x_low, &x_high)
    span(y, &y_low, &y_high)
    return x_low < y_high and y_low < x_high


cdef inline void span(const Py_buffer *view, uintptr_t *low, uintptr_t *high) noexcept nogil:
    cdef Py_ssize_t extent
    cdef int axis
    low[0] = <uintptr_t> view.buf
    high[0] = low[0] + view.itemsize
    for axis in range(view.ndim):
        if view.shape[axis] == 0:
            high[0] = low[0]
            return
        extent = (view.shape[axis] - 1) * view.strides[axis]
        if extent < 0:
            low[0] += extent
        else:
            high[0] += extent


cdef object new_result(const Problem *p, Kind kind, bint a_is_vector, bint b_is_vector):
    import numpy
    cdef int axis
    shape = [p.shape[axis] for axis in range(p.ndim)]
    if not a_is_vector:
        shape.append(p.m)
    if not b_is_vector:
        shape.append(p.n)
    return numpy.empty(shape, TYPES[<int> kind])


TYPES = ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16", "g", "G")  # by Kind


cdef object product(object a, object b, object out, object gil, object threads):
    """The product where a, b and out are plain buffers that fit together, else None."""
    cdef Py_buffer views[3]
    cdef Problem problem
    cdef Kind kind
    cdef int taken = 0
    try:
        kind = take(a, &views[0], 0)
        if kind == buffers.NOT_PLAIN:
            return None
        taken = 1
        if kernel_of(kind) == NULL or take(b, &views[1], 0) != kind:
            return None
        taken = 2
        if not take_operands(&problem, &views[0], &views[1]):
            return None
        result = out
        if out is None:
            try:
                result = new_result(&problem, kind, views[0].ndim == 1, views[1].ndim == 1)
            except ImportError:
                return None
        if take(result, &views[2], PyBUF_WRITABLE) != kind:
            return None
        taken = 3
        if not take_result(&problem, &views[2], views[0].ndim == 1, views[1].ndim == 1):
            return None
        if out is not None and (overlap(&views[2], &views[0]) or overlap(&views[2], &views[1])):
            return None
        plan(&problem, kernel_of(kind))
        compute(&problem, gil, threads)
        return result if out is not None or views[2].ndim else result[()]
    finally:
        while taken:
            taken -= 1
            PyBuffer_Release(&views[taken])


def matmul(a, b, *, out=None, gil="auto", threads=1):
    """DOC"""
    result = product(a, b, out, gil, threads)
    if result is not None:
        return result
    from nogil_kernels import arrays
    return arrays.matmul(a, b, out, gil, threads, matmul)
