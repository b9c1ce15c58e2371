# cython: freethreading_compatible=True
"""C := A @ B: the loop nest, the GIL switch, and the public function in three acts: take the operands, plan, run."""

cimport cython
from cpython.bytearray cimport PyByteArray_AsString, PyByteArray_FromStringAndSize
from libc.stdlib cimport free, malloc

from nogil_kernels.compiled.isa.isa cimport chosen_isa
from nogil_kernels.compiled.matmul.bands cimport find_band
from nogil_kernels.compiled.matmul.narrow cimport tile_for_block
from nogil_kernels.compiled.matmul.operands cimport Operands, release, take_factors, take_result
from nogil_kernels.compiled.matmul.panels cimport Panel, pack_block_b, panel_a, panel_b
from nogil_kernels.compiled.matmul.plan cimport plan_blocks, plan_sharing
from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem, at
from nogil_kernels.compiled.matmul.symmetric cimport is_below_diagonal, mirror
from nogil_kernels.compiled.matmul.tiles cimport nk_matmul_kernel, nk_matmul_kernels_of, nk_matmul_tile
from nogil_kernels.compiled.matmul.workspace cimport SMALL_WORKSPACE, Workspace, size_of_workspace, workspace_in
from nogil_kernels.compiled.shared.buffers cimport F64, I32, U64
from nogil_kernels.compiled.shared.interrupts cimport (
    Interrupts, begin_interruptible, end_interruptible, interrupted, never_interrupted, set_stop,
)

from nogil_kernels import threads as sharing


cdef void multiply(
    const Problem *p, Matrix C, Matrix A, Matrix B, Workspace space, Interrupts *interrupts
) noexcept nogil:
    """C := A @ B: the loops around the tile. End early if interrupted.

    They follow Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008, without blocks of
    A. A block of B, KC x NC, stays in L2. A panel of A, MR x KC, stays in L1. The first block of k overwrites C, and
    later ones add to it. A block of B begins at row pc and column jc, a panel of A at row ic, a panel of B at column
    jc + jr. nc, kc, mr and nr are their sizes, which are smaller at the edges.
    """
    cdef Py_ssize_t jc = 0, pc, ic, jr, nc, kc, mr, nr
    cdef Panel a, b
    cdef const nk_matmul_tile *tile
    while jc < C.columns:
        nc = min(p.NC, C.columns - jc)
        pc = 0
        while pc == 0 or pc < p.k:  # at least once, so that k = 0 writes zeros
            kc = min(p.KC, p.k - pc)
            tile = p.tile if p.narrow == NULL else tile_for_block(p, &A, &B, C.rows, pc, kc, jc, nc, interrupts)
            pack_block_b(p, &B, pc, kc, jc, nc, space.b, interrupts)
            ic = 0
            while ic < C.rows:
                mr = min(p.MR, C.rows - ic)
                a = panel_a(p, &A, ic, mr, pc, kc, space.a)
                jr = 0
                while jr < nc:
                    if interrupted(interrupts):
                        return
                    nr = min(p.NR, nc - jr)
                    b = panel_b(p, &B, pc, kc, jc, jr, nr, space.b)
                    tile.run(mr, nr, kc, a.data, a.row_stride, a.column_stride, b.data, b.row_stride,
                             at(&C, ic, jc + jr), C.row_stride, C.column_stride, pc > 0)
                    jr += p.NR
                ic += p.MR
            pc += p.KC
        jc += p.NC


cdef void multiply_bands(
    const Problem *p, Py_ssize_t first, Py_ssize_t last, Workspace space, Interrupts *interrupts
) noexcept nogil:
    cdef Py_ssize_t band
    cdef Matrix A, B, C
    for band in range(first, last):
        if interrupted(interrupts):
            return
        if p.symmetric and is_below_diagonal(p, band):
            continue
        find_band(p, band, &C, &A, &B)
        if p.one_tile:  # skips the loops, which take half of the time of a 4 x 4 product in a stack
            p.tile.run(p.m, p.n, p.k, A.data, A.row_stride, A.column_stride, B.data, B.row_stride,
                       C.data, C.row_stride, C.column_stride, False)
        else:
            multiply(p, C, A, B, space, interrupts)
            if p.symmetric:
                mirror(p, &C, band, interrupts)


