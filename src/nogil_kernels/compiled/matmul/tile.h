/* The tiles of C := A @ B, a template. tiles.c, narrow.c and long_double.c include it once per element type.
 *
 *   C[rows x columns] (+)= A[rows x kc] @ B[kc x columns]
 *
 * Parameters. The end of this file undefines all but STORAGE:
 *   STORAGE  static, or empty for a kernel that other files use
 *   NAME     suffix of the functions' names
 *   T        the real type of all arithmetic
 *   SIZE     the bytes of a T, a literal for #if
 *   PARTS    1 for real elements, 2 for complex ones: the real part, then the imaginary part
 *   MULTIPLY_ADDS  see nk_matmul_kernel
 *   MULTIPLY(a, b) the product of two vectors; a * b by default
 *
 * A vector holds several columns of one row of B. For each p, row p of B is loaded, and each element of column p of A
 * is multiplied by it. The products are added to MR x NV accumulators, which stay in registers for all p.
 *
 * A complex product is a real product with a last step of its own. In memory a complex B is a real matrix with twice
 * the columns. A complex A is used as a real matrix with twice the rows, re(A) and im(A) alternating. The accumulators
 * then hold U = re(A) @ B and V = im(A) @ B, so that C = U + iV.
 */
#if NK_VECTOR_BYTES
#define LANES (NK_VECTOR_BYTES / SIZE)
typedef T NK_PASTE(vec, NAME) __attribute__((vector_size(NK_VECTOR_BYTES)));
#else
#define LANES 1
typedef T NK_PASTE(vec, NAME);
#endif

/* A tile has MR rows of NV vectors. Registers that it uses:
 *   of 32: 8 x 3 accumulators + 3 of B + 1 of A = 28
 *   of 16, with FMA: 4 x 3 + 3 + 1 = 16 for float64. 6 x 2 + 2 + 1 = 15 for float32 and complex types: it reads a
 *     third less of B and is 3 % faster from n = 512 on. float64 gains nothing from it.
 *   of 16, without FMA: 4 x 2 + 2 + 1 + 1 for the product = 12; without vectors: 4 x 2, too
 *   of the 8 of long double: 2 x 2 + 2 + 1 + 1 for the product = 8
 * 8 accumulators hide the latency of an FMA (4 cycles x 2 units). */
#if SIZE == 16
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

/* A single row has up to 8 accumulators side by side. Dot products use 4 x 4 accumulators + 4 of B + 1 of A = 21 of 32
 * registers, or 4 x 2 + 2 + 1 = 11 of 16. long double has too few registers for them. */
