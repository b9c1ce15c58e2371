/* The kernels' loops, compiled once per instruction set: with its flags, and with ISA naming it. */
#include "simd.h"

/* Numbers side by side: 16 vectors of SSE2, eight of AVX2, four of AVX-512. A step waits four cycles for the one before
 * it, and eight where there is no FMA. */
enum { LANES = 32 };

/* out[i] := (c[0] * x[i] + c[1]) * x[i] + ...: all steps of some numbers before the next, in registers or close by. */
static void polyval(const double *c, ptrdiff_t terms, const double *x, double *out, ptrdiff_t n)
{
    const double first = terms > 0 ? c[0] : 0;
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES) {
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
