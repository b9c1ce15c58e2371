/* The straight runs of sum_of_squares for one ISA: compiled once for each, with NK_ISA naming it and the ISA's flags.
 *
 * A run's body takes the element type as a constant and is inlined into one small function per type, so the compiler sees
 * the type's own loop. Elements are loaded by memcpy, which costs nothing and is right for any alignment. */
#include "sum_of_squares.h"
#include "vector.h"

#if defined(__AVX2__) && NK_VECTOR_BYTES
#include <immintrin.h>
#endif

/* ---- integers: exact, in plain loops that compilers vectorise at the width they are given ---- */

/* sum += value << (64 * word) */
static void add_at(nk_sum *sum, int word, uint64_t value)
{
    for (; word < 3; word++) {
        sum->words[word] += value;
        if (sum->words[word] >= value) return;
        value = 1; /* the carry */
    }
}

NK_INLINE uint64_t magnitude(int64_t value) { return value < 0 ? 0 - (uint64_t)value : (uint64_t)value; }

#define NK_LOAD(T, x, i) (memcpy(&(T##_value), (const unsigned char *)(x) + (i) * (ptrdiff_t)sizeof(T), sizeof(T)), T##_value)

/* |x[i]| */
NK_INLINE uint64_t load_magnitude(enum nk_sum_type type, const void *x, ptrdiff_t i)
{
    uint8_t uint8_t_value;
    int8_t int8_t_value;
    uint16_t uint16_t_value;
    int16_t int16_t_value;
    uint32_t uint32_t_value;
    int32_t int32_t_value;
    uint64_t uint64_t_value;
    int64_t int64_t_value;

    switch (type) {
    case NK_BOOL: return NK_LOAD(uint8_t, x, i) != 0; /* an odd bit pattern is true, too */
    case NK_U8: return NK_LOAD(uint8_t, x, i);
    case NK_I8: return magnitude(NK_LOAD(int8_t, x, i));
    case NK_U16: return NK_LOAD(uint16_t, x, i);
    case NK_I16: return magnitude(NK_LOAD(int16_t, x, i));
    case NK_U32: return NK_LOAD(uint32_t, x, i);
    case NK_I32: return magnitude(NK_LOAD(int32_t, x, i));
    case NK_U64: return NK_LOAD(uint64_t, x, i);
    default: return magnitude(NK_LOAD(int64_t, x, i));
    }
}

/* 8 bits: up to 2**16 squares of at most 255**2 stay below 2**32, and 32-bit lanes are twice as many as 64-bit ones. */
NK_INLINE void run_8_bits(enum nk_sum_type type, const void *x, ptrdiff_t n, nk_sum *sum)
{
    const ptrdiff_t block = 1 << 16;

    for (ptrdiff_t start = 0; start < n; start += block) {
        ptrdiff_t stop = n - start < block ? n : start + block;
        uint32_t partial = 0;
        for (ptrdiff_t i = start; i < stop; i++) {
            uint32_t value = (uint32_t)load_magnitude(type, x, i);
            partial += value * value;
        }
        add_at(sum, 0, partial);
    }
}

/* 16 bits: squares fit 32 bits, 2**17 of them 49. */
NK_INLINE void run_16_bits(enum nk_sum_type type, const void *x, ptrdiff_t n, nk_sum *sum)
{
    uint64_t total = 0;

    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t value = (uint32_t)load_magnitude(type, x, i);
        total += value * value;
    }
    add_at(sum, 0, total);
}

/* 32 bits: squares fit 64 bits, a sum of them does not; their halves are added apart. */
NK_INLINE void run_32_bits(enum nk_sum_type type, const void *x, ptrdiff_t n, nk_sum *sum)
{
    uint64_t low = 0, high = 0;

    for (ptrdiff_t i = 0; i < n; i++) {
        uint64_t value = (uint32_t)load_magnitude(type, x, i), square = value * value;
        low += (uint32_t)square;
        high += square >> 32;
    }
    add_at(sum, 0, low);
    add_at(sum, 0, high << 32);
    add_at(sum, 1, high >> 32);
}

/* 64 bits: with |x| = h * 2**32 + l, x**2 = h**2 * 2**64 + 2 * h * l * 2**32 + l**2; the halves of the three products are added
 * apart, by the power of 2 they stand at (2**0, 2**32, 2**64, 2**96). */
