"""Sums of squares as the loop nest sees them: what is summed, how it is cut into chunks, how their sums are joined."""

from libc.math cimport isfinite
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from nogil_kernels.compiled.shared.buffers cimport C64, C128, F64, I64, MAX_NDIM, Kind
from nogil_kernels.compiled.sum_of_squares.runs cimport NK_RUN, NK_SUM_ZERO, nk_sum, nk_sum_run, nk_sum_tiles
from nogil_kernels.compiled.sum_of_squares.layout cimport Layout, gather, in_memory_order, take_axes


cdef enum:
    # Between two looks for Ctrl-C: 2**28 numbers take a tenth of a second to one.
    SLICE = 1 << 28
    # Elements copied together from where they lie apart: 32 KiB of complex128, inside any L1.
    GATHERED = 2048
    # More than this comes from beyond L2, which has 0.25 to 2 MiB: there prefetching pays, and in L2 it would cost 7 %.
    FAR_BYTES = 2 * 1024 * 1024


cdef struct Problem:
    # `rows` sums of squares over `length` elements each: one row, but for axis=.
    const char *x
    Layout kept           # the axes that tell rows apart
    Layout summed         # the axes that are summed, in the order of memory
    Py_ssize_t length
    Py_ssize_t itemsize
    Py_ssize_t parts      # 2 for complex elements, which are two floats each
    bint contiguous
    nk_sum_run run
    bint is_range         # x is start, start + step, ... instead
    int64_t start, step
    Py_ssize_t chunk      # elements of one run: NK_RUN numbers
    Py_ssize_t chunks_per_row
    Py_ssize_t chunks_per_slice
    nk_sum *sums          # one per chunk; NULL where each row is one chunk, whose sum goes to `out`
    char *out
    Kind out_kind         # float64, int64 or uint64
    Py_ssize_t overflow   # a row whose sum does not fit `out`, or -1


cdef inline Py_ssize_t parts_of(Kind kind) noexcept nogil:
    """A complex number is two floats."""
    return 2 if kind == C64 or kind == C128 else 1