cdef int run_bands(const Problem *p, Py_ssize_t first, Py_ssize_t last, int *stop) except -1:
    """The GIL switch: one loop nest, with the GIL released or held. A signal handler that raises or `stop` ends it."""
    cdef char[SMALL_WORKSPACE] on_stack
    cdef char *memory = on_stack
    cdef Py_ssize_t size = size_of_workspace(p)
    cdef bytearray scratch = None
    if size > SMALL_WORKSPACE:
        scratch = take_scratch(size)
        memory = PyByteArray_AsString(scratch)
    cdef Workspace space = workspace_in(p, memory)
    cdef Interrupts interrupts
    if p.is_short:
        never_interrupted(&interrupts)
    else:
        begin_interruptible(&interrupts, stop, p.release_gil)
    if p.release_gil:
        with nogil:
            multiply_bands(p, first, last, space, &interrupts)
    else:
        multiply_bands(p, first, last, space, &interrupts)
    end_interruptible(&interrupts)
    return_scratch(scratch)
    return 0


cdef extern from *:
    """
    static const nk_matmul_kernel *const *nk_kernels; /* all interpreters write the same value */
    """
    const nk_matmul_kernel *const *kernels "nk_kernels"


kernels = nk_matmul_kernels_of(chosen_isa())


def matmul(a, b, out=None, *, gil="auto", threads=1):
    """Return C = A @ B, where C[..., i, j] = sum(A[..., i, p] * B[..., p, j] for p in range(k)), as numpy.matmul.

    Parameters
    ----------
    a, b : array, buffer or nested list
        Numbers of any dtype with any strides, read in place, of shapes (..., m, k) and (..., k, n). The leading axes
        broadcast against each other. An a of shape (k,) is one row, and a b of shape (k,) is one column; C has no axis
        for it. Mixed dtypes are promoted and integers wrap around, as in NumPy. Plain Python multiplies objects.
    out : ndarray or writable buffer, optional
        The memory for C, of C's shape, with any strides. NumPy's rule "same_kind" must allow a cast from C's dtype. out
        may overlap a and b. Without NumPy installed, a, b and out must be 2-D buffers of one format.
    gil : {"auto", "release", "hold"}, optional
        "release" always releases the GIL, and "hold" never does. "auto", the default, holds the GIL for the whole call
        if threads is 1 and the work is at most a fixed amount, because a release could then cost more than it gains.
        Otherwise it releases the GIL. The three values run the same machine code. Where plain Python does the work, gil
        is ignored and the GIL is not released. On a free-threaded build "hold" means that the calling thread stays
        attached until another thread stops the world, for example for a garbage collection. Then the rest of the call
        runs detached. On the pure backend the value has no effect.
    threads : int or concurrent.futures.ThreadPoolExecutor, optional
        The threads that share the work if it takes at least about 3 ms (1 ms with an executor). An int starts threads
        for this call and ends them before it returns. The result has the same bits for every number of threads. On the
        pure backend, and for calls that hold a GIL, the value has no effect.

    Returns
    -------
    numpy.ndarray, scalar or out
        out if it is given. Otherwise a new ndarray, or a scalar if a and b both have shape (k,). Unlike numpy.matmul,
        the function returns an ndarray for operands of a subclass, and refuses subclasses that define their own ufuncs.

    Raises
    ------
    ValueError
        If a list is ragged or nested more than 100 levels deep, if the shapes of a and b do not fit, if out is
        read-only or has another shape, if gil is unknown, or if threads is below 1. A message about shapes contains
        both.
    TypeError
        If an operand has text, None, dates, a structured type, a mask, a mapping, a sparse matrix, a proxy, an
        iterator, or an array with a unit; or if out or threads has a wrong type. The message names the element, as in
        "a[0][1] is None".
    MemoryError
        If the workspace does not fit into memory.

    Notes
    -----
    The error of a float is at most about k * (u * (|A| @ |B|) + s / 2), and 3 times this for complex numbers. u is the
    dtype's unit roundoff, half a unit in the last place of 1, and s its smallest subnormal number. A partial sum can
    overflow to inf although C would be finite. The product of x+yi and v+wi is xv-yw + (xw+yv)i, also if a part is
    infinite or nan; numpy.matmul can give nan instead. Unlike numpy.matmul, there are no floating-point warnings.

    A call that raises leaves out as it was, except in two cases: a signal handler raises an exception, such as
    KeyboardInterrupt, or a MemoryError is raised in a call with several threads, on the pure backend, or with an out
    that overlaps an operand or has another dtype than C. Then out can have a part of C. The loops are from Goto and van
    de Geijn, "Anatomy of high-performance matrix multiplication", 2008.

    Examples
    --------
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
    cdef Operands operands
    cdef Problem problem
    operands.count = 0
    try:
        if take_factors(&problem, &operands, kernels, a, b, out):  # 1. take the operands
            c = out if out is not None else new_result(&problem, &operands, a, b)
            if take_result(&problem, &operands, c):
                plan_blocks(&problem)  # 2. plan
                plan_sharing(&problem, gil, threads)
                run(&problem, a, b, c, threads)  # 3. run
                return c if out is not None or operands.views[2].ndim else c[()]
    finally:
        release(&operands)
    from nogil_kernels import arrays
    return arrays.matmul(a, b, out, gil, threads, matmul_plain)


matmul.__module__ = "nogil_kernels"  # the name for pickle: each interpreter finds its own build there


def matmul_plain(a, b, *, out, gil="auto", threads=1):
    """Multiply the plain buffers that arrays.py has prepared. Raise TypeError for other operands."""
    cdef Operands operands
    cdef Problem problem
    operands.count = 0
    try:
        if not take_factors(&problem, &operands, kernels, a, b, out) or not take_result(&problem, &operands, out):
            raise TypeError("a, b and out must be plain buffers of one type with fitting shapes. "
                            "out must overlap neither a nor b.")
        plan_blocks(&problem)
        plan_sharing(&problem, gil, threads)
        run(&problem, a, b, out, threads)
        return out
    finally:
        release(&operands)


cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define NK_FREE_THREADED 1
    #else
    #define NK_FREE_THREADED 0
    #endif
    """
    const bint FREE_THREADED "NK_FREE_THREADED"


