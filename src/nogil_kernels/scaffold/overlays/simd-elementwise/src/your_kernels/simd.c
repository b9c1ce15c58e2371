/* The kernels' loops. setup.py compiles them per instruction set, with the set's flags and name (macro ISA). */
#include "simd.h"

/* Numbers of x per block: 16 vectors with SSE2, eight with AVX2, four with AVX-512. A step is y = y * x + c. It waits
 * four cycles (eight without FMA) for the previous step of the same number. */
enum { LANES = 32 };

/* out[i] = (c[0] * x[i] + c[1]) * x[i] + ... */
static void polyval(const double *c, ptrdiff_t terms, const double *x, double *out, ptrdiff_t n)
{
    const double first = terms > 0 ? c[0] : 0;
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES) { /* all steps of a block come before the next block, so it stays in cache */
        double y[LANES];
        for (int lane = 0; lane < LANES; lane++) y[lane] = first;
        for (ptrdiff_t term = 1; term < terms; term++) {
            const double factor = c[term];
            for (int lane = 0; lane < LANES; lane++) y[lane] = y[lane] * x[i + lane] + factor;
        }
        for (int lane = 0; lane < LANES; lane++) out[i + lane] = y[lane];
    }
    for (; i < n; i++) {
        double y = first;
        for (ptrdiff_t term = 1; term < terms; term++) y = y * x[i] + c[term];
        out[i] = y;
    }
}

const simd_kernels PASTE(simd, ISA)[1] = {{
    .polyval = polyval,
}};
