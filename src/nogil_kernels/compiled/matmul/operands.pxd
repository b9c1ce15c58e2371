"""From buffers to matrices: where numpy.matmul's shapes and broadcasting become a stack of products."""

from nogil_kernels.compiled.matmul.blocks cimport Matrix, Problem
from nogil_kernels.compiled.shared.buffers cimport overlaps_itself


cdef inline void take_matrix(Matrix *matrix, const Py_buffer *view, bint is_column) noexcept nogil:
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


cdef inline bint take_stack(Problem *p, const Py_buffer *a, const Py_buffer *b) noexcept nogil:
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


cdef inline bint take_operands(Problem *p, const Py_buffer *a, const Py_buffer *b) noexcept nogil:
    """Everything that follows from A and B; False where they do not fit together."""
    if a.ndim == 0 or b.ndim == 0:
        return False
    take_matrix(&p.A, a, False)
    take_matrix(&p.B, b, True)
    p.m, p.k, p.n = p.A.rows, p.A.columns, p.B.columns
    return p.B.rows == p.k and take_stack(p, a, b)


cdef inline bint take_result(Problem *p, const Py_buffer *c, bint a_is_vector, bint b_is_vector) noexcept nogil:
    """C's place and strides; False where its shape is another, or where one element of it serves for several."""
    cdef int ndim = p.ndim + 2 - a_is_vector - b_is_vector, axis
    if c.ndim != ndim:
        return False
    if overlaps_itself(c):
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
