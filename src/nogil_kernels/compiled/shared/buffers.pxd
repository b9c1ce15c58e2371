"""Take the buffers of operands, and read their formats.

PyObject_GetBuffer takes half as long as a typed memoryview. Reading an ndarray's fields takes a third of
PyObject_GetBuffer: see ndarrays.h.
"""

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release
from libc.stdint cimport uintptr_t


cdef extern from "Python.h":
    int PyObject_CheckBuffer(object x) noexcept
    int PyObject_GetBuffer(object x, Py_buffer *view, int flags) noexcept  # after -1, the caller calls PyErr_Clear
    void PyErr_Clear()
    ctypedef struct PyTypeObject:
        pass
    PyTypeObject *Py_TYPE(object x) noexcept
    int PyType_HasFeature(PyTypeObject *type, unsigned long feature) noexcept
    unsigned long Py_TPFLAGS_HEAPTYPE
    int PY_LITTLE_ENDIAN
    int PY_BIG_ENDIAN
cdef extern from "compiled/shared/kinds.h":
    ctypedef enum Kind "enum nk_kind":
        BOOL "NK_BOOL", I8 "NK_I8", U8 "NK_U8", I16 "NK_I16", U16 "NK_U16", I32 "NK_I32", U32 "NK_U32"
        I64 "NK_I64", U64 "NK_U64", F16 "NK_F16", F32 "NK_F32", F64 "NK_F64", C64 "NK_C64", C128 "NK_C128"
        LONG_DOUBLE "NK_LONG_DOUBLE", C_LONG_DOUBLE "NK_C_LONG_DOUBLE"
        NOT_PLAIN "NK_NOT_PLAIN"
cdef extern from "compiled/shared/ndarrays.h":
    Kind view_ndarray "nk_view_ndarray"(object x, Py_buffer *view, bint writable) noexcept
    void remember_ndarray "nk_remember_ndarray"(object x) noexcept
    bint needs_release "nk_needs_release"(const Py_buffer *view) noexcept nogil


cdef enum:
    MAX_NDIM = 64  # PyBUF_MAX_NDIM of the buffer protocol


cdef inline Kind integer_kind(Py_ssize_t itemsize, bint signed) noexcept nogil:
    """Return the kind of an integer of that size. Format 'l' has 8 bytes on 64-bit Unix, else 4."""
    if itemsize == 8:
        return I64 if signed else U64
    if itemsize == 4:
        return I32 if signed else U32
    if itemsize == 2:
        return I16 if signed else U16
    return I8 if signed else U8


cdef inline Kind kind_of(const Py_buffer *view) noexcept nogil:
    """Return the kind that view.format names (struct module, PEP 3118); NOT_PLAIN for a foreign byte order."""
    cdef const char *format = view.format
    if format == NULL:  # means "B"
        return U8
    if format[0] == b"@" or format[0] == b"=" or (format[0] == b"<" and PY_LITTLE_ENDIAN) or \
            ((format[0] == b">" or format[0] == b"!") and PY_BIG_ENDIAN):
        format += 1
    cdef bint is_complex = format[0] == b"Z"
    if is_complex:
        format += 1
    if format[0] == 0 or format[1] != 0:
        return NOT_PLAIN
    cdef char code = format[0]
    if code == b"B" and view.itemsize != 1:  # how ctypes exports unions and packed structures
        return NOT_PLAIN
    if code == b"d":
        return C128 if is_complex else F64
    if code == b"f":
        return C64 if is_complex else F32
    if code == b"g":
        return C_LONG_DOUBLE if is_complex else LONG_DOUBLE
    if is_complex:
        return NOT_PLAIN
    if code == b"D":
        return C128
    if code == b"F":
        return C64
    if code == b"e":
        return F16
    if code == b"?":
        return BOOL
    if code == b"b" or code == b"h" or code == b"i" or code == b"l" or code == b"q" or code == b"n":
        return integer_kind(view.itemsize, True)
    if code == b"B" or code == b"H" or code == b"I" or code == b"L" or code == b"Q" or code == b"N":
        return integer_kind(view.itemsize, False)
    return NOT_PLAIN


cdef inline bint may_mean_more(object x) noexcept:
    """Return whether x may have a mask or a unit, which its buffer would not show. Static types (ndarray) have none."""
    try:
        return PyType_HasFeature(Py_TYPE(x), Py_TPFLAGS_HEAPTYPE) and hasattr(x, "__array_ufunc__")
    except BaseException:  # no memory, for example
        return True


