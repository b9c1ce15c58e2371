/* The runs of sum_of_squares, compiled once per ISA: see vector.h.
 *
 * The body of a run is inlined into one function per kind, with the kind as a constant, so the compiler sees a loop for
 * that kind alone. Elements are loaded by memcpy, which costs nothing and allows any alignment. */
#include "runs.h"
#include "../shared/vector.h"

#include <math.h>

#if defined(__SSE2__) && NK_VECTOR_BYTES
#include <immintrin.h>
#elif defined(__ARM_NEON) && NK_VECTOR_BYTES
#include <arm_neon.h>
#endif

#if NK_VECTOR_BYTES
enum { LANES = NK_VECTOR_BYTES / 8 };
typedef double vec __attribute__((vector_size(NK_VECTOR_BYTES)));
typedef float float_vec __attribute__((vector_size(NK_VECTOR_BYTES / 2)));
typedef uint64_t uint_vec __attribute__((vector_size(NK_VECTOR_BYTES)));
typedef int64_t int_vec __attribute__((vector_size(NK_VECTOR_BYTES)));
#else
enum { LANES = 1 };
typedef double vec;
typedef uint64_t uint_vec;
typedef int64_t int_vec;
#endif

#if NK_GNU_C
#define NK_PREFETCH(address) __builtin_prefetch(address)
#else
#define NK_PREFETCH(address) ((void)(address))
#endif

/* ---- integers: exact, in plain loops that compilers vectorise ---- */

/* sum += value << (64 * word) */
NK_NOINLINE void add_at(nk_sum *sum, int word, uint64_t value)
{
    for (; word < 3; word++) {
        sum->words[word] += value;
        if (sum->words[word] >= value) return;
        value = 1; /* the carry */
    }
}

NK_INLINE uint32_t magnitude(int32_t value) { return value < 0 ? 0 - (uint32_t)value : (uint32_t)value; }

#define NK_LOAD(T, x, i) (memcpy(&(T##_value), (const unsigned char *)(x) + (i) * (ptrdiff_t)sizeof(T), sizeof(T)), T##_value)

/* |x[i]|, up to 32 bits */
NK_INLINE uint32_t load_magnitude(enum nk_kind kind, const void *x, ptrdiff_t i)
{
    uint8_t uint8_t_value;
    int8_t int8_t_value;
    uint16_t uint16_t_value;
    int16_t int16_t_value;
    uint32_t uint32_t_value;
    int32_t int32_t_value;

    switch (kind) {
    case NK_BOOL: return NK_LOAD(uint8_t, x, i) != 0; /* any byte but 0 is true */
    case NK_U8: return NK_LOAD(uint8_t, x, i);
    case NK_I8: return magnitude(NK_LOAD(int8_t, x, i));
    case NK_U16: return NK_LOAD(uint16_t, x, i);
    case NK_I16: return magnitude(NK_LOAD(int16_t, x, i));
    case NK_U32: return NK_LOAD(uint32_t, x, i);
    default: return magnitude(NK_LOAD(int32_t, x, i));
    }
}

/* 8 bits: 2**16 squares of at most 255**2 add up to less than 2**32. 32-bit sums are faster, with twice the lanes. */
NK_INLINE void run_8_bits(enum nk_kind kind, const void *x, ptrdiff_t n, nk_sum *sum)
{
    const ptrdiff_t block = 1 << 16;

    for (ptrdiff_t start = 0; start < n; start += block) {
        ptrdiff_t stop = n - start < block ? n : start + block;
        uint32_t partial = 0;
        for (ptrdiff_t i = start; i < stop; i++) {
            uint32_t value = load_magnitude(kind, x, i);
            partial += value * value;
        }
        add_at(sum, 0, partial);
    }
}

/* 16 bits: squares fit 32 bits. A run has fewer than 2**17 numbers (NK_RUN), so their sum fits 49 bits. */
NK_INLINE void run_16_bits(enum nk_kind kind, const void *x, ptrdiff_t n, nk_sum *sum)
{
    uint64_t total = 0;

    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t value = load_magnitude(kind, x, i);
        total += value * value;
    }
    add_at(sum, 0, total);
}

