"""Bands of C, which threads share."""

from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem


cdef enum:
    # The fewest columns of a band, in full tiles. Each band reads all of A from memory, so bands must not be narrow.
    BAND_TILES = 4
    # The fewest rows of a band. Each band packs its own B, which costs half a cycle per element. An element of B takes
    # part in 128 multiply-adds, 16 per cycle: 8 cycles.
    BAND_ROWS = 128


cdef inline Py_ssize_t cut(Py_ssize_t size, Py_ssize_t step, Py_ssize_t part, Py_ssize_t parts) noexcept nogil:
    """Return where a part begins. The first parts have one step more than others, so the last one to run is small."""
    cdef Py_ssize_t steps = (size + step - 1) // step
    return min(size, (steps // parts * part + min(part, steps % parts)) * step)


cdef inline void find_band(const Problem *p, Py_ssize_t band, Matrix *C, Matrix *A, Matrix *B) noexcept nogil:
    """Fill in the parts of C, A and B that belong to a band. Bands are numbered through all matrices of the stack."""
    cdef Py_ssize_t matrix = band, index, i = 0, j = 0, i_end = p.m, j_end = p.n, part
    cdef int axis
    if p.bands_down * p.bands_across > 1:  # saves divisions: one takes as long as a row of a small product
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
    """Cut each matrix of C into at most `bands` bands of whole tiles. Columns are cut first, so that B is packed once.

    If columns are too few, rows are cut too. Each of those bands packs its own B, so no task waits for another one.
    """
    if p.symmetric:  # cut_symmetric has cut it
        return
    p.bands_across = max(1, min(bands, p.n // (BAND_TILES * p.NR)))
    p.bands_down = max(1, min((bands + p.bands_across - 1) // p.bands_across, p.m // BAND_ROWS))
