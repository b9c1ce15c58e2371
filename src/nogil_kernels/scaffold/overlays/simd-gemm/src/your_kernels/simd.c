/* The tiles, compiled once per instruction set: with its flags, and with ISA naming it.
 *
 * The vectors are those of GCC and Clang, at the width of the instruction set: wider ones are legal, but collapse into
 * scalar code. A compiler without them (MSVC) gets vectors of one lane: the same source, scalar. */
#include "simd.h"

/* MR x NV vectors of sums, NV of B, and one that is multiplied: 8 + 2 + 1 of 16 registers, 12 + 3 + 1 of 16, and
 * 24 + 3 + 1 of 32. */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, MR = 8, NV = 3 };
#elif defined(__AVX2__)
enum { VECTOR_BYTES = 32, MR = 4, NV = 3 };
#else
enum { VECTOR_BYTES = 16, MR = 4, NV = 2 };
#endif

#if defined(__GNUC__)
#define UNROLL _Pragma("GCC unroll 32")
#else
#define UNROLL
#endif

#define T double
#define NAME f64
#include "tile.h"

#define T float
#define NAME f32
#include "tile.h"

const simd_kernels PASTE(simd, ISA) = {
    .mr = MR,
    .nr_bytes = NV * VECTOR_BYTES,
    .tile_f64 = tile_f64,
    .tile_f32 = tile_f32,
};
