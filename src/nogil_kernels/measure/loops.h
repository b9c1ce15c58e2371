/* The interface of loops.c for limits.pyx: one table of loops per ISA. */
#ifndef NK_LOOPS_H
#define NK_LOOPS_H

#include <stddef.h>

#include "../compiled/isa/isa.h"

enum nk_limits_type { NK_LIMITS_F32, NK_LIMITS_F64, NK_LIMITS_TYPES };

enum { NK_STREAM_COUNTS = 3 }; /* 1, 2 and 4 streams */

typedef struct {
    int multiply_adds; /* per step */
    void (*run)(ptrdiff_t steps);
} nk_arithmetic;

/* Load x[0], ..., x[bytes-1] with the widest vectors. */
typedef void (*nk_read)(const char *x, ptrdiff_t bytes);

typedef struct {
    nk_arithmetic arithmetic[NK_LIMITS_TYPES];
    nk_read read[2][NK_STREAM_COUNTS]; /* [with prefetching][log2(streams)] */
} nk_limits_loops;

extern const nk_limits_loops nk_limits_portable[1], nk_limits_avx2[1], nk_limits_avx512[1], nk_limits_neon[1];

static inline const nk_limits_loops *nk_limits_loops_of(enum nk_isa isa) { return NK_TABLE(nk_limits, isa); }

#endif
