/* Read and write a word that another thread uses at the same time. */
#ifndef NK_ATOMICS_H
#define NK_ATOMICS_H

#if defined(__GNUC__) || defined(__clang__)
#define NK_ATOMIC_LOAD(T, address) __atomic_load_n((const T *)(address), __ATOMIC_RELAXED)
#define NK_ATOMIC_STORE(T, address, value) __atomic_store_n((T *)(address), (value), __ATOMIC_RELEASE)
#else /* MSVC reads and writes aligned words whole, volatile ones in order */
#define NK_ATOMIC_LOAD(T, address) (*(const volatile T *)(address))
#define NK_ATOMIC_STORE(T, address, value) (*(volatile T *)(address) = (value))
#endif

#endif
