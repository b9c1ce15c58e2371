# cython: freethreading_compatible=True
"""Sums of squares: the loop nest, the GIL switch, and the public function in three acts: take x, plan, run."""

cimport cython
from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release
from cpython.bytearray cimport PyByteArray_AsString, PyByteArray_FromStringAndSize
from libc.stdint cimport int64_t, uint64_t

from nogil_kernels.compiled.isa.isa cimport chosen_isa
from nogil_kernels.compiled.shared cimport buffers
from nogil_kernels.compiled.shared.buffers cimport Kind, needs_release, take, take_as
from nogil_kernels.compiled.shared.gil cimport is_unshared, one_thread, release_wanted
from nogil_kernels.compiled.shared.interrupts cimport (
    Interrupts, begin_interruptible, end_interruptible, interrupted, set_stop,
)
from nogil_kernels.compiled.sum_of_squares.chunks cimport (
    CHUNKS_PER_LOOK, Problem, add_sum, as_double, as_int, describe, describe_range, parts_of, plan_chunks, row_at,
    row_total, sum_strided, write_row,
)
from nogil_kernels.compiled.sum_of_squares.runs cimport NK_RUN, NK_SUM_ZERO, nk_sum, nk_sum_runs, nk_sum_runs_of

from nogil_kernels import threads as sharing