cdef inline bint threads_may_run(const Problem *p) noexcept nogil:
    """Return whether other threads or signal handlers can run Python code while this product is computed."""
    return FREE_THREADED or p.release_gil or not p.is_short


cdef inline int run(Problem *p, object a, object b, object c, object threads) except -1:
    """Run all bands on this thread, or share them with other threads."""
    cdef object _a, _b, _c
    cdef Task task
    if p.tasks > 1:
        task = Task()
        task.problem = p[0]
        task.owners = [memoryview(owner) for owner in (a, b, c)]
        sharing.share(task, p.tasks, threads, task.stop)
        return 0
    if threads_may_run(p):  # ndarray.resize() in another thread refuses while there is a reference
        _a, _b, _c = a, b, c
    return run_bands(p, 0, p.bands, NULL)


@cython.final
cdef class Task:
    """A callable for threads.share: task i of problem.tasks runs one share of the bands.

    The task owns the operands' memory, so nothing is freed while another thread runs a share.
    """
    cdef Problem problem
    cdef list owners
    cdef int stopped

    def __call__(self, Py_ssize_t i):
        cdef const Problem *p = &self.problem
        run_bands(p, p.bands * i // p.tasks, p.bands * (i + 1) // p.tasks, &self.stopped)

    def stop(self):
        """End all running shares soon: the call has failed."""
        set_stop(&self.stopped)


# Workspaces that finished calls have returned. Fresh pages would cost more than packing does. They are in a module
# attribute, because each interpreter needs its own objects.
_scratch_pool = []


cdef enum:
    KEPT = 4  # workspaces, of at most about 1.1 MiB each


cdef bytearray take_scratch(Py_ssize_t size):
    """Return memory for a workspace, which belongs to this call until return_scratch gets it."""
    cdef bytearray scratch
    cdef list pool = _scratch_pool
    try:
        scratch = pool.pop()
        if len(scratch) >= size:
            return scratch
    except IndexError:  # the pool is empty
        pass
    return PyByteArray_FromStringAndSize(NULL, size)


cdef inline void return_scratch(bytearray scratch) noexcept:
    cdef list pool
    if scratch is not None:
        pool = _scratch_pool
        try:
            if len(pool) < KEPT:
                pool.append(scratch)
        except MemoryError:  # the product is complete, so the call must not fail
            pass


_numpy = {}  # empty until the first result; then "makers" -> (numpy, numpy.empty, the dtypes indexed by Kind)


cdef tuple import_makers():
    """Return numpy, numpy.empty and the dtypes by Kind, or None without NumPy: arrays.py then raises the error."""
    try:
        import numpy
        dtype_names = "? i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 c8 c16 g G".split()
        makers = numpy, numpy.empty, [numpy.dtype(name) for name in dtype_names]
        return _numpy.setdefault("makers", makers)  # atomic without a GIL, too
    except (ImportError, AttributeError):  # AttributeError if sys.modules["numpy"] is None, as in tests
        return None


cdef inline bint has_dtype(object x, object dtype) except -1:
    """Return whether x has this very dtype. NumPy has two dtypes of some sizes, such as long and longlong."""
    return getattr(x, "dtype", None) is dtype


cdef object new_result(const Problem *p, const Operands *operands, object a, object b):
    """Return a new array for C, or None without NumPy."""
    cdef bint a_is_vector = operands.views[0].ndim == 1, b_is_vector = operands.views[1].ndim == 1
    cdef int axis
    cdef object makers = (<dict> _numpy).get("makers")
    if makers is None:
        makers = import_makers()
        if makers is None:
            return None
    cdef object empty = (<tuple> makers)[1], dtype = (<list> (<tuple> makers)[2])[<int> p.kind]
    if I32 <= p.kind <= U64 and not (has_dtype(a, dtype) and has_dtype(b, dtype)):
        numpy = (<tuple> makers)[0]
        dtype = numpy.result_type(numpy.asarray(a), numpy.asarray(b))
    if p.ndim == 0 and not a_is_vector and not b_is_vector:
        return empty((p.m, p.n), dtype)
    shape = [p.shape[axis] for axis in range(p.ndim)]
    if not a_is_vector:
        shape.append(p.m)
    if not b_is_vector:
        shape.append(p.n)
    return empty(shape, dtype)


# inline: a module without a .pxd that exports this function (subinterpreters/) contains no code for it
cdef inline int matmul_f64(  # no-cython-lint
    Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
    const double *a, Py_ssize_t a_row_stride, Py_ssize_t a_column_stride,
    const double *b, Py_ssize_t b_row_stride, Py_ssize_t b_column_stride,
    double *c, Py_ssize_t c_row_stride, Py_ssize_t c_column_stride
) noexcept nogil:
    """Compute one product. The workspace is on the stack or, if it is large, from malloc. Neither needs the GIL."""
    cdef Problem p
    cdef Interrupts interrupts
    cdef char[SMALL_WORKSPACE] on_stack
    cdef char *scratch = on_stack
    cdef Py_ssize_t size
    if m == 0 or n == 0:
        return 0
    p.ndim, p.matrices = 0, 1
    p.m, p.n, p.k = m, n, k
    p.kind, p.kernel = F64, kernels[<int> F64]
    p.A = Matrix(<char *> a, m, k, a_row_stride, a_column_stride)
    p.B = Matrix(<char *> b, k, n, b_row_stride, b_column_stride)
    p.C = Matrix(<char *> c, m, n, c_row_stride, c_column_stride)
    plan_blocks(&p)
    size = size_of_workspace(&p)
    if size > SMALL_WORKSPACE:
        scratch = <char *> malloc(size)
        if scratch == NULL:
            return -1
    never_interrupted(&interrupts)
    multiply_bands(&p, 0, p.bands_down * p.bands_across, workspace_in(&p, scratch), &interrupts)
    if scratch != on_stack:
        free(scratch)
    return 0
