/* The kernels' loops, compiled once per instruction set: with its flags, and with ISA naming it. */
#include "simd.h"

/* y[i] := a * x[i] + y[i]. Compilers make vectors of it, and look first whether x and y overlap. */
static void axpy(double a, const double *x, double *y, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) y[i] = a * x[i] + y[i];
}

const simd_kernels PASTE(simd, ISA) = {axpy};
