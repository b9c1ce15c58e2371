/* The kernels' loops. setup.py compiles them per instruction set, with the set's flags and name (macro ISA). */
#include "simd.h"

/* The number of independent sums. A single sum waits four cycles per addition. 16 sums are eight vectors with SSE2,
 * four with AVX2, two with AVX-512. GCC vectorizes the inner loop only if it is unrolled completely, and GCC does that
 * for at most 16 iterations. */
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
