/* Operands for the kernels: Python objects that export a buffer of any type, shape, strides and offset. */
#ifndef FUZZ_OPERAND_H
#define FUZZ_OPERAND_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "layout.h"

static const char *const formats[NK_NOT_PLAIN] = {"?", "b", "B", "h", "H",  "i",  "I", "q",
                                                  "Q", "e", "f", "d", "Zf", "Zd", "g", "Zg"};

typedef struct {
    PyObject_HEAD
    layout array;
    char *first; /* the first element */
    enum nk_kind kind;
} Operand;

static int export(PyObject *self, Py_buffer *view, int flags)
{
    Operand *operand = (Operand *)self;
    layout *array = &operand->array;

    (void)flags; /* the kernels take strides and formats */
    *view = (Py_buffer){.buf = operand->first,
                        .obj = Py_NewRef(self),
                        .itemsize = element_bytes(operand->kind),
                        .ndim = array->ndim,
                        .format = (char *)formats[operand->kind],
                        .shape = array->ndim ? array->shape : NULL,
                        .strides = array->ndim ? array->strides : NULL};
    view->len = elements_of(array) * view->itemsize;
    return 0;
}

static PyBufferProcs procs = {.bf_getbuffer = export};
static PyTypeObject OperandType = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "Operand", .tp_basicsize = sizeof(Operand),
                                   .tp_flags = Py_TPFLAGS_DEFAULT, .tp_as_buffer = &procs};

static Operand *operand_of(enum nk_kind kind)
{
    Operand *operand = PyObject_New(Operand, &OperandType);

    operand->array = (layout){0};
    operand->kind = kind;
    return operand;
}

/* Choose strides, memory and values. Return 0 if the operand is too large. */
static int place(Operand *operand, int number, int distinct, choices *from)
{
    layout *array = &operand->array;
    const int shift = byte_of(from) % 4 ? 0 : byte_of(from) % 8;

    if (!choose_strides(array, element_bytes(operand->kind), distinct, from)) return 0;
    char *memory = memory_of(number, array->high - array->low + shift, byte_of(from)) + shift;
    operand->first = memory - array->low;
    write_numbers(memory, operand->kind, (array->high - array->low) / number_bytes(operand->kind), from);
    return 1;
}

/* Print an operand before a failure: its address, format, and size:stride of each axis. */
static void show(const Operand *operand)
{
    fprintf(stderr, "%p %s", (void *)operand->first, formats[operand->kind]);
    for (int axis = 0; axis < operand->array.ndim; axis++) {
        fprintf(stderr, " %td:%td", operand->array.shape[axis], operand->array.strides[axis]);
    }
    fprintf(stderr, "\n");
}

#endif
