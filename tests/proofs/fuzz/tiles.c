/* Fuzz the tiles of matmul and the packing of their panels: any type, tile, size and strides, on every instruction set.
 */
#include "compiled/matmul/narrow.h"
#include "layout.h"
#include "naive.h"

typedef struct {
    char *first;
    ptrdiff_t row_stride, column_stride;
} matrix;

typedef struct {
    enum nk_kind kind;
    const nk_matmul_kernel *kernel;
    const nk_matmul_tile *tile;
    ptrdiff_t rows, columns, kc;
    int accumulate;
} problem;

enum { A, B, A_READ, B_READ, C, C_BEFORE }; /* the memories */

static char *at(const matrix *x, ptrdiff_t i, ptrdiff_t j)
{
    return x->first + i * x->row_stride + j * x->column_stride;
}

/* Return a matrix of fuzzed strides and values, or one without an address if it is too large. */
static matrix matrix_of(int number, enum nk_kind kind, ptrdiff_t rows, ptrdiff_t columns, choices *from)
{
    layout array = {2, {rows, columns}, {0}, 0, 0};

    if (!choose_strides(&array, element_bytes(kind), 0, from)) return (matrix){NULL, 0, 0};
    char *memory = memory_of(number, array.high - array.low, byte_of(from));
    write_numbers(memory, kind, (array.high - array.low) / number_bytes(kind), from);
    return (matrix){memory - array.low, array.strides[0], array.strides[1]};
}

/* Copy a matrix to exact-size memory in which the rows are contiguous and have `width` elements. */
static matrix with_rows(const matrix *x, int number, int element, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t width,
                        int place)
{
    char *memory = memory_of(number, rows * width * element, place);

    memset(memory, 0, rows * width * element);
    for (ptrdiff_t i = 0; i < rows; i++) {
        for (ptrdiff_t j = 0; j < columns; j++) memcpy(memory + (i * width + j) * element, at(x, i, j), element);
    }
    return (matrix){memory, width * element, element};
}

/* The operands as the tile reads them: in place, copied or in packed panels, as panels.pxd does. */
static void prepare(const problem *p, const matrix *a, const matrix *b, matrix *a_read, matrix *b_read, choices *from)
{
    const int element = element_bytes(p->kind), choice = byte_of(from), place = byte_of(from), mr = p->kernel->block.mr;
    const ptrdiff_t step = p->tile->nr_step, width = (p->columns + step - 1) / step * step;

    *a_read = *a;
    *b_read = with_rows(b, B_READ, element, p->kc, p->columns, width, place);
    if (p->tile == &p->kernel->dots) {
        *a_read = with_rows(a, A_READ, element, p->rows, p->kc, p->kc, place);
    } else if (choice & 1 && p->kc && p->tile->mr == mr) {
        *a_read = (matrix){memory_of(A_READ, ((p->kc - 1) * mr + p->rows) * element, place), element, mr * element};
        p->kernel->pack_panel_a(p->rows, p->kc, a->first, a->row_stride, a->column_stride, a_read->first);
    }
    if (choice & 2 && p->kc) {
        memset(b_read->first, 0xff, p->kc * width * element);
        p->kernel->pack_panel_b(p->kc, p->columns, width, b->first, b->row_stride, b->column_stride, b_read->first);
    }
}

/* Check every element of C, then that the bytes between them did not change. `before` is C before the call. */
static void check(const problem *p, const matrix *a, const matrix *b, const matrix *c, const matrix *before,
                  ptrdiff_t low, ptrdiff_t span)
{
    for (ptrdiff_t i = 0; i < p->rows; i++) {
        for (ptrdiff_t j = 0; j < p->columns; j++) {
            dot_product dot = {0};
            const number old = number_at(p->kind, at(before, i, j));
            if (p->accumulate) add_term(&dot, &old);
            for (ptrdiff_t k = 0; k < p->kc; k++) {
                const number left = number_at(p->kind, at(a, i, k)), right = number_at(p->kind, at(b, k, j));
                add_product(&dot, p->kind, &left, &right);
            }
            check_dot(&dot, p->kind, at(c, i, j));
            memcpy(at(c, i, j), at(before, i, j), element_bytes(p->kind));
        }
    }
    CHECK(!memcmp(c->first + low, before->first + low, span), "a byte between the elements of C changed");
}

static void fuzz_tile(const problem *p, choices *from)
{
    layout array = {2, {p->rows, p->columns}, {0}, 0, 0};
    matrix a = matrix_of(A, p->kind, p->rows, p->kc, from), b = matrix_of(B, p->kind, p->kc, p->columns, from), a_read,
           b_read;

    if (!a.first || !b.first || !choose_strides(&array, element_bytes(p->kind), 1, from)) return;
    prepare(p, &a, &b, &a_read, &b_read, from);
    const ptrdiff_t span = array.high - array.low;
    const int place = byte_of(from);
    matrix before = {memory_of(C_BEFORE, span, 0) - array.low, array.strides[0], array.strides[1]}, c = before;
    write_numbers(before.first + array.low, p->kind, span / number_bytes(p->kind), from);
    c.first = memory_of(C, span, place) - array.low;
    memcpy(c.first + array.low, before.first + array.low, span);
    p->tile->run(p->rows, p->columns, p->kc, a_read.first, a_read.row_stride, a_read.column_stride, b_read.first,
                 b_read.row_stride, c.first, c.row_stride, c.column_stride, p->accumulate);
    check(p, &a, &b, &c, &before, array.low, span);
}

/* Whether numbers fit 32 bits. The narrow tile may get only such numbers. */
static void fuzz_fits(const nk_matmul_narrow *narrow, choices *from)
{
    const ptrdiff_t n = size_of(from, 2000);
    char *x = memory_of(A, n * 8, byte_of(from));
    int expected = 1;

    write_numbers(x, NK_I64, n, from);
    for (ptrdiff_t i = 0; i < n; i++) {
        const int64_t value = (int64_t)number_at(NK_I64, x + i * 8).word;
        expected &= value == (int32_t)value;
    }
    CHECK(narrow->fits(x, n) == expected, "fits is not %d", expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices from = {data, size};
    const enum nk_isa isa = isa_of(&from);
    const nk_matmul_narrow *narrow = nk_narrow_of(isa);
    problem p = {.kind = kind_of_product(&from)};

    p.kernel = nk_matmul_kernels_of(isa)[p.kind];
    const int choice = byte_of(&from);
    if (choice % 8 == 7 && narrow->fits) {
        fuzz_fits(narrow, &from);
        return 0;
    }
    p.tile = choice % 3 == 0 ? &p.kernel->block : choice % 3 == 1 ? &p.kernel->row : &p.kernel->dots;
    if (!p.tile->run) p.tile = &p.kernel->block;
    p.rows = 1 + below(&from, p.tile->mr), p.columns = 1 + below(&from, p.tile->nr), p.kc = size_of(&from, 700);
    p.accumulate = byte_of(&from) % 2;
    fuzz_tile(&p, &from);
    return 0;
}
