"""The meaning of gil= and threads=, as far as it is seen without a call."""


cdef inline bint release_wanted(object gil, object threads, bint outweighs) except -1:
    """The meaning of gil=. `outweighs`, for "auto": is the work more than getting the GIL back can cost?"""
    if isinstance(gil, str):
        if gil == "auto":
            return outweighs or not one_thread(threads)
        if gil == "release":
            return True
        if gil == "hold":
            return False
    from nogil_kernels import arrays
    arrays.check_gil(gil)  # raises
    return True


cdef inline bint one_thread(object threads) noexcept:
    return isinstance(threads, int) and threads == 1


cdef inline bint stays_whole(object threads, Py_ssize_t most) noexcept:
    """Whether work that could be cut into `most` tasks stays on this thread, as far as is seen without a call."""
    return isinstance(threads, int) and (threads == 1 or (threads > 1 and most < 2))