#define ROW_VECTORS (MR * NV / PARTS > 8 ? 8 : MR * NV / PARTS)
#define DOT_ROWS 4
#define HAS_DOTS (PARTS == 1 && SIZE < 16)
#define DOT_SUMS (NK_REGISTERS == 32 ? 4 : 2)
/* C is prefetched if kc is at least this. A prefetch takes a few cycles. 32 steps of 10 cycles hide 1 or 2 misses. */
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
    if (row_stride == ELEMENT && rows == MR / PARTS) { /* columns are contiguous, as in a transposed matrix */
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

/* Write or add the first `columns` lanes of a vector; without masks, all lanes. */
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

/* Write or add the sums, rows of `width` reals, element by element: for layouts that no vector store can write. */
static void FUNCTION(store)(const T *sums, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t columns, char *c,
                            ptrdiff_t c_row_stride, ptrdiff_t c_column_stride, int accumulate)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        const T *u = sums + i * PARTS * width; /* U and V of the comment at the top */
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

/* Load vector v of a row of B with vecs vectors. Masks skip lanes after the last column. Without masks, B is padded. */
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

/* The tile of at most max_rows real rows and vecs vectors of columns. max_rows, vecs and whole are constants in each
 * inlined copy. Unless whole is set, the last vector has a mask. rows counts elements, columns counts real numbers. If
 * rows * PARTS < max_rows, the missing rows repeat the last row: as fast as skipping them, and without reads beyond A. */
NK_INLINE void FUNCTION(tile_of)(const int max_rows, const int vecs, const int whole, ptrdiff_t rows, ptrdiff_t columns,
                                 ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride,
                                 const char *b, ptrdiff_t b_row_stride, char *c, ptrdiff_t c_row_stride,
                                 ptrdiff_t c_column_stride, int accumulate)
{
    VEC sums[MR * NV];
    ptrdiff_t row_offset[MR];

    NK_UNROLL
    for (int i = 0; i < max_rows; i++) {
        row_offset[i] = (i / PARTS < rows ? i / PARTS : rows - 1) * a_row_stride + i % PARTS * (ptrdiff_t)sizeof(T);
        NK_UNROLL
        for (int v = 0; v < vecs; v++) sums[i * vecs + v] = (VEC){0};
    }
    if (kc >= FETCH_KC && c_column_stride == ELEMENT) { /* prefetch C */
        for (ptrdiff_t i = 0; i < rows; i++) {
            for (int v = 0; v < vecs; v++) NK_PREFETCH_WRITE(c + i * c_row_stride + v * LANES * sizeof(T));
        }
    }
    for (ptrdiff_t p = 0; p < kc; p++) {
        VEC b_row[NV > ROW_VECTORS ? NV : ROW_VECTORS];
        NK_UNROLL
        for (int v = 0; v < vecs; v++) b_row[v] = FUNCTION(load_b)(b, v, vecs, whole, columns);
        NK_UNROLL
        for (int i = 0; i < max_rows; i++) {
            T value;
            memcpy(&value, a + row_offset[i], sizeof value); /* value - (VEC){0} broadcasts value */
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
        VEC sums_in_memory[MR * NV];
        NK_UNROLL /* vector by vector: a single memcpy would keep the sums in memory, not in registers */
        for (int s = 0; s < max_rows * vecs; s++) sums_in_memory[s] = sums[s];
        FUNCTION(store)((const T *)sums_in_memory, vecs * LANES, rows, columns / PARTS, c, c_row_stride, c_column_stride, accumulate);
    }
}

/* Call the instance with the fewest rows that suffice: MR, half of MR, or one. The full tile has one more instance, for
 * exactly MR rows, without comparisons with rows. For narrower tiles such an instance would add a tenth to all code. */
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
#if MASKS /* without masks B is padded to whole vectors, so all vectors count as whole */
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

/* The tile of one row of A, up to 8 vectors wide: the next row of B may be on another page, so more is read at once. */
static void FUNCTION(row)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t kc, const char *a, ptrdiff_t a_row_stride,
                          ptrdiff_t a_column_stride, const char *b, ptrdiff_t b_row_stride, char *c,
                          ptrdiff_t c_row_stride, ptrdiff_t c_column_stride, int accumulate)
{
    if (columns * PARTS == ROW_VECTORS * LANES) {
        TILE_OF(PARTS, ROW_VECTORS, 1, 1);
        return;
    }
    for (ptrdiff_t j = 0; j < columns; j += NR) {
        FUNCTION(tile)(rows, columns - j < NR ? columns - j : NR, kc, a, a_row_stride, a_column_stride, b + j * ELEMENT,
                       b_row_stride, c + j * c_column_stride, c_row_stride, c_column_stride, accumulate);
    }
}

#if HAS_DOTS
/* Load the first lanes of a vector, and zeros after them. No byte beyond them is read. */
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

/* One column of B: a vector holds elements along k, and its lanes are added up at the end. Rows of A and the column of
 * B are contiguous. Each row has its own DOT_SUMS accumulators, so the number of rows changes no bit of any row. */
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
    for (; p < kc; p += LANES) { /* the rest: at most DOT_SUMS vectors, the last one padded with zeros */
        const ptrdiff_t lanes_left = kc - p < LANES ? kc - p : LANES;
        column = FUNCTION(load_part)(b + p * ELEMENT, lanes_left);
        NK_UNROLL
        for (int i = 0; i < rows; i++) {
            row = FUNCTION(load_part)(a + i * a_row_stride + p * ELEMENT, lanes_left);
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
    {1, ROW_VECTORS * LANES / PARTS, NR_STEP, FUNCTION(row)},
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
#undef ROW_VECTORS
#undef NV
#undef MR
#undef LANES
#undef MULTIPLY
#undef MULTIPLY_ADDS
#undef PARTS
#undef SIZE
#undef T
#undef NAME
