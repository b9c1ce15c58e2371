"""The axes of a buffer: in the order of memory, and walked block by block where elements lie apart."""

from libc.string cimport memcpy

from nogil_kernels.compiled.shared.buffers cimport MAX_NDIM


cdef extern from "Python.h":
    Py_ssize_t PY_SSIZE_T_MAX


cdef struct Layout:
    # Axes and the bytes between neighbours along each.
    int ndim
    Py_ssize_t[MAX_NDIM] shape
    Py_ssize_t[MAX_NDIM] strides


cdef inline void take_axes(Layout *axes, const Py_buffer *view, int first, int last) noexcept nogil:
    """Take axes first <= axis < last of a buffer as they are."""
    cdef int axis
    axes.ndim = last - first
    for axis in range(axes.ndim):
        axes.shape[axis] = view.shape[first + axis]
        axes.strides[axis] = view.strides[first + axis]


cdef inline Py_ssize_t rank(Py_ssize_t stride) noexcept nogil:
    return stride if stride else PY_SSIZE_T_MAX


cdef inline const char *in_memory_order(Layout *axes, const char *x) noexcept nogil:
    """Sort axes as they lie in memory, join those that continue each other, and return the lowest address.

    A sum does not mind the order, so x[::-1] and x.T are read like x. Axes without a stride (broadcast) go outermost.
    """
    cdef Py_ssize_t size, stride
    cdef int axis, place, ndim = 0, joined = 0
    for axis in range(axes.ndim):  # an insertion sort into the axes already read
        size = axes.shape[axis]
        stride = axes.strides[axis]
        if size == 1:
            continue
        if stride < 0:
            x += (size - 1) * stride
            stride = -stride
        place = ndim
        while place > 0 and rank(axes.strides[place - 1]) < rank(stride):
            axes.shape[place] = axes.shape[place - 1]
            axes.strides[place] = axes.strides[place - 1]
            place -= 1
        axes.shape[place] = size
        axes.strides[place] = stride
        ndim += 1
    for axis in range(ndim):
        size = axes.shape[axis]
        stride = axes.strides[axis]
        if joined > 0 and axes.strides[joined - 1] == size * stride:
            axes.shape[joined - 1] *= size
            axes.strides[joined - 1] = stride
        else:
            axes.shape[joined] = size
            axes.strides[joined] = stride
            joined += 1
    axes.ndim = joined
    return x


cdef inline void gather(
    char *to, const char *x, Py_ssize_t count, Py_ssize_t stride, Py_ssize_t itemsize
) noexcept nogil:
    """Copy elements that lie `stride` bytes apart next to each other."""
    cdef Py_ssize_t i
    if stride == itemsize:
        memcpy(to, x, count * itemsize)
    elif itemsize == 8:  # a size known to the compiler is one load and one store
        for i in range(count):
            memcpy(to + i * 8, x + i * stride, 8)
    elif itemsize == 4:
        for i in range(count):
            memcpy(to + i * 4, x + i * stride, 4)
    else:
        for i in range(count):
            memcpy(to + i * itemsize, x + i * stride, itemsize)
