/* Stacks of products: operands by numpy.matmul's rules for shapes, and the check of a result by plain loops. */
#ifndef FUZZ_PRODUCTS_H
#define FUZZ_PRODUCTS_H

#include "naive.h"
#include "operand.h"

enum { MOST_PRODUCTS = 1 << 20 }; /* of two numbers */

typedef struct {
    Operand *a, *b, *out;
    ptrdiff_t m, n, k;
    int a_is_vector, b_is_vector;
} product;

static void append(layout *array, ptrdiff_t size) { array->shape[array->ndim++] = size; }

/* Choose the shapes of a stack of products, by numpy.matmul's rules. Return 0 if they are too much work. */
static int choose_shapes(product *p, choices *from)
{
    const int choice = byte_of(from), vectors = byte_of(from);
    const int stack_ndim = choice < 128 || vectors == 0 ? 0 : choice % 4, missing = below(from, stack_ndim + 1);
    ptrdiff_t work;

    p->a_is_vector = vectors % 8 == 0, p->b_is_vector = vectors % 8 == 1 || vectors == 0;
    p->m = p->a_is_vector ? 1 : size_of(from, 300);
    p->n = p->b_is_vector ? 1 : size_of(from, 300);
    p->k = size_of(from, 1100);
    work = (p->m + 1) * (p->k + 1) * (p->n + 1);
    for (int axis = 0; axis < stack_ndim; axis++) {
        const ptrdiff_t size = size_of(from, 40);
        const int broadcast = p->a_is_vector || p->b_is_vector ? 2 : byte_of(from) % 6;
        for (int i = 0; i < 2; i++) { /* A (0) or B (1) may lack the first axes, or have one matrix along an axis */
            layout *array = i == 0 ? &p->a->array : &p->b->array;
            const int lacks = broadcast == i && axis < missing && array->ndim == 0;
            if (!lacks && !(i == 0 ? p->a_is_vector : p->b_is_vector)) append(array, broadcast == i ? 1 : size);
        }
        append(&p->out->array, size);
        work *= size + 1;
    }
    if (!p->a_is_vector) append(&p->a->array, p->m), append(&p->out->array, p->m);
    if (!p->b_is_vector) append(&p->b->array, p->k), append(&p->b->array, p->n), append(&p->out->array, p->n);
    else append(&p->b->array, p->k);
    append(&p->a->array, p->k);
    return work <= MOST_PRODUCTS;
}

/* The first element of the matrix of an operand that belongs to a matrix of `out`. */
static const char *matrix_at(const product *p, const Operand *x, int is_vector, ptrdiff_t matrix)
{
    const layout *array = &x->array, *out = &p->out->array;
    const int out_stack = out->ndim - 2 + p->a_is_vector + p->b_is_vector, stack = array->ndim - 2 + is_vector;
    const char *first = x->first;

    for (int axis = out_stack - 1; axis >= 0; axis--) {
        const int own = axis - out_stack + stack;
        if (own >= 0 && array->shape[own] > 1) first += matrix % out->shape[axis] * array->strides[own];
        matrix /= out->shape[axis];
    }
    return first;
}

static number *gathered(number *to, const Operand *x, const char *first, ptrdiff_t rows, ptrdiff_t row_stride,
                        ptrdiff_t columns, ptrdiff_t column_stride)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        for (ptrdiff_t j = 0; j < columns; j++)
            to[i * columns + j] = number_at(x->kind, first + i * row_stride + j * column_stride);
    }
    return to;
}

/* Check every element of `out`, and put back what it was before the call: then nothing but the elements had changed. */
static void check_product(const product *p, const char *before)
{
    static number left[MOST_PRODUCTS], right[MOST_PRODUCTS];
    const layout *a = &p->a->array, *b = &p->b->array, *out = &p->out->array;
    const ptrdiff_t matrices = p->m && p->n ? elements_of(out) / (p->m * p->n) : 0;

    for (ptrdiff_t matrix = 0; matrix < matrices; matrix++) {
        gathered(left, p->a, matrix_at(p, p->a, p->a_is_vector, matrix), p->m,
                 p->a_is_vector ? 0 : a->strides[a->ndim - 2], p->k, a->strides[a->ndim - 1]);
        gathered(right, p->b, matrix_at(p, p->b, p->b_is_vector, matrix), p->n,
                 p->b_is_vector ? 0 : b->strides[b->ndim - 1], p->k, b->strides[b->ndim - 2 + p->b_is_vector]);
        for (ptrdiff_t i = 0; i < p->m * p->n; i++) {
            const ptrdiff_t offset = offset_of(out, matrix * p->m * p->n + i);
            dot_product dot = {0};
            for (ptrdiff_t k = 0; k < p->k; k++)
                add_product(&dot, p->out->kind, left + i / p->n * p->k + k, right + i % p->n * p->k + k);
            check_dot(&dot, p->out->kind, p->out->first + offset);
            memcpy(p->out->first + offset, before + offset - out->low, element_bytes(p->out->kind));
        }
    }
    CHECK(!memcmp(p->out->first + out->low, before, out->high - out->low),
          "a byte between the elements of out changed");
}

#endif
