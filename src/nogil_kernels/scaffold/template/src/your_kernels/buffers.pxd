"""What every kernel asks of a buffer, beside what its memoryview's type says."""


cdef inline int check_aligned(const void *data, size_t itemsize) except -1:
    """Raise ValueError where numbers do not lie at a multiple of their size: C may not read them there."""
    if <size_t> data % itemsize:
        raise ValueError("the numbers of a buffer must be aligned in memory to their size; a copy is")
    return 0
