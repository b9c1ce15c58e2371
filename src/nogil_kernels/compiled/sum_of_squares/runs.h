/* What sum_of_squares.pyx knows of the C side: an accumulator, and per ISA a table of straight runs. */
#ifndef NK_SUM_OF_SQUARES_H
#define NK_SUM_OF_SQUARES_H

#include <stddef.h>
#include <stdint.h>

#include "../isa/isa.h"
#include "../shared/kinds.h"

/* A sum in progress. Floats keep it as hi + lo, exact to about 100 bits; integers as 192 bits in three words, least
 * significant first: 2**64 squares of at most 2**128 fit. */
typedef struct {
    double hi, lo;
    uint64_t words[3];
} nk_sum;

#define NK_SUM_ZERO ((nk_sum){0.0, 0.0, {0, 0, 0}})

enum { NK_SUM_KINDS = NK_LONG_DOUBLE }; /* those before long double */

/* sum += x[0]**2 + ... + x[n-1]**2 for contiguous x, aligned or not; n <= NK_RUN. A complex number counts as two. */
typedef void (*nk_sum_run)(const void *x, ptrdiff_t n, nk_sum *sum);

typedef struct {
    nk_sum_run run[NK_SUM_KINDS], far[NK_SUM_KINDS]; /* far: prefetching, for what is in no cache; the same bits */
    /* sum += start**2 + (start + step)**2 + ... over n terms, all within int64; n <= NK_RUN. */
    void (*range)(int64_t start, int64_t step, ptrdiff_t n, nk_sum *sum);
} nk_sum_tiles;

/* The longest run. 2**17 terms of 2**32 - 1 stay far below 2**64, so the integer runs may add 32-bit halves without a
 * carry; and 1 MB of float64 is long enough (some 10 us) to hide what starting a run costs (some 30 ns). A multiple of the
 * 512 numbers of the largest block, and no power of two: an eighth of a run of float32 is 512 bytes more than a multiple of
 * 4 KiB, so that the eight rows which are read from there lie in different sets of L1 (8 % faster in L2). */
enum { NK_RUN = 121 << 10 };

extern const nk_sum_tiles nk_sum_portable[1], nk_sum_avx2[1], nk_sum_avx512[1], nk_sum_neon[1];

static inline const nk_sum_tiles *nk_sum_tiles_of(enum nk_isa isa) { return NK_TABLE(nk_sum, isa); }

#endif
