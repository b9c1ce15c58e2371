/* The GEMM tile, a template: included once per element type by matmul.c.
 *
 *   C[rows x columns] (+)= A[rows x kc] @ B[kc x columns]
 *
 * Parameters, all undefined again at the end:
 *   NAME     suffix of the functions' names
 *   T        the real type that is computed in, SIZE bytes long (a literal, for #if)
 *   PARTS    1 for real elements, 2 for complex ones (a T for the real part, then one for the imaginary part)
 *   SIMD     1 where T fills vectors, 0 where it stands alone (long double)
 *
 * Columns lie along the vectors: row p of B is loaded, each element of column p of A is broadcast, and their products are added
 * to MR x NV accumulators, which stay in registers from the first p to the last.
 *
 * A complex product is a real one with a last step of its own. Read the complex B as a real matrix of twice the columns, as it
 * lies in memory, and the complex A as a real matrix of twice the rows, re(A) and im(A) by turns. The accumulators then hold
 *   U = re(A) @ B and V = im(A) @ B, so that C = U + iV.
 */
#if NK_VECTOR_BYTES && SIMD
#define LANES (NK_VECTOR_BYTES / SIZE)
typedef T NK_PASTE(vec, NAME) __attribute__((vector_size(NK_VECTOR_BYTES)));
#else
#define LANES 1
typedef T NK_PASTE(vec, NAME);
#endif

/* Of 32 registers: 8 x 3 accumulators + 3 of B + 1 of A = 28. Of 16: 4 x 3 + 3 + 1 = 16 where multiply and add are one
 * instruction, else 4 x 2 + 2 + 1 + 1 for the product = 12. Hiding the latency of an FMA (4 cycles x 2 units) takes 8. */
#if LANES == 1
#define MR 4
#define NV 2
#elif NK_REGISTERS == 32
#define MR 8
#define NV 3
#elif NK_HAS_FMA
#define MR 4
#define NV 3
#else
#define MR 4
#define NV 2
#endif

#define MASKS (NK_HAS_MASKS && LANES > 1)
#define VEC NK_PASTE(vec, NAME)
#define ELEMENT (PARTS * (ptrdiff_t)sizeof(T))
#define FUNCTION(function) NK_PASTE(function, NAME)

static void FUNCTION(pack_panel_a)(ptrdiff_t rows, ptrdiff_t kc, const char *a, ptrdiff_t row_stride,
                                   ptrdiff_t column_stride, char *packed)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        const char *from = a + i * row_stride;
        char *to = packed + i * ELEMENT;
        for (ptrdiff_t p = 0; p < kc; p++) {
            memcpy(to, from, ELEMENT);
            from += column_stride;
            to += MR / PARTS * ELEMENT;
        }
    }
}

static void FUNCTION(pack_panel_b)(ptrdiff_t kc, ptrdiff_t columns, ptrdiff_t width, const char *b, ptrdiff_t row_stride,
                                   ptrdiff_t column_stride, char *packed)
{
    if (column_stride == ELEMENT && columns == NV * LANES / PARTS) { /* whole rows of whole vectors */
        for (ptrdiff_t p = 0; p < kc; p++) memcpy(packed + p * NV * LANES * sizeof(T), b + p * row_stride, NV * LANES * sizeof(T));
        return;
    }
    for (ptrdiff_t j = 0; j < width; j++) {
        const char *from = b + j * column_stride;
        char *to = packed + j * ELEMENT;
        for (ptrdiff_t p = 0; p < kc; p++) {
            if (j < columns) memcpy(to, from, ELEMENT);
            else memset(to, 0, ELEMENT);
            from += row_stride;
            to += width * ELEMENT;
        }
    }
}

/* Writes or adds the first `columns` lanes of a vector; all of them where there are no masks. */
NK_INLINE void FUNCTION(store_vec)(VEC value, ptrdiff_t columns, char *c, int accumulate)
{
    VEC old;

#if MASKS
    if (columns < LANES) {
        if (accumulate) value += (VEC)NK_PASTE(NK_LOAD_LANES, SIZE)(c, columns);
        NK_PASTE(NK_STORE_LANES, SIZE)(c, columns, value);
        return;
    }
#endif
    (void)columns;
    if (accumulate) {
        memcpy(&old, c, sizeof old);
        value += old;
    }
    memcpy(c, &value, sizeof value);
}

/* Writes or adds a tile that is laid out in rows of `width` reals. What vectors cannot write goes this way. */
static void FUNCTION(store)(const T *sums, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t columns, char *c,
                            ptrdiff_t c_row_stride, ptrdiff_t c_column_stride, int accumulate)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        const T *u = sums + i * PARTS * width;
        char *to = c + i * c_row_stride;
        if (PARTS == 1 && c_column_stride == ELEMENT && !accumulate) {
            memcpy(to, u, columns * ELEMENT);
            continue;
        }
        for (ptrdiff_t j = 0; j < columns; j++) {
            T value[PARTS], old[PARTS] = {0};
            if (accumulate) memcpy(old, to, ELEMENT);
#if PARTS == 1
            value[0] = old[0] + u[j];
#else
            const T *v = u + width;
            value[0] = old[0] + (u[2 * j] - v[2 * j + 1]);
            value[1] = old[1] + (u[2 * j + 1] + v[2 * j]);
#endif
            memcpy(to, value, ELEMENT);
            to += c_column_stride;
        }
    }
}

