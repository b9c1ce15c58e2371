"""The meaning of gil= and threads=. The usual values are decided here, without a call of Python code."""


cdef inline bint release_wanted(object gil, object threads, bint is_long) except -1:
    """Return whether to release the GIL. `is_long` says how long the work is. Raise ValueError if gil is unknown.

    gil="auto" holds the GIL for short work on one thread: getting the GIL back can take a switch interval (5 ms) while
    other threads run Python. docs/gil.md explains this convoy effect.
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
    return isinstance(threads, int) and threads == 1


cdef inline bint is_unshared(object threads, Py_ssize_t tasks) noexcept:
    """Return True if work of at most `tasks` tasks runs on this thread alone. If False, threads.tasks() decides."""
    return isinstance(threads, int) and (threads == 1 or (threads > 1 and tasks < 2))
