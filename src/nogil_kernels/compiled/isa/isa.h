/* The instruction sets (ISAs) that this machine supports. isa.pyx calls nk_supports() once per ISA, at import.
 *
 * CPUID is called directly: __builtin_cpu_supports() returns 0 for everything with some compilers (zig cc), and MSVC
 * does not have it. XGETBV returns which registers the operating system saves at a thread switch. */
#ifndef NK_ISA_H
#define NK_ISA_H

#include <string.h>

enum nk_isa { NK_PORTABLE, NK_AVX2, NK_AVX512, NK_NEON, NK_ISA_COUNT };

static const char *const nk_isa_names[NK_ISA_COUNT] = {"portable", "avx2", "avx512", "neon"};

#if defined(__x86_64__) || defined(_M_X64)
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
static inline void nk_cpuid(int leaf, int subleaf, unsigned int registers[4]) { __cpuidex((int *)registers, leaf, subleaf); }
static inline unsigned long long nk_saved_registers(void) { return _xgetbv(0); }
#else
#include <cpuid.h>
static inline void nk_cpuid(int leaf, int subleaf, unsigned int registers[4])
{
    __cpuid_count(leaf, subleaf, registers[0], registers[1], registers[2], registers[3]);
}
static inline unsigned long long nk_saved_registers(void)
{
    unsigned int low, high;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0)); /* XGETBV, whose name needs -mxsave */
    return ((unsigned long long)high << 32) | low;
}
#endif

/* Return whether every bit of `required` is set in `bits`. */
static inline int nk_all(unsigned long long bits, unsigned long long required) { return (bits & required) == required; }

static inline int nk_supports(enum nk_isa isa)
{
    enum { EAX, EBX, ECX, EDX };
    const unsigned int fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;      /* leaf 1, ECX */
    const unsigned int lzcnt = 1u << 5;                                                          /* leaf 0x80000001, ECX */
    const unsigned int avx2 = 1u << 5, bmi = 1u << 3 | 1u << 8;                                  /* leaf 7, EBX */
    const unsigned int f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31; /* leaf 7, EBX */
    const unsigned long long ymm = 0x06, zmm = 0xe6;                                             /* XCR0 */
    unsigned int leaf0[4], leaf1[4], leaf7[4], extended[4];
    unsigned long long xcr0;

    if (isa == NK_PORTABLE) return 1;
    if (isa == NK_NEON) return 0;
    nk_cpuid(0, 0, leaf0);
    if (leaf0[EAX] < 7) return 0;
    nk_cpuid(1, 0, leaf1);
    nk_cpuid(7, 0, leaf7);
    nk_cpuid((int)0x80000001, 0, extended);
    if (!nk_all(leaf1[ECX], fma | osxsave | avx | f16c)) return 0;
    if (!nk_all(leaf7[EBX], avx2 | bmi) || !nk_all(extended[ECX], lzcnt)) return 0; /* MSVC's /arch:AVX2 uses BMI, LZCNT */
    xcr0 = nk_saved_registers();
    if (isa == NK_AVX2) return nk_all(xcr0, ymm);
    return nk_all(xcr0, zmm) && nk_all(leaf7[EBX], f | dq | cd | bw | vl); /* /arch:AVX512 uses CD, too */
}
#elif defined(__aarch64__) || defined(_M_ARM64)
static inline int nk_supports(enum nk_isa isa) { return isa == NK_PORTABLE || isa == NK_NEON; } /* NEON is part of AArch64 */
#else
static inline int nk_supports(enum nk_isa isa) { return isa == NK_PORTABLE; }
#endif

/* The ISA of that name; NK_PORTABLE for an unknown name. */
static inline enum nk_isa nk_isa_of(const char *name)
{
    int isa = NK_ISA_COUNT - 1;
    while (isa > 0 && strcmp(name, nk_isa_names[isa]) != 0) isa--;
    return (enum nk_isa)isa;
}

/* The table of an ISA: prefix_portable, prefix_avx2, ... A build contains only the tables of its processor family. */
#if defined(__x86_64__) || defined(_M_X64)
#define NK_TABLE(prefix, isa) ((isa) == NK_AVX512 ? prefix##_avx512 : (isa) == NK_AVX2 ? prefix##_avx2 : prefix##_portable)
#elif defined(__aarch64__) || defined(_M_ARM64)
#define NK_TABLE(prefix, isa) ((isa) == NK_NEON ? prefix##_neon : prefix##_portable)
#else
#define NK_TABLE(prefix, isa) ((void)(isa), prefix##_portable)
#endif

#endif
