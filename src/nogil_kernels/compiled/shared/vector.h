/* Vectors of GCC and Clang, at the width of the instruction set (ISA) that the compiler's flags select.
 *
 * setup.py compiles a .c file once per ISA, with the ISA's flags and its name in NK_ISA. A vector wider than the ISA's
 * registers is legal, but the compiler makes scalar code of it (matmul: 1.2 GFLOP/s with GCC 12). A compiler without
 * vectors (MSVC) gets vectors of one lane, so the same source is scalar code. */
#ifndef NK_VECTOR_H
#define NK_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* setup.py looks for such flags, but does not see those that a script like Nix's gcc adds. */
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__NO_SIGNED_ZEROS__) || defined(_M_FP_FAST) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "The compiler adds -ffast-math or a part of it, with which results would be wrong. Remove that flag."
#endif

#define NK_PASTE_(a, b) a##_##b
#define NK_PASTE(a, b) NK_PASTE_(a, b) /* NK_PASTE(nk_sum, NK_ISA) is nk_sum_avx2 if NK_ISA is avx2 */

/* GCC's vectors, builtins and attributes. clang-cl has them too, but does not define __GNUC__. */
#if defined(__GNUC__) || defined(__clang__)
#define NK_GNU_C 1
#else
#define NK_GNU_C 0
#endif

#if !NK_GNU_C || defined(NK_SCALAR)
#define NK_VECTOR_BYTES 0
#elif defined(__AVX512F__)
#define NK_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define NK_VECTOR_BYTES 32
#else
#define NK_VECTOR_BYTES 16 /* SSE2 or NEON; for other processors the compiler splits the vectors */
#endif

/* The number of vector registers that a loop can use. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define NK_REGISTERS 32
#else
#define NK_REGISTERS 16
#endif

#define NK_CACHE_LINE 64

/* Load or store only the first lanes, of 4 or 8 bytes each. No byte after them is accessed. AVX-512 only. */
#define NK_HAS_MASKS (NK_VECTOR_BYTES == 64)
#if NK_HAS_MASKS
#include <immintrin.h>
#define NK_FIRST(lanes) ((1u << (lanes)) - 1)
#define NK_LOAD_LANES_4(from, lanes) _mm512_maskz_loadu_epi32((__mmask16)NK_FIRST(lanes), (from))
#define NK_LOAD_LANES_8(from, lanes) _mm512_maskz_loadu_epi64((__mmask8)NK_FIRST(lanes), (from))
#define NK_STORE_LANES_4(to, lanes, value) _mm512_mask_storeu_epi32((to), (__mmask16)NK_FIRST(lanes), (__m512i)(value))
#define NK_STORE_LANES_8(to, lanes, value) _mm512_mask_storeu_epi64((to), (__mmask8)NK_FIRST(lanes), (__m512i)(value))
#endif

#if defined(__FMA__) || defined(__aarch64__)
#define NK_HAS_FMA 1
#else
#define NK_HAS_FMA 0
#endif

#if NK_GNU_C
#define NK_INLINE static inline __attribute__((always_inline))
#define NK_UNROLL _Pragma("GCC unroll 32")
#define NK_PREFETCH_WRITE(address) __builtin_prefetch((address), 1)
#else
#define NK_INLINE static __forceinline
#define NK_UNROLL
#define NK_PREFETCH_WRITE(address) ((void)(address))
#endif

/* A function that is never inlined. GCC needs noipa: with noinline alone, GCC 12 sees which registers the function
 * uses, finds few, and omits VZEROUPPER after the call. The SSE code that runs next (Python's) then waits for the upper
 * halves of its registers at each step, 130 ns in all. */
#if !NK_GNU_C
#define NK_NOINLINE __declspec(noinline) static
#elif defined(__clang__)
#define NK_NOINLINE __attribute__((noinline)) static
#else
#define NK_NOINLINE __attribute__((noipa)) static
#endif

#endif
