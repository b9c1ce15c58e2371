/* The limits of one core. This file is compiled once per ISA, with the ISA's flags and its name as NK_ISA. */
#include "loops.h"
#include "../compiled/shared/vector.h"

/* A core needs at least (latency x units) independent chains of multiply-adds: 4 x 2 or 5 x 2 on x86-64, 4 x 4
 * on wide AArch64 cores, which have 32 registers. With 16 registers, 12 chains, the factor and the product (on ISAs
 * without FMA) leave two registers free. */
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

/* A core starts two or three loads per cycle. Each load is combined with one of JOINED words by an OR, which takes one
 * cycle. Inside the caches, 16 loads per iteration are 30 % faster than 8, because there are fewer branches. Outside
 * the caches, with large pages, 8 loads per iteration with prefetching are 10 % faster. The best distance is 512 bytes
 * ahead of each stream: 1 KiB is equal, 2 KiB is slower. Outside the caches, 2 or 4 streams are 3 to 10 % faster than
 * one. Inside, they are equal. 8 streams are never faster than 4. */
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

/* Load n bytes in consecutive parts, one per stream. `loads`, a multiple of `streams`, is the number per iteration.
 * Iterations begin at a cache line: a 64-byte vector that crosses two lines takes two loads, which halves the speed in
 * L1. */
NK_INLINE void read_streams(const char *x, ptrdiff_t n, int streams, int loads, int prefetching)
{
    const int loads_per_stream = loads / streams;
    const ptrdiff_t width = sizeof(word), step = loads_per_stream * width;
    const ptrdiff_t unaligned_bytes = (ptrdiff_t)((0 - (uintptr_t)x) % NK_CACHE_LINE);
    const ptrdiff_t first_aligned = unaligned_bytes < n ? unaligned_bytes : n;
    const ptrdiff_t stream_bytes = (n - first_aligned) / streams / step * step;
    const ptrdiff_t streams_end = first_aligned + streams * stream_bytes;
    volatile unsigned char kept = 0; /* storing the result here prevents the compiler from removing the loads */
    word joined[JOINED] = {0};
    unsigned char bytes[sizeof joined], bits = 0;
    ptrdiff_t i;

    for (i = 0; i < first_aligned; i++) bits |= (unsigned char)x[i];
    for (i = first_aligned; i < first_aligned + stream_bytes; i += step) {
        NK_UNROLL
        for (int s = 0; s < streams; s++) {
            const char *at = x + s * stream_bytes + i;
            if (prefetching)
                for (ptrdiff_t line = 0; line < step; line += NK_CACHE_LINE) PREFETCH(at + AHEAD + line);
            NK_UNROLL
            for (int l = 0; l < loads_per_stream; l++)
                joined[(s * loads_per_stream + l) % JOINED] |= load(at + l * width);
        }
    }
    /* The vectors after the streams: fewer than one iteration has. */
    for (i = streams_end; i + width <= n; i += width) joined[0] |= load(x + i);
    for (; i < n; i++) bits |= (unsigned char)x[i];
    memcpy(bytes, joined, sizeof joined);
    for (i = 0; i < (ptrdiff_t)sizeof joined; i++) bits |= bytes[i];
    kept = bits;
    (void)kept;
}

#define READ(streams)                                                                                             \
    static void read_##streams(const char *x, ptrdiff_t n) { read_streams(x, n, streams, LOADS, 0); }             \
    static void prefetch_##streams(const char *x, ptrdiff_t n) { read_streams(x, n, streams, LOADS_PREFETCHING, 1); }

READ(1)
READ(2)
READ(4)

#define ARITHMETIC(name) {ACCUMULATORS * NK_PASTE(lanes, name), NK_PASTE(multiply_adds, name)}

const nk_limits_loops NK_PASTE(nk_limits, NK_ISA)[1] = {{
    .arithmetic = {[NK_LIMITS_F32] = ARITHMETIC(f32), [NK_LIMITS_F64] = ARITHMETIC(f64)},
    .read = {{read_1, read_2, read_4}, {prefetch_1, prefetch_2, prefetch_4}},
}};
