/* 64-bit integers that fit 32 bits, as most do: a product takes one instruction rather than three with AVX-512 and more
 * with AVX2, so the tile is two and three times as fast. The bits are the same. */
#ifndef NK_NARROW_H
#define NK_NARROW_H

#include "tiles.h"

typedef struct {
    const nk_matmul_tile *block;                    /* for operands that fit; NULL on an ISA without such a product */
    int (*fits)(const char *x, ptrdiff_t n);        /* whether n elements side by side do, as signed numbers */
} nk_matmul_narrow;

extern const nk_matmul_narrow nk_narrow_portable[1], nk_narrow_avx2[1], nk_narrow_avx512[1], nk_narrow_neon[1];

static inline const nk_matmul_narrow *nk_narrow_of(enum nk_isa isa) { return NK_TABLE(nk_narrow, isa); }

#endif
