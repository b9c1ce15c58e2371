"""What every kernel asks of its compiler, and of a buffer beside what its memoryview's type says."""

cdef extern from *:
    """
    #if defined(__FAST_MATH__) || defined(_M_FP_FAST)
    #error "-ffast-math gives other results for NaN, infinite and tiny numbers: remove it from CFLAGS"
    #endif
    """


cdef inline int check_aligned(const void *data, Py_ssize_t n, size_t itemsize) except -1:
    """Raise ValueError where n numbers do not lie at multiples of their size: C may not read them there.

    An empty buffer passes, wherever it begins: empty ones of array.array begin anywhere.
    """
    if n > 0 and <size_t> data % itemsize:
        raise ValueError("the numbers of a buffer must be aligned in memory to their size; a copy is")
    return 0


cdef inline bint overlap(const void *x, size_t x_bytes, const void *y, size_t y_bytes) noexcept:
    """Whether they share memory. What is empty shares none, wherever it begins."""
    return x_bytes > 0 and y_bytes > 0 and <char *> x < <char *> y + y_bytes and <char *> y < <char *> x + x_bytes
