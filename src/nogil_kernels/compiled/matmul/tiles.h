/* What matmul.pyx knows of the C side: per ISA and element type, the tile and the packing of its two panels. */
#ifndef NK_MATMUL_H
#define NK_MATMUL_H

#include <stddef.h>

#include "../isa/isa.h"
#include "../shared/kinds.h"

/* A tile: c[i, j] (+)= sum over p of a[i, p] * b[p, j], for rows <= mr and columns <= nr. Rows and columns count elements;
 * strides are in bytes, so that any layout is read where it lies. b's rows are contiguous and readable up to the next multiple
 * of nr_step columns. Adds to c where `accumulate`, else overwrites it. */
typedef struct {
    int mr, nr; /* rows and columns of a full tile */
    int nr_step;
    void (*run)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride,
                ptrdiff_t a_column_stride, const char *b, ptrdiff_t b_row_stride, char *c, ptrdiff_t c_row_stride,
                ptrdiff_t c_column_stride, int accumulate);
} nk_matmul_tile;

typedef struct {
    int element_size;
    int multiply_adds; /* of reals, for one product of two elements, in units of a float64's: what gil="auto" weighs */

    /* packed[p * block.mr + i] = a[i, p] for block.mr rows (or fewer) and kc columns */
    void (*pack_panel_a)(ptrdiff_t rows, ptrdiff_t kc, const char *a, ptrdiff_t row_stride, ptrdiff_t column_stride,
                         char *packed);
    /* packed[p * width + j] = b[p, j] for kc rows and nr columns (or fewer), 0 from there up to width */
    void (*pack_panel_b)(ptrdiff_t kc, ptrdiff_t columns, ptrdiff_t width, const char *b, ptrdiff_t row_stride,
                         ptrdiff_t column_stride, char *packed);

    nk_matmul_tile block; /* for all shapes */
    nk_matmul_tile row;   /* for a single row of A */
    nk_matmul_tile dots;  /* for a single column of B, which is contiguous as the rows of A are; run is NULL where it is missing */
} nk_matmul_kernel;

extern const nk_matmul_kernel kernel_long_double, kernel_c_long_double; /* for all instruction sets */

/* By kind of element; NULL for those that are multiplied in a wider type. */
enum { NK_MATMUL_KINDS = NK_NOT_PLAIN };
extern const nk_matmul_kernel *const nk_matmul_portable[NK_MATMUL_KINDS], *const nk_matmul_avx2[NK_MATMUL_KINDS],
    *const nk_matmul_avx512[NK_MATMUL_KINDS], *const nk_matmul_neon[NK_MATMUL_KINDS];

static inline const nk_matmul_kernel *const *nk_matmul_kernels_of(enum nk_isa isa) { return NK_TABLE(nk_matmul, isa); }

#endif
