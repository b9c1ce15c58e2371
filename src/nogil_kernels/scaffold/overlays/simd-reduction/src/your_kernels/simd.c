/* The kernels' loops, compiled once per instruction set: with its flags, and with ISA naming it. */
#include "simd.h"

/* Sums side by side: four vectors of AVX2. A sum waits four cycles for its last addition, and L2 brings 32 bytes a
 * cycle: more would not be faster, nor would AVX-512. GCC unrolls 16 times at most, and else makes no vectors of it. */
enum { LANES = 16 };

static double sum_of_squares(const double *x, ptrdiff_t n)
{
    double sums[LANES] = {0}, total = 0;
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int lane = 0; lane < LANES; lane++) sums[lane] += x[i + lane] * x[i + lane];
    for (; i < n; i++) total += x[i] * x[i];
    for (int lane = 0; lane < LANES; lane++) total += sums[lane];
    return total;
}

const simd_kernels PASTE(simd, ISA) = {sum_of_squares};
