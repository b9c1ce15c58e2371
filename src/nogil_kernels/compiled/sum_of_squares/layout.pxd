"""The axes of a buffer: sort them by their strides, and copy strided elements into a block."""

from libc.string cimport memcpy

from nogil_kernels.compiled.shared.buffers cimport MAX_NDIM


cdef extern from "Python.h":
    Py_ssize_t PY_SSIZE_T_MAX


cdef struct Layout:
    # Axes, and the bytes between neighbours along each axis.
    int ndim
    Py_ssize_t[MAX_NDIM] shape
    Py_ssize_t[MAX_NDIM] strides


cdef inline void take_axes(Layout *axes, const Py_buffer *view, int first, int last) noexcept nogil:
    """Copy the axes first <= axis < last of a buffer."""
    cdef int axis
    axes.ndim = last - first
    for axis in range(axes.ndim):
        axes.shape[axis] = view.shape[first + axis]
        axes.strides[axis] = view.strides[first + axis]


cdef inline Py_ssize_t rank(Py_ssize_t stride) noexcept nogil:
    return stride if stride else PY_SSIZE_T_MAX


cdef inline const char *in_memory_order(Layout *axes, const char *x) noexcept nogil:
    """Sort axes by stride, the largest first, join axes that are contiguous, and return the lowest address.

    The order of a sum is free, so x[::-1] and x.T are read like x. Broadcast axes (stride 0) come first.
    """
    cdef Py_ssize_t size, stride
    cdef int axis, place, ndim = 0, joined = 0
    for axis in range(axes.ndim):  # insertion sort
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
    """Copy `count` elements with a stride in bytes to contiguous memory."""
    cdef Py_ssize_t i
    if stride == itemsize:
        memcpy(to, x, count * itemsize)
    elif itemsize == 8:  # with a constant size memcpy is one load and one store
        for i in range(count):
            memcpy(to + i * 8, x + i * stride, 8)
    elif itemsize == 4:
        for i in range(count):
            memcpy(to + i * 4, x + i * stride, 4)
    else:
        for i in range(count):
            memcpy(to + i * itemsize, x + i * stride, itemsize)