/* 32 bits: squares fit 64 bits, but their sum does not. So their 32-bit halves are added separately. */
NK_INLINE void run_32_bits(enum nk_kind kind, const void *x, ptrdiff_t n, nk_sum *sum)
{
    uint64_t low = 0, high = 0;

    for (ptrdiff_t i = 0; i < n; i++) {
        uint64_t value = load_magnitude(kind, x, i), square = value * value;
        low += (uint32_t)square;
        high += square >> 32;
    }
    add_at(sum, 0, low);
    add_at(sum, 0, high << 32);
    add_at(sum, 1, high >> 32);
}

/* 64 bits: with |x| = h * 2**32 + l, x**2 = h**2 * 2**64 + 2 * h * l * 2**32 + l**2. For each of the three products
 * (h * h, h * l, l * l) there are two sums: of the products modulo 2**64 (wrapped), and of their upper halves (upper).
 * add_products computes the exact sum from both. Two sums take three operations per product. Splitting each product
 * into halves would take four. */
typedef struct {
    uint_vec wrapped, upper;
} product_sums;

NK_INLINE void add_product(product_sums *sums, uint_vec product)
{
    sums->wrapped += product;
    sums->upper += product >> 32;
}

/* The sum of all lanes, modulo 2**64. */
NK_INLINE uint64_t total_of(uint_vec value)
{
    uint64_t lanes[LANES], total = 0;

    memcpy(lanes, &value, sizeof lanes);
    for (int lane = 0; lane < LANES; lane++) total += lanes[lane];
    return total;
}

/* sum += value << bit */
static void add_shifted(nk_sum *sum, uint64_t value, int bit)
{
    add_at(sum, bit / 64, value << bit % 64);
    if (bit % 64) add_at(sum, bit / 64 + 1, value >> (64 - bit % 64));
}

/* sum += all products << bit. wrapped - (upper << 32) is the sum of the lower halves. It is exact, because a run has
 * fewer than 2**17 of each of the three products, so their lower halves add up to less than 2**49. */
static void add_products(nk_sum *sum, const product_sums *sums, int bit)
{
    uint64_t wrapped = total_of(sums->wrapped), upper = total_of(sums->upper);

    add_shifted(sum, wrapped - (upper << 32), bit);
    add_shifted(sum, upper, bit + 32);
}

/* Multiply the lower halves of the lanes. By intrinsic, because some compilers choose a slow 64-bit product. */
NK_INLINE uint_vec multiply_lower(uint_vec a, uint_vec b)
{
#if NK_VECTOR_BYTES == 64
    return (uint_vec)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif NK_VECTOR_BYTES == 32
    return (uint_vec)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif NK_VECTOR_BYTES && defined(__SSE2__)
    return (uint_vec)_mm_mul_epu32((__m128i)a, (__m128i)b);
#elif NK_VECTOR_BYTES && defined(__ARM_NEON)
    return (uint_vec)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
#else
    return (a & 0xffffffff) * (b & 0xffffffff);
#endif
}

NK_INLINE uint_vec load_magnitudes(enum nk_kind kind, const void *x, ptrdiff_t i)
{
    uint_vec value;

    memcpy(&value, (const uint64_t *)x + i, sizeof value);
    if (kind == NK_I64) {
        uint_vec sign = (uint_vec)((int_vec)value >> 63);
        value = (value ^ sign) - sign;
    }
    return value;
}

NK_INLINE int has_upper_bits(uint_vec value)
{
    uint64_t lanes[LANES], all = 0;

    memcpy(lanes, &value, sizeof lanes);
    for (int lane = 0; lane < LANES; lane++) all |= lanes[lane];
    return all >> 32 != 0;
}

