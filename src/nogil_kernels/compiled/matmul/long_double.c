/* The tiles of long double and its complex type. They use no vectors, so one instance serves every ISA. */
#define NK_SCALAR
#include "tiles.h"
#include "../shared/vector.h"

#define STORAGE

#define NAME long_double
#define T long double
#define SIZE 16
#define PARTS 1
#define MULTIPLY_ADDS 16
#include "tile.h"

#define NAME c_long_double
#define T long double
#define SIZE 16
#define PARTS 2
#define MULTIPLY_ADDS 64
#include "tile.h"
