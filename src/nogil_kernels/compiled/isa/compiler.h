/* The name and version of the compiler that builds the kernels, for build_info(). */
#ifndef NK_COMPILER_H
#define NK_COMPILER_H

#if defined(__clang__)
#define NK_COMPILER "Clang " __clang_version__
#elif defined(__GNUC__)
#define NK_COMPILER "GCC " __VERSION__
#elif defined(_MSC_VER)
#define NK_TEXT_(number) #number
#define NK_TEXT(number) NK_TEXT_(number)
#define NK_COMPILER "MSVC " NK_TEXT(_MSC_FULL_VER) ", without vectors"
#else
#define NK_COMPILER "unknown"
#endif

#endif
