/* Fuzz the runs of sum_of_squares: any type, length, address and values, on every instruction set of the processor. */
#include "compiled/sum_of_squares/runs.h"
#include "naive.h"

/* As as_double of chunks.pxd. */
static double total_of(const nk_sum *sum)
{
    if (!isfinite(sum->hi)) return sum->hi;
    return sum->hi + (sum->lo + (sum->tiny_hi > 0 ? (sum->tiny_hi + sum->tiny_lo) / NK_TINY_SCALE / NK_TINY_SCALE : 0));
}

static void check_words(const nk_sum *sum, const sum_of_all *expected)
{
    for (int word = 0; word < 3; word++) {
        CHECK(sum->words[word] == expected->words[word], "word %d is %llx, expected %llx", word,
              (unsigned long long)sum->words[word], (unsigned long long)expected->words[word]);
    }
}

/* A sum of several runs, as sum_strided adds them: contiguous numbers at an address that may be unaligned. */
static void fuzz_runs(const nk_sum_runs *runs, choices *from)
{
    const enum nk_kind kind = below(from, NK_SUM_KINDS);
    const int bytes = element_bytes(kind), choice = byte_of(from), place = byte_of(from);
    const ptrdiff_t elements =
        choice > 250 ? NK_RUN / parts_of(kind) - 255 + choice : size_of(from, choice > 240 ? 40000 : 3000);
    const ptrdiff_t shift = place % 3 == 2 ? 0 : byte_of(from) % 16;
    char *x = memory_of(0, elements * bytes + shift, place) + shift;
    nk_sum sum = NK_SUM_ZERO;
    sum_of_all expected = {0};

    write_numbers(x, kind, elements * parts_of(kind), from);
    for (ptrdiff_t i = 0; i < elements; i++) add_square(&expected, kind, x + i * bytes);
    for (ptrdiff_t done = 0, part; done < elements; done += part) {
        part = byte_of(from) % 2 ? size_of(from, 3000) : elements;
        part = part < 1 ? 1 : part > elements - done ? elements - done : part;
        (choice % 2 ? runs->far : runs->run)[kind](x + done * bytes, part * parts_of(kind), &sum);
    }
    if (is_integer(kind)) check_words(&sum, &expected);
    else check_sum(&expected, kind, total_of(&sum));
}

static void fuzz_range(const nk_sum_runs *runs, choices *from)
{
    const ptrdiff_t n = size_of(from, 20000);
    const int start_bits = byte_of(from) % 64, step_bits = byte_of(from) % 46; /* so no term exceeds int64 */
    uint64_t state = 1 + byte_of(from);
    const int64_t start = (int64_t)random_bits(&state) >> (1 + start_bits % 63);
    const int64_t step = n ? ((int64_t)random_bits(&state) >> (18 + step_bits)) / 2 : 0;
    nk_sum sum = NK_SUM_ZERO;
    sum_of_all expected = {0};

    runs->range(start, step, n, &sum);
    for (ptrdiff_t i = 0; i < n; i++) {
        const int64_t term = start + i * step;
        add_square(&expected, NK_I64, (const char *)&term);
    }
    check_words(&sum, &expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices from = {data, size};
    const nk_sum_runs *runs = nk_sum_runs_of(isa_of(&from));

    if (byte_of(&from) % 8 == 7) fuzz_range(runs, &from);
    else fuzz_runs(runs, &from);
    return 0;
}
