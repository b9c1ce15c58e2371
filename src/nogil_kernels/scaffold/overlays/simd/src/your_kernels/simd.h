/* The functions of simd.c that kernels.pyx calls: one table per instruction set. */
#ifndef SIMD_H
#define SIMD_H

#include <stddef.h>

#include "isa.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b) /* PASTE(simd, ISA) is simd_avx2 if ISA is avx2 */

typedef struct {
    double (*sum_of_squares)(const double *x, ptrdiff_t n);
} simd_kernels;

extern const simd_kernels simd_portable[1], simd_avx2[1], simd_avx512[1], simd_neon[1];

static inline const simd_kernels *simd_of(const char *isa) { return TABLE(simd, isa_of(isa)); }

#endif
