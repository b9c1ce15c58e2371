/* What a core can do at most, for one ISA: compiled once for each, with NK_ISA naming it and the ISA's flags. */
#include "loops.h"
#include "../compiled/shared/vector.h"

/* Chains of multiply-adds: latency times units, 4 x 2 on x86-64 (5 x 2 on Zen) and 4 x 4 on wide AArch64 cores, which
 * have 32 registers. Of 16 registers, 12 + the factor + the product where there is no FMA leave two. */
enum { ACCUMULATORS = NK_REGISTERS == 32 ? 16 : 12 };

#define NAME f32
#define T float
#include "multiply_adds.h"

#define NAME f64
#define T double
#include "multiply_adds.h"

#if NK_VECTOR_BYTES
typedef uint64_t word __attribute__((vector_size(NK_VECTOR_BYTES)));
#else
typedef uint64_t word;
#endif

/* A core starts two or three loads a cycle, each joined to one of `JOINED` sums by an OR, which takes one cycle.
 * In the caches, rounds of 16 loads are 30 % faster than rounds of 8: fewer branches. Out of them, rounds of 8 that
 * prefetch are: by a tenth, where pages are large. Half a KiB ahead of each stream; 1 KiB is no better, 2 KiB worse.
 * Two or four streams are 3 to 10 % faster than one out of the caches, and not slower in them; eight are nowhere faster
 * than four. */
enum { JOINED = 8, LOADS = 16, LOADS_PREFETCHING = 8, AHEAD = 512 };

NK_INLINE word load(const char *x)
{
    word value;
    memcpy(&value, x, sizeof value);
    return value;
}

#if NK_GNU_C
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

/* Load n bytes in so many streams, which lie one behind the other; `loads`, a multiple of streams, are one round.
 * Rounds begin at a cache line: a vector of 64 bytes that lies across two of them takes two loads, half the speed in
 * L1. */
NK_INLINE void read_streams(const char *x, ptrdiff_t n, int streams, int loads, int prefetching)
{
    const int in_turn = loads / streams;
    const ptrdiff_t width = sizeof(word), step = in_turn * width;
    const ptrdiff_t before = (ptrdiff_t)((0 - (uintptr_t)x) % NK_CACHE_LINE), begin = before < n ? before : n;
    const ptrdiff_t apart = (n - begin) / streams / step * step, end = begin + streams * apart;
    volatile unsigned char kept = 0; /* storing to it is what the loads are for: they cannot be dropped */
    word joined[JOINED] = {0};
    unsigned char bytes[sizeof joined], rest = 0;
    ptrdiff_t i;

    for (i = 0; i < begin; i++) rest |= (unsigned char)x[i];
    for (i = begin; i < begin + apart; i += step) {
        NK_UNROLL
        for (int s = 0; s < streams; s++) {
            const char *at = x + s * apart + i;
            if (prefetching)
                for (ptrdiff_t line = 0; line < step; line += NK_CACHE_LINE) PREFETCH(at + AHEAD + line);
            NK_UNROLL
            for (int l = 0; l < in_turn; l++) joined[(s * in_turn + l) % JOINED] |= load(at + l * width);
        }
    }
    for (i = end; i + width <= n; i += width) joined[0] |= load(x + i); /* less than a round for each stream */
    for (; i < n; i++) rest |= (unsigned char)x[i];
    memcpy(bytes, joined, sizeof joined);
    for (i = 0; i < (ptrdiff_t)sizeof joined; i++) rest |= bytes[i];
    kept = rest;
    (void)kept;
}

#define READ(streams)                                                                                             \
    static void read_##streams(const char *x, ptrdiff_t n) { read_streams(x, n, streams, LOADS, 0); }             \
    static void prefetch_##streams(const char *x, ptrdiff_t n) { read_streams(x, n, streams, LOADS_PREFETCHING, 1); }

READ(1)
READ(2)
READ(4)

#define ARITHMETIC(name) {ACCUMULATORS * NK_PASTE(lanes, name), NK_PASTE(multiply_adds, name)}

const nk_limits_tiles NK_PASTE(nk_limits, NK_ISA)[1] = {{
    .arithmetic = {[NK_LIMITS_F32] = ARITHMETIC(f32), [NK_LIMITS_F64] = ARITHMETIC(f64)},
    .read = {{read_1, read_2, read_4}, {prefetch_1, prefetch_2, prefetch_4}},
}};
