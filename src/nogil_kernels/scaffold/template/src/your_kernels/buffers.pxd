"""Checks of the compiler's flags and of buffers, shared by all kernels."""

cdef extern from *:
    """
    #if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__NO_SIGNED_ZEROS__) || \
        (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || defined(_M_FP_FAST)
    #error "-ffast-math gives other results for NaN, infinite and tiny numbers: remove -ffast-math and the flags that \
it includes, for example -ffinite-math-only, from CC, CPPFLAGS and CFLAGS"
    #endif
    """


cdef inline int check_aligned(const void *data, Py_ssize_t n, size_t itemsize) except -1:
    """Raise ValueError if the address of n numbers is not a multiple of their size, as C must not read them there.

    Empty buffers pass, because an empty array.array may have any address.
    """
    if n > 0 and <size_t> data % itemsize:
        raise ValueError("the numbers of a buffer must be aligned in memory to their size. Pass a copy.")
    return 0


cdef inline bint overlap(const void *x, size_t x_bytes, const void *y, size_t y_bytes) noexcept:
    """Return whether two ranges of bytes share memory. Empty ranges share none."""
    return x_bytes > 0 and y_bytes > 0 and <char *> x < <char *> y + y_bytes and <char *> y < <char *> x + x_bytes
