"""The meaning of the argument gil, for all kernels."""


cdef inline bint release_wanted(object gil, bint is_long) except -1:
    """Return whether to release the GIL. "auto" releases it if `is_long`: the work exceeds the kernel's limit."""
    if gil == "auto":
        return is_long
    if gil == "release":
        return True
    if gil == "hold":
        return False
    raise ValueError(f"gil must be 'auto', 'release' or 'hold', got {gil!r}")