cdef inline void plan(Problem *p, Py_ssize_t length, Py_ssize_t itemsize, Py_ssize_t parts) noexcept nogil:
    """What follows from the size of a row: how it is cut into chunks."""
    p.length = length
    p.overflow = -1
    p.itemsize = itemsize
    p.parts = parts
    p.chunk = NK_RUN // parts
    p.chunks_per_row = max(1, length // p.chunk + (length % p.chunk != 0))
    p.chunks_per_slice = max(1, SLICE // max(1, min(length, p.chunk) * parts))


cdef inline void describe(
    Problem *p, const nk_sum_tiles *tiles, const Py_buffer *view, Kind kind, int kept
) noexcept nogil:
    """The problem of a buffer whose first `kept` axes tell rows apart and whose others are summed."""
    cdef Py_ssize_t length = 1
    cdef int axis
    p.x = <const char *> view.buf
    p.is_range = False
    take_axes(&p.kept, view, 0, kept)
    take_axes(&p.summed, view, kept, view.ndim)
    for axis in range(kept, view.ndim):
        length *= view.shape[axis]
    if length:
        p.x = in_memory_order(&p.summed, p.x)
    p.contiguous = length == 0 or p.summed.ndim == 0 or (p.summed.ndim == 1 and p.summed.strides[0] == view.itemsize)
    p.run = tiles.far[<int> kind] if p.contiguous and view.len > FAR_BYTES else tiles.run[<int> kind]
    plan(p, length, view.itemsize, parts_of(kind))


cdef inline bint describe_range(Problem *p, object x) except -1:
    """The problem of a range, or False where int64 cannot hold it."""
    cdef int64_t _last
    try:
        length = len(x)
        p.start = x.start if length else 0
        p.step = x.step if length > 1 else 0
        _last = x.start + (length - 1) * x.step if length else 0  # between it and the start, every term fits too
        plan(p, length, sizeof(int64_t), 1)
    except OverflowError:
        return False
    p.is_range = True
    p.contiguous = True
    p.kept.ndim = 0
    return True


cdef inline const char *row_at(const Problem *p, Py_ssize_t row) noexcept nogil:
    cdef const char *x = p.x
    cdef int axis
    for axis in range(p.kept.ndim - 1, -1, -1):
        x += row % p.kept.shape[axis] * p.kept.strides[axis]
        row //= p.kept.shape[axis]
    return x


cdef inline void sum_apart(
    const Problem *p, const char *row, Py_ssize_t start, Py_ssize_t count, nk_sum *sum
) noexcept nogil:
    """sum += squares of `count` elements from the start-th on; those of short rows are brought together first."""
    cdef char[GATHERED * 16] block
    cdef Py_ssize_t[MAX_NDIM] index
    cdef Py_ssize_t filled = 0, along
    cdef const Layout *axes = &p.summed
    cdef int axis, inner = axes.ndim - 1
    cdef bint in_place = axes.strides[inner] == p.itemsize and axes.shape[inner] >= GATHERED
    cdef const char *x = row
    for axis in range(inner, -1, -1):
        index[axis] = start % axes.shape[axis]
        start //= axes.shape[axis]
        x += index[axis] * axes.strides[axis]
    while count > 0:
        along = min(axes.shape[inner] - index[inner], count)
        if in_place:
            p.run(x, along * p.parts, sum)
        else:
            along = min(along, GATHERED - filled)
            gather(block + filled * p.itemsize, x, along, axes.strides[inner], p.itemsize)
            filled += along
            if filled == GATHERED or along == count:
                p.run(block, filled * p.parts, sum)
                filled = 0
        count -= along
        index[inner] += along
        x += along * axes.strides[inner]
        axis = inner
        while axis > 0 and index[axis] == axes.shape[axis]:  # carry, as an odometer does
            x += axes.strides[axis - 1] - axes.shape[axis] * axes.strides[axis]
            index[axis] = 0
            axis -= 1
            index[axis] += 1


cdef inline void join(nk_sum *total, const nk_sum *part) noexcept nogil:
    """Add without error: floats by TwoSum, integers word by word."""
    cdef double hi = total.hi + part.hi, rounded = hi - total.hi
    cdef uint64_t carry = 0
    cdef int word
    total.lo += (total.hi - (hi - rounded)) + (part.hi - rounded) + part.lo
    total.hi = hi
    for word in range(3):
        total.words[word] += carry
        carry = total.words[word] < carry
        total.words[word] += part.words[word]
        carry += total.words[word] < part.words[word]


cdef inline nk_sum row_total(const Problem *p, Py_ssize_t row) noexcept nogil:
    """Join the chunks of a row, in order."""
    cdef nk_sum total = p.sums[row * p.chunks_per_row]
    cdef Py_ssize_t c
    for c in range(1, p.chunks_per_row):
        join(&total, &p.sums[row * p.chunks_per_row + c])
    return total


cdef inline double as_double(const nk_sum *total) noexcept nogil:
    return total.hi + total.lo if isfinite(total.hi) else total.hi  # TwoSum leaves a NaN beside an infinity


cdef inline object as_int(const nk_sum *total):
    if total.words[1] == 0 and total.words[2] == 0:
        return total.words[0]
    return (<object> total.words[2] << 128) | (<object> total.words[1] << 64) | total.words[0]


cdef inline void write_row(Problem *p, Py_ssize_t row, const nk_sum *total) noexcept nogil:
    """out[row] := the sum, or note that it does not fit."""
    if p.out_kind == F64:
        (<double *> p.out)[row] = as_double(total)
    elif total.words[1] or total.words[2] or (p.out_kind == I64 and total.words[0] > <uint64_t> INT64_MAX):
        p.overflow = row
    else:
        (<uint64_t *> p.out)[row] = total.words[0]
