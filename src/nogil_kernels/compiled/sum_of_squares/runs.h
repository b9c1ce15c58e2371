/* The C interface of sum_of_squares: an accumulator, and a table of functions per instruction set (ISA). */
#ifndef NK_RUNS_H
#define NK_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "../isa/isa.h"
#include "../shared/kinds.h"

/* A sum in progress. For floats it is hi + lo + (tiny_hi + tiny_lo) / NK_TINY_SCALE / NK_TINY_SCALE, exact to about
 * 100 bits. The tiny part is the sum of the runs whose squares could underflow. For integers the sum is 192 bits in
 * three words, least significant first: 2**64 squares below 2**128 fit. */
typedef struct {
    double hi, lo, tiny_hi, tiny_lo;
    uint64_t words[3];
} nk_sum;

#define NK_SUM_ZERO ((nk_sum){0.0, 0.0, 0.0, 0.0, {0, 0, 0}})
#define NK_TINY_SCALE 0x1p640

enum { NK_SUM_KINDS = NK_LONG_DOUBLE }; /* the number of kinds before long double */

/* sum += x[0]**2 + ... + x[n-1]**2 for contiguous x at any address; n <= NK_RUN. A complex number is two numbers. */
typedef void (*nk_sum_run)(const void *x, ptrdiff_t n, nk_sum *sum);

typedef struct {
    nk_sum_run run[NK_SUM_KINDS], far[NK_SUM_KINDS]; /* far prefetches, for x beyond L2; the bits are the same */
    /* sum += start**2 + (start + step)**2 + ... for n terms that fit int64; n <= NK_RUN. */
    void (*range)(int64_t start, int64_t step, ptrdiff_t n, nk_sum *sum);
} nk_sum_runs;

/* The most numbers in one run.
 * - Below 2**17: that many terms below 2**32 add up to less than 2**49, so 32-bit halves are added without a carry.
 * - Long: 1 MB of float64 takes about 10 us, which hides the 30 ns that starting a run costs.
 * - A multiple of 512, the numbers of the largest block.
 * - Not a power of two. A block of float32 reads eight rows, an eighth of a run apart. That is a multiple of 4 KiB plus
 *   512 bytes, so the rows are in different sets of L1 (8 % faster in L2). */
enum { NK_RUN = 121 << 10 };

extern const nk_sum_runs nk_sum_portable[1], nk_sum_avx2[1], nk_sum_avx512[1], nk_sum_neon[1];

static inline const nk_sum_runs *nk_sum_runs_of(enum nk_isa isa) { return NK_TABLE(nk_sum, isa); }

#endif
