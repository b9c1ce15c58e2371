/* The results of plain loops in long double or exact integers, and the documented bounds of the kernels' errors. */
#ifndef FUZZ_NAIVE_H
#define FUZZ_NAIVE_H

#include <float.h>
#include <math.h>

#include "bytes.h"

typedef struct {
    long double re, im;
    uint64_t word; /* of integers: the value modulo 2**64 */
} number;

static inline long double real_at(enum nk_kind kind, const char *x)
{
    double wide;
    float narrow;
    uint16_t bits;
    long double widest;

    switch (number_bytes(kind)) {
    case 2:
        memcpy(&bits, x, 2);
        if ((bits >> 10 & 31) == 31) return bits & 1023 ? (long double)NAN : bits >> 15 ? -INFINITY : INFINITY;
        widest = (bits >> 10 & 31) ? ldexpl((bits & 1023) | 1024, (bits >> 10 & 31) - 25) : ldexpl(bits & 1023, -24);
        return bits >> 15 ? -widest : widest;
    case 4: memcpy(&narrow, x, 4); return narrow;
    case 8: memcpy(&wide, x, 8); return wide;
    default: memcpy(&widest, x, sizeof widest); return widest;
    }
}

static inline number number_at(enum nk_kind kind, const char *x)
{
    const int bytes = number_bytes(kind),
              is_signed = kind == NK_I8 || kind == NK_I16 || kind == NK_I32 || kind == NK_I64;
    number value = {0};

    if (!is_integer(kind)) {
        value.re = real_at(kind, x);
        if (parts_of(kind) == 2) value.im = real_at(kind, x + bytes);
        return value;
    }
    memcpy(&value.word, x, bytes);
    if (kind == NK_BOOL) value.word = value.word != 0;
    if (is_signed && value.word >> (8 * bytes - 1) && bytes < 8) value.word |= UINT64_MAX << 8 * bytes;
    return value;
}

/* ---- sums of squares ---- */

typedef struct {
    long double hi, lo;
    int has_nan, has_infinity;
    uint64_t words[3];
} sum_of_all;

static inline void add_square(sum_of_all *sum, enum nk_kind kind, const char *x)
{
    const number value = number_at(kind, x);
    const int is_unsigned = kind == NK_U8 || kind == NK_U16 || kind == NK_U32 || kind == NK_U64;

    if (is_integer(kind)) {
        const uint64_t magnitude = !is_unsigned && value.word >> 63 ? 0 - value.word : value.word;
        unsigned __int128 low = (unsigned __int128)sum->words[1] << 64 | sum->words[0], square;
        square = (unsigned __int128)magnitude * magnitude;
        low += square;
        sum->words[2] += low < square;
        sum->words[0] = (uint64_t)low;
        sum->words[1] = (uint64_t)(low >> 64);
    } else if (isinf(value.re) || isinf(value.im)) {
        sum->has_infinity = 1;
    } else if (isnan(value.re) || isnan(value.im)) {
        sum->has_nan = 1;
    } else {
        for (int part = 0; part < 2; part++) {
            const long double x = part ? value.im : value.re, total = sum->hi + x * x;
            sum->lo += x * x - (total - sum->hi);
            sum->hi = total;
        }
    }
}

/* Check a float result: 7 units in the last place for float64, 11 for narrower types. */
static inline void check_sum(const sum_of_all *sum, enum nk_kind kind, double result)
{
    const long double exact = sum->hi + sum->lo;
    int exponent;

    if (sum->has_nan) CHECK(isnan(result), "%g is not nan", result);
    else if (sum->has_infinity) CHECK(result == INFINITY, "%g is not inf", result);
    else if (exact >= 0x1.fffffffffffp1023L)
        CHECK(result == INFINITY || result > 0x1.ffffffffffp1023, "%g does not overflow", result);
    else {
        const int ulps = number_bytes(kind) == 8 ? 7 : 11;
        frexpl(exact, &exponent);
        const long double ulp = ldexpl(1, exact == 0 || exponent < -1021 ? -1074 : exponent - 53);
        CHECK(fabsl(result - exact) <= ulps * ulp, "%a, expected %La", result, exact);
    }
}

/* ---- elements of products ---- */

typedef struct {
    long double re, im, magnitude; /* magnitude: the sum of the absolute values of all finite products */
    uint64_t word;
    ptrdiff_t k;
} dot_product;

static inline void add_finite(dot_product *dot, long double product)
{
    dot->magnitude += isfinite(product) ? fabsl(product) : 0;
}

static inline void add_term(dot_product *dot, const number *term)
{
    dot->word += term->word;
    dot->re += term->re;
    dot->im += term->im;
    add_finite(dot, term->re);
    add_finite(dot, term->im);
    dot->k++;
}

static inline void add_product(dot_product *dot, enum nk_kind kind, const number *a, const number *b)
{
    dot->k++;
    if (is_integer(kind)) {
        dot->word += a->word * b->word;
        return;
    }
    dot->re += a->re * b->re;
    add_finite(dot, a->re * b->re);
    if (parts_of(kind) == 1) return;
    dot->re -= a->im * b->im;
    dot->im += a->re * b->im + a->im * b->re;
    add_finite(dot, a->im * b->im);
    add_finite(dot, a->re * b->im);
    add_finite(dot, a->im * b->re);
}

static inline void check_real(const dot_product *dot, enum nk_kind kind, long double exact, long double result)
{
    const int bytes = number_bytes(kind);
    const long double largest = bytes == 4 ? FLT_MAX : bytes == 8 ? DBL_MAX : LDBL_MAX;
    const long double roundoff = bytes == 4 ? 0x1p-24L : bytes == 8 ? 0x1p-53L : 0x1p-64L;
    const long double smallest = bytes == 4 ? 0x1p-149L : bytes == 8 ? 0x1p-1074L : LDBL_TRUE_MIN;
    const long double bound =
        dot->k * (roundoff * dot->magnitude + smallest / 2) * (parts_of(kind) == 2 ? 3 : 1) * (bytes > 8 ? 2 : 1);

    if (dot->magnitude > largest / 8) return; /* a partial sum can overflow */
    if (isnan(exact)) CHECK(isnan(result), "%Lg is not nan", result);
    else if (isinf(exact)) CHECK(result == exact, "%Lg is not %Lg", result, exact);
    else CHECK(fabsl(result - exact) <= bound, "%La, expected %La within %La", result, exact, bound);
}

/* Check one element of a product. */
static inline void check_dot(const dot_product *dot, enum nk_kind kind, const char *c)
{
    const number result = number_at(kind, c);

    if (is_integer(kind)) {
        const uint64_t difference = result.word - dot->word;
        CHECK(!(number_bytes(kind) == 8 ? difference : difference & 0xffffffff), "%llx, expected %llx",
              (unsigned long long)result.word, (unsigned long long)dot->word);
        return;
    }
    check_real(dot, kind, dot->re, result.re);
    if (parts_of(kind) == 2) check_real(dot, kind, dot->im, result.im);
}

#endif
