/* The tile of narrow.h, compiled once per ISA: see vector.h. */
#include "narrow.h"
#include "../shared/vector.h"

/* Multiply the lower 32 bits of 64-bit lanes, as signed numbers. */
#if NK_VECTOR_BYTES == 64
#define MULTIPLY(a, b) ((vec_narrow)_mm512_mul_epi32((__m512i)(a), (__m512i)(b)))
#elif NK_VECTOR_BYTES == 32
#define MULTIPLY(a, b) ((vec_narrow)_mm256_mul_epi32((__m256i)(a), (__m256i)(b)))
#endif

#ifdef MULTIPLY
#include <immintrin.h>

#define STORAGE static
#define NAME narrow
#define T uint64_t
#define SIZE 8
#define PARTS 1
#define MULTIPLY_ADDS 8
#include "tile.h"

/* Whether n contiguous numbers fit int32: after adding 2**31, their upper halves are 0. */
static int fits(const char *x, ptrdiff_t n)
{
    enum { LANES = sizeof(vec_narrow) / 8 };
    vec_narrow bits_beyond_32 = {0};
    uint64_t lanes[LANES];

    for (ptrdiff_t i = 0; i < n; i += LANES) {
        const vec_narrow value = load_part_narrow(x + i * 8, n - i < LANES ? n - i : LANES);
        bits_beyond_32 |= (value + ((uint64_t)1 << 31)) >> 32;
    }
    memcpy(lanes, &bits_beyond_32, sizeof lanes);
    for (int lane = 1; lane < LANES; lane++) lanes[0] |= lanes[lane];
    return lanes[0] == 0;
}

const nk_matmul_narrow NK_PASTE(nk_narrow, NK_ISA)[1] = {{&kernel_narrow.block, fits}};
#else
const nk_matmul_narrow NK_PASTE(nk_narrow, NK_ISA)[1] = {{NULL, NULL}};
#endif