/* Magnitudes below 2**32, as most are, need only l * l. The upper bits of BATCH vectors are checked at a time. */
NK_INLINE void run_64_bits(enum nk_kind kind, const void *x, ptrdiff_t n, nk_sum *sum)
{
    enum { BATCH = 8 };
    const uint_vec zero = {0};
    product_sums ll = {zero, zero}, hl = {zero, zero}, hh = {zero, zero};
    uint64_t padded_batch[BATCH * LANES];

    for (ptrdiff_t i = 0; i < n; i += BATCH * LANES) {
        uint_vec batch[BATCH], any_bits = zero;
        const uint64_t *numbers = (const uint64_t *)x + i;
        if (n - i < BATCH * LANES) { /* the last batch, padded with zeros */
            memset(padded_batch, 0, sizeof padded_batch);
            memcpy(padded_batch, numbers, (size_t)(n - i) * 8);
            numbers = padded_batch;
        }
        NK_UNROLL
        for (int b = 0; b < BATCH; b++) {
            batch[b] = load_magnitudes(kind, numbers, b * LANES);
            any_bits |= batch[b];
            add_product(&ll, multiply_lower(batch[b], batch[b]));
        }
        if (has_upper_bits(any_bits)) {
            NK_UNROLL
            for (int b = 0; b < BATCH; b++) {
                uint_vec h = batch[b] >> 32;
                add_product(&hl, multiply_lower(h, batch[b]));
                add_product(&hh, multiply_lower(h, h));
            }
        }
    }
    add_products(sum, &ll, 0);
    add_products(sum, &hl, 33);
    add_products(sum, &hh, 64);
}

static void run_range(int64_t start, int64_t step, ptrdiff_t n, nk_sum *sum)
{
    enum { PART = 2048 }; /* terms at a time: they stay in L1. Adding up the sums of a part takes 60 ns. */
    uint64_t terms[PART];

    for (ptrdiff_t first = 0; first < n; first += PART) {
        ptrdiff_t count = n - first < PART ? n - first : PART;
        for (ptrdiff_t i = 0; i < count; i++) terms[i] = (uint64_t)start + (uint64_t)(first + i) * (uint64_t)step;
        run_64_bits(NK_I64, terms, count, sum);
    }
}

/* ---- floats: converted to float64, then squared and added ---- */

/* The magnitude of an IEEE 754 binary16, from its 5 exponent bits (bias 15) and 10 fraction bits. There is no branch,
 * and no subnormal float64, since a thread can set its processor to treat them as 0. */
NK_INLINE double float16_magnitude(uint16_t bits)
{
    const uint64_t exponent = (bits >> 10) & 31, fraction = bits & 1023, rebias = 1023 - 15;
    const uint64_t is_subnormal = exponent == 0, is_infinite_or_nan = exponent == 31;
    /* exponent 31 becomes 2047 = 31 + 2 * rebias */
    const uint64_t wide = (exponent + rebias + is_subnormal + is_infinite_or_nan * rebias) << 52 | fraction << 42;
    double value;

    memcpy(&value, &wide, sizeof value);
    return value - (double)is_subnormal * (1.0 / (1 << 14)); /* subnormals have no leading 1 */
}

#if NK_VECTOR_BYTES < 32
/* Not inlined: with 16-byte vectors, a block of float16 has 64 calls, which would be a third of this file's code. */
NK_NOINLINE vec float16_magnitudes(const uint16_t *x)
{
    vec value;
    double lanes[LANES];

    for (int lane = 0; lane < LANES; lane++) {
        uint16_t bits;
        memcpy(&bits, x + lane, sizeof bits);
        lanes[lane] = float16_magnitude(bits);
    }
    memcpy(&value, lanes, sizeof value);
    return value;
}
#endif

