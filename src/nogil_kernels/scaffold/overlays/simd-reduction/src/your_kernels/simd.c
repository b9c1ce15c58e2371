/* The kernels' loops, compiled once per instruction set: with its flags, and with ISA naming it. */
#include "simd.h"

/* Sums side by side: four vectors of AVX2, two of AVX-512. A sum waits four cycles for its last addition; float64
 * are made of float32 no faster. GCC unrolls loops of 16 at most, and makes vectors of these alone. */
enum { LANES = 16 };

static double sum_of_squares(const float *x, ptrdiff_t n)
{
    double sums[LANES] = {0}, total = 0;
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int lane = 0; lane < LANES; lane++) sums[lane] += (double)x[i + lane] * x[i + lane];
    for (; i < n; i++) total += (double)x[i] * x[i];
    for (int lane = 0; lane < LANES; lane++) total += sums[lane];
    return total;
}

const simd_kernels PASTE(simd, ISA)[1] = {{
    .sum_of_squares = sum_of_squares,
}};
