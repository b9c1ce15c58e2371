/* Choices from the fuzzer's bytes, and memory in which an access beyond a buffer is an error. */
#ifndef FUZZ_BYTES_H
#define FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "compiled/isa/isa.h"
#include "compiled/shared/kinds.h"

typedef struct {
    const uint8_t *next;
    size_t left;
} choices;

/* The next byte, and 0 after the last one. */
static inline int byte_of(choices *from)
{
    if (!from->left) return 0;
    from->left--;
    return *from->next++;
}

static inline int below(choices *from, int limit)
{
    return (limit > 256 ? byte_of(from) | byte_of(from) << 8 : byte_of(from)) % limit;
}

/* A size: half of them are below 20. */
static inline ptrdiff_t size_of(choices *from, int largest)
{
    const int choice = byte_of(from);

    if (choice < 128 || largest < 20) return choice % 20 % (largest + 1);
    return choice < 220 ? below(from, largest < 256 ? largest + 1 : 256) : below(from, largest + 1);
}

/* An instruction set of the processor. */
static inline enum nk_isa isa_of(choices *from)
{
    const enum nk_isa isa = below(from, NK_ISA_COUNT);

    return nk_supports(isa) ? isa : NK_PORTABLE;
}

/* A type that matmul has tiles for. */
static inline enum nk_kind kind_of_product(choices *from)
{
    static const enum nk_kind kinds[] = {NK_I32, NK_U32, NK_I64,  NK_U64,         NK_F32,
                                         NK_F64, NK_C64, NK_C128, NK_LONG_DOUBLE, NK_C_LONG_DOUBLE};

    return kinds[below(from, sizeof kinds / sizeof kinds[0])];
}

/* Fail with the line of the check. ASan and libFuzzer print the stack and keep the input. */
#define CHECK(condition, ...)                              \
    do {                                                   \
        if (!(condition)) {                                \
            fprintf(stderr, "WRONG, line %d: ", __LINE__); \
            fprintf(stderr, __VA_ARGS__);                  \
            fprintf(stderr, "\n");                         \
            abort();                                       \
        }                                                  \
    } while (0)

/* ---- memory: exact-size malloc, whose ends ASan watches, or one end is at a page that cannot be accessed ---- */

enum { MEMORIES = 6, MEMORY_BYTES = 8 << 20, PAGE_BYTES = 4096 };

/* Return memory `number`, which the next call with this number reuses. Its bytes keep old values. */
static inline char *memory_of(int number, ptrdiff_t size, int place)
{
    static char *mapped[MEMORIES], *allocated[MEMORIES];

    if (place % 3 == 0) {
        free(allocated[number]);
        allocated[number] = malloc(size);
        memset(allocated[number], 0, size);
        return allocated[number];
    }
    if (!mapped[number]) {
        char *pages = mmap(NULL, MEMORY_BYTES + 2 * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mapped[number] = pages + PAGE_BYTES;
        CHECK(pages != MAP_FAILED && !mprotect(mapped[number], MEMORY_BYTES, PROT_READ | PROT_WRITE), "no memory");
    }
    return mapped[number] + (place % 3 == 1 ? 0 : MEMORY_BYTES - size);
}

/* ---- values ---- */

/* The bytes of a number. A complex element has two numbers. */
static inline int number_bytes(enum nk_kind kind)
{
    static const int bytes[NK_NOT_PLAIN] = {
        1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8, 4, 8, sizeof(long double), sizeof(long double)};

    return bytes[kind];
}

static inline int parts_of(enum nk_kind kind)
{
    return 1 + (kind == NK_C64 || kind == NK_C128 || kind == NK_C_LONG_DOUBLE);
}
static inline int element_bytes(enum nk_kind kind) { return number_bytes(kind) * parts_of(kind); }
static inline int is_integer(enum nk_kind kind) { return kind < NK_F16; }

static inline uint64_t random_bits(uint64_t *state) /* xorshift64* */
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

static inline void write_number(char *to, enum nk_kind kind, uint64_t bits, int style)
{
    static const uint16_t special_f16[8] = {0, 0x8000, 1, 0x3ff, 0x400, 0x7bff, 0x7c00, 0x7e00};
    static const double special[8] = {0.0, -0.0, 0x1p-1074, 0x1p-1022, -0x1.fffffffffffffp+1023, 0x1p-538, 1e30, 1e20};
    const int bytes = number_bytes(kind), small = (int)(bits % 17) - 8;
    const double value = style == 1 ? small : style == 2 ? special[bits % 8] : ((double)bits - 0x1p63) * 0x1p-60;
    const float narrow = style == 2 ? (float)special[bits % 8] : (float)value;
    const long double wide = value;

    if (is_integer(kind)) {
        const uint64_t extremes[4] = {0, 1, (uint64_t)1 << (8 * bytes - 1), UINT64_MAX};
        bits = style == 1 ? (uint64_t)(int64_t)small : style == 2 ? extremes[bits % 4] : style == 3 ? bits >> 33 : bits;
        memcpy(to, &bits, bytes);
    } else if (kind == NK_F16) {
        const uint16_t half = style == 2 ? special_f16[bits % 8] : style == 1 ? 0x4000 | (bits & 0x3ff) : bits & 0xbfff;
        memcpy(to, &half, 2);
    } else if (style == 0 && bytes <= 8) {
        memcpy(to, &bits, bytes);
    } else if (bytes == 4) {
        memcpy(to, &narrow, 4);
    } else {
        memcpy(to, bytes == 8 ? (const void *)&value : (const void *)&wide, bytes);
    }
}

/* Write n numbers. Styles: 0 any bits, 1 small integers, 2 special values, 3 ordinary values, 4 a special one each 64.
 */
static inline void write_numbers(char *to, enum nk_kind kind, ptrdiff_t n, choices *from)
{
    uint64_t state = 1 + byte_of(from);
    const int style = byte_of(from) % 5;

    for (ptrdiff_t i = 0; i < n; i++) {
        const uint64_t bits = random_bits(&state);
        write_number(to + i * number_bytes(kind), kind, bits, style < 4 ? style : bits >> 58 ? 3 : 2);
    }
}

#endif
