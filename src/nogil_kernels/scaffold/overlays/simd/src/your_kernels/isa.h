/* The instruction sets (ISAs) that this machine supports. isa.pyx calls supports() once per ISA, at import.
 *
 * CPUID is called directly: __builtin_cpu_supports() returns 0 for everything with some compilers (zig cc), and MSVC
 * does not have it. XGETBV returns which registers the operating system saves at a thread switch. */
#ifndef ISA_H
#define ISA_H

#include <string.h>

enum isa { PORTABLE, AVX2, AVX512, NEON, ISA_COUNT };

static const char *const isa_names[ISA_COUNT] = {"portable", "avx2", "avx512", "neon"};

#if defined(__x86_64__) || defined(_M_X64)
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
static inline void cpuid(int leaf, int subleaf, unsigned int registers[4]) { __cpuidex((int *)registers, leaf, subleaf); }
static inline unsigned long long saved_registers(void) { return _xgetbv(0); }
#else
#include <cpuid.h>
static inline void cpuid(int leaf, int subleaf, unsigned int registers[4])
{
    __cpuid_count(leaf, subleaf, registers[0], registers[1], registers[2], registers[3]);
}
static inline unsigned long long saved_registers(void)
{
    unsigned int low, high;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0)); /* XGETBV, whose name needs -mxsave */
    return ((unsigned long long)high << 32) | low;
}
#endif

/* Return whether every bit of `required` is set in `bits`. */
static inline int all(unsigned long long bits, unsigned long long required) { return (bits & required) == required; }

static inline int supports(enum isa isa)
{
    enum { EAX, EBX, ECX, EDX };
    const unsigned int fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;      /* leaf 1, ECX */
    const unsigned int lzcnt = 1u << 5;                                                          /* leaf 0x80000001, ECX */
    const unsigned int avx2 = 1u << 5, bmi = 1u << 3 | 1u << 8;                                  /* leaf 7, EBX */
    const unsigned int f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31; /* leaf 7, EBX */
    const unsigned long long ymm = 0x06, zmm = 0xe6;                                             /* XCR0 */
    unsigned int leaf0[4], leaf1[4], leaf7[4], extended[4];
    unsigned long long xcr0;

    if (isa == PORTABLE) return 1;
    if (isa == NEON) return 0;
    cpuid(0, 0, leaf0);
    if (leaf0[EAX] < 7) return 0;
    cpuid(1, 0, leaf1);
    cpuid(7, 0, leaf7);
    cpuid((int)0x80000001, 0, extended);
    if (!all(leaf1[ECX], fma | osxsave | avx | f16c)) return 0;
    if (!all(leaf7[EBX], avx2 | bmi) || !all(extended[ECX], lzcnt)) return 0; /* MSVC's /arch:AVX2 uses BMI, LZCNT */
    xcr0 = saved_registers();
    if (isa == AVX2) return all(xcr0, ymm);
    return all(xcr0, zmm) && all(leaf7[EBX], f | dq | cd | bw | vl); /* /arch:AVX512 uses CD, too */
}
#elif defined(__aarch64__) || defined(_M_ARM64)
static inline int supports(enum isa isa) { return isa == PORTABLE || isa == NEON; } /* NEON is part of AArch64 */
#else
static inline int supports(enum isa isa) { return isa == PORTABLE; }
#endif

/* The ISA of that name; PORTABLE for an unknown name. */
static inline enum isa isa_of(const char *name)
{
    int isa = ISA_COUNT - 1;
    while (isa > 0 && strcmp(name, isa_names[isa]) != 0) isa--;
    return (enum isa)isa;
}

/* The table of an ISA: prefix_portable, prefix_avx2, ... A build contains only the tables of its processor family. */
#if defined(__x86_64__) || defined(_M_X64)
#define TABLE(prefix, isa) ((isa) == AVX512 ? prefix##_avx512 : (isa) == AVX2 ? prefix##_avx2 : prefix##_portable)
#elif defined(__aarch64__) || defined(_M_ARM64)
#define TABLE(prefix, isa) ((isa) == NEON ? prefix##_neon : prefix##_portable)
#else
#define TABLE(prefix, isa) ((void)(isa), prefix##_portable)
#endif

#endif
