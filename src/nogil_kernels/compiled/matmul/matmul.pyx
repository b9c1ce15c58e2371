# cython: freethreading_compatible=True
"""C := A @ B, packed and blocked: the loop nest, the GIL switch, the public function."""

cimport cython
from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release
from cpython.bytearray cimport PyByteArray_AsString, PyByteArray_FromStringAndSize
from libc.stdint cimport uintptr_t
from libc.stdlib cimport free, malloc

from nogil_kernels.compiled.isa.isa cimport chosen_isa
from nogil_kernels.compiled.shared cimport buffers
from nogil_kernels.compiled.matmul.blocks cimport (
    Matrix, Panel, Problem, at, cut_into_bands, find_band, is_below_diagonal, mirror, pack_block_b, panel_a, panel_b,
    plan, rounded_up, tile_for_block,
)
from nogil_kernels.compiled.shared.buffers cimport (
    Kind, PyErr_CheckSignals, is_held, overlap, read_anew, release_wanted, stays_whole, take, take_as,
)
from nogil_kernels.compiled.matmul.tiles cimport (
    NK_MATMUL_C64, NK_MATMUL_C128, NK_MATMUL_C_LONG_DOUBLE, NK_MATMUL_F32, NK_MATMUL_F64, NK_MATMUL_I32, NK_MATMUL_I64,
    NK_MATMUL_LONG_DOUBLE, nk_matmul_kernel, nk_matmul_kernels_of, nk_matmul_tile,
)
from nogil_kernels.compiled.matmul.operands cimport take_operands, take_result

from nogil_kernels import threads as sharing


cdef void multiply(const Problem *p, Matrix C, Matrix A, Matrix B, Workspace space) noexcept nogil:
    """C := A @ B: the loops around the tile.

    After Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008: a block KC x NC of B is
    packed into panels that stay in L2, and a panel MR x KC of A stays in L1, packed where its rows are not contiguous.
    The first block of k overwrites C, those after it add to it.
    """
    cdef Py_ssize_t jc = 0, pc, ic, jr, nc, kc, mr, nr
    cdef Panel a, b
    cdef const nk_matmul_tile *tile
    while jc < C.columns:
        nc = min(p.NC, C.columns - jc)
        pc = 0
        while pc == 0 or pc < p.k:  # once where k is 0, to write zeros
            kc = min(p.KC, p.k - pc)
            tile = tile_for_block(p, &A, &B, C.rows, pc, kc, jc, nc)
            pack_block_b(p, &B, pc, kc, jc, nc, space.b)
            ic = 0
            while ic < C.rows:
                mr = min(p.MR, C.rows - ic)
                a = panel_a(p, &A, ic, mr, pc, kc, space.a)
                jr = 0
                while jr < nc:
                    nr = min(p.NR, nc - jr)
                    b = panel_b(p, &B, pc, kc, jc, jr, nr, space.b)
                    tile.run(mr, nr, kc, a.data, a.row_stride, a.column_stride, b.data, b.row_stride,
                             at(&C, ic, jc + jr), C.row_stride, C.column_stride, pc > 0)
                    jr += p.NR
                ic += p.MR
            pc += p.KC
        jc += p.NC


cdef void multiply_bands(const Problem *p, Py_ssize_t first, Py_ssize_t last, Workspace space) noexcept nogil:
    cdef Py_ssize_t band
    cdef Matrix A, B, C
    for band in range(first, last):
        if p.symmetric and is_below_diagonal(p, band):
            continue
        find_band(p, band, &C, &A, &B)
        if p.one_tile:  # nothing to loop over, nor to pack: half of what a 4 x 4 product of a stack would take
            p.tile.run(p.m, p.n, p.k, A.data, A.row_stride, A.column_stride, B.data, B.row_stride,
                       C.data, C.row_stride, C.column_stride, False)
        else:
            multiply(p, C, A, B, space)
            if p.symmetric:
                mirror(p, &C, band)


cdef int run(const Problem *p, Py_ssize_t first, Py_ssize_t last, bint release_gil) except -1:
    """The GIL switch: one loop nest, the GIL released or held; slice by slice, to look for Ctrl-C in between."""
    cdef Py_ssize_t stop
    cdef char[SMALL_WORKSPACE] small
    cdef bytearray room = take_room(p)
    cdef Workspace space
    if room is None:
        space = workspace_in(p, small)
    else:
        space = workspace_in(p, PyByteArray_AsString(room))
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
    return give_back(room)