/* x[i], ..., x[i + LANES - 1] as float64 */
NK_INLINE vec load_vec(enum nk_kind kind, const void *x, ptrdiff_t i)
{
    vec value;

    if (kind == NK_F64) {
        memcpy(&value, (const double *)x + i, sizeof value);
    } else if (kind == NK_F32) {
#if NK_VECTOR_BYTES == 64 /* by intrinsic, because GCC 12 makes two conversions of __builtin_convertvector */
        value = (vec)_mm512_cvtps_pd(_mm256_loadu_ps((const float *)x + i));
#elif NK_VECTOR_BYTES == 32
        value = (vec)_mm256_cvtps_pd(_mm_loadu_ps((const float *)x + i));
#elif NK_VECTOR_BYTES
        float_vec narrow;
        memcpy(&narrow, (const float *)x + i, sizeof narrow);
        value = __builtin_convertvector(narrow, vec);
#else
        float narrow;
        memcpy(&narrow, (const float *)x + i, sizeof narrow);
        value = narrow;
#endif
    } else {
#if NK_VECTOR_BYTES == 64
        value = (vec)_mm512_cvtps_pd(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)((const uint16_t *)x + i))));
#elif NK_VECTOR_BYTES == 32
        value = (vec)_mm256_cvtps_pd(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)((const uint16_t *)x + i))));
#else
        value = float16_magnitudes((const uint16_t *)x + i);
#endif
    }
    return value;
}

/* x[i] as float64, for the numbers after the last vector */
NK_INLINE double load_number(enum nk_kind kind, const void *x, ptrdiff_t i)
{
    double wide;
    float narrow;
    uint16_t bits;

    if (kind == NK_F64) {
        memcpy(&wide, (const double *)x + i, sizeof wide);
        return wide;
    }
    if (kind == NK_F32) {
        memcpy(&narrow, (const float *)x + i, sizeof narrow);
        return narrow;
    }
    memcpy(&bits, (const uint16_t *)x + i, sizeof bits);
    return float16_magnitude(bits);
}

/* TwoSum: hi + lo += value, exact except for the rounding of lo (Knuth, The Art of Computer Programming, volume 2,
 * 4.2.2, theorem B). If value is a product, the compiler may fuse it into the additions, so that it is not rounded. */
NK_INLINE void two_sum(vec *hi, vec *lo, vec value)
{
    vec total = *hi + value, part = total - *hi;

    *lo += (*hi - (total - part)) + (value - part);
    *hi = total;
}

/* two_sum for one number. */
NK_INLINE void add_number(double *hi, double *lo, double value)
{
    double total = *hi + value, part = total - *hi;

    *lo += (*hi - (total - part)) + (value - part);
    *hi = total;
}

/* A block is `depth` rows of WIDTH vectors. The squares of all rows are added to WIDTH accumulators, these are added in
 * a tree, and two_sum adds the root to the sum without error. The error is largest for constant data, where all
 * roundings have one direction: L / 6 ulp in a chain of L additions. A tree adds equal numbers, which is exact.
 *
 * float32, float16: squares have 48 bits, so up to 32 equal squares are added without error, and chains of 8 are as
 *   good as a tree. The chains take one operation and one conversion per load.
 * float64: squares are rounded. They are added in pairs, and pairs of pairs: 5 operations per 4 loads. Tree and two_sum
 *   take 13 per block of 32 loads, so a load takes 1.66 operations in all. */
enum { WIDTH = 8, ROW = WIDTH * LANES, DEPTH_F64 = 4, DEPTH_NARROW = 8 };

NK_INLINE vec tree(const vec s[WIDTH]) { return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])); }

/* x[i]**2, lane by lane */
NK_INLINE vec square(enum nk_kind kind, const void *x, ptrdiff_t i)
{
    vec value = load_vec(kind, x, i);

    return value * value;
}

/* The sum of the squares of ROW numbers from x[i] on, lane by lane. */
NK_INLINE vec row(enum nk_kind kind, const void *x, ptrdiff_t i)
{
    vec s[WIDTH];

    NK_UNROLL
    for (int w = 0; w < WIDTH; w++) s[w] = square(kind, x, i + w * LANES);
    return tree(s);
}

