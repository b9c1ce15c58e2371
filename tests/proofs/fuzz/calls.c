/* Fuzz the compiled kernels through their Python functions, in a process that embeds Python.
 *
 * Operands are buffers of any type, shape, strides and offset, so axes are sorted and merged, gathered, packed and
 * broadcast. `out` may touch or overlap an operand. NumPy is not imported. NOGIL_KERNELS_ISA chooses the instruction
 * set. */
#include "products.h"

enum { MOST_ELEMENTS = 300000 };
enum { X, B, OUT, BEFORE }; /* the memories */

static PyObject *sum_of_squares, *sum_of_squares_rows, *matmul_plain, *gil_words[3];

/* Call a function with the keyword gil. */
static PyObject *call(PyObject *function, PyObject *arguments, PyObject *options, choices *from)
{
    PyDict_SetItemString(options, "gil", gil_words[below(from, 3)]);
    PyObject *result = PyObject_Call(function, arguments, options);
    Py_DECREF(arguments), Py_DECREF(options);
    return result;
}

/* ---- sum_of_squares ---- */

static void check_total(const Operand *x, PyObject *result)
{
    const ptrdiff_t elements = elements_of(&x->array);
    sum_of_all sum = {0};

    CHECK(result, "sum_of_squares raised");
    for (ptrdiff_t i = 0; i < elements; i++) add_square(&sum, x->kind, x->first + offset_of(&x->array, i));
    if (is_integer(x->kind)) {
        PyObject *int_type = (PyObject *)&PyLong_Type;
        PyObject *expected =
            PyObject_CallMethod(int_type, "from_bytes", "y#s", (const char *)sum.words, (Py_ssize_t)24, "little");
        CHECK(PyObject_RichCompareBool(result, expected, Py_EQ) == 1, "the sum is wrong");
        Py_DECREF(expected);
    } else {
        check_sum(&sum, x->kind, PyFloat_AsDouble(result));
    }
    Py_DECREF(result);
}

/* Check the sums of all rows. If one does not fit, the call must have raised OverflowError. */
static void check_rows(const Operand *x, const Operand *out, PyObject *result)
{
    const ptrdiff_t rows = elements_of(&out->array), length = rows ? elements_of(&x->array) / rows : 0;
    int overflows = 0;

    for (ptrdiff_t row = 0; row < rows; row++) {
        sum_of_all sum = {0};
        for (ptrdiff_t i = 0; i < length; i++)
            add_square(&sum, x->kind, x->first + offset_of(&x->array, row * length + i));
        const number value = number_at(out->kind, out->first + row * 8);
        if (!is_integer(x->kind)) check_sum(&sum, x->kind, (double)value.re);
        else if (sum.words[2] || sum.words[1] || (out->kind == NK_I64 && sum.words[0] >> 63)) overflows = 1;
        else CHECK(value.word == sum.words[0], "row %zd is wrong", row);
    }
    CHECK((result == NULL) == overflows, "overflow: %d", overflows);
    CHECK(result || PyErr_ExceptionMatches(PyExc_OverflowError), "another error");
    PyErr_Clear();
    Py_XDECREF(result);
}

/* Fill in a contiguous `out` for the sums over all axes but the first `kept` ones. */
static void place_sums(Operand *out, const Operand *x, int kept, choices *from)
{
    ptrdiff_t stride = 8;

    out->array.ndim = kept;
    for (int axis = kept - 1; axis >= 0; axis--) {
        out->array.shape[axis] = x->array.shape[axis];
        out->array.strides[axis] = stride;
        stride *= out->array.shape[axis];
    }
    out->first = memory_of(OUT, stride, byte_of(from));
}

static void fuzz_sum(choices *from)
{
    const enum nk_kind kind = below(from, NK_LONG_DOUBLE);
    const int is_unsigned = kind == NK_U8 || kind == NK_U16 || kind == NK_U32 || kind == NK_U64;
    Operand *x = operand_of(kind), *out = operand_of(!is_integer(kind) ? NK_F64 : is_unsigned ? NK_U64 : NK_I64);
    ptrdiff_t elements = 1;

    x->array.ndim = below(from, 7);
    for (int axis = 0; axis < x->array.ndim; axis++) {
        const ptrdiff_t size = x->array.shape[axis] = size_of(from, 65535) + !(byte_of(from) % 4);
        if (size) elements *= size;
        if (elements > MOST_ELEMENTS) break;
    }
    if (elements <= MOST_ELEMENTS && place(x, X, 0, from)) {
        if (byte_of(from) % 3 == 0) {
            place_sums(out, x, below(from, x->array.ndim + 1), from);
            PyObject *arguments = Py_BuildValue("OiO", x, out->array.ndim, out);
            check_rows(x, out, call(sum_of_squares_rows, arguments, PyDict_New(), from));
        } else {
            check_total(x, call(sum_of_squares, PyTuple_Pack(1, x), PyDict_New(), from));
        }
    }
    Py_DECREF(x), Py_DECREF(out);
}

