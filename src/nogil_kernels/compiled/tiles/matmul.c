/* The tiles of matmul for one ISA: compiled once for each, with NK_ISA naming it and the ISA's flags. */
#include "matmul.h"
#include "vector.h"

#define NAME f32
#define T float
#define SIZE 4
#define PARTS 1
#define SIMD 1
#include "matmul_tile.h"

#define NAME f64
#define T double
#define SIZE 8
#define PARTS 1
#define SIMD 1
#include "matmul_tile.h"

#define NAME c64
#define T float
#define SIZE 4
#define PARTS 2
#define SIMD 1
#include "matmul_tile.h"

#define NAME c128
#define T double
#define SIZE 8
#define PARTS 2
#define SIMD 1
#include "matmul_tile.h"

/* Unsigned, since a signed overflow is undefined in C; the bits are those of signed wrap-around. */
#define NAME i32
#define T uint32_t
#define SIZE 4
#define PARTS 1
#define SIMD 1
#include "matmul_tile.h"

#define NAME i64
#define T uint64_t
#define SIZE 8
#define PARTS 1
#define SIMD 1
#include "matmul_tile.h"

#define NAME long_double
#define T long double
#define SIZE 16
#define PARTS 1
#define SIMD 0
#include "matmul_tile.h"

#define NAME c_long_double
#define T long double
#define SIZE 16
#define PARTS 2
#define SIMD 0
#include "matmul_tile.h"

#define KERNEL(name, element_size, multiply_adds)                                                            \
    {element_size, multiply_adds, mr_##name, nr_##name, nr_step_##name, pack_panel_a_##name, pack_panel_b_##name, tile_##name}

const nk_matmul_kernel NK_PASTE(nk_matmul, NK_ISA)[NK_MATMUL_TYPES] = {
    [NK_F32] = KERNEL(f32, sizeof(float), 1),
    [NK_F64] = KERNEL(f64, sizeof(double), 1),
    [NK_C64] = KERNEL(c64, 2 * sizeof(float), 4),
    [NK_C128] = KERNEL(c128, 2 * sizeof(double), 4),
    [NK_I32] = KERNEL(i32, sizeof(uint32_t), 2),
    [NK_I64] = KERNEL(i64, sizeof(uint64_t), 8),
    [NK_LONG_DOUBLE] = KERNEL(long_double, sizeof(long double), 16),
    [NK_C_LONG_DOUBLE] = KERNEL(c_long_double, 2 * sizeof(long double), 64),
};
