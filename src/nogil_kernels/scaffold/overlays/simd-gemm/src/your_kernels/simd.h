/* What kernels.pyx calls of simd.c, of which there is one instance per instruction set. */
#ifndef SIMD_H
#define SIMD_H

#include <stddef.h>

#include "isa.h"

typedef struct {
    ptrdiff_t mr, nr_bytes; /* rows of a tile, and the bytes of a row */

    /* c[:rows, :columns] := sum of a[p, :rows] * b[p, :columns] over p < kc, from packed panels; += where `add`. */
    void (*tile_f64)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const double *a, const double *b, double *c,
                     ptrdiff_t c_stride, int add);
    void (*tile_f32)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const float *a, const float *b, float *c,
                     ptrdiff_t c_stride, int add);
} simd_kernels;

extern const simd_kernels simd_portable, simd_avx2, simd_avx512;

static inline const simd_kernels *simd_of(const char *isa) { return INSTANCE(simd, isa_of(isa)); }

#endif
