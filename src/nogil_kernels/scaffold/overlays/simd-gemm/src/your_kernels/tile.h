/* A tile: a template that simd.c includes once per element type T, whose functions have NAME in theirs. */
#if defined(__GNUC__)
typedef T PASTE(vector, NAME) __attribute__((vector_size(VECTOR_BYTES)));
enum { PASTE(NUMBERS, NAME) = NV };
#else
typedef T PASTE(vector, NAME);
enum { PASTE(NUMBERS, NAME) = NV * VECTOR_BYTES / sizeof(T) };
#endif

static void PASTE(tile, NAME)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const T *a, const T *b, T *c,
                              ptrdiff_t c_stride, int add)
{
    enum { VECTORS = PASTE(NUMBERS, NAME), NR = NV * VECTOR_BYTES / sizeof(T), LANES = NR / VECTORS };
    PASTE(vector, NAME) sums[MR][VECTORS], row[VECTORS];
    T numbers[MR][NR];

    UNROLL
    for (int v = 0; v < MR * VECTORS; v++) sums[v / VECTORS][v % VECTORS] = (PASTE(vector, NAME)){0};
    for (ptrdiff_t p = 0; p < kc; p++) {
        UNROLL
        for (int v = 0; v < VECTORS; v++) memcpy(&row[v], b + p * NR + v * LANES, sizeof row[v]); /* at any address */
        UNROLL
        for (int i = 0; i < MR; i++) {
            UNROLL
            for (int v = 0; v < VECTORS; v++) sums[i][v] += a[p * MR + i] * row[v];
        }
    }
    UNROLL
    for (int i = 0; i < MR; i++) {
        UNROLL
        for (int v = 0; v < VECTORS; v++) memcpy(&numbers[i][v * LANES], &sums[i][v], sizeof sums[i][v]);
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = 0; j < columns; j++) c[i * c_stride + j] = numbers[i][j] + (add ? c[i * c_stride + j] : 0);
}

#undef T
#undef NAME