/* ---- matmul ---- */

/* Place `out`, alone or next to an operand, so that they touch or share some bytes. Return the number of shared bytes.
 */
static ptrdiff_t place_out(product *p, int neighbour, choices *from)
{
    Operand *x = p->a, *out = p->out;
    const ptrdiff_t x_span = x->array.high - x->array.low, out_span = out->array.high - out->array.low,
                    smaller = x_span < out_span ? x_span : out_span;
    const int is_first = byte_of(from) % 2, where = byte_of(from);
    ptrdiff_t shared = byte_of(from) % 2 ? 0 : below(from, 40);

    if (!neighbour) {
        out->first = memory_of(OUT, out_span, where) - out->array.low;
        return 0;
    }
    shared = shared < smaller ? shared : smaller;
    char *memory = memory_of(OUT, x_span + out_span - shared, where);
    out->first = memory + (is_first ? 0 : x_span - shared) - out->array.low;
    x->first = memory + (is_first ? out_span - shared : 0) - x->array.low;
    write_numbers(x->first + x->array.low, x->kind, x_span / number_bytes(x->kind), from);
    return shared;
}

static void fuzz_matmul(product *p, choices *from)
{
    const int overlaps_itself = byte_of(from) % 16 == 1, neighbour = byte_of(from) % 4 == 1;

    if (!choose_shapes(p, from) || !place(p->a, X, 0, from) || !place(p->b, B, 0, from)) return;
    if (!choose_strides(&p->out->array, element_bytes(p->out->kind), !overlaps_itself, from)) return;
    const ptrdiff_t shared = place_out(p, neighbour, from), span = p->out->array.high - p->out->array.low;
    const int must_refuse =
        shared > 0 || (overlaps_itself && shares_bytes(&p->out->array, element_bytes(p->out->kind)));
    char *before = memcpy(memory_of(BEFORE, span, 0), p->out->first + p->out->array.low, span);
    PyObject *options = Py_BuildValue("{sO}", "out", p->out),
             *result = call(matmul_plain, PyTuple_Pack(2, p->a, p->b), options, from);

    CHECK(!must_refuse || !result, "out shares bytes, and was not refused");
    if (must_refuse ? result != NULL : !result && !overlaps_itself) show(p->a), show(p->b), show(p->out);
    CHECK(result || ((must_refuse || overlaps_itself) && PyErr_ExceptionMatches(PyExc_TypeError)),
          "the product was refused");
    if (result) check_product(p, before);
    PyErr_Clear();
    Py_XDECREF(result);
}

/* ---- the process ---- */

static PyObject *function_of(const char *module, const char *name)
{
    PyObject *imported = PyImport_ImportModule(module),
             *function = imported ? PyObject_GetAttrString(imported, name) : NULL;

    if (!function) PyErr_Print(), exit(2);
    return function;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    Py_InitializeEx(0);
    CHECK(!PyType_Ready(&OperandType), "no type");
    sum_of_squares = function_of("nogil_kernels.compiled.sum_of_squares", "sum_of_squares");
    sum_of_squares_rows = function_of("nogil_kernels.compiled.sum_of_squares", "sum_of_squares_rows");
    matmul_plain = function_of("nogil_kernels.compiled.matmul", "matmul_plain");
    for (int i = 0; i < 3; i++)
        gil_words[i] = PyUnicode_InternFromString((const char *[]){"auto", "release", "hold"}[i]);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices from = {data, size};

    if (byte_of(&from) % 2) {
        fuzz_sum(&from);
        return 0;
    }
    const enum nk_kind kind = kind_of_product(&from);
    product p = {.a = operand_of(kind), .b = operand_of(kind), .out = operand_of(kind)};
    fuzz_matmul(&p, &from);
    Py_DECREF(p.a), Py_DECREF(p.b), Py_DECREF(p.out);
    return 0;
}