/* The tile for at most MAX_ROWS real rows and VECS vectors of columns; both are constants wherever this is inlined. Rows beyond
 * `rows` repeat the last one: as fast as leaving them out, and nothing beyond A is read. */
NK_INLINE void FUNCTION(tile_of)(const int max_rows, const int vecs, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc,
                                 const char *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride, const char *b,
                                 ptrdiff_t b_row_stride, char *c, ptrdiff_t c_row_stride, ptrdiff_t c_column_stride,
                                 int accumulate)
{
    VEC sums[MR][NV];
    ptrdiff_t row_at[MR];

    NK_UNROLL
    for (int i = 0; i < max_rows; i++) {
        row_at[i] = (i / PARTS < rows ? i / PARTS : rows - 1) * a_row_stride + i % PARTS * (ptrdiff_t)sizeof(T);
        NK_UNROLL
        for (int v = 0; v < vecs; v++) sums[i][v] = (VEC){0};
    }
    for (ptrdiff_t i = 0; i < rows && c_column_stride == ELEMENT; i++) { /* fetch C while products are added up */
        for (ptrdiff_t at = 0; at < columns * ELEMENT; at += NK_CACHE_LINE) NK_PREFETCH_WRITE(c + i * c_row_stride + at);
    }
    for (ptrdiff_t p = 0; p < kc; p++) {
        VEC b_row[NV];
        NK_UNROLL
        for (int v = 0; v < vecs; v++) memcpy(&b_row[v], b + v * LANES * sizeof(T), LANES * sizeof(T));
        NK_UNROLL
        for (int i = 0; i < max_rows; i++) {
            T value;
            memcpy(&value, a + row_at[i], sizeof value);
            NK_UNROLL
            for (int v = 0; v < vecs; v++) sums[i][v] += value * b_row[v];
        }
        a += a_column_stride;
        b += b_row_stride;
    }

    if (PARTS == 1 && c_column_stride == ELEMENT && (MASKS || columns == vecs * LANES)) {
        NK_UNROLL
        for (int i = 0; i < max_rows; i++) {
            if (i >= rows) break;
            NK_UNROLL
            for (int v = 0; v < vecs; v++) {
                char *to = c + i * c_row_stride + v * LANES * ELEMENT;
                FUNCTION(store_vec)(sums[i][v], v < vecs - 1 ? LANES : columns - v * LANES, to, accumulate);
            }
        }
    } else {
        T laid_out[MR * NV * LANES];
        NK_UNROLL
        for (int i = 0; i < max_rows; i++) memcpy(laid_out + i * vecs * LANES, sums[i], vecs * LANES * sizeof(T));
        FUNCTION(store)(laid_out, vecs * LANES, rows, columns, c, c_row_stride, c_column_stride, accumulate);
    }
}

/* Few rows get a tile of few: half of MR, or a single row. */
#define TILE_OF(max_rows, vecs)                                                                                            \
    FUNCTION(tile_of)(max_rows, vecs, rows, columns, kc, a, a_row_stride, a_column_stride, b, b_row_stride, c, c_row_stride, \
                      c_column_stride, accumulate)
#define TILE_OF_ROWS(vecs)                                       \
    do {                                                         \
        if (rows > MR / 2 / PARTS) TILE_OF(MR, vecs);            \
        else if (rows > 1) TILE_OF(MR / 2, vecs);                \
        else TILE_OF(PARTS, vecs);                               \
    } while (0)

static void FUNCTION(tile)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride,
                           ptrdiff_t a_column_stride, const char *b, ptrdiff_t b_row_stride, char *c,
                           ptrdiff_t c_row_stride, ptrdiff_t c_column_stride, int accumulate)
{
    switch ((columns * PARTS + LANES - 1) / LANES) {
    case 1: TILE_OF_ROWS(1); break;
#if NV > 2
    case 2: TILE_OF_ROWS(2); break;
#endif
    default: TILE_OF_ROWS(NV); break;
    }
}

enum {
    FUNCTION(mr) = MR / PARTS,
    FUNCTION(nr) = NV * LANES / PARTS,
    FUNCTION(nr_step) = LANES / PARTS > 0 ? LANES / PARTS : 1
};

#undef TILE_OF_ROWS
#undef TILE_OF
#undef FUNCTION
#undef ELEMENT
#undef VEC
#undef MASKS
#undef NV
#undef MR
#undef LANES
#undef SIMD
#undef PARTS
#undef SIZE
#undef T
#undef NAME
