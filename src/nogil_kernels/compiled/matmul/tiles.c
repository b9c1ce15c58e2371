/* The tiles of matmul for one ISA: compiled once for each, with NK_ISA naming it and the ISA's flags. */
#include "tiles.h"
#include "../shared/vector.h"

#define NAME f32
#define T float
#define SIZE 4
#define PARTS 1
#define MULTIPLY_ADDS 1
#define SIMD 1
#define PADDED NK_COMPACT
#include "tile.h"

#define NAME f64
#define T double
#define SIZE 8
#define PARTS 1
#define MULTIPLY_ADDS 1
#define SIMD 1
#define PADDED NK_COMPACT
#include "tile.h"

#define NAME c64
#define T float
#define SIZE 4
#define PARTS 2
#define MULTIPLY_ADDS 4
#define SIMD 1
#define PADDED NK_COMPACT
#include "tile.h"

#define NAME c128
#define T double
#define SIZE 8
#define PARTS 2
#define MULTIPLY_ADDS 4
#define SIMD 1
#define PADDED NK_COMPACT
#include "tile.h"

/* Unsigned, since a signed overflow is undefined in C; the bits are those of signed wrap-around. */
#define NAME i32
#define T uint32_t
#define SIZE 4
#define PARTS 1
#define MULTIPLY_ADDS 2
#define SIMD 1
#define PADDED 1
#include "tile.h"

#ifdef NK_MULTIPLY_NARROW
/* Numbers that fit 32 bits, as most do, in 64-bit lanes: twice as fast with AVX-512, three times with AVX2. */
#define NAME i64_narrow
#define T uint64_t
#define SIZE 8
#define PARTS 1
#define SIMD 1
#define PADDED 1
#define NARROW
#include "tile.h"
#define NARROWER &block_i64_narrow
#endif

#define NAME i64
#define T uint64_t
#define SIZE 8
#define PARTS 1
#define MULTIPLY_ADDS 8
#define SIMD 1
#define PADDED 1
#include "tile.h"

/* Without vectors one instance serves every instruction set. */
#define NK_IS_portable 1
#if NK_PASTE(NK_IS, NK_ISA)
#define NAME long_double
#define T long double
#define SIZE 16
#define PARTS 1
#define MULTIPLY_ADDS 16
#define SIMD 0
#define PADDED 1
#include "tile.h"

#define NAME c_long_double
#define T long double
#define SIZE 16
#define PARTS 2
#define MULTIPLY_ADDS 64
#define SIMD 0
#define PADDED 1
#include "tile.h"
#endif

const nk_matmul_kernel *const NK_PASTE(nk_matmul, NK_ISA)[NK_MATMUL_TYPES] = {
    [NK_MATMUL_F32] = &kernel_f32,
    [NK_MATMUL_F64] = &kernel_f64,
    [NK_MATMUL_C64] = &kernel_c64,
    [NK_MATMUL_C128] = &kernel_c128,
    [NK_MATMUL_I32] = &kernel_i32,
    [NK_MATMUL_I64] = &kernel_i64,
    [NK_MATMUL_LONG_DOUBLE] = &kernel_long_double,
    [NK_MATMUL_C_LONG_DOUBLE] = &kernel_c_long_double,
};