cdef enum:
    # gil="auto" holds the GIL for at most this much work, since getting it back can cost a switch interval (5 ms) where
    # other threads run Python: 400 000 multiply-adds take 14 us with AVX-512, 30 us with AVX2, 50 us with SSE2. An
    # element moved to or from memory counts as 16: 25 000 float64 are 200 kB, 30 us at 6.5 GB/s.
    AUTO_HOLD_WORK = 400_000
    MOVE_WORK = 16
    # A task worth sharing: two submits and their results cost 80 us; 2**24 multiply-adds take 400 us with AVX-512.
    TASK_WORK = 1 << 24
    CACHE_LINE = 64
    # On the stack rather than allocated: the edges of products of up to some 100 columns, where a call takes 0.1 us.
    SMALL_WORKSPACE = 16 * 1024
    KEPT_ROOMS = 4  # of at most some 1.1 MiB


cdef extern from *:
    """
    /* Between two looks for Ctrl-C: so many multiply-adds take 0.4 s with AVX-512, 1.3 s with SSE2. */
    #define NK_SLICE_WORK 1e10

    static const nk_matmul_kernel *const *nk_kernels; /* for all interpreters: whichever imports this writes the same */
    """
    const double SLICE_WORK "NK_SLICE_WORK"
    const nk_matmul_kernel *const *kernels "nk_kernels"


kernels = nk_matmul_kernels_of(chosen_isa())


cdef struct Workspace:
    # Owned by one run of the loop nest: calls share nothing.
    char *a
    char *b


cdef inline Py_ssize_t size_of_a(const Problem *p) noexcept nogil:
    if not p.pack_a:
        return 0
    return rounded_up(p.kernel.block.mr * min(p.KC, p.k) * p.kernel.element_size, CACHE_LINE)


cdef inline Py_ssize_t size_of_workspace(const Problem *p) noexcept nogil:
    """A panel of A and a block of B, no more than this problem needs, and what aligning them takes."""
    cdef Py_ssize_t columns = 0
    if p.pack_b:
        columns = rounded_up(min(p.NC, p.n), p.NR)
    elif p.tile.nr_step > 1:
        columns = p.NR
    return size_of_a(p) + columns * min(p.KC, p.k) * p.kernel.element_size + CACHE_LINE


# At most KEPT_ROOMS that calls have left behind: fresh pages cost more than packing does. An attribute of the module,
# since each interpreter has objects of its own.
_rooms = []


cdef bytearray take_room(const Problem *p):
    """Room for a workspace that is this call's alone until it is given back; None where the stack has enough."""
    cdef Py_ssize_t size = size_of_workspace(p)
    cdef bytearray room
    if size <= SMALL_WORKSPACE:
        return None
    cdef list rooms = _rooms
    try:
        room = rooms.pop()
        if len(room) >= size:
            return room
    except IndexError:  # none is left
        pass
    return PyByteArray_FromStringAndSize(NULL, size)


cdef inline int give_back(bytearray room) except -1:
    cdef list rooms
    if room is not None:
        rooms = _rooms
        if len(rooms) < KEPT_ROOMS:
            rooms.append(room)
    return 0


cdef inline Workspace workspace_in(const Problem *p, char *room) noexcept nogil:
    cdef Workspace space
    space.a = <char *> rounded_up(<Py_ssize_t> <uintptr_t> room, CACHE_LINE)
    space.b = space.a + size_of_a(p)
    return space