cdef inline bint is_text_or_time(object x, const Py_buffer *view) noexcept:
    """Return whether x is a scalar bytes_, datetime64 or timedelta64 of NumPy. Arrays of these have no buffer."""
    try:
        return (view.len == 8 or isinstance(x, bytes)) and type(x) is not bytes and \
            type(x).__name__ in ("bytes_", "datetime64", "timedelta64")
    except BaseException:  # no memory for the name
        return True


cdef inline bint get_buffer(object x, Py_buffer *view, int flags) noexcept:
    """Take x's buffer, with strides even if the exporter omits them (ctypes). Return False if x has no such buffer."""
    if PyObject_GetBuffer(x, view, flags) < 0:
        PyErr_Clear()
        return False
    if view.strides != NULL or view.ndim == 0:
        return True
    PyBuffer_Release(view)
    try:
        return get_buffer(memoryview(x), view, flags)
    except Exception:
        return False


cdef inline Kind take(object x, Py_buffer *view, int flags) noexcept:
    """Take the buffer of x and return its kind; the caller releases it. Return NOT_PLAIN if x has no plain buffer."""
    cdef Kind kind = view_ndarray(x, view, flags & PyBUF_WRITABLE)
    if kind != NOT_PLAIN:
        return kind
    if not PyObject_CheckBuffer(x) or may_mean_more(x):
        return NOT_PLAIN
    if not get_buffer(x, view, flags | PyBUF_FORMAT | PyBUF_STRIDES):
        return NOT_PLAIN
    kind = kind_of(view)
    if kind == U8 and is_text_or_time(x, view):
        kind = NOT_PLAIN
    if kind == NOT_PLAIN:
        PyBuffer_Release(view)
    else:
        remember_ndarray(x)
    return kind


cdef inline bint take_as(Kind expected, object x, Py_buffer *view, int flags) noexcept:
    """Take x's buffer if its elements are of the expected kind, else return False."""
    cdef Kind kind = take(x, view, flags)
    if kind != expected and kind != NOT_PLAIN:
        PyBuffer_Release(view)
    return kind == expected


cdef inline bint take_again(Kind expected, object x, Py_buffer *view) noexcept:
    """Take x again if it was read from an ndarray's fields: Python code can change these, but not an exported view."""
    return needs_release(view) or take_as(expected, x, view, 0)


cdef inline bint span(const Py_buffer *view, uintptr_t *low, uintptr_t *high) noexcept nogil:
    """Set low to the address of the lowest byte, and high to the one after the highest byte. Return False if empty."""
    cdef Py_ssize_t extent
    cdef int axis
    low[0] = <uintptr_t> view.buf
    high[0] = low[0] + view.itemsize
    for axis in range(view.ndim):
        if view.shape[axis] == 0:
            return False
        extent = (view.shape[axis] - 1) * view.strides[axis]
        if extent < 0:
            low[0] += extent
        else:
            high[0] += extent
    return True


cdef inline bint overlap(const Py_buffer *x, const Py_buffer *y) noexcept nogil:
    """Return whether the spans of two buffers overlap. arrays.py uses numpy.may_share_memory, which agrees."""
    cdef uintptr_t x_low, x_high, y_low, y_high
    return span(x, &x_low, &x_high) and span(y, &y_low, &y_high) and x_low < y_high and y_low < x_high


cdef inline Py_ssize_t absolute_stride(const Py_buffer *view, int axis) noexcept nogil:
    return -view.strides[axis] if view.strides[axis] < 0 else view.strides[axis]


cdef inline bint overlaps_itself(const Py_buffer *view) noexcept nogil:
    """Return False if each stride is at least the bytes that the axes with smaller strides span, else True."""
    cdef Py_ssize_t stride, other_stride, reach
    cdef int axis, other_axis
    if view.len == 0:
        return False
    for axis in range(view.ndim):
        if view.shape[axis] == 1:
            continue
        stride = absolute_stride(view, axis)
        reach = view.itemsize
        for other_axis in range(view.ndim):
            other_stride = absolute_stride(view, other_axis)
            if other_stride < stride or (other_stride == stride and other_axis < axis):
                reach += (view.shape[other_axis] - 1) * other_stride
        if stride < reach:
            return True
    return False
