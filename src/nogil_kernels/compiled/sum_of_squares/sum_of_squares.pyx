# cython: freethreading_compatible=True
"""sum_of_squares(x) = |x[0]|**2 + |x[1]|**2 + ... : the loop nest, the GIL switch, the public function."""

cimport cython
from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release
from cpython.bytearray cimport PyByteArray_AsString
from libc.stdint cimport int64_t, uint64_t

from nogil_kernels.compiled.isa.isa cimport chosen_isa
from nogil_kernels.compiled.shared cimport buffers
from nogil_kernels.compiled.shared.buffers cimport Kind, PyErr_CheckSignals, is_held, take, take_as
from nogil_kernels.compiled.shared.gil cimport one_thread, release_wanted, stays_whole
from nogil_kernels.compiled.sum_of_squares.chunks cimport (
    Problem, as_double, as_int, describe, describe_range, join, parts_of, row_at, row_total, sum_apart, write_row,
)
from nogil_kernels.compiled.sum_of_squares.runs cimport NK_RUN, NK_SUM_ZERO, nk_sum, nk_sum_tiles, nk_sum_tiles_of

from nogil_kernels import threads as sharing


cdef void sum_chunks(Problem *p, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Sum the squares of chunk after chunk, cut from the whole problem: no number of threads can change a bit."""
    cdef Py_ssize_t c, start, count
    cdef const char *row
    cdef nk_sum total
    for c in range(first, last):
        row = row_at(p, c // p.chunks_per_row)
        start = c % p.chunks_per_row * p.chunk
        count = min(p.chunk, p.length - start)
        total = NK_SUM_ZERO
        if p.is_range:
            tiles.range(<int64_t> (<uint64_t> p.start + <uint64_t> start * <uint64_t> p.step), p.step, count, &total)
        elif p.contiguous:
            p.run(row + start * p.itemsize, count * p.parts, &total)
        else:
            sum_apart(p, row, start, count, &total)
        if p.sums != NULL:
            p.sums[c] = total
        else:
            write_row(p, c, &total)  # a row of one chunk


cdef int run(Problem *p, Py_ssize_t first, Py_ssize_t last, bint release_gil) except -1:
    """The GIL switch: one loop nest, the GIL released or held; slice by slice, to look for Ctrl-C in between."""
    cdef Py_ssize_t stop
    while first < last:
        stop = min(first + p.chunks_per_slice, last)
        if release_gil:
            with nogil:
                sum_chunks(p, first, stop)
        else:
            sum_chunks(p, first, stop)
        first = stop
        if first < last:
            PyErr_CheckSignals()
    return 0


cdef enum:
    # gil="auto" holds the GIL for at most this much work, since getting it back can cost a switch interval (5 ms) where
    # other threads run Python: 128 KiB at 6.5 GB/s, a slow read from memory, take 20 us; at 100 GB/s, from cache, 1.3.
    AUTO_HOLD_BYTES = 128 * 1024
    # What costs time beside reading is weighed in bytes, too: a number of any type as a float64 (the slowest, a float16
    # without F16C, takes 3 ns); an element that lies apart as its cache line; a row of axis= as 30 ns to begin and end.
    NUMBER_BYTES = 8
    LINE_BYTES = 64
    ROW_BYTES = 256
    # A task worth sharing: two submits and their results cost 80 us; 4 MiB at 10 GB/s take 420 us.
    TASK_BYTES = 4 * 1024 * 1024


cdef extern from *:
    """
    static const nk_sum_tiles *nk_tiles; /* for all interpreters: whichever imports this writes the same */
    """
    const nk_sum_tiles *tiles "nk_tiles"


tiles = nk_sum_tiles_of(chosen_isa())


@cython.final
cdef class Task:
    """Task i of `tasks` is a share of the chunks, for threads.share.

    It owns what it works on: should Ctrl-C end the call while another thread is in it, the memory stays.
    """
    cdef Problem problem
    cdef list owners
    cdef Py_ssize_t chunks, tasks
    cdef bint release_gil

    def __call__(self, Py_ssize_t i):
        run(&self.problem, self.chunks * i // self.tasks, self.chunks * (i + 1) // self.tasks, self.release_gil)


cdef int compute(Problem *p, Py_ssize_t rows, tuple owners, object gil, object threads) except -1:
    """Sum every chunk of every row, on this thread or shared with others; `owners` have the memory."""
    cdef Py_ssize_t chunks = rows * p.chunks_per_row
    cdef double numbers = <double> rows * p.length * p.parts
    cdef double size = <double> rows * p.length * (p.itemsize if p.contiguous else LINE_BYTES)
    size += <double> rows * ROW_BYTES if p.kept.ndim else 0
    cdef bint release_gil = release_wanted(gil, threads, max(size, numbers * NUMBER_BYTES) > AUTO_HOLD_BYTES)
    cdef Py_ssize_t tasks = <Py_ssize_t> min(size / TASK_BYTES, 1e6)  # each worth sharing
    cdef Task task
    if stays_whole(threads, tasks):
        return run(p, 0, chunks, release_gil)
    tasks = sharing.tasks(tasks, threads)
    if tasks == 1 or chunks == 1:
        return run(p, 0, chunks, release_gil)
    task = Task()
    task.problem = p[0]
    task.owners = [memoryview(owner) for owner in owners]
    task.chunks = chunks
    task.tasks = min(max(tasks, chunks // p.chunks_per_slice), chunks)
    task.release_gil = release_gil
    sharing.share(task, task.tasks, threads)
    p.overflow = task.problem.overflow
    return 0


cdef bytearray room_for(Problem *p, Py_ssize_t rows):
    """Room for the sums of all chunks of all rows."""
    cdef bytearray room = bytearray(rows * p.chunks_per_row * sizeof(nk_sum))
    p.sums = <nk_sum *> PyByteArray_AsString(room)
    return room


cdef object total(Problem *p, object x, bint is_float, object gil, object threads):
    """The one sum of a problem of one row."""
    cdef object _x = x  # a reference: ndarray.resize() in another thread must not free what a released call reads
    cdef nk_sum one, result
    p.sums = &one
    if p.chunks_per_row == 1:
        compute(p, 1, (), gil, threads)
    else:
        room = room_for(p, 1)
        compute(p, 1, (room,) if p.is_range else (room, x), gil, threads)
    result = row_total(p, 0)
    return as_double(&result) if is_float else as_int(&result)


cdef inline bint is_short(const Py_buffer *view) noexcept nogil:
    """One run, so short that gil="auto" holds the GIL for it."""
    return view.ndim == 1 and view.strides[0] == view.itemsize and view.len <= AUTO_HOLD_BYTES and \
        view.shape[0] <= AUTO_HOLD_BYTES // NUMBER_BYTES


cdef object short_total(const Py_buffer *view, Kind kind):
    """The sum of one run as it lies: a Problem would cost as much again as a short run takes."""
    cdef nk_sum result = NK_SUM_ZERO
    tiles.run[<int> kind](view.buf, view.shape[0] * parts_of(kind), &result)
    return as_double(&result) if kind >= buffers.F16 else as_int(&result)


def sum_of_squares(x, *, axis=None, gil="auto", threads=1):
    """Return sum(abs(z)**2 for z in x), over all numbers z in x or along some axes.

    Parameters
    ----------
    x : buffer, array, range, or collection of numbers
        A buffer or array of bool, signed or unsigned integers, float16, float32, float64, complex64 or complex128, with
        any number of dimensions and any strides, read in place; an object with `__array__`, `__array_interface__` or
        `__dlpack__`, in CPU memory; a range; or a list, tuple, iterator or array of objects, which plain Python sums:
        int, Fraction and Decimal stay exact.
    axis : int or tuple of ints, optional
        The axes to sum over. None, the default, sums over all axes.
    gil : {"auto", "release", "hold"}, optional
        "release" always releases the GIL, and "hold" never does. "auto", the default, holds the GIL for at most some
        tens of microseconds of work, for which releasing it could cost more than it gains, and releases it for more.
        All three run the same machine code. On a free-threaded build "hold" means that the calling thread stays
        attached; other threads run in parallel all the same. On the pure backend the value has no effect.
    threads : int or concurrent.futures.ThreadPoolExecutor, optional
        The threads that share work of at least 24 MiB, or at least 8 MiB with an executor. An int starts threads
        for this call and ends them before it returns. The result has the same bits for every number of threads. On the
        pure backend the value has no effect.

    Returns
    -------
    int, float or numpy.ndarray
        With axis=None, an exact int for bool and integers of any size, and a float for floats and complex numbers; 0 if
        x is empty. With axis, an ndarray: int64 for bool and signed integers, uint64 for unsigned integers, float64 for
        floats and complex numbers, objects for objects.

    Raises
    ------
    TypeError
        If x has text, dates, a structured type, long double or a mask, or if axis or threads has a wrong type.
    ValueError
        If x does not have an axis (numpy.exceptions.AxisError), if axis names an axis twice, if gil is unknown, or if
        threads is below 1.
    OverflowError
        If a result with axis= does not fit into 64 bits.
    MemoryError
        If the partial sums do not fit into memory.

    Notes
    -----
    A float result is within 2 units in the last place of the exact sum. float32 is converted to float64 before it is
    squared. TwoSum adds partial sums without error (Knuth, The Art of Computer Programming, volume 2, section 4.2.2).

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
            if describe_range(&problem, x):
                return total(&problem, x, False, gil, threads)
        else:
            kind = take(x, &view, 0)
            if kind <= buffers.C128:
                try:
                    if is_short(&view) and one_thread(threads) and not release_wanted(gil, threads, False):
                        return short_total(&view, kind)
                    describe(&problem, tiles, &view, kind, 0)
                    return total(&problem, x, kind >= buffers.F16, gil, threads)
                finally:
                    if is_held(&view):  # not an ndarray's: 2 ns of 47
                        PyBuffer_Release(&view)
            if kind != buffers.NOT_PLAIN:
                PyBuffer_Release(&view)
    from nogil_kernels import arrays
    return arrays.sum_of_squares(x, axis, gil, threads, sum_of_squares_plain, sum_of_squares_rows)


sum_of_squares.__module__ = "nogil_kernels"  # what pickle looks it up by: each interpreter finds its own build


def sum_of_squares_plain(x, *, gil="auto", threads=1):
    """sum_of_squares of what arrays.py has made a plain buffer; a TypeError, no second detour, for anything else."""
    cdef Py_buffer view
    cdef Problem problem
    cdef Kind kind = take_plain(x, &view)
    try:
        describe(&problem, tiles, &view, kind, 0)
        return total(&problem, x, kind >= buffers.F16, gil, threads)
    finally:
        PyBuffer_Release(&view)


cdef inline double sum_of_squares_f64(  # no-cython-lint: inline, since subinterpreters/ exports nothing and leaves it out
    const double *x, Py_ssize_t n
) noexcept nogil:
    """The chunks of sum_of_squares, one after another."""
    cdef nk_sum total = NK_SUM_ZERO, part
    cdef Py_ssize_t start = 0
    while start < n:
        part = NK_SUM_ZERO
        tiles.run[<int> buffers.F64](x + start, min(NK_RUN, n - start), &part)
        join(&total, &part)
        start += NK_RUN
    return as_double(&total)


cdef Kind take_plain(object x, Py_buffer *view) except *:
    cdef Kind kind = take(x, view, 0)
    if kind <= buffers.C128:
        return kind
    if kind != buffers.NOT_PLAIN:
        PyBuffer_Release(view)
    raise TypeError(f"x must be a plain buffer of numbers that sum_of_squares takes, not {x!r}")


def sum_of_squares_rows(x, int kept, out, *, gil="auto", threads=1):
    """out[i, j, ...] := sum of squares of x[i, j, ...], for the first `kept` axes of x: the kernel behind axis=.

    x: a plain numeric buffer; out: a C-contiguous, writable buffer of shape x.shape[:kept], of float64 for floats,
    uint64 for unsigned integers and int64 for others. The caller (arrays.py) has seen to that.

    Raises OverflowError where a sum does not fit, MemoryError where there is no room for the partial sums.
    """
    cdef Py_buffer view, target
    cdef Problem problem
    cdef Kind kind = take_plain(x, &view), out_kind
    try:
        out_kind = buffers.F64 if kind >= buffers.F16 else buffers.U64 if is_unsigned(kind) else buffers.I64
        if not take_as(out_kind, out, &target, PyBUF_WRITABLE):
            raise TypeError(f"out must be a writable buffer of float64, int64 or uint64, as x asks, not {out!r}")
        try:
            if kept != target.ndim or kept > view.ndim:
                raise ValueError(f"out must have the first {kept} of the {view.ndim} axes of x, not {target.ndim} axes")
            describe(&problem, tiles, &view, kind, kept)
            problem.out = <char *> target.buf
            problem.out_kind = out_kind
            sum_rows(&problem, target.len // target.itemsize, (x, out), gil, threads)
        finally:
            PyBuffer_Release(&target)
    finally:
        PyBuffer_Release(&view)


cdef inline bint is_unsigned(Kind kind) noexcept nogil:
    return kind == buffers.U8 or kind == buffers.U16 or kind == buffers.U32 or kind == buffers.U64


cdef int sum_rows(Problem *p, Py_ssize_t rows, tuple owners, object gil, object threads) except -1:
    """Rows of one chunk are written as they are summed; the chunks of longer ones are kept, and joined at the end."""
    cdef Py_ssize_t row
    cdef nk_sum result
    p.sums = NULL
    if p.chunks_per_row > 1:
        owners += (room_for(p, rows),)
    compute(p, rows, owners, gil, threads)
    if p.sums != NULL:
        for row in range(rows):
            result = row_total(p, row)
            write_row(p, row, &result)
    if p.overflow >= 0:
        raise_overflow(p, p.overflow)
    return 0


cdef int raise_overflow(Problem *p, Py_ssize_t row) except -1:
    """Sum that row once more, to say what does not fit."""
    cdef nk_sum result
    p.x = row_at(p, row)
    p.kept.ndim = 0
    _room = room_for(p, 1)
    sum_chunks(p, 0, p.chunks_per_row)
    result = row_total(p, 0)
    raise OverflowError(f"a sum of squares is {as_int(&result)}, more than "
                        f"{'int64' if p.out_kind == buffers.I64 else 'uint64'} holds; use axis=None, or floats")