@cython.final
cdef class Task:
    """Task i of `tasks` is a share of the bands, for threads.share.

    It owns what it works on: should Ctrl-C end the call while another thread is in it, the memory stays.
    """
    cdef Problem problem
    cdef list owners
    cdef Py_ssize_t bands, tasks
    cdef bint release_gil

    def __call__(self, Py_ssize_t i):
        run(&self.problem, self.bands * i // self.tasks, self.bands * (i + 1) // self.tasks, self.release_gil)


cdef int compute(Problem *p, object a, object b, object c, object gil, object threads) except -1:
    """Weigh the work, cut it into bands, and run them here or shared with others; a, b and c have the memory."""
    cdef double products = <double> p.matrices * p.m * p.n * p.k * p.kernel.multiply_adds
    cdef double moves = <double> p.matrices * (<double> p.m * p.k + <double> p.k * p.n + <double> p.m * p.n)
    cdef double work = products + MOVE_WORK * moves
    cdef bint release_gil = release_wanted(gil, threads, work > AUTO_HOLD_WORK)
    cdef Py_ssize_t tasks = <Py_ssize_t> min(work / TASK_WORK, 1e6)  # each worth sharing
    cdef Py_ssize_t slices = <Py_ssize_t> min(1 + work / SLICE_WORK, 1e6), bands
    cdef Task task
    if stays_whole(threads, tasks):
        tasks = 1
    else:
        tasks = sharing.tasks(tasks, threads)
        tasks = max(tasks, slices) if tasks > 1 else 1
    if p.matrices == 0 or p.m == 0 or p.n == 0:
        return 0
    if max(tasks, slices) > p.matrices:
        cut_into_bands(p, (max(tasks, slices) + p.matrices - 1) // p.matrices)
    bands = p.matrices * p.bands_down * p.bands_across
    p.bands_per_slice = (bands + slices - 1) // slices
    tasks = min(tasks, bands)
    if tasks == 1:
        return run(p, 0, bands, release_gil)
    task = Task()
    task.problem = p[0]
    task.owners = [memoryview(owner) for owner in (a, b, c)]
    task.bands = bands
    task.tasks = tasks
    task.release_gil = release_gil
    sharing.share(task, tasks, threads)
    return 0


cdef inline const nk_matmul_kernel *kernel_of(Kind kind) noexcept nogil:
    if kind == buffers.F64:
        return kernels[<int> NK_MATMUL_F64]
    if kind == buffers.F32:
        return kernels[<int> NK_MATMUL_F32]
    if kind == buffers.C128:
        return kernels[<int> NK_MATMUL_C128]
    if kind == buffers.C64:
        return kernels[<int> NK_MATMUL_C64]
    if kind == buffers.I64 or kind == buffers.U64:
        return kernels[<int> NK_MATMUL_I64]
    if kind == buffers.I32 or kind == buffers.U32:
        return kernels[<int> NK_MATMUL_I32]
    if kind == buffers.LONG_DOUBLE:
        return kernels[<int> NK_MATMUL_LONG_DOUBLE]
    if kind == buffers.C_LONG_DOUBLE:
        return kernels[<int> NK_MATMUL_C_LONG_DOUBLE]
    return NULL


_numpy_names = {}  # what results are made with, once it has been needed; a dict, for threads without a GIL


cdef tuple find_numpy():
    """numpy.empty and its dtypes by Kind; None where NumPy is missing, for the cold path to say what needs it."""
    try:
        import numpy
        names = "? i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 c8 c16 g G".split()
        return _numpy_names.setdefault("names", (numpy.empty, [numpy.dtype(name) for name in names]))
    except (ImportError, AttributeError):  # the latter where sys.modules says None, as tests do
        return None


cdef object new_result(const Problem *p, Kind kind, bint a_is_vector, bint b_is_vector):
    cdef int axis
    cdef tuple names = (<dict> _numpy_names).get("names") or find_numpy()
    if names is None:
        return None
    empty, dtypes = names
    if p.ndim == 0 and not a_is_vector and not b_is_vector:
        return empty((p.m, p.n), dtypes[<int> kind])
    shape = [p.shape[axis] for axis in range(p.ndim)]
    if not a_is_vector:
        shape.append(p.m)
    if not b_is_vector:
        shape.append(p.n)
    return empty(shape, dtypes[<int> kind])


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
        if kernel_of(kind) == NULL or not take_as(kind, b, &views[1], 0):
            return None
        taken = 2
        if out is not None:
            if not take_as(kind, out, &views[2], PyBUF_WRITABLE):
                return None
            taken = 3
        if is_held(&views[1]) or out is not None and is_held(&views[2]):  # exported, maybe by Python code
            if not read_anew(kind, a, &views[0]) or not read_anew(kind, b, &views[1]):
                return None
        if not take_operands(&problem, &views[0], &views[1]):
            return None
        result = out
        if out is None:
            result = new_result(&problem, kind, views[0].ndim == 1, views[1].ndim == 1)
            if not take_as(kind, result, &views[2], PyBUF_WRITABLE):
                return None
            taken = 3
        if not take_result(&problem, &views[2], views[0].ndim == 1, views[1].ndim == 1):
            return None
        if out is not None and (overlap(&views[2], &views[0]) or overlap(&views[2], &views[1])):
            return None
        plan(&problem, kernel_of(kind))
        compute(&problem, a, b, result, gil, threads)
        return result if out is not None or views[2].ndim else result[()]
    finally:
        while taken:
            taken -= 1
            PyBuffer_Release(&views[taken])


def matmul(a, b, *, out=None, gil="auto", threads=1):
    """C := A @ B, C[..., i, j] = sum(A[..., i, p] * B[..., p, j] for p in range(k)), as numpy.matmul.

    a, of shape (..., m, k), and b, of shape (..., k, n), are arrays, buffers or nested lists of any numeric dtype and
    any strides, read where they lie. Their leading axes broadcast against each other; a of shape (k,) is one row and b
    of shape (k,) one column, for which C has no axis. Mixed dtypes are promoted and integers wrap around as in NumPy;
    arrays of objects are multiplied by plain Python.

    out: an ndarray, or a writable buffer, of C's shape with any strides, to which C's dtype can be cast by NumPy's rule
    "same_kind"; it may overlap a and b. Without NumPy installed, a, b and out must be 2-D buffers of one format.
    gil: "auto" holds the GIL for work of some tens of microseconds at most, for which releasing it could cost more than
    it gives, and releases it for more; "release" always, "hold" never releases it. All three run the same machine code.
    On a free-threaded build "hold" means to stay attached, and threads run side by side all the same. On the pure
    backend it is checked and has no effect.
    threads: an int, or a concurrent.futures.ThreadPoolExecutor, to share work of some 3 ms or more, 1 ms with an
    executor. An int starts threads for this call and ends them with it. The result is the same to the last bit for
    every number of threads. On the pure backend it is checked and has no effect.

    Returns out where it is given, else a new ndarray, or a scalar where a and b are both of shape (k,). Floats are off
    by at most about k * u * (|A| @ |B|), u being half a unit in the last place of the dtype.

    Raises ValueError, naming both shapes, where they do not fit, for an out that is read-only or of another shape, for
    an unknown gil and for threads below 1; TypeError for text, dates, structured types, masked arrays and an out of the
    wrong type; MemoryError where there is no room for the workspace. a, b and out are then as they were.

    The loops are those of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.

    >>> from nogil_kernels import matmul
    >>> matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    array([[19, 22],
           [43, 50]])
    >>> c = memoryview(bytearray(4 * 8)).cast("B").cast("d", (2, 2))
    >>> a = memoryview(bytearray(4 * 8)).cast("B").cast("d", (2, 2))
    >>> a[0, 0] = a[1, 1] = 3.0
    >>> matmul(a, a, out=c).tolist()
    [[9.0, 0.0], [0.0, 9.0]]
    """
    result = product(a, b, out, gil, threads)
    if result is not None:
        return result
    from nogil_kernels import arrays
    return arrays.matmul(a, b, out, gil, threads, matmul_plain)


matmul.__module__ = "nogil_kernels"  # what pickle looks it up by: each interpreter finds its own build


cdef inline int matmul_f64(  # no-cython-lint: inline, since subinterpreters/ exports nothing and leaves it out
    Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
    const double *a, Py_ssize_t a_row_stride, Py_ssize_t a_column_stride,
    const double *b, Py_ssize_t b_row_stride, Py_ssize_t b_column_stride,
    double *c, Py_ssize_t c_row_stride, Py_ssize_t c_column_stride
) noexcept nogil:
    """One product, its workspace on the stack or from malloc, which needs no GIL."""
    cdef Problem p
    cdef char[SMALL_WORKSPACE] small
    cdef char *room = small
    cdef Py_ssize_t size
    if m == 0 or n == 0:
        return 0
    p.ndim, p.matrices = 0, 1
    p.m, p.n, p.k = m, n, k
    p.A = Matrix(<char *> a, m, k, a_row_stride, a_column_stride)
    p.B = Matrix(<char *> b, k, n, b_row_stride, b_column_stride)
    p.C = Matrix(<char *> c, m, n, c_row_stride, c_column_stride)
    plan(&p, kernels[<int> NK_MATMUL_F64])
    size = size_of_workspace(&p)
    if size > SMALL_WORKSPACE:
        room = <char *> malloc(size)
        if room == NULL:
            return -1
    multiply_bands(&p, 0, p.bands_down * p.bands_across, workspace_in(&p, room))
    if room != small:
        free(room)
    return 0


def matmul_plain(a, b, *, out, gil="auto", threads=1):
    """matmul of what arrays.py has made plain buffers that fit; a TypeError, no second detour, for anything else."""
    if product(a, b, out, gil, threads) is None:
        raise TypeError("a, b and out must be plain buffers of one type that fit together; out may overlap neither")
    return out
