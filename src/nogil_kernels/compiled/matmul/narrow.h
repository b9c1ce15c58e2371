/* A faster tile for 64-bit integers that fit 32 bits, as most do. The product of two of them is one operation. A full
 * 64-bit product takes three with AVX-512, and more with AVX2. So the tile is twice as fast with AVX-512 and 3 times as
 * fast with AVX2. The bits are the same. */
#ifndef NK_NARROW_H
#define NK_NARROW_H

#include "tiles.h"

typedef struct {
    const nk_matmul_tile *block;                    /* NULL if the ISA has no such product */
    int (*fits)(const char *x, ptrdiff_t n);        /* whether n contiguous elements fit, as signed numbers */
} nk_matmul_narrow;

extern const nk_matmul_narrow nk_narrow_portable[1], nk_narrow_avx2[1], nk_narrow_avx512[1], nk_narrow_neon[1];

static inline const nk_matmul_narrow *nk_narrow_of(enum nk_isa isa) { return NK_TABLE(nk_narrow, isa); }

#endif