typedef struct {
    uint64_t at_0, at_32, at_64, at_96;
} halves;

NK_INLINE void add_square(halves *total, uint64_t value)
{
    uint64_t l = (uint32_t)value, h = value >> 32, ll = l * l, hl = h * l, hh = h * h;

    total->at_0 += (uint32_t)ll;
    total->at_32 += (ll >> 32) + 2 * (uint64_t)(uint32_t)hl;
    total->at_64 += (uint64_t)(uint32_t)hh + 2 * (hl >> 32);
    total->at_96 += hh >> 32;
}

static void add_halves(nk_sum *sum, const halves *total)
{
    add_at(sum, 0, total->at_0);
    add_at(sum, 0, total->at_32 << 32);
    add_at(sum, 1, total->at_32 >> 32);
    add_at(sum, 1, total->at_64);
    add_at(sum, 1, total->at_96 << 32);
    add_at(sum, 2, total->at_96 >> 32);
}

NK_INLINE void run_64_bits(enum nk_sum_type type, const void *x, ptrdiff_t n, nk_sum *sum)
{
    halves total = {0, 0, 0, 0};

    for (ptrdiff_t i = 0; i < n; i++) add_square(&total, load_magnitude(type, x, i));
    add_halves(sum, &total);
}

static void run_range(int64_t start, int64_t step, ptrdiff_t n, nk_sum *sum)
{
    halves total = {0, 0, 0, 0};

    for (ptrdiff_t i = 0; i < n; i++) {
        add_square(&total, magnitude((int64_t)((uint64_t)start + (uint64_t)i * (uint64_t)step)));
    }
    add_halves(sum, &total);
}

/* ---- floats: converted to float64, squared and added there ---- */

#if NK_VECTOR_BYTES
enum { LANES = NK_VECTOR_BYTES / 8 };
typedef double vec __attribute__((vector_size(NK_VECTOR_BYTES)));
typedef float float_vec __attribute__((vector_size(NK_VECTOR_BYTES / 2)));
#else
enum { LANES = 1 };
typedef double vec;
#endif

/* IEEE 754 binary16 to binary64 by its fields: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
NK_INLINE double float16_value(uint16_t bits)
{
    uint64_t sign = (uint64_t)(bits >> 15) << 63, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    double value;

    if (exponent == 0) {
        value = (double)fraction * (1.0 / (1 << 24)); /* zero and subnormals: fraction * 2**-24; squared, the sign drops out */
    } else {
        uint64_t wide = sign | (exponent == 31 ? 2047 : exponent + 1023 - 15) << 52 | fraction << 42;
        memcpy(&value, &wide, sizeof value);
    }
    return value;
}

/* x[i], ..., x[i + LANES - 1] as float64 */
NK_INLINE vec load_vec(enum nk_sum_type type, const void *x, ptrdiff_t i)
{
    vec value;

    if (type == NK_F64) {
        memcpy(&value, (const double *)x + i, sizeof value);
    } else if (type == NK_F32) {
#if NK_VECTOR_BYTES == 64 /* by name: GCC 12 converts and joins halves where it meets __builtin_convertvector */
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
        double lanes[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            uint16_t bits;
            memcpy(&bits, (const uint16_t *)x + i + lane, sizeof bits);
            lanes[lane] = float16_value(bits);
        }
        memcpy(&value, lanes, sizeof value);
#endif
    }
    return value;
}

/* hi + lo += value, exactly but for the rounding of lo (Knuth, The Art of Computer Programming, volume 2, 4.2.2, theorem B).
 * Where value is a product, the compiler may fuse it into the first two lines; the sum then lacks the product's rounding. */
NK_INLINE void two_sum(vec *hi, vec *lo, vec value)
{
    vec total = *hi + value, part = total - *hi;

    *lo += (*hi - (total - part)) + (value - part);
    *hi = total;
}

/* Adds run after run, each the sum of one run's lanes. Scalar twin of two_sum. */
static void add_float(nk_sum *sum, double value)
{
    double total = sum->hi + value, part = total - sum->hi;

    sum->lo += (sum->hi - (total - part)) + (value - part);
    sum->hi = total;
}

