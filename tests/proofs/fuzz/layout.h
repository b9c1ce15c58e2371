/* Arrays of any shape and strides, from the fuzzer's bytes. */
#ifndef FUZZ_LAYOUT_H
#define FUZZ_LAYOUT_H

#include "bytes.h"

enum { MOST_AXES = 8 };

typedef struct {
    int ndim;
    ptrdiff_t shape[MOST_AXES], strides[MOST_AXES];
    ptrdiff_t low, high; /* the bytes of all elements, relative to the first element; both are 0 if there is none */
} layout;

static inline ptrdiff_t elements_of(const layout *array)
{
    ptrdiff_t count = 1;

    for (int axis = 0; axis < array->ndim; axis++) count *= array->shape[axis];
    return count;
}

/* The distance in bytes of an element from the first one. Elements are numbered in C order. */
static inline ptrdiff_t offset_of(const layout *array, ptrdiff_t element)
{
    ptrdiff_t offset = 0;

    for (int axis = array->ndim - 1; axis >= 0; axis--) {
        offset += element % array->shape[axis] * array->strides[axis];
        element /= array->shape[axis];
    }
    return offset;
}

/* The gap between neighbours, in bytes: mostly none, else some elements, some bytes, or more than a page. */
static inline ptrdiff_t gap_of(choices *from, int element)
{
    switch (byte_of(from) % 8) {
    case 0: return below(from, 4) * element;
    case 1: return below(from, 70);
    case 2: return below(from, 9000);
    default: return 0;
    }
}

/* Choose the strides of a shape. If `distinct` is set, no two elements share bytes. Return 0 if the array is too large.
 */
static inline int choose_strides(layout *array, int element, int distinct, choices *from)
{
    const ptrdiff_t unused[4] = {0, element, -3, (ptrdiff_t)1 << 60}; /* an axis of one element may have any stride */
    ptrdiff_t reach = element;
    int order[MOST_AXES];

    for (int axis = 0; axis < array->ndim; axis++) order[axis] = axis;
    for (int i = array->ndim - 1; i >= 0; i--) { /* usually C order */
        const int choice = byte_of(from), other = choice < 160 ? i : choice % (i + 1), axis = order[other];
        const ptrdiff_t size = array->shape[axis];
        order[other] = order[i];
        array->strides[axis] = reach + gap_of(from, element);
        if (size <= 1) array->strides[axis] = unused[below(from, 4)];
        else if (!distinct && choice % 8 == 0) array->strides[axis] = below(from, 3 * element);
        if (choice % 4 == 1 && size > 1) array->strides[axis] = -array->strides[axis];
        if (size > 1 && llabs(array->strides[axis]) * size > MEMORY_BYTES / 2) return 0;
        if (size > 1) reach += llabs(array->strides[axis]) * (size - 1);
    }
    array->low = array->high = 0;
    if (elements_of(array) == 0) return 1;
    array->high = element;
    for (int axis = 0; axis < array->ndim; axis++) {
        const ptrdiff_t extent = array->strides[axis] * (array->shape[axis] - 1);
        if (array->shape[axis] > 1) *(extent < 0 ? &array->low : &array->high) += extent;
    }
    return array->high - array->low <= MEMORY_BYTES / 2;
}

/* Whether two elements share bytes, by marking the bytes of each element. */
static inline int shares_bytes(const layout *array, int element)
{
    const ptrdiff_t count = elements_of(array);
    char *marks = calloc(array->high - array->low + 1, 1);
    int shared = 0;

    for (ptrdiff_t i = 0; i < count; i++) {
        char *first = marks + offset_of(array, i) - array->low;
        for (int byte = 0; byte < element; byte++) shared |= first[byte]++ != 0;
    }
    free(marks);
    return shared;
}

#endif