#if NK_HAS_MASKS
/* row() of the first `count` < ROW numbers. The others count as zeros and are not read. */
NK_INLINE vec row_of(enum nk_kind kind, const void *x, ptrdiff_t i, int count)
{
    const uint64_t wanted = ((uint64_t)1 << count) - 1;
    vec s[WIDTH];

    NK_UNROLL
    for (int w = 0; w < WIDTH; w++, i += LANES) {
        const __mmask8 mask = (__mmask8)(wanted >> w * LANES);
        if (kind == NK_F64) {
            s[w] = (vec)_mm512_maskz_loadu_pd(mask, (const double *)x + i);
        } else if (kind == NK_F32) {
            s[w] = (vec)_mm512_cvtps_pd(_mm256_maskz_loadu_ps(mask, (const float *)x + i));
        } else {
            s[w] = (vec)_mm512_cvtps_pd(_mm256_cvtph_ps(_mm_maskz_loadu_epi16(mask, (const uint16_t *)x + i)));
        }
        s[w] *= s[w];
    }
    return tree(s);
}
#endif

/* The sum of the squares of a block: the rows that begin at i, i + row_distance, ... */
NK_INLINE vec block(enum nk_kind kind, const void *x, ptrdiff_t i, ptrdiff_t row_distance)
{
    vec s[WIDTH];

    NK_UNROLL
    for (int w = 0; w < WIDTH; w++, i += LANES) {
        s[w] = square(kind, x, i) + square(kind, x, i + row_distance);
        if (kind == NK_F64) s[w] += square(kind, x, i + 2 * row_distance) + square(kind, x, i + 3 * row_distance);
    }
    i -= ROW; /* back to the start of the row */
    NK_UNROLL
    for (int d = 2; kind != NK_F64 && d < DEPTH_NARROW; d++) {
        NK_UNROLL
        for (int w = 0; w < WIDTH; w++) s[w] += square(kind, x, i + d * row_distance + w * LANES);
    }
    return tree(s);
}

/* Each row of a block is prefetched this many bytes ahead. 1024 would be too few for DRAM if vectors are short. */
enum { AHEAD = 2048 };

NK_INLINE void prefetch_rows(const unsigned char *x, ptrdiff_t row_distance, int depth, int row_bytes)
{
    NK_UNROLL
    for (int d = 0; d < depth; d++) {
        NK_UNROLL
        for (int byte = 0; byte < row_bytes; byte += NK_CACHE_LINE) NK_PREFETCH(x + d * row_distance + byte + AHEAD);
    }
}

#if NK_VECTOR_BYTES
/* Return value with lanes exchanged: lane l of the result is lane l ^ bit. Compilers make one shuffle of it. */
NK_INLINE vec swap_lanes(vec value, int bit)
{
    vec swapped = value;

    NK_UNROLL
    for (int lane = 0; lane < LANES; lane++) swapped[lane] = value[lane ^ bit];
    return swapped;
}
#endif

/* sum += all lanes of hi + lo. Each step adds to every lane its counterpart, so log2(LANES) steps suffice. */
NK_INLINE void join_lanes(nk_sum *sum, vec hi, vec lo)
{
    double first_hi, first_lo;

#if NK_VECTOR_BYTES
    NK_UNROLL
    for (int bit = LANES / 2; bit > 0; bit /= 2) {
        lo += swap_lanes(lo, bit);
        two_sum(&hi, &lo, swap_lanes(hi, bit));
    }
#endif
    memcpy(&first_hi, &hi, sizeof first_hi);
    memcpy(&first_lo, &lo, sizeof first_lo);
    add_number(&sum->hi, &sum->lo, first_hi);
    sum->lo += first_lo;
}

/* Sum a run of floats: blocks, then rows, then vectors, then single numbers. The rows of a block are row_distance
 * apart, so each is a stream of its own: beyond the caches, the number of concurrent reads limits the speed. */
