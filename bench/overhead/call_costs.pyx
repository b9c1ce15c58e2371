# cython: freethreading_compatible=True
# cython: language_level=3, binding=False, boundscheck=False, wraparound=False
"""Two stages of a call, compiled with the flags of the kernels: parsing the arguments, and taking a buffer."""

from cpython.buffer cimport PyBuffer_Release

from nogil_kernels.compiled.shared.buffers cimport NOT_PLAIN, take


def nothing(x=None, *, axis=None, gil="auto", threads=1):
    """Parse the arguments of sum_of_squares; return None."""


def take_buffer(x):
    """Take x's buffer, read its format as the kernels do, and release it; return whether it has plain numbers."""
    cdef Py_buffer view
    if take(x, &view, 0) == NOT_PLAIN:
        return False
    PyBuffer_Release(&view)
    return True
