/* Matrix multiplication from three loops to packed panels and a SIMD tile. Each function is a step with one new idea.
 *
 * Every step computes C := A @ B for row-major n x n matrices of float64. docs/gemm.md explains the steps.
 * gemm_steps.py compiles this file for the processor that it runs on, checks the result of each step and times it.
 *
 * The source of the algorithm is K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
 * TOMS 34(3), 2008. The roles of A and B are exchanged, because that paper has column-major matrices. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MIN(x, y) ((x) < (y) ? (x) : (y))
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* ---- 1: the definition ---- */

void naive(ptrdiff_t n, const double *a, const double *b, double *c)
{
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
            double sum = 0;
            for (ptrdiff_t p = 0; p < n; p++) sum += a[i * n + p] * b[p * n + j];
            c[i * n + j] = sum;
        }
}

/* ---- 2: the inner loop runs along rows, so the compiler can use vectors ---- */

void unit_stride(ptrdiff_t n, const double *restrict a, const double *restrict b, double *restrict c)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        for (ptrdiff_t j = 0; j < n; j++) c[i * n + j] = 0;
        for (ptrdiff_t p = 0; p < n; p++)
            for (ptrdiff_t j = 0; j < n; j++) c[i * n + j] += a[i * n + p] * b[p * n + j];
    }
}

/* ---- 3: a strip of C stays in registers ---- */

/* Compute C except its corner of i0 rows and j0 columns, by the loops of step 2. Strips or tiles compute the corner. */
static void leftovers(ptrdiff_t n, ptrdiff_t i0, ptrdiff_t j0, const double *restrict a, const double *restrict b,
                      double *restrict c)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const ptrdiff_t first = i < i0 ? j0 : 0;
        for (ptrdiff_t j = first; j < n; j++) c[i * n + j] = 0;
        for (ptrdiff_t p = 0; p < n; p++)
            for (ptrdiff_t j = first; j < n; j++) c[i * n + j] += a[i * n + p] * b[p * n + j];
    }
}

#define STRIP 32 /* 8 vectors of 4: an FMA takes 4 cycles and 2 start per cycle, so 8 must be in flight */

void strip(ptrdiff_t n, const double *restrict a, const double *restrict b, double *restrict c)
{
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j + STRIP <= n; j += STRIP) {
            double sums[STRIP] = {0};
            for (ptrdiff_t p = 0; p < n; p++)
                for (int s = 0; s < STRIP; s++) sums[s] += a[i * n + p] * b[p * n + j + s];
            memcpy(c + i * n + j, sums, sizeof sums);
        }
    leftovers(n, n, n - n % STRIP, a, b, c);
}

/* ---- 4: a tile of C in registers, so that each vector of B serves MR rows ---- */

/* MR x NV accumulators + NV vectors of B + 1 of A: 8 x 3 + 3 + 1 = 28 of 32 registers, 4 x 3 + 3 + 1 = 16 of 16;
 * without FMA 1 more for the product, 4 x 2 + 2 + 1 + 1 = 12 of 16. */
#if defined(__AVX512F__)
enum { LANES = 8, MR = 8, NV = 3 };
#elif defined(__AVX2__) && defined(__FMA__)
enum { LANES = 4, MR = 4, NV = 3 };
#elif defined(__aarch64__)
enum { LANES = 2, MR = 8, NV = 3 };
#else
enum { LANES = 2, MR = 4, NV = 2 };
#endif
enum { NR = NV * LANES };

typedef double vec __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

/* C[MR x NR] (+)= A[MR x kc] @ B[kc x NR]. Element (i, p) of A is a[i * a_row + p * a_column]. The rows of B and C are
 * contiguous. `vecs` is NV, or less for fewer columns. It is a constant at every inlined call. */
ALWAYS_INLINE void tile(const int vecs, ptrdiff_t kc, const double *a, ptrdiff_t a_row, ptrdiff_t a_column,
                        const double *b, ptrdiff_t b_row, double *c, ptrdiff_t c_row, int accumulate)
{
    vec sums[MR][NV] = {{{0}}};
    for (ptrdiff_t p = 0; p < kc; p++) {
        const vec *b_vecs = (const vec *)(b + p * b_row);
        UNROLL for (int i = 0; i < MR; i++)
            UNROLL for (int v = 0; v < vecs; v++) sums[i][v] += a[i * a_row + p * a_column] * b_vecs[v];
    }
    UNROLL for (int i = 0; i < MR; i++) {
        vec *c_vecs = (vec *)(c + i * c_row);
        UNROLL for (int v = 0; v < vecs; v++) {
            if (accumulate) sums[i][v] += c_vecs[v];
            c_vecs[v] = sums[i][v];
        }
    }
}

