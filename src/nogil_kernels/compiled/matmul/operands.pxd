"""Act 1, take the operands: make a stack of products from Python objects, by numpy.matmul's rules for shapes."""

from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release

from nogil_kernels.compiled.matmul.problem cimport Matrix, Problem
from nogil_kernels.compiled.matmul.tiles cimport nk_matmul_kernel
from nogil_kernels.compiled.shared.buffers cimport (
    NOT_PLAIN, Kind, needs_release, overlap, overlaps_itself, take, take_again, take_as,
)


cdef struct Operands:
    # The buffers of A, B and C. The first `count` of them have been taken and must be released.
    Py_buffer[3] views
    int count


cdef inline void release(Operands *operands) noexcept:
    cdef Py_buffer *view
    while operands.count:
        operands.count -= 1
        view = &operands.views[operands.count]
        if needs_release(view):
            PyBuffer_Release(view)


cdef inline bint take_next(Operands *operands, Kind kind, object x, int flags) noexcept:
    """Take the buffer of x if its elements are of that kind, else return False."""
    if not take_as(kind, x, &operands.views[operands.count], flags):
        return False
    operands.count += 1
    return True


cdef inline void take_matrix(Matrix *matrix, const Py_buffer *view, bint is_column) noexcept nogil:
    """Fill in a matrix from the last two axes. A vector is one row on the left of the @, one column on the right."""
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
    """Broadcast the axes before the last two. Return False if their sizes do not fit."""
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


cdef inline bint take_factors(
    Problem *p, Operands *operands, const nk_matmul_kernel *const *kernels, object a, object b, object out
) noexcept:
    """Take a, b and out (if given), and fill in A and B. Return False unless all are plain, of one kind, and fit."""
    cdef Py_buffer *views = operands.views
    p.kind = take(a, &views[0], 0)
    if p.kind == NOT_PLAIN:
        return False
    operands.count = 1
    p.kernel = kernels[<int> p.kind]
    if p.kernel == NULL or not take_next(operands, p.kind, b, 0):
        return False
    if out is not None and not take_next(operands, p.kind, out, PyBUF_WRITABLE):
        return False
    # taking these buffers may have run Python code, which can have changed the ndarrays taken before
    if needs_release(&views[1]) or (out is not None and needs_release(&views[2])):
        if not take_again(p.kind, a, &views[0]) or not take_again(p.kind, b, &views[1]):
            return False
    if views[0].ndim == 0 or views[1].ndim == 0:
        return False
    take_matrix(&p.A, &views[0], False)
    take_matrix(&p.B, &views[1], True)
    p.m, p.k, p.n = p.A.rows, p.A.columns, p.B.columns
    return p.B.rows == p.k and take_stack(p, &views[0], &views[1])


cdef inline bint take_matrix_c(Problem *p, const Py_buffer *c, bint a_is_vector, bint b_is_vector) noexcept nogil:
    """Fill in C's address and strides. Return False if C has another shape, or elements that share bytes."""
    cdef int ndim = p.ndim + 2 - a_is_vector - b_is_vector, axis
    if c.ndim != ndim or overlaps_itself(c):
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


cdef inline bint take_result(Problem *p, Operands *operands, object c) noexcept:
    """Take C's buffer unless it is taken, and fill in p.C. Return False if C does not fit or overlaps an operand."""
    cdef Py_buffer *views = operands.views
    cdef bint is_new_array = operands.count == 2
    if is_new_array and not take_next(operands, p.kind, c, PyBUF_WRITABLE):
        return False
    if not take_matrix_c(p, &views[2], views[0].ndim == 1, views[1].ndim == 1):
        return False
    return is_new_array or not (overlap(&views[2], &views[0]) or overlap(&views[2], &views[1]))