NK_INLINE void run_floats(enum nk_kind kind, const int far, const void *x, ptrdiff_t n, nk_sum *sum)
{
    const int size = kind == NK_F64 ? 8 : kind == NK_F32 ? 4 : 2, depth = kind == NK_F64 ? DEPTH_F64 : DEPTH_NARROW;
    const ptrdiff_t row_distance = n / (depth * ROW) * ROW;
    vec hi = {0}, lo = {0};
    ptrdiff_t i;

    for (i = 0; i < row_distance; i += ROW) {
        if (far) prefetch_rows((const unsigned char *)x + i * size, row_distance * size, depth, ROW * size);
        two_sum(&hi, &lo, block(kind, x, i, row_distance));
    }
    for (i = depth * row_distance; i + ROW <= n; i += ROW) two_sum(&hi, &lo, row(kind, x, i));
#if NK_HAS_MASKS /* up to seven vectors and seven numbers, one by one, would take 30 ns more */
    if (n - i > LANES) {
        two_sum(&hi, &lo, row_of(kind, x, i, (int)(n - i)));
        i = n;
    }
#endif
    for (; i + LANES <= n; i += LANES) two_sum(&hi, &lo, square(kind, x, i));
    if (n >= LANES) join_lanes(sum, hi, lo);
    for (; i < n; i++) {
        double value = load_number(kind, x, i);
        add_number(&sum->hi, &sum->lo, value * value);
    }
}

/* ---- float64: squares that underflow ---- */

/* A square below 2**-1022 loses bits or is 0. A sum of at least SMALL is accurate nevertheless: it covers one chunk,
 * fewer than 2**17 numbers, whose squares lose less than 2**-1005 in all, even if the thread flushes subnormal results
 * to 0 (otherwise 2**-1058). */
#define SMALL 0x1p-900

/* Return whether all numbers are 0.0 or -0.0. */
NK_INLINE int is_zero(const void *x, ptrdiff_t n)
{
    uint_vec any_bits = {0};
    uint64_t words[LANES], all = 0;
    ptrdiff_t i;

    for (i = 0; i + ROW <= n; i += ROW) {
        NK_UNROLL
        for (int w = 0; w < WIDTH; w++) any_bits |= load_magnitudes(NK_U64, x, i + w * LANES);
    }
    memcpy(words, &any_bits, sizeof words);
    for (int lane = 0; lane < LANES; lane++) all |= words[lane];
    for (; i < n; i++) {
        memcpy(words, (const uint64_t *)x + i, sizeof words[0]);
        all |= words[0];
    }
    return all << 1 == 0; /* without the signs */
}

static void run_f64(const void *x, ptrdiff_t n, nk_sum *sum);

/* Sum a run again whose sum is below SMALL, with all numbers multiplied by NK_TINY_SCALE. No square underflows then:
 * it is 0 or at least 2**-868, which is above SMALL. So run_f64 calls this function again only for zeros. hi was 0
 * before this run, because a sum below SMALL is always moved to tiny_hi. */
NK_NOINLINE void run_tiny(const void *x, ptrdiff_t n, nk_sum *sum)
{
    enum { PART = 2048 }; /* numbers at a time: they stay in L1 */
    nk_sum scaled_sum = {sum->tiny_hi, sum->tiny_lo, 0.0, 0.0, {0, 0, 0}};
    double scaled[PART];

    if (sum->hi == 0 && is_zero(x, n)) return;
    for (ptrdiff_t first = 0; first < n; first += PART) {
        ptrdiff_t count = n - first < PART ? n - first : PART;
        for (ptrdiff_t i = 0; i < count; i++) scaled[i] = load_number(NK_F64, x, first + i) * NK_TINY_SCALE;
        run_f64(scaled, count, &scaled_sum);
    }
    *sum = (nk_sum){0.0, 0.0, scaled_sum.hi, scaled_sum.lo, {0, 0, 0}};
}

