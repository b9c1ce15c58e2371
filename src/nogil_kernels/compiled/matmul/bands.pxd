"""Bands of C: what threads share."""

from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem


cdef enum:
    # Columns of a band, at least, in full tiles: each band reads all of A from memory.
    BAND_TILES = 4
    # Rows of a band, at least: each band packs its own B, which costs half a cycle an element, against 128 rows / 16
    # multiply-adds a cycle.
    BAND_ROWS = 128


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
    """Cut each matrix of C into at most `bands` bands of whole tiles: columns first, so that B is packed once.

    Rows are cut where columns are too few, and each of those bands packs its own B: no task waits for another one.
    """
    if p.symmetric:  # cut already, and always alike
        return
    p.bands_across = max(1, min(bands, p.n // (BAND_TILES * p.NR)))
    p.bands_down = max(1, min((bands + p.bands_across - 1) // p.bands_across, p.m // BAND_ROWS))
