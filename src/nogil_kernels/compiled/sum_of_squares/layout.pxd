"""The axes of a buffer: sort and merge them by their strides, and copy strided elements into a block."""

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
        axes.shape[axis], axes.strides[axis] = view.shape[first + axis], view.strides[first + axis]


cdef inline Py_ssize_t rank(Py_ssize_t stride) noexcept nogil:
    """Return the sort key of an axis: broadcast axes (stride 0) come first."""
    return stride if stride else PY_SSIZE_T_MAX


cdef inline const char *in_memory_order(Layout *axes, const char *x) noexcept nogil:
    """Drop axes of size 1, make strides positive, sort by stride (largest first), and merge axes that are contiguous.

    Return the lowest address. The order of a sum is free, so x[::-1] and x.T are read like x.
    """
    cdef Py_ssize_t size, stride
    cdef int axis, place, ndim = 0, merged_ndim = 0
    for axis in range(axes.ndim):  # insertion sort
        size, stride = axes.shape[axis], axes.strides[axis]
        if size == 1:
            continue
        if stride < 0:
            x += (size - 1) * stride
            stride = -stride
        place = ndim
        while place > 0 and rank(axes.strides[place - 1]) < rank(stride):
            axes.shape[place], axes.strides[place] = axes.shape[place - 1], axes.strides[place - 1]
            place -= 1
        axes.shape[place], axes.strides[place] = size, stride
        ndim += 1
    for axis in range(ndim):
        size, stride = axes.shape[axis], axes.strides[axis]
        if merged_ndim > 0 and axes.strides[merged_ndim - 1] == size * stride:
            axes.shape[merged_ndim - 1] *= size
            axes.strides[merged_ndim - 1] = stride
        else:
            axes.shape[merged_ndim], axes.strides[merged_ndim] = size, stride
            merged_ndim += 1
    axes.ndim = merged_ndim
    return x


cdef inline void gather(
    char *target, const char *source, Py_ssize_t count, Py_ssize_t stride, Py_ssize_t itemsize
) noexcept nogil:
    """Copy `count` elements with a stride in bytes to contiguous memory."""
    cdef Py_ssize_t i
    if stride == itemsize:
        memcpy(target, source, count * itemsize)
    elif itemsize == 8:  # with a constant size memcpy is one load and one store
        for i in range(count):
            memcpy(target + i * 8, source + i * stride, 8)
    elif itemsize == 4:
        for i in range(count):
            memcpy(target + i * 4, source + i * stride, 4)
    else:
        for i in range(count):
            memcpy(target + i * itemsize, source + i * stride, itemsize)
