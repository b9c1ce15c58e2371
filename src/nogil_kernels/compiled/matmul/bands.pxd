"""Bands of C, which threads share."""

from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem


cdef enum:
    # The fewest columns of a band, counted in tiles. Each band reads all of A from memory, so bands must not be narrow.
    BAND_TILES = 4
    # The fewest rows of a band. Each band packs its own B: half a cycle per element. With 128 rows, an element is then
    # used for 128 multiply-adds, 8 cycles at 16 per cycle, so packing costs a sixteenth.
    BAND_ROWS = 128


cdef inline Py_ssize_t cut(Py_ssize_t size, Py_ssize_t step, Py_ssize_t part, Py_ssize_t parts) noexcept nogil:
    """Return where a part begins. The first parts have at most one step more, so the shortest parts run at the end."""
    cdef Py_ssize_t steps = (size + step - 1) // step
    return min(size, (steps // parts * part + min(part, steps % parts)) * step)


cdef inline void find_band(const Problem *p, Py_ssize_t band, Matrix *C, Matrix *A, Matrix *B) noexcept nogil:
    """Fill in the parts of C, A and B that belong to a band. Bands are numbered through all matrices of the stack."""
    cdef Py_ssize_t rest_of_index = band, index, row = 0, column = 0, row_end = p.m, column_end = p.n, part
    cdef int axis
    if p.bands_down * p.bands_across > 1:  # skipped for one band: a division takes as long as a row of a small product
        part = rest_of_index % p.bands_across
        column = cut(p.n, p.column_step, part, p.bands_across)
        column_end = cut(p.n, p.column_step, part + 1, p.bands_across)
        rest_of_index //= p.bands_across
        part = rest_of_index % p.bands_down
        row, row_end = cut(p.m, p.row_step, part, p.bands_down), cut(p.m, p.row_step, part + 1, p.bands_down)
        rest_of_index //= p.bands_down
    A[0] = p.A
    B[0] = p.B
    C[0] = p.C
    A.data += row * A.row_stride
    B.data += column * B.column_stride
    C.data += row * C.row_stride + column * C.column_stride
    C.rows = row_end - row
    C.columns = column_end - column
    for axis in range(p.ndim - 1, -1, -1):
        index = rest_of_index % p.shape[axis] if axis else rest_of_index
        rest_of_index = rest_of_index // p.shape[axis] if axis else 0
        A.data += index * p.a_strides[axis]
        B.data += index * p.b_strides[axis]
        C.data += index * p.c_strides[axis]


cdef inline void cut_into_bands(Problem *p, Py_ssize_t bands) noexcept nogil:
    """Cut each matrix of C into at most `bands` bands of whole tiles.

    Columns are cut first, because bands of different columns pack different parts of B. If there are too few columns,
    rows are cut too. Then several bands pack the same part of B, each for itself, so no task waits for another one.
    """
    if p.symmetric:  # cut_symmetric has cut the matrices already
        return
    p.bands_across = max(1, min(bands, p.n // (BAND_TILES * p.NR)))
    p.bands_down = max(1, min((bands + p.bands_across - 1) // p.bands_across, p.m // BAND_ROWS))
