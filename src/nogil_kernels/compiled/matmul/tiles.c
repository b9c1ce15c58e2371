/* The tiles of matmul, compiled once per ISA: see vector.h. */
#include "tiles.h"
#include "../shared/vector.h"

#define STORAGE static

#define NAME f32
#define T float
#define SIZE 4
#define PARTS 1
#define MULTIPLY_ADDS 1
#include "tile.h"

#define NAME f64
#define T double
#define SIZE 8
#define PARTS 1
#define MULTIPLY_ADDS 1
#include "tile.h"

#define NAME c64
#define T float
#define SIZE 4
#define PARTS 2
#define MULTIPLY_ADDS 4
#include "tile.h"

#define NAME c128
#define T double
#define SIZE 8
#define PARTS 2
#define MULTIPLY_ADDS 4
#include "tile.h"

/* Unsigned, since signed overflow is undefined in C. The bits are those of signed integers that wrap around. */
#define NAME i32
#define T uint32_t
#define SIZE 4
#define PARTS 1
#define MULTIPLY_ADDS 2
#include "tile.h"

#define NAME i64
#define T uint64_t
#define SIZE 8
#define PARTS 1
#define MULTIPLY_ADDS 8
#include "tile.h"

const nk_matmul_kernel *const NK_PASTE(nk_matmul, NK_ISA)[NK_MATMUL_KINDS] = {
    [NK_F32] = &kernel_f32,
    [NK_F64] = &kernel_f64,
    [NK_C64] = &kernel_c64,
    [NK_C128] = &kernel_c128,
    [NK_I32] = &kernel_i32,
    [NK_U32] = &kernel_i32,
    [NK_I64] = &kernel_i64,
    [NK_U64] = &kernel_i64,
    [NK_LONG_DOUBLE] = &kernel_long_double,
    [NK_C_LONG_DOUBLE] = &kernel_c_long_double,
};
