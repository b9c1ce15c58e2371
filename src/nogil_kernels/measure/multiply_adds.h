/* Multiply-adds in registers: a template, included once per element type by loops.c.
 *
 * NAME is the suffix of the function, T the element type. Each accumulator is one chain, in which every multiply-add
 * waits for the previous result. The accumulators have different start values, so that the compiler cannot merge them.
 * `tiny` is volatile, so that the compiler cannot know its value. The accumulators do not change, because
 * x + 1e-20 * x rounds to x. */
#if NK_VECTOR_BYTES
typedef T NK_PASTE(vec, NAME) __attribute__((vector_size(NK_VECTOR_BYTES)));
#else
typedef T NK_PASTE(vec, NAME);
#endif

enum { NK_PASTE(lanes, NAME) = sizeof(NK_PASTE(vec, NAME)) / sizeof(T) };

static void NK_PASTE(multiply_adds, NAME)(ptrdiff_t steps)
{
    enum { NUMBERS = ACCUMULATORS * NK_PASTE(lanes, NAME) };
    volatile T tiny = (T)1e-20, kept; /* storing to `kept` prevents the compiler from removing the loop */
    const T factor = tiny;
    NK_PASTE(vec, NAME) sum[ACCUMULATORS];
    T numbers[NUMBERS];

    for (int i = 0; i < NUMBERS; i++) numbers[i] = (T)(1 + i);
    memcpy(sum, numbers, sizeof sum);
    for (ptrdiff_t step = 0; step < steps; step++) {
        NK_UNROLL
        for (int i = 0; i < ACCUMULATORS; i++) sum[i] += sum[i] * factor;
    }
    memcpy(numbers, sum, sizeof sum);
    for (int i = 1; i < NUMBERS; i++) numbers[0] += numbers[i];
    kept = numbers[0];
    (void)kept;
}

#undef NAME
#undef T
