/* The GEMM tile, a template: included once per element type by matmul.c.
 *
 *   C[rows x columns] (+)= A[rows x kc] @ B[kc x columns]
 *
 * Parameters; all but STORAGE are undefined again at the end:
 *   STORAGE  static, or nothing for a kernel that other files name
 *   NAME     suffix of the functions' names
 *   T        the real type that is computed in, SIZE bytes long (a literal, for #if)
 *   PARTS    1 for real elements, 2 for complex ones (a T for the real part, then one for the imaginary part)
 *   MULTIPLY_ADDS  see nk_matmul_kernel
 *   MULTIPLY(a, b) the product of two vectors; a * b where it is not defined
 *
 * Columns lie along the vectors: row p of B is loaded, each element of column p of A is broadcast, and their products are added
 * to MR x NV accumulators, which stay in registers from the first p to the last.
 *
 * A complex product is a real one with a last step of its own. Read the complex B as a real matrix of twice the columns, as it
 * lies in memory, and the complex A as a real matrix of twice the rows, re(A) and im(A) by turns. The accumulators then hold
 *   U = re(A) @ B and V = im(A) @ B, so that C = U + iV.
 */
#if NK_VECTOR_BYTES
#define LANES (NK_VECTOR_BYTES / SIZE)
typedef T NK_PASTE(vec, NAME) __attribute__((vector_size(NK_VECTOR_BYTES)));
#else
#define LANES 1
typedef T NK_PASTE(vec, NAME);
#endif

/* Of 32 registers: 8 x 3 accumulators + 3 of B + 1 of A = 28. Of 16, where multiply and add are one instruction: 6 x 2 + 2 + 1
 * = 15, or 4 x 3 + 3 + 1 = 16; the former reads a third less of B and is 3 % faster from n = 512 on, but for float64, whose rows
 * of B are one cache line then. Else 4 x 2 + 2 + 1 + 1 for the product = 12. Hiding the latency of an FMA (4 cycles x 2 units)
 * takes 8 accumulators. */
#if SIZE == 16 /* long double: the stack of 8 registers holds 2 x 2 accumulators + 2 of B + 1 of A + 1 for the product */
#define MR 2
#define NV 2
#elif LANES == 1
#define MR 4
#define NV 2
#elif NK_REGISTERS == 32
#define MR 8
#define NV 3
#elif NK_HAS_FMA && (SIZE == 4 || PARTS == 2)
#define MR 6
#define NV 2
#elif NK_HAS_FMA
#define MR 4
#define NV 3
#else
#define MR 4
#define NV 2
#endif

/* A single row: as many accumulators, all side by side. Dot products: 4 x 4 + 4 of B + 1 of A = 21 of 32, 4 x 2 + 2 + 1 = 11;
 * long double has too few registers for them. */
#define ROW_VECS (MR * NV / PARTS > 8 ? 8 : MR * NV / PARTS)
#define DOT_ROWS 4
#define HAS_DOTS (PARTS == 1 && SIZE < 16)
#define DOT_SUMS (NK_REGISTERS == 32 ? 4 : 2)
/* Fetching C early costs a few cycles, and hides a miss or two behind this many steps of some 10 cycles. */
#define FETCH_KC 32

#define MASKS (NK_HAS_MASKS && LANES > 1)
#define NR (NV * LANES / PARTS)
#define NR_STEP (MASKS || LANES < PARTS ? 1 : LANES / PARTS)
#define VEC NK_PASTE(vec, NAME)
#define ELEMENT (PARTS * (ptrdiff_t)sizeof(T))
#define FUNCTION(function) NK_PASTE(function, NAME)

#ifndef MULTIPLY
#define MULTIPLY(a, b) ((a) * (b))
#endif

