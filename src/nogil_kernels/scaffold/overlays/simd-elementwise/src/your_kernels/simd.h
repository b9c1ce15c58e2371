/* What kernels.pyx calls of simd.c, of which there is one instance per instruction set. */
#ifndef SIMD_H
#define SIMD_H

#include <stddef.h>

#include "isa.h"

typedef struct {
    void (*polyval)(const double *c, ptrdiff_t terms, const double *x, double *out, ptrdiff_t n);
} simd_kernels;

extern const simd_kernels simd_portable, simd_avx2, simd_avx512;

static inline const simd_kernels *simd_of(const char *isa) { return INSTANCE(simd, isa_of(isa)); }

#endif
