"""The meaning of gil=, for every kernel."""


cdef inline bint release_wanted(object gil, bint is_long) except -1:
    """Whether to release the GIL; `is_long`, for "auto": is the work more than getting the GIL back can cost?"""
    if gil == "auto":
        return is_long
    if gil == "release":
        return True
    if gil == "hold":
        return False
    raise ValueError(f"gil must be 'auto', 'release' or 'hold', not {gil!r}")
