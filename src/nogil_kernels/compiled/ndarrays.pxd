"""What a numpy.ndarray says of itself, read from its struct: a tenth of what PyObject_GetBuffer costs on one.

NumPy answers a request for a buffer in some 50 ns: it writes the format string anew and compares it with the last one.
A 4 x 4 product takes three buffers, more than half of the whole call. Extensions that are compiled against NumPy read
these fields at the same places, through macros of its headers, so they stay where they are for a whole major version;
nothing of NumPy is imported or linked for it. All the same they are believed only after `know` has compared what is
read with what PyObject_GetBuffer says, on arrays made for that; if they ever move, that way remains,
as it does for the limited API, which hides what `know` has to ask.
"""

from nogil_kernels.compiled cimport isa


cdef extern from *:
    """
    #include <string.h>

    /* After PyArrayObject_fields and PyArray_Descr in numpy/ndarraytypes.h: the same in NumPy 1 and 2. */
    typedef struct {
        PyObject_HEAD
        PyTypeObject *typeobj;
        char kind, type, byteorder, former_flags;
        int type_num;
    } nk_descr;

    typedef struct {
        PyObject_HEAD
        char *data;
        int nd;
        Py_ssize_t *dimensions, *strides;
        PyObject *base;
        nk_descr *descr;
        int flags;
    } nk_ndarray;

    /* An array that warns on write, as some of numpy.broadcast_arrays do, is left to NumPy to warn of: bit 31. */
    enum { NK_WRITEABLE = 0x0400, NK_TYPES = 24 };

    /* The limited API shows of a type neither its name nor its size: there no type is known for numpy.ndarray. */
    #if defined(Py_LIMITED_API)
    #define NK_IS_NAMED(type, name) 0
    #define NK_HOLDS(type, struct) 0
    #else
    #define NK_IS_NAMED(type, name) (strcmp((type)->tp_name, name) == 0)
    #define NK_HOLDS(type, struct) ((type)->tp_basicsize >= (Py_ssize_t)sizeof(struct))
    #endif

    /* numpy.ndarray, once it is known; None, which is nothing's type, where it is like no NumPy that we know. Two
     * threads, or interpreters, may write it at once, then the same value: both are static, and shared by all. */
    static PyObject *nk_ndarray_type = NULL;
    #if defined(__GNUC__)
    #define NK_ATOMIC_READ(pointer) __atomic_load_n(&(pointer), __ATOMIC_ACQUIRE)
    #define NK_ATOMIC_WRITE(pointer, value) __atomic_store_n(&(pointer), (value), __ATOMIC_RELEASE)
    #else
    #define NK_ATOMIC_READ(pointer) (*(PyObject *volatile *)&(pointer))
    #define NK_ATOMIC_WRITE(pointer, value) (*(PyObject *volatile *)&(pointer) = (value))
    #endif

    /* By type_num: ? b B h H i I l L q Q f d g F D G, six that are no numbers (O S U V M m), e. */
    static const unsigned char nk_itemsizes[NK_TYPES] = {
        1, 1, 1, 2, 2, 4, 4, sizeof(long), sizeof(long), 8, 8,
        4, 8, sizeof(long double), 8, 16, 2 * sizeof(long double), 0, 0, 0, 0, 0, 0, 2,
    };
    static const char nk_codes[NK_TYPES][3] = {
        "?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q",
        "f", "d", "g", "Zf", "Zd", "Zg", "", "", "", "", "", "", "e",
    };

    static inline int nk_is_known_ndarray(PyObject *x)
    {
        return (PyObject *)Py_TYPE(x) == NK_ATOMIC_READ(nk_ndarray_type);
    }
    static inline int nk_is_new_ndarray(PyObject *x)
    {
        return NK_ATOMIC_READ(nk_ndarray_type) == NULL && !PyType_HasFeature(Py_TYPE(x), Py_TPFLAGS_HEAPTYPE) &&
               NK_IS_NAMED(Py_TYPE(x), "numpy.ndarray");
    }
    static inline void nk_know_ndarray(PyObject *type) { NK_ATOMIC_WRITE(nk_ndarray_type, type); }

    /* Whether the fields are where we look for them, as far as can be told before any is followed. */
    static inline int nk_fields_agree(PyObject *x, const Py_buffer *buffer, PyObject *descr)
    {
        const nk_ndarray *array = (const nk_ndarray *)x;

        return NK_HOLDS(Py_TYPE(x), nk_ndarray) && array->nd == buffer->ndim && (void *)array->data == buffer->buf &&
               (PyObject *)array->descr == descr && NK_HOLDS(Py_TYPE(descr), nk_descr);
    }

    /* Whether its exporter keeps a view as it is. What is read here stays the ndarray's own. */
    static inline int nk_is_held(const Py_buffer *view) { return view->obj != NULL; }

    /* 1 and a view that needs no release, or 0 for PyObject_GetBuffer to try. */
    static inline int nk_view_ndarray(PyObject *x, Py_buffer *view, int writable)
    {
        const nk_ndarray *array = (const nk_ndarray *)x;
        const nk_descr *descr = array->descr;

        if ((unsigned)descr->type_num >= NK_TYPES || nk_itemsizes[descr->type_num] == 0) return 0;
        if (descr->byteorder == (PY_LITTLE_ENDIAN ? '>' : '<')) return 0;
        if (writable && (array->flags < 0 || !(array->flags & NK_WRITEABLE))) return 0;
        view->buf = array->data;
        view->obj = NULL; /* PyBuffer_Release does nothing */
        view->itemsize = view->len = nk_itemsizes[descr->type_num];
        for (int axis = 0; axis < array->nd; axis++) view->len *= array->dimensions[axis];
        view->ndim = array->nd;
        view->shape = array->dimensions;
        view->strides = array->strides;
        view->format = (char *)nk_codes[descr->type_num];
        return 1;
    }

    /* Whether what was read of an ndarray is what its buffer says. */
    static inline int nk_views_agree(const Py_buffer *view, const Py_buffer *buffer)
    {
        const size_t axes = (size_t)buffer->ndim * sizeof(Py_ssize_t);

        return view->itemsize == buffer->itemsize && view->len == buffer->len &&
               strcmp(view->format, buffer->format) == 0 &&
               memcmp(view->shape, buffer->shape, axes) == 0 && memcmp(view->strides, buffer->strides, axes) == 0;
    }
    """
    bint nk_is_known_ndarray(object x) noexcept
    bint nk_is_new_ndarray(object x) noexcept
    void nk_know_ndarray(object type) noexcept
    bint nk_fields_agree(object x, const Py_buffer *buffer, object descr) noexcept
    bint nk_views_agree(const Py_buffer *view, const Py_buffer *buffer) noexcept
    bint is_held "nk_is_held"(const Py_buffer *view) noexcept nogil
    bint nk_view_ndarray(object x, Py_buffer *view, bint writable) noexcept
cdef extern from "Python.h":
    int PyObject_GetBuffer(object x, Py_buffer *view, int flags) noexcept  # -1 leaves an exception set, for PyErr_Clear
    void PyErr_Clear()


cdef inline bint view_ndarray(object x, Py_buffer *view, bint writable) noexcept:
    """View x where it is a known, plain ndarray."""
    return nk_is_known_ndarray(x) and nk_view_ndarray(x, view, writable)


cdef inline void know(object ndarray) noexcept:
    """Compare the struct with the buffer, and believe it from then on."""
    nk_know_ndarray(ndarray if isa.reads_ndarrays(ndarray) else None)