static void FUNCTION(pack_panel_a)(ptrdiff_t rows, ptrdiff_t kc, const char *a, ptrdiff_t row_stride,
                                   ptrdiff_t column_stride, char *packed)
{
    if (row_stride == ELEMENT && rows == MR / PARTS) { /* whole columns, as in a transposed matrix */
        for (ptrdiff_t p = 0; p < kc; p++) memcpy(packed + p * MR * sizeof(T), a + p * column_stride, MR * sizeof(T));
        return;
    }
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
    if (column_stride == ELEMENT && columns == NR) { /* whole rows of whole vectors */
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

/* Row p of B, vector v of `vecs`. Where there are masks nothing beyond its `columns` is read; else it is padded to whole vectors. */
NK_INLINE VEC FUNCTION(load_b)(const char *b, int v, const int vecs, const int whole, ptrdiff_t columns)
{
    VEC value;

#if MASKS
    if (!whole && v == vecs - 1) return (VEC)NK_PASTE(NK_LOAD_LANES, SIZE)(b + v * LANES * sizeof(T), columns - v * LANES);
#endif
    (void)vecs, (void)whole, (void)columns;
    memcpy(&value, b + v * LANES * sizeof(T), sizeof value);
    return value;
}

/* The tile for at most MAX_ROWS real rows and VECS vectors of columns, WHOLE ones or the last in part; all three are constants
 * wherever this is inlined. `columns` counts reals. Rows beyond `rows` repeat the last one: as fast as leaving them out, and
 * nothing beyond A is read. */
NK_INLINE void FUNCTION(tile_of)(const int max_rows, const int vecs, const int whole, ptrdiff_t rows, ptrdiff_t columns,
                                 ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride,
                                 const char *b, ptrdiff_t b_row_stride, char *c, ptrdiff_t c_row_stride,
                                 ptrdiff_t c_column_stride, int accumulate)
{
    VEC sums[MR * NV];
    ptrdiff_t row_at[MR];

    NK_UNROLL
    for (int i = 0; i < max_rows; i++) {
        row_at[i] = (i / PARTS < rows ? i / PARTS : rows - 1) * a_row_stride + i % PARTS * (ptrdiff_t)sizeof(T);
        NK_UNROLL
        for (int v = 0; v < vecs; v++) sums[i * vecs + v] = (VEC){0};
    }
    if (kc >= FETCH_KC && c_column_stride == ELEMENT) { /* fetch C while products are added up */
        for (ptrdiff_t i = 0; i < rows; i++) {
            for (int v = 0; v < vecs; v++) NK_PREFETCH_WRITE(c + i * c_row_stride + v * LANES * sizeof(T));
        }
    }
    for (ptrdiff_t p = 0; p < kc; p++) {
        VEC b_row[NV > ROW_VECS ? NV : ROW_VECS];
        NK_UNROLL
        for (int v = 0; v < vecs; v++) b_row[v] = FUNCTION(load_b)(b, v, vecs, whole, columns);
        NK_UNROLL
        for (int i = 0; i < max_rows; i++) {
            T value;
            memcpy(&value, a + row_at[i], sizeof value);
            NK_UNROLL
            for (int v = 0; v < vecs; v++) sums[i * vecs + v] += MULTIPLY(value - (VEC){0}, b_row[v]);
        }
        a += a_column_stride;
        b += b_row_stride;
    }

    if (PARTS == 1 && c_column_stride == ELEMENT && (!whole || columns == vecs * LANES)) {
        NK_UNROLL
        for (int i = 0; i < max_rows; i++) {
            if (i >= rows) break;
            NK_UNROLL
            for (int v = 0; v < vecs; v++) {
                char *to = c + i * c_row_stride + v * LANES * ELEMENT;
                ptrdiff_t lanes = whole || v < vecs - 1 ? LANES : columns - v * LANES;
                FUNCTION(store_vec)(sums[i * vecs + v], lanes, to, accumulate);
            }
        }
    } else {
        VEC laid_out[MR * NV];
        NK_UNROLL /* vector by vector: one copy of several would keep the sums in memory all the time */
        for (int s = 0; s < max_rows * vecs; s++) laid_out[s] = sums[s];
        FUNCTION(store)((const T *)laid_out, vecs * LANES, rows, columns / PARTS, c, c_row_stride, c_column_stride, accumulate);
    }
}

/* Few rows get a tile of few: half of MR, or a single row. A full tile is compiled apart, free of all that asks how many; of
 * those that are narrower no more instances are made, which would be a tenth of all code. */
#define TILE_OF(max_rows, vecs, whole, rows)                                                                               \
    FUNCTION(tile_of)(max_rows, vecs, whole, rows, columns * PARTS, kc, a, a_row_stride, a_column_stride, b, b_row_stride, c, \
                      c_row_stride, c_column_stride, accumulate)
#define TILE_OF_ROWS(vecs, whole)                                      \
    do {                                                               \
        if (vecs == NV && whole && rows == MR / PARTS) TILE_OF(MR, vecs, whole, MR / PARTS); \
        else if (rows > MR / 2 / PARTS) TILE_OF(MR, vecs, whole, rows); \
        else if (rows > 1) TILE_OF(MR / 2, vecs, whole, rows);         \
        else TILE_OF(PARTS, vecs, whole, 1);                           \
    } while (0)

static void FUNCTION(tile)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride,
                           ptrdiff_t a_column_stride, const char *b, ptrdiff_t b_row_stride, char *c,
                           ptrdiff_t c_row_stride, ptrdiff_t c_column_stride, int accumulate)
{
#if MASKS /* elsewhere B is padded to whole vectors, and one instance serves whole tiles and others */
    if (columns * PARTS == NV * LANES) {
        TILE_OF_ROWS(NV, 1);
        return;
    }
#endif
    switch ((columns * PARTS + LANES - 1) / LANES) {
    case 1: TILE_OF_ROWS(1, !MASKS); break;
#if NV > 2
    case 2: TILE_OF_ROWS(2, !MASKS); break;
#endif
    default: TILE_OF_ROWS(NV, !MASKS); break;
    }
}

/* One row: what counts is how much of each row of B is read at a time, since the next row lies on another page. */
static void FUNCTION(row)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride,
                          ptrdiff_t a_column_stride, const char *b, ptrdiff_t b_row_stride, char *c,
                          ptrdiff_t c_row_stride, ptrdiff_t c_column_stride, int accumulate)
{
    if (columns * PARTS == ROW_VECS * LANES) {
        TILE_OF(PARTS, ROW_VECS, 1, 1);
        return;
    }
    for (ptrdiff_t j = 0; j < columns; j += NR) {
        FUNCTION(tile)(rows, columns - j < NR ? columns - j : NR, kc, a, a_row_stride, a_column_stride, b + j * ELEMENT,
                       b_row_stride, c + j * c_column_stride, c_row_stride, c_column_stride, accumulate);
    }
}

