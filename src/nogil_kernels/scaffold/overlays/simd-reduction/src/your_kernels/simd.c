/* The kernels' loops. setup.py compiles them once per instruction set, with its flags and its name in ISA. */
#include "simd.h"

/* Independent sums: eight vectors with SSE2, four with AVX2, two with AVX-512. A single sum waits four cycles per
 * addition. GCC makes vectors of this inner loop only if it unrolls it, up to 16 times. */
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

const simd_kernels PASTE(simd, ISA)[1] = {{
    .sum_of_squares = sum_of_squares,
}};
