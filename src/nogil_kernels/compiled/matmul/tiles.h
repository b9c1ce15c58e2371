/* The C interface of matmul: tiles and the packing of their panels, per instruction set (ISA) and element type. */
#ifndef NK_TILES_H
#define NK_TILES_H

#include <stddef.h>

#include "../isa/isa.h"
#include "../shared/kinds.h"

/* A tile computes c[i, j] = sum over p of a[i, p] * b[p, j] for rows <= mr and columns <= nr. It adds the sum to c if
 * `accumulate` is set. Rows and columns count elements. Strides are in bytes, so any layout is read in place. Rows of
 * b are contiguous, and readable up to the next multiple of nr_step columns. */
typedef struct {
    int mr, nr; /* rows and columns of a full tile */
    int nr_step;
    void (*run)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride,
                ptrdiff_t a_column_stride, const char *b, ptrdiff_t b_row_stride, char *c, ptrdiff_t c_row_stride,
                ptrdiff_t c_column_stride, int accumulate);
} nk_matmul_tile;

typedef struct {
    int element_size;
    int multiply_adds; /* the cost of one multiply-add, in multiply-adds of float64: for plan_sharing */

    /* packed[p * block.mr + i] = a[i, p] for at most block.mr rows, and kc columns */
    void (*pack_panel_a)(ptrdiff_t rows, ptrdiff_t kc, const char *a, ptrdiff_t row_stride, ptrdiff_t column_stride,
                         char *packed);
    /* packed[p * width + j] = b[p, j] for kc rows, and 0 from j = columns on; columns <= nr */
    void (*pack_panel_b)(ptrdiff_t kc, ptrdiff_t columns, ptrdiff_t width, const char *b, ptrdiff_t row_stride,
                         ptrdiff_t column_stride, char *packed);

    nk_matmul_tile block; /* for all shapes */
    nk_matmul_tile row;   /* for a single row of A */
    nk_matmul_tile dots;  /* for one column of B, if it and the rows of A are contiguous; run is NULL if missing */
} nk_matmul_kernel;

extern const nk_matmul_kernel kernel_long_double, kernel_c_long_double; /* for all ISAs */

/* Indexed by kind. NULL if arrays.py converts the kind to a wider one. */
enum { NK_MATMUL_KINDS = NK_NOT_PLAIN };
extern const nk_matmul_kernel *const nk_matmul_portable[NK_MATMUL_KINDS], *const nk_matmul_avx2[NK_MATMUL_KINDS],
    *const nk_matmul_avx512[NK_MATMUL_KINDS], *const nk_matmul_neon[NK_MATMUL_KINDS];

static inline const nk_matmul_kernel *const *nk_matmul_kernels_of(enum nk_isa isa) { return NK_TABLE(nk_matmul, isa); }

#endif
