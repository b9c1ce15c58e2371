/* Which instruction sets this machine has, and the instances of simd.c for them.
 *
 * CPUID is read by hand: __builtin_cpu_supports() answers 0 for everything under some compilers (zig cc), and MSVC has
 * no such builtin. The operating system must also save the wide registers at a thread switch, which XGETBV tells. */
#ifndef ISA_H
#define ISA_H

#include <string.h>

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b) /* PASTE(simd, ISA) is simd_avx2 where ISA is avx2 */

enum { PORTABLE, AVX2, AVX512, ISA_COUNT };
static const char *const isa_names[ISA_COUNT] = {"portable", "avx2", "avx512"};

static inline int isa_of(const char *name)
{
    int isa = ISA_COUNT - 1;
    while (isa > PORTABLE && strcmp(name, isa_names[isa]) != 0) isa--;
    return isa;
}

#if defined(__x86_64__) || defined(_M_X64)
#define INSTANCE(prefix, isa) ((isa) == AVX512 ? &prefix##_avx512 : (isa) == AVX2 ? &prefix##_avx2 : &prefix##_portable)

#if defined(_MSC_VER)
#include <intrin.h>
static inline void cpuid(int leaf, unsigned int registers[4]) { __cpuidex((int *)registers, leaf, 0); }
static inline unsigned long long saved_registers(void) { return _xgetbv(0); }
#else
#include <cpuid.h>
static inline void cpuid(int leaf, unsigned int registers[4])
{
    __cpuid_count(leaf, 0, registers[0], registers[1], registers[2], registers[3]);
}
static inline unsigned long long saved_registers(void)
{
    unsigned int low, high; /* in bytes, since XGETBV as a word needs -mxsave */
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
    return ((unsigned long long)high << 32) | low;
}
#endif

/* True where every bit of `wanted` is set in `have`. */
static inline int all_of(unsigned long long have, unsigned long long wanted) { return (have & wanted) == wanted; }

static inline int isa_is_here(int isa)
{
    enum { EAX, EBX, ECX, EDX };
    const unsigned int fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28; /* leaf 1, ECX */
    const unsigned int avx2 = 1u << 5, bmi = 1u << 3 | 1u << 8;           /* leaf 7, EBX; MSVC's /arch:AVX2 uses BMI */
    const unsigned int f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31; /* leaf 7, EBX */
    const unsigned int lzcnt = 1u << 5;                                   /* leaf 0x80000001, ECX */
    const unsigned long long ymm = 0x06, zmm = 0xe6;                      /* XCR0 */
    unsigned int leaf0[4], leaf1[4], leaf7[4], extended[4];

    if (isa == PORTABLE) return 1;
    cpuid(0, leaf0);
    if (leaf0[EAX] < 7) return 0;
    cpuid(1, leaf1);
    cpuid(7, leaf7);
    cpuid((int)0x80000001, extended);
    if (!all_of(leaf1[ECX], fma | osxsave | avx) || !all_of(extended[ECX], lzcnt)) return 0;
    if (!all_of(leaf7[EBX], avx2 | bmi)) return 0;
    if (isa == AVX2) return all_of(saved_registers(), ymm);
    return all_of(saved_registers(), zmm) && all_of(leaf7[EBX], f | dq | cd | bw | vl);
}
#else
#define INSTANCE(prefix, isa) ((void)(isa), &prefix##_portable)
static inline int isa_is_here(int isa) { return isa == PORTABLE; }
#endif

#endif