void simd_tile(ptrdiff_t n, const double *a, const double *b, double *c)
{
    for (ptrdiff_t i = 0; i + MR <= n; i += MR)
        for (ptrdiff_t j = 0; j + NR <= n; j += NR)
            tile(NV, n, a + i * n, n, 1, b + j, n, c + i * n + j, n, 0);
    leftovers(n, n - n % MR, n - n % NR, a, b, c);
}

/* ---- 5: blocks that fit the caches ---- */

enum {
    KC = 256, /* an MR x KC panel of A in L1: 8 x 256 x 8 bytes = 16 KiB of 32 or 48 */
    NC = 1024 * 1024 / (KC * 8) / NR * NR /* a KC x NC block of B in L2: 1 MiB of 1 or 2 */
};

void blocked(ptrdiff_t n, const double *a, const double *b, double *c)
{
    const ptrdiff_t rows = n - n % MR, columns = n - n % NR;

    for (ptrdiff_t jc = 0; jc < columns; jc += NC)
        for (ptrdiff_t pc = 0; pc < n; pc += KC)
            for (ptrdiff_t i = 0; i < rows; i += MR)
                for (ptrdiff_t j = jc; j < MIN(jc + NC, columns); j += NR)
                    tile(NV, MIN(KC, n - pc), a + i * n + pc, n, 1, b + pc * n + j, n, c + i * n + j, n, pc > 0);
    leftovers(n, rows, columns, a, b, c);
}

/* ---- 6: panels are copies in the order in which the tile reads them ---- */

enum { MC = 1024 }; /* an MC x KC block of A is packed once and read for every block of B: 2 MiB, which fit L3 */

enum { CACHE_LINE = 64 };

static ptrdiff_t rounded_up(ptrdiff_t size, ptrdiff_t step) { return (size + step - 1) / step * step; }

/* Allocate memory aligned to cache lines: loading a vector that crosses a line would take two loads. */
static double *allocate(ptrdiff_t rows, ptrdiff_t columns)
{
    const ptrdiff_t bytes = rounded_up(rows * columns * (ptrdiff_t)sizeof(double), CACHE_LINE);
    double *memory = aligned_alloc(CACHE_LINE, (size_t)bytes);

    if (memory == NULL) abort(); /* a benchmark cannot recover */
    return memory;
}

/* mr rows of A, one column after the other; rows mr to MR - 1 are zeros. */
static void pack_panel_a(ptrdiff_t mr, ptrdiff_t kc, const double *a, ptrdiff_t n, double *restrict packed)
{
    for (ptrdiff_t p = 0; p < kc; p++)
        for (ptrdiff_t i = 0; i < MR; i++) *packed++ = i < mr ? a[i * n + p] : 0;
}

/* nr columns of B, one row after the other; columns nr to NR - 1 are zeros. */
static void pack_panel_b(ptrdiff_t kc, ptrdiff_t nr, const double *b, ptrdiff_t n, double *restrict packed)
{
    for (ptrdiff_t p = 0; p < kc; p++, b += n, packed += NR) {
        if (nr == NR) memcpy(packed, b, NR * sizeof(double)); /* of constant size: NV loads and stores */
        else for (ptrdiff_t j = 0; j < NR; j++) packed[j] = j < nr ? b[j] : 0;
    }
}

/* Compute a tile of mr x nr elements. A tile that extends beyond C is computed in `whole`, and its part is copied. */
ALWAYS_INLINE void tile_within(const int vecs, ptrdiff_t mr, ptrdiff_t nr, ptrdiff_t kc, const double *a,
                               ptrdiff_t a_row, ptrdiff_t a_column, const double *b, double *c, ptrdiff_t n,
                               int accumulate)
{
    if (mr == MR && nr == vecs * LANES) {
        tile(vecs, kc, a, a_row, a_column, b, NR, c, n, accumulate);
    } else {
        double whole[MR][NR];
        tile(vecs, kc, a, a_row, a_column, b, NR, whole[0], NR, 0);
        for (ptrdiff_t i = 0; i < mr; i++)
            for (ptrdiff_t j = 0; j < nr; j++) c[i * n + j] = whole[i][j] + (accumulate ? c[i * n + j] : 0);
    }
}