/* A block is 4 rows of WIDTH vectors: its squares are added in pairs of pairs, in a tree, and the tree's root joins the sum
 * without error. Each square meets at most 1 + 1 + 1 + 3 roundings. What bounds the error is constant data, whose roundings all go
 * the same way: in a chain of L additions they reach L / 6 ulp, in a tree, where equal numbers meet, doubling is exact and
 * only the rounding of the square itself stays. The tree costs 1.5 operations for each load, 0.2 more the join. */
enum { WIDTH = 8, ROW = WIDTH * LANES, BLOCK = 4 * ROW };

NK_INLINE vec tree(const vec s[WIDTH]) { return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])); }

/* x[i]**2 + x[i + ROW]**2, lane by lane */
NK_INLINE vec pair(enum nk_sum_type type, const void *x, ptrdiff_t i)
{
    vec upper = load_vec(type, x, i), lower = load_vec(type, x, i + ROW);

    return upper * upper + lower * lower;
}

NK_INLINE vec block(enum nk_sum_type type, const void *x, ptrdiff_t i)
{
    vec s[WIDTH];

    NK_UNROLL
    for (int w = 0; w < WIDTH; w++) s[w] = pair(type, x, i + w * LANES) + pair(type, x, i + 2 * ROW + w * LANES);
    return tree(s);
}

NK_INLINE void run_floats(enum nk_sum_type type, const void *x, ptrdiff_t n, nk_sum *sum)
{
    const ptrdiff_t size = type == NK_F64 ? 8 : type == NK_F32 ? 4 : 2;
    vec hi = {0}, lo = {0}, value;
    double his[LANES], los[LANES], rest[LANES] = {0};
    ptrdiff_t i = 0;

    for (; i + BLOCK <= n; i += BLOCK) two_sum(&hi, &lo, block(type, x, i));
    for (; i + LANES <= n; i += LANES) {
        value = load_vec(type, x, i);
        two_sum(&hi, &lo, value * value);
    }
    if (i < n) { /* the last vector, filled up with zeros; `rest` has room for LANES elements of any of the types */
        memcpy(rest, (const unsigned char *)x + i * size, (size_t)((n - i) * size));
        value = load_vec(type, rest, 0);
        two_sum(&hi, &lo, value * value);
    }
    memcpy(his, &hi, sizeof hi);
    memcpy(los, &lo, sizeof lo);
    for (int lane = 0; lane < LANES; lane++) {
        add_float(sum, his[lane]);
        sum->lo += los[lane];
    }
}

/* ---- one function per type ---- */

static void run_bool(const void *x, ptrdiff_t n, nk_sum *sum) { run_8_bits(NK_BOOL, x, n, sum); }
static void run_u8(const void *x, ptrdiff_t n, nk_sum *sum) { run_8_bits(NK_U8, x, n, sum); }
static void run_i8(const void *x, ptrdiff_t n, nk_sum *sum) { run_8_bits(NK_I8, x, n, sum); }
static void run_u16(const void *x, ptrdiff_t n, nk_sum *sum) { run_16_bits(NK_U16, x, n, sum); }
static void run_i16(const void *x, ptrdiff_t n, nk_sum *sum) { run_16_bits(NK_I16, x, n, sum); }
static void run_u32(const void *x, ptrdiff_t n, nk_sum *sum) { run_32_bits(NK_U32, x, n, sum); }
static void run_i32(const void *x, ptrdiff_t n, nk_sum *sum) { run_32_bits(NK_I32, x, n, sum); }
static void run_u64(const void *x, ptrdiff_t n, nk_sum *sum) { run_64_bits(NK_U64, x, n, sum); }
static void run_i64(const void *x, ptrdiff_t n, nk_sum *sum) { run_64_bits(NK_I64, x, n, sum); }
static void run_f16(const void *x, ptrdiff_t n, nk_sum *sum) { run_floats(NK_F16, x, n, sum); }
static void run_f32(const void *x, ptrdiff_t n, nk_sum *sum) { run_floats(NK_F32, x, n, sum); }
static void run_f64(const void *x, ptrdiff_t n, nk_sum *sum) { run_floats(NK_F64, x, n, sum); }

const nk_sum_tiles NK_PASTE(nk_sum, NK_ISA)[1] = {{
    {run_bool, run_i8, run_u8, run_i16, run_u16, run_i32, run_u32, run_i64, run_u64, run_f16, run_f32,
     run_f64, run_f32, run_f64},
    run_range,
}};
