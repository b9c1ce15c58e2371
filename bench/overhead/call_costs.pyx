# cython: freethreading_compatible=True
# cython: language_level=3, binding=False, boundscheck=False, wraparound=False
"""Two parts of a call by themselves, compiled as the kernels are: its arguments, and taking a buffer."""

from cpython.buffer cimport PyBuffer_Release

from nogil_kernels.compiled.shared.buffers cimport NOT_PLAIN, take


def nothing(x=None, *, axis=None, gil="auto", threads=1):
    """Return None: a call, and the parsing of sum_of_squares' arguments."""


def take_buffer(x):
    """Take x's buffer and read its format, as the kernels do, and release it; return whether it has plain numbers."""
    cdef Py_buffer view
    if take(x, &view, 0) == NOT_PLAIN:
        return False
    PyBuffer_Release(&view)
    return True