#if HAS_DOTS
/* The first lanes of a vector, and zeros; nothing beyond them is read. */
NK_INLINE VEC FUNCTION(load_part)(const char *x, ptrdiff_t lanes)
{
    VEC value = {0};

#if MASKS
    if (lanes < LANES) return (VEC)NK_PASTE(NK_LOAD_LANES, SIZE)(x, lanes);
#endif
    if (lanes == LANES) memcpy(&value, x, sizeof value);
    else memcpy(&value, x, (size_t)lanes * ELEMENT);
    return value;
}

/* One column: vectors lie along k instead, and their lanes are added up at the end. Rows of A and the column of B are contiguous.
 * Each row has DOT_SUMS accumulators of its own, so how many rows there are does not change a bit of any. */
NK_INLINE void FUNCTION(dots_of)(const int rows, ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride, const char *b, char *c,
                                 ptrdiff_t c_row_stride, int accumulate)
{
    VEC sums[DOT_ROWS][DOT_SUMS], column, row;
    T lanes[LANES];
    ptrdiff_t p = 0;

    NK_UNROLL
    for (int i = 0; i < rows; i++) {
        NK_UNROLL
        for (int s = 0; s < DOT_SUMS; s++) sums[i][s] = (VEC){0};
    }
    for (; p + DOT_SUMS * LANES <= kc; p += DOT_SUMS * LANES) {
        NK_UNROLL
        for (int s = 0; s < DOT_SUMS; s++) {
            const ptrdiff_t at = (p + s * LANES) * ELEMENT;
            memcpy(&column, b + at, sizeof column);
            NK_UNROLL
            for (int i = 0; i < rows; i++) {
                memcpy(&row, a + i * a_row_stride + at, sizeof row);
                sums[i][s] += MULTIPLY(row, column);
            }
        }
    }
    for (; p < kc; p += LANES) { /* the last vectors, the very last filled up with zeros */
        const ptrdiff_t left = kc - p < LANES ? kc - p : LANES;
        column = FUNCTION(load_part)(b + p * ELEMENT, left);
        NK_UNROLL
        for (int i = 0; i < rows; i++) {
            row = FUNCTION(load_part)(a + i * a_row_stride + p * ELEMENT, left);
            sums[i][0] += MULTIPLY(row, column);
        }
    }
    NK_UNROLL
    for (int i = 0; i < rows; i++) {
        T total = 0;
        NK_UNROLL
        for (int s = 1; s < DOT_SUMS; s++) sums[i][0] += sums[i][s];
        memcpy(lanes, &sums[i][0], sizeof lanes);
        NK_UNROLL
        for (int half = LANES / 2; half > 0; half /= 2) {
            NK_UNROLL
            for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
        }
        if (accumulate) memcpy(&total, c + i * c_row_stride, sizeof total);
        total += lanes[0];
        memcpy(c + i * c_row_stride, &total, sizeof total);
    }
}

static void FUNCTION(dots)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride,
                           ptrdiff_t a_column_stride, const char *b, ptrdiff_t b_row_stride, char *c,
                           ptrdiff_t c_row_stride, ptrdiff_t c_column_stride, int accumulate)
{
    (void)columns, (void)a_column_stride, (void)b_row_stride, (void)c_column_stride;
    if (rows == DOT_ROWS) {
        FUNCTION(dots_of)(DOT_ROWS, kc, a, a_row_stride, b, c, c_row_stride, accumulate);
        return;
    }
    for (ptrdiff_t i = 0; i < rows; i++) {
        FUNCTION(dots_of)(1, kc, a + i * a_row_stride, 0, b, c + i * c_row_stride, 0, accumulate);
    }
}
#endif

STORAGE const nk_matmul_kernel FUNCTION(kernel) = {
    ELEMENT,
    MULTIPLY_ADDS,
    FUNCTION(pack_panel_a),
    FUNCTION(pack_panel_b),
    {MR / PARTS, NR, NR_STEP, FUNCTION(tile)},
    {1, ROW_VECS * LANES / PARTS, NR_STEP, FUNCTION(row)},
#if HAS_DOTS
    {DOT_ROWS, 1, 1, FUNCTION(dots)},
#else
    {0, 0, 0, NULL},
#endif
};

#undef TILE_OF_ROWS
#undef TILE_OF
#undef FUNCTION
#undef ELEMENT
#undef VEC
#undef NR_STEP
#undef NR
#undef MASKS
#undef FETCH_KC
#undef DOT_SUMS
#undef HAS_DOTS
#undef DOT_ROWS
#undef ROW_VECS
#undef NV
#undef MR
#undef LANES
#undef MULTIPLY
#undef MULTIPLY_ADDS
#undef PARTS
#undef SIZE
#undef T
#undef NAME
