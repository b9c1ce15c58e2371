"""The problem of a sum of squares: its elements, how they are cut into chunks, and how the chunks' sums are joined."""

from libc.math cimport isfinite
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from nogil_kernels.compiled.shared.buffers cimport C64, C128, F64, I64, MAX_NDIM, Kind
from nogil_kernels.compiled.shared.interrupts cimport Interrupts, interrupted
from nogil_kernels.compiled.sum_of_squares.runs cimport (
    NK_RUN, NK_SUM_ZERO, NK_TINY_SCALE, nk_sum, nk_sum_run, nk_sum_runs,
)
from nogil_kernels.compiled.sum_of_squares.layout cimport Layout, gather, in_memory_order, take_axes


cdef extern from *:
    """
    #include "compiled/shared/atomics.h"
    #define NK_SET_ROW(place, row) NK_ATOMIC_STORE(Py_ssize_t, place, row)
    """
    void set_row "NK_SET_ROW"(Py_ssize_t *place, Py_ssize_t row) noexcept nogil


cdef enum:
    # Chunks between two looks for interrupts: 8 take at most 4 ms. A look at each would take 3 % of rows of 4 numbers.
    CHUNKS_PER_LOOK = 8
    # Strided elements are copied to a block of this many: 32 KiB of complex128, which fit any L1. If the innermost axis
    # is contiguous and has at least this many, they are read in place.
    BLOCK_ELEMENTS = 2048
    # Buffers larger than this are beyond L2 (0.25 to 2 MiB) and are prefetched. Inside L2, prefetching would cost 7 %.
    FAR_BYTES = 2 * 1024 * 1024


cdef struct Problem:
    # Sums of squares, one per row. There is a single row unless axis= keeps axes.
    # Act 1 fills in:
    const char *x
    Layout kept           # the axes over the rows
    Layout summed         # the axes of a row, sorted by stride
    Py_ssize_t length     # elements of a row
    Py_ssize_t itemsize
    Py_ssize_t parts      # numbers of an element: 2 for complex ones
    bint contiguous       # a row is contiguous
    nk_sum_run run        # sums one run of this kind
    bint is_range         # if set, the elements are start, start + step, ...
    int64_t start, step
    char *out
    Kind out_kind         # float64, int64 or uint64
    # Act 2 fills in:
    Py_ssize_t chunk      # elements of a chunk: NK_RUN numbers
    Py_ssize_t chunks_per_row
    Py_ssize_t chunks     # of all rows
    Py_ssize_t tasks      # number of equal shares of the chunks; at most this many threads work
    bint release_gil
    # Results: act 2 sets them up, act 3 writes to them.
    nk_sum *sums          # one per chunk, or NULL to write each row's only chunk to `out`
    Py_ssize_t overflow   # a row whose sum does not fit `out`, or -1


cdef inline Py_ssize_t parts_of(Kind kind) noexcept nogil:
    """Return how many numbers an element is: a complex element is two floats."""
    return 2 if kind == C64 or kind == C128 else 1


cdef inline void describe(
    Problem *p, const nk_sum_runs *runs, const Py_buffer *view, Kind kind, int kept
) noexcept nogil:
    """Fill in the problem of a buffer: the first `kept` axes number the rows, the others are summed."""
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
    p.run = runs.far[<int> kind] if p.contiguous and view.len > FAR_BYTES else runs.run[<int> kind]
    p.length, p.itemsize, p.parts = length, view.itemsize, parts_of(kind)


cdef inline bint describe_range(Problem *p, object x) except -1:
    """Fill in the problem of a range. Return False if int64 cannot hold its terms."""
    cdef int64_t _last_term
    try:
        length = len(x)
        p.start = x.start if length else 0
        p.step = x.step if length > 1 else 0
        # OverflowError if int64 cannot hold the last term; the others are between it and the start
        _last_term = x.start + (length - 1) * x.step if length else 0
    except OverflowError:
        return False
    p.length, p.itemsize, p.parts = length, sizeof(int64_t), 1
    p.is_range = p.contiguous = True
    p.kept.ndim = 0
    return True