cdef void sum_chunks(Problem *p, Py_ssize_t first, Py_ssize_t last, Interrupts *interrupts) noexcept nogil:
    """Sum the squares of the chunks first <= c < last, each on its own. End early if interrupted."""
    cdef Py_ssize_t c, start, count
    cdef const char *row
    cdef nk_sum sum
    for c in range(first, last):
        if c % CHUNKS_PER_LOOK == 0 and interrupted(interrupts):
            return
        row = row_at(p, c // p.chunks_per_row)
        start = c % p.chunks_per_row * p.chunk
        count = min(p.chunk, p.length - start)
        sum = NK_SUM_ZERO
        if p.is_range:
            runs.range(<int64_t> (<uint64_t> p.start + <uint64_t> start * <uint64_t> p.step), p.step, count, &sum)
        elif p.contiguous:
            p.run(row + start * p.itemsize, count * p.parts, &sum)
        else:
            sum_strided(p, row, start, count, &sum, interrupts)
        if p.sums != NULL:
            p.sums[c] = sum
        else:
            write_row(p, c, &sum)  # the row has one chunk


cdef int run_chunks(Problem *p, Py_ssize_t first, Py_ssize_t last, int *stop) except -1:
    """The GIL switch: one loop nest, with the GIL released or held. A signal handler that raises or `stop` ends it."""
    cdef Interrupts interrupts
    begin_interruptible(&interrupts, stop, p.release_gil)
    if p.release_gil:
        with nogil:
            sum_chunks(p, first, last, &interrupts)
    else:
        sum_chunks(p, first, last, &interrupts)
    return end_interruptible(&interrupts)


cdef extern from *:
    """
    static const nk_sum_runs *nk_runs; /* all interpreters write the same value */
    """
    const nk_sum_runs *runs "nk_runs"


runs = nk_sum_runs_of(chosen_isa())


def sum_of_squares(x, *, axis=None, gil="auto", threads=1):
    """Return sum(abs(z)**2 for z in x), over all numbers z in x or along some axes.

    Parameters
    ----------
    x : buffer, array, range, or collection of numbers
        One of: a buffer or array of bool, signed or unsigned integers, float16, float32, float64, complex64 or
        complex128, with any number of dimensions and any strides, which is read in place; an object in CPU memory with
        `__array__`, `__array_interface__` or `__dlpack__`; a range; a list, tuple, iterator or array of objects, whose
        elements are numbers or any of these. Plain Python sums the last group, so int, Fraction and Decimal stay exact.
        The members of a list must have equal shapes. Those of an iterator may differ.
    axis : int or tuple of ints, optional
        The axes to sum over. None, the default, sums over all axes.
    gil : {"auto", "release", "hold"}, optional
        "release" always releases the GIL, and "hold" never does. "auto", the default, holds the GIL for the whole call
        if threads is 1 and the work is at most a fixed amount, because a release could then cost more than it gains.
        Otherwise it releases the GIL. The three values run the same machine code. Where plain Python does the work, gil
        is ignored and the GIL is not released. On a free-threaded build "hold" means that the calling thread stays
        attached until another thread stops the world, for example for a garbage collection. Then the rest of the call
        runs detached. On the pure backend the value has no effect.
    threads : int or concurrent.futures.ThreadPoolExecutor, optional
        The threads that share the work if it has at least 24 MiB (8 MiB with an executor). An int starts threads for
        this call and ends them before it returns. The result has the same bits for every number of threads. On the pure
        backend, and for calls that hold a GIL, the value has no effect.

    Returns
    -------
    int, float or numpy.ndarray
        With axis=None, an exact int for bool and integers of any size, and a float for floats and complex numbers; 0 if
        x is empty. A number of another type, also one with a unit, keeps its type. With axis, an ndarray, or a NumPy
        scalar if no axis is left: int64 for bool and signed integers, uint64 for unsigned integers, float64 for floats
        and complex numbers, objects for objects.

    Raises
    ------
    TypeError
        If x has text, None, dates, a structured type, a mask, a mapping, a sparse matrix, a proxy, or an array with a
        unit; if x is an array of long double, or has long double and axis= is used; if the conversion of an element
        warns; or if axis or threads has a wrong type. The message names the element, as in "x[2] is None".
    ValueError
        If a list is ragged or nested more than 100 levels deep, if x does not have an axis
        (numpy.exceptions.AxisError), if axis names an axis twice, if gil is unknown, or if threads is below 1.
    OverflowError
        If a result with axis= does not fit into 64 bits, or if x has floats and the sum of its ints exceeds float64.
    MemoryError
        If the partial sums do not fit into memory.

    Notes
    -----
    A float result is usually within 2 units in the last place (ulp) of the exact sum, and always within 7 ulp for
    float64 and complex128, 11 ulp for float16, float32 and complex64, also if single squares underflow. A sum this
    close to 2**1024 can be inf. abs(z) is inf if a part of z is infinite, also if the other part is nan. Any other nan
    makes the sum nan. Arrays cause no floating-point warnings. A thread that flushes subnormal numbers to 0 loses those
    in x and in the result. float32 is converted to float64 before it is squared. TwoSum adds partial sums without error
    (Knuth, The Art of Computer Programming, volume 2, section 4.2.2).

    Examples
    --------
    >>> from nogil_kernels import sum_of_squares
    >>> sum_of_squares(range(10_000_000)) == 333333283333335000000
    True
    >>> sum_of_squares(bytes([3, 4]))
    25
    >>> import numpy as np
    >>> sum_of_squares(np.array([[1.5, 2.0], [0.5, 1.0]]), axis=0)
    array([2.5, 5. ])
    """
    cdef Py_buffer view
    cdef Problem problem
    cdef Kind kind
    if axis is None:
        if type(x) is range:
            if describe_range(&problem, x):  # 1. take x
                return sum_row(&problem, x, False, gil, threads)
        else:
            kind = take(x, &view, 0)  # 1. take x
            if kind <= buffers.C128:
                try:
                    if is_short(&view) and one_thread(threads) and not release_wanted(gil, threads, False):
                        return sum_short(&view, kind)
                    describe(&problem, runs, &view, kind, 0)
                    return sum_row(&problem, x, kind >= buffers.F16, gil, threads)
                finally:
                    if needs_release(&view):  # saves 2 ns of 47 for ndarrays
                        PyBuffer_Release(&view)
            if kind != buffers.NOT_PLAIN:
                PyBuffer_Release(&view)
    from nogil_kernels import arrays
    return arrays.sum_of_squares(x, axis, gil, threads, sum_of_squares_plain, sum_of_squares_rows)


sum_of_squares.__module__ = "nogil_kernels"  # the name for pickle: each interpreter finds its own build there


def sum_of_squares_plain(x, *, gil="auto", threads=1):
    """Sum the plain buffer that arrays.py has prepared. Raise TypeError for other operands."""
    cdef Py_buffer view
    cdef Problem problem
    cdef Kind kind = take_plain(x, &view)
    try:
        describe(&problem, runs, &view, kind, 0)
        return sum_row(&problem, x, kind >= buffers.F16, gil, threads)
    finally:
        PyBuffer_Release(&view)


def sum_of_squares_rows(x, int kept, out, *, gil="auto", threads=1):
    """out[i, j, ...] := sum of squares of x[i, j, ...], for the first `kept` axes of x: the kernel behind axis=.

    x is a plain numeric buffer. out is a C-contiguous, writable buffer of shape x.shape[:kept]: of float64 for floats,
    of uint64 for unsigned integers, of int64 for other integers and bool. arrays.py prepares both.

    Raise OverflowError if a sum does not fit, and MemoryError if there is no memory for the sums of the chunks.
    """
    cdef Py_buffer view, target
    cdef Problem problem
    cdef Kind kind = take_plain(x, &view), out_kind
    try:
        out_kind = buffers.F64 if kind >= buffers.F16 else buffers.U64 if is_unsigned(kind) else buffers.I64
        if not take_as(out_kind, out, &target, PyBUF_WRITABLE):
            raise TypeError("out must be a writable buffer of float64, int64 or uint64, whichever fits x, "
                            f"got {type(out).__name__}")
        try:
            if kept != target.ndim or kept > view.ndim:
                raise ValueError(f"out must have {kept} axes, the first ones of x's {view.ndim}, got {target.ndim}")
            describe(&problem, runs, &view, kind, kept)
            problem.out, problem.out_kind = <char *> target.buf, out_kind
            sum_rows(&problem, target.len // target.itemsize, (x, out), gil, threads)
        finally:
            PyBuffer_Release(&target)
    finally:
        PyBuffer_Release(&view)


cdef Kind take_plain(object x, Py_buffer *view) except *:
    cdef Kind kind = take(x, view, 0)
    if kind <= buffers.C128:
        return kind
    if kind != buffers.NOT_PLAIN:
        PyBuffer_Release(view)
    raise TypeError(f"x must be a plain buffer of numbers other than long double, got {type(x).__name__}")


cdef inline bint is_unsigned(Kind kind) noexcept nogil:
    return kind == buffers.U8 or kind == buffers.U16 or kind == buffers.U32 or kind == buffers.U64


cdef enum:
    # gil="auto" holds the GIL for at most this many bytes of x (gil.pxd has the reason): 128 KiB take 20 us at
    # 6.5 GB/s, a slow read from memory, and 1.3 us at 100 GB/s, from cache.
    AUTO_HOLD_BYTES = 128 * 1024
    # Other costs count as bytes, too. A number of any type counts as at least 8 bytes, as a float64: the slowest type,
    # float16 without F16C, takes 3 ns per number. A strided element counts as its cache line. A row of axis= takes
    # 30 ns to begin and end.
    NUMBER_BYTES = 8
    LINE_BYTES = 64
    ROW_BYTES = 256
    # The smallest task that is worth sharing: 4 MiB take 420 us at 10 GB/s. Two submits and their results cost 80 us.
    TASK_BYTES = 4 * 1024 * 1024


cdef inline bint is_short(const Py_buffer *view) noexcept nogil:
    """Return whether a buffer is one run, and so short that gil="auto" holds the GIL for it."""
    return view.ndim == 1 and view.strides[0] == view.itemsize and view.len <= AUTO_HOLD_BYTES and \
        view.shape[0] <= AUTO_HOLD_BYTES // NUMBER_BYTES


cdef object sum_short(const Py_buffer *view, Kind kind):
    """Return the sum of a short vector. A Problem would double its time."""
    cdef nk_sum sum = NK_SUM_ZERO
    runs.run[<int> kind](view.buf, view.shape[0] * parts_of(kind), &sum)
    return as_double(&sum) if kind >= buffers.F16 else as_int(&sum)


cdef object sum_row(Problem *p, object x, bint is_float, object gil, object threads):
    """Return the sum of a problem with one row."""
    cdef object _x = x  # ndarray.resize() in another thread refuses while there is a reference
    cdef nk_sum chunk_sum, sum
    p.sums = &chunk_sum
    plan_chunks(p)  # 2. plan
    plan_sharing(p, 1, gil, threads)
    if p.chunks_per_row == 1:  # 3. run
        run(p, (), threads)
    else:
        scratch = scratch_for(p, 1)
        run(p, (scratch,) if p.is_range else (scratch, x), threads)
    sum = row_total(p, 0)
    return as_double(&sum) if is_float else as_int(&sum)


cdef int sum_rows(Problem *p, Py_ssize_t rows, tuple owners, object gil, object threads) except -1:
    """Write the sums of all rows to p.out: at once if a row has one chunk, else after all chunks are summed."""
    cdef Py_ssize_t row
    cdef nk_sum sum
    p.sums = NULL
    plan_chunks(p)  # 2. plan
    plan_sharing(p, rows, gil, threads)
    if p.chunks_per_row > 1:  # 3. run
        owners += (scratch_for(p, rows),)
    run(p, owners, threads)
    if p.sums != NULL:
        for row in range(rows):
            sum = row_total(p, row)
            write_row(p, row, &sum)
    if p.overflow >= 0:
        raise_overflow(p, p.overflow)
    return 0


cdef int plan_sharing(Problem *p, Py_ssize_t rows, object gil, object threads) except -1:
    """Decide from the amount of work whether to release the GIL, and cut the work into tasks."""
    cdef double number_count = <double> rows * p.length * p.parts
    cdef double read_bytes = <double> rows * p.length * (p.itemsize if p.contiguous else LINE_BYTES)
    read_bytes += <double> rows * ROW_BYTES if p.kept.ndim else 0
    p.release_gil = release_wanted(gil, threads, max(read_bytes, number_count * NUMBER_BYTES) > AUTO_HOLD_BYTES)
    p.chunks = rows * p.chunks_per_row
    p.tasks = <Py_ssize_t> min(read_bytes / TASK_BYTES, 1e6)  # the most that are worth sharing; task_count() chooses
    p.tasks = 1 if is_unshared(threads, p.tasks) else sharing.task_count(p.tasks, threads, p.release_gil)
    p.tasks = max(1, min(p.tasks, p.chunks))
    return 0


cdef int run(Problem *p, tuple owners, object threads) except -1:
    """Sum all chunks here, or share them. owners own the memory of the chunks, and are kept until all tasks end."""
    cdef Task task
    if p.tasks <= 1:
        return run_chunks(p, 0, p.chunks, NULL)
    task = Task()
    task.problem = p[0]
    task.owners = [memoryview(owner) for owner in owners]
    sharing.share(task, p.tasks, threads, task.stop)
    p.overflow = task.problem.overflow
    return 0


@cython.final
cdef class Task:
    """A callable for threads.share: task i of problem.tasks runs one share of the chunks.

    The task owns the memory of x, so nothing is freed while another thread runs a share.
    """
    cdef Problem problem
    cdef list owners
    cdef int stopped

    def __call__(self, Py_ssize_t i):
        cdef Problem *p = &self.problem
        run_chunks(p, p.chunks * i // p.tasks, p.chunks * (i + 1) // p.tasks, &self.stopped)

    def stop(self):
        """End all running shares soon: the call has failed."""
        set_stop(&self.stopped)


cdef bytearray scratch_for(Problem *p, Py_ssize_t rows):
    """Allocate the sums of all chunks of all rows. Writing zeros to them could take seconds."""
    cdef bytearray scratch = PyByteArray_FromStringAndSize(NULL, rows * p.chunks_per_row * sizeof(nk_sum))
    p.sums = <nk_sum *> PyByteArray_AsString(scratch)
    return scratch


cdef int raise_overflow(Problem *p, Py_ssize_t row) except -1:
    """Raise OverflowError with the exact sum of the row, which is computed again for the message."""
    cdef nk_sum sum
    p.x, p.kept.ndim = row_at(p, row), 0
    _scratch = scratch_for(p, 1)
    run_chunks(p, 0, p.chunks_per_row, NULL)
    sum = row_total(p, 0)
    dtype = "int64" if p.out_kind == buffers.I64 else "uint64"
    raise OverflowError(f"the sum of squares {as_int(&sum)} does not fit {dtype}. Use axis=None, or floats.")


# inline: a module without a .pxd that exports this function (subinterpreters/) contains no code for it
cdef inline double sum_of_squares_f64(const double *x, Py_ssize_t n) noexcept nogil:  # no-cython-lint
    """Sum the same chunks as sum_of_squares, in the same order, so the bits are equal."""
    cdef nk_sum total = NK_SUM_ZERO, sum
    cdef Py_ssize_t start = 0
    while start < n:
        sum = NK_SUM_ZERO
        runs.run[<int> buffers.F64](x + start, min(NK_RUN, n - start), &sum)
        add_sum(&total, &sum)
        start += NK_RUN
    return as_double(&total)
