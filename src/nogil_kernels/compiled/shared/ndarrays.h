/* Fill in a Py_buffer from an ndarray's fields, which inline functions of NumPy's headers read.
 *
 * The buffer protocol costs 50 ns per array, since NumPy writes the format string anew each time. A 4 x 4 product has
 * three arrays, so the protocol would take more than half of the call. These functions neither import nor link NumPy.
 * A build without NumPy's headers uses the buffer protocol for every operand. */
#ifndef NK_NDARRAYS_H
#define NK_NDARRAYS_H

#include <Python.h>

#include "atomics.h"
#include "kinds.h"

/* Return whether the view needs PyBuffer_Release. Fields read from an ndarray need none. The array may change them. */
static inline int nk_needs_release(const Py_buffer *view) { return view->obj != NULL; }

#ifdef NK_NUMPY_HEADERS
#include <numpy/ndarraytypes.h>
#include <string.h>

/* The type numpy.ndarray; NULL until the first operand of that type. It is a static type, so all threads and
 * interpreters write the same value. */
static PyTypeObject *nk_ndarray = NULL;

/* Store the type of x in nk_ndarray if it is numpy.ndarray. */
static inline void nk_remember_ndarray(PyObject *x)
{
    PyTypeObject *type = Py_TYPE(x);

    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && strcmp(type->tp_name, "numpy.ndarray") == 0)
        NK_ATOMIC_STORE(PyTypeObject *, &nk_ndarray, type);
}

static inline enum nk_kind nk_kind_of_type(int type_num, Py_ssize_t *itemsize)
{
#define NK_CASE(number, kind, size) case number: *itemsize = (Py_ssize_t)(size); return kind
    switch (type_num) {
        NK_CASE(NPY_BOOL, NK_BOOL, 1);
        NK_CASE(NPY_BYTE, NK_I8, 1);
        NK_CASE(NPY_UBYTE, NK_U8, 1);
        NK_CASE(NPY_SHORT, NK_I16, 2);
        NK_CASE(NPY_USHORT, NK_U16, 2);
        NK_CASE(NPY_INT, NK_I32, 4);
        NK_CASE(NPY_UINT, NK_U32, 4);
        NK_CASE(NPY_LONG, sizeof(long) == 8 ? NK_I64 : NK_I32, sizeof(long));
        NK_CASE(NPY_ULONG, sizeof(long) == 8 ? NK_U64 : NK_U32, sizeof(long));
        NK_CASE(NPY_LONGLONG, NK_I64, 8);
        NK_CASE(NPY_ULONGLONG, NK_U64, 8);
        NK_CASE(NPY_HALF, NK_F16, 2);
        NK_CASE(NPY_FLOAT, NK_F32, 4);
        NK_CASE(NPY_DOUBLE, NK_F64, 8);
        NK_CASE(NPY_CFLOAT, NK_C64, 8);
        NK_CASE(NPY_CDOUBLE, NK_C128, 16);
        NK_CASE(NPY_LONGDOUBLE, NK_LONG_DOUBLE, sizeof(long double));
        NK_CASE(NPY_CLONGDOUBLE, NK_C_LONG_DOUBLE, 2 * sizeof(long double));
    default: return NK_NOT_PLAIN;
    }
#undef NK_CASE
}

/* Fill in a view that needs no release, and return the kind of x. Return NK_NOT_PLAIN if x is not a plain ndarray, or
 * if `writable` is set and x is read-only. */
static inline enum nk_kind nk_view_ndarray(PyObject *x, Py_buffer *view, int writable)
{
    const PyArrayObject *array = (const PyArrayObject *)x;
    enum nk_kind kind;

    if (Py_TYPE(x) != NK_ATOMIC_LOAD(PyTypeObject *, &nk_ndarray)) return NK_NOT_PLAIN;
    kind = nk_kind_of_type(PyArray_TYPE(array), &view->itemsize);
    if (kind == NK_NOT_PLAIN || !PyArray_ISNBO(PyArray_DESCR(array)->byteorder)) return NK_NOT_PLAIN;
    if (writable && !(PyArray_FLAGS(array) & NPY_ARRAY_WRITEABLE)) return NK_NOT_PLAIN;
    if (writable && PyArray_FLAGS(array) < 0) return NK_NOT_PLAIN; /* bit 31: NumPy warns about a write */
    view->buf = PyArray_DATA(array);
    view->obj = NULL; /* for nk_needs_release */
    view->ndim = PyArray_NDIM(array);
    view->shape = PyArray_DIMS(array);
    view->strides = PyArray_STRIDES(array);
    view->len = view->itemsize;
    for (int axis = 0; axis < view->ndim; axis++) view->len *= view->shape[axis];
    return kind;
}
#else
static inline void nk_remember_ndarray(PyObject *x) { (void)x; }

static inline enum nk_kind nk_view_ndarray(PyObject *x, Py_buffer *view, int writable)
{
    (void)x, (void)view, (void)writable;
    return NK_NOT_PLAIN;
}
#endif

#endif