void packed(ptrdiff_t n, const double *a, const double *b, double *c)
{
    double *a_panels = allocate(MIN(MC, rounded_up(n, MR)), MIN(KC, n));
    double *b_panels = allocate(MIN(KC, n), MIN(NC, rounded_up(n, NR)));

    for (ptrdiff_t ic = 0; ic < n; ic += MC)
        for (ptrdiff_t pc = 0; pc < n; pc += KC) {
            const ptrdiff_t mc = MIN(MC, n - ic), kc = MIN(KC, n - pc);
            for (ptrdiff_t i = 0; i < mc; i += MR)
                pack_panel_a(MIN(MR, mc - i), kc, a + (ic + i) * n + pc, n, a_panels + i * kc);
            for (ptrdiff_t jc = 0; jc < n; jc += NC) {
                const ptrdiff_t nc = MIN(NC, n - jc);
                for (ptrdiff_t j = 0; j < nc; j += NR)
                    pack_panel_b(kc, MIN(NR, nc - j), b + pc * n + jc + j, n, b_panels + j * kc);
                for (ptrdiff_t i = 0; i < mc; i += MR)
                    for (ptrdiff_t j = 0; j < nc; j += NR)
                        tile_within(NV, MIN(MR, mc - i), MIN(NR, nc - j), kc, a_panels + i * kc, 1, MR,
                                    b_panels + j * kc, c + (ic + i) * n + jc + j, n, pc > 0);
            }
        }
    free(a_panels);
    free(b_panels);
}

/* ---- 7: A is not packed; 8: fewer columns get a narrower tile ---- */

/* Copy mr rows of A, and fill the rows up to MR with zeros. */
static void pad_rows(ptrdiff_t mr, ptrdiff_t kc, const double *a, ptrdiff_t n, double (*restrict padded)[KC])
{
    for (ptrdiff_t i = 0; i < MR; i++)
        for (ptrdiff_t p = 0; p < kc; p++) padded[i][p] = i < mr ? a[i * n + p] : 0;
}

/* Step 7 if `narrow` is 0, step 8 if it is 1. */
ALWAYS_INLINE void pack_b_only(ptrdiff_t n, const double *a, const double *b, double *c, const int narrow)
{
    double padded[MR][KC];
    double *b_panels = allocate(MIN(KC, n), MIN(NC, rounded_up(n, NR)));

    for (ptrdiff_t jc = 0; jc < n; jc += NC)
        for (ptrdiff_t pc = 0; pc < n; pc += KC) {
            const ptrdiff_t nc = MIN(NC, n - jc), kc = MIN(KC, n - pc);
            for (ptrdiff_t j = 0; j < nc; j += NR)
                pack_panel_b(kc, MIN(NR, nc - j), b + pc * n + jc + j, n, b_panels + j * kc);
            for (ptrdiff_t i = 0; i < n; i += MR) {
                const ptrdiff_t mr = MIN(MR, n - i), a_row = mr == MR ? n : KC;
                const double *a_rows = mr == MR ? a + i * n + pc : padded[0];
                if (mr < MR) pad_rows(mr, kc, a + i * n + pc, n, padded);
                for (ptrdiff_t j = 0; j < nc; j += NR) {
                    const ptrdiff_t nr = MIN(NR, nc - j);
                    const double *b_panel = b_panels + j * kc;
                    double *to = c + i * n + jc + j;
                    switch (narrow ? (nr + LANES - 1) / LANES : NV) {
                    case 1: tile_within(1, mr, nr, kc, a_rows, a_row, 1, b_panel, to, n, pc > 0); break;
                    case 2: tile_within(2, mr, nr, kc, a_rows, a_row, 1, b_panel, to, n, pc > 0); break;
                    default: tile_within(NV, mr, nr, kc, a_rows, a_row, 1, b_panel, to, n, pc > 0); break;
                    }
                }
            }
        }
    free(b_panels);
}

void a_in_place(ptrdiff_t n, const double *a, const double *b, double *c) { pack_b_only(n, a, b, c, 0); }

void narrow_tiles(ptrdiff_t n, const double *a, const double *b, double *c) { pack_b_only(n, a, b, c, 1); }