cdef inline void plan_chunks(Problem *p) noexcept nogil:
    """Choose the size of chunks from the size of a row alone, so threads change no bit of the sum."""
    p.chunk = NK_RUN // p.parts
    p.chunks_per_row = max(1, p.length // p.chunk + (p.length % p.chunk != 0))
    p.overflow = -1


cdef inline const char *row_at(const Problem *p, Py_ssize_t row) noexcept nogil:
    cdef const char *x = p.x
    cdef int axis
    for axis in range(p.kept.ndim - 1, -1, -1):
        x += row % p.kept.shape[axis] * p.kept.strides[axis]
        row //= p.kept.shape[axis]
    return x


cdef inline void sum_strided(
    const Problem *p, const char *row, Py_ssize_t start, Py_ssize_t count, nk_sum *sum, Interrupts *interrupts
) noexcept nogil:
    """Add the squares of `count` elements from `start` on. Copy them to a block, unless they are read in place.

    Elements on pages of their own take up to 1 us each. A chunk of them takes 0.1 s, and a block takes 2 ms, so the
    loop looks for interrupts at each block.
    """
    cdef char[BLOCK_ELEMENTS * 16] block
    cdef Py_ssize_t[MAX_NDIM] index
    cdef Py_ssize_t filled = 0, piece
    cdef const Layout *axes = &p.summed
    cdef int axis, inner = axes.ndim - 1
    cdef bint in_place = axes.strides[inner] == p.itemsize and axes.shape[inner] >= BLOCK_ELEMENTS
    cdef const char *x = row
    for axis in range(inner, -1, -1):
        index[axis] = start % axes.shape[axis]
        start //= axes.shape[axis]
        x += index[axis] * axes.strides[axis]
    while count > 0 and not interrupted(interrupts):
        piece = min(axes.shape[inner] - index[inner], count)
        if in_place:
            p.run(x, piece * p.parts, sum)
        else:
            piece = min(piece, BLOCK_ELEMENTS - filled)
            gather(block + filled * p.itemsize, x, piece, axes.strides[inner], p.itemsize)
            filled += piece
            if filled == BLOCK_ELEMENTS or piece == count:
                p.run(block, filled * p.parts, sum)
                filled = 0
        count -= piece
        index[inner] += piece
        x += piece * axes.strides[inner]
        axis = inner
        while axis > 0 and index[axis] == axes.shape[axis]:  # carry over to the next axis
            x += axes.strides[axis - 1] - axes.shape[axis] * axes.strides[axis]
            index[axis] = 0
            axis -= 1
            index[axis] += 1


cdef inline void add_pair(double *hi, double *lo, double part_hi, double part_lo) noexcept nogil:
    """hi + lo += part_hi + part_lo, by TwoSum."""
    cdef double total = hi[0] + part_hi, rounded = total - hi[0]
    lo[0] += (hi[0] - (total - rounded)) + (part_hi - rounded) + part_lo
    hi[0] = total


cdef inline void add_sum(nk_sum *total, const nk_sum *part) noexcept nogil:
    """Add part to total: floats by TwoSum, integers word by word."""
    cdef uint64_t carry = 0
    cdef int word
    add_pair(&total.hi, &total.lo, part.hi, part.lo)
    add_pair(&total.tiny_hi, &total.tiny_lo, part.tiny_hi, part.tiny_lo)
    for word in range(3):
        total.words[word] += carry
        carry = total.words[word] < carry
        total.words[word] += part.words[word]
        carry += total.words[word] < part.words[word]


cdef inline nk_sum row_total(const Problem *p, Py_ssize_t row) noexcept nogil:
    """Return the sum of a row: add the sums of its chunks, in order."""
    cdef nk_sum total = p.sums[row * p.chunks_per_row]
    cdef Py_ssize_t c
    for c in range(1, p.chunks_per_row):
        add_sum(&total, &p.sums[row * p.chunks_per_row + c])
    return total


cdef inline double as_double(const nk_sum *total) noexcept nogil:
    cdef double lo = total.lo
    if not isfinite(total.hi):
        return total.hi  # lo is NaN if hi is infinite
    if total.tiny_hi > 0:  # divide twice, because 1 / NK_TINY_SCALE**2 is not a float64
        lo += (total.tiny_hi + total.tiny_lo) / NK_TINY_SCALE / NK_TINY_SCALE
    return total.hi + lo


cdef inline object as_int(const nk_sum *total):
    if total.words[1] == 0 and total.words[2] == 0:
        return total.words[0]
    return (<object> total.words[2] << 128) | (<object> total.words[1] << 64) | total.words[0]


cdef inline void write_row(Problem *p, Py_ssize_t row, const nk_sum *total) noexcept nogil:
    """Write a row's sum to out[row], or store the row in p.overflow if the sum does not fit."""
    if p.out_kind == F64:
        (<double *> p.out)[row] = as_double(total)
    elif total.words[1] or total.words[2] or (p.out_kind == I64 and total.words[0] > <uint64_t> INT64_MAX):
        set_row(&p.overflow, row)  # other threads can do so at the same time
    else:
        (<uint64_t *> p.out)[row] = total.words[0]