NK_INLINE void run_float64s(const int far, const void *x, ptrdiff_t n, nk_sum *sum)
{
    run_floats(NK_F64, far, x, n, sum);
    if (sum->hi < SMALL) run_tiny(x, n, sum);
}

/* ---- complex numbers: pairs of floats ---- */

/* Return whether abs(z) of a complex number is NaN. It is infinite if a part is, even if the other part is NaN. */
NK_NOINLINE int has_nan(enum nk_kind kind, const void *x, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i += 2) {
        double real = load_number(kind, x, i), imag = load_number(kind, x, i + 1);
        if (isnan(real + imag) && !isinf(real) && !isinf(imag)) return 1;
    }
    return 0;
}

NK_INLINE void run_complex(enum nk_kind kind, nk_sum_run run, const void *x, ptrdiff_t n, nk_sum *sum)
{
    const double before = sum->hi;

    run(x, n, sum);
    if (isnan(sum->hi) && !isnan(before) && !has_nan(kind, x, n)) sum->hi = INFINITY;
}

/* ---- one function per kind ---- */

static void run_bool(const void *x, ptrdiff_t n, nk_sum *sum) { run_8_bits(NK_BOOL, x, n, sum); }
static void run_u8(const void *x, ptrdiff_t n, nk_sum *sum) { run_8_bits(NK_U8, x, n, sum); }
static void run_i8(const void *x, ptrdiff_t n, nk_sum *sum) { run_8_bits(NK_I8, x, n, sum); }
static void run_u16(const void *x, ptrdiff_t n, nk_sum *sum) { run_16_bits(NK_U16, x, n, sum); }
static void run_i16(const void *x, ptrdiff_t n, nk_sum *sum) { run_16_bits(NK_I16, x, n, sum); }
static void run_u32(const void *x, ptrdiff_t n, nk_sum *sum) { run_32_bits(NK_U32, x, n, sum); }
static void run_i32(const void *x, ptrdiff_t n, nk_sum *sum) { run_32_bits(NK_I32, x, n, sum); }
static void run_u64(const void *x, ptrdiff_t n, nk_sum *sum) { run_64_bits(NK_U64, x, n, sum); }
static void run_i64(const void *x, ptrdiff_t n, nk_sum *sum) { run_64_bits(NK_I64, x, n, sum); }
static void run_f16(const void *x, ptrdiff_t n, nk_sum *sum) { run_floats(NK_F16, 0, x, n, sum); }
static void run_f32(const void *x, ptrdiff_t n, nk_sum *sum) { run_floats(NK_F32, 0, x, n, sum); }
static void far_f32(const void *x, ptrdiff_t n, nk_sum *sum) { run_floats(NK_F32, 1, x, n, sum); }
static void run_f64(const void *x, ptrdiff_t n, nk_sum *sum) { run_float64s(0, x, n, sum); }
static void far_f64(const void *x, ptrdiff_t n, nk_sum *sum) { run_float64s(1, x, n, sum); }
static void run_c64(const void *x, ptrdiff_t n, nk_sum *sum) { run_complex(NK_F32, run_f32, x, n, sum); }
static void run_c128(const void *x, ptrdiff_t n, nk_sum *sum) { run_complex(NK_F64, run_f64, x, n, sum); }
static void far_c64(const void *x, ptrdiff_t n, nk_sum *sum) { run_complex(NK_F32, far_f32, x, n, sum); }
static void far_c128(const void *x, ptrdiff_t n, nk_sum *sum) { run_complex(NK_F64, far_f64, x, n, sum); }

const nk_sum_runs NK_PASTE(nk_sum, NK_ISA)[1] = {{
    {run_bool, run_i8, run_u8, run_i16, run_u16, run_i32, run_u32, run_i64, run_u64, run_f16, run_f32,
     run_f64, run_c64, run_c128},
    {run_bool, run_i8, run_u8, run_i16, run_u16, run_i32, run_u32, run_i64, run_u64, run_f16, far_f32,
     far_f64, far_c64, far_c128},
    run_range,
}};
