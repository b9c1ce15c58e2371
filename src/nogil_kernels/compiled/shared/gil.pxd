"""The meaning of gil= and threads=. The usual values are handled here, without calling Python code."""


cdef inline bint release_wanted(object gil, object threads, bint is_long) except -1:
    """Return whether to release the GIL. Raise ValueError if gil is unknown.

    is_long tells whether gil="auto" releases the GIL for work of this size on one thread. For short work it holds the
    GIL: getting the GIL back can take a switch interval (5 ms) while other threads run Python. docs/gil.md explains
    this convoy effect.
    """
    if isinstance(gil, str):
        if gil == "auto":
            return is_long or not one_thread(threads)
        if gil == "release":
            return True
        if gil == "hold":
            return False
    from nogil_kernels import arrays
    arrays.check_gil(gil)  # raises ValueError
    return True


cdef inline bint one_thread(object threads) noexcept:
    return isinstance(threads, int) and threads is not True and threads == 1


cdef inline bint is_unshared(object threads, Py_ssize_t tasks) noexcept:
    """Return whether this thread works alone: threads is 1, or tasks is below 2. If False, task_count() decides."""
    return isinstance(threads, int) and threads is not True and (threads == 1 or (threads > 1 and tasks < 2))
