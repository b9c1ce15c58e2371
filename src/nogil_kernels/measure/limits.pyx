# cython: freethreading_compatible=True, subinterpreters_compatible=own_gil
# distutils: define_macros=CYTHON_USE_MODULE_STATE=1
"""What one core can do at most: loops of C that do one thing each, the roofs that kernels are measured against.

They work with the GIL released, so what threads gain by them is what the machine can give.
"""

from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBuffer_Release

from nogil_kernels.compiled.isa.isa cimport chosen_isa, nk_isa
from nogil_kernels.compiled.shared.buffers cimport PyErr_CheckSignals, PyErr_Clear, PyObject_GetBuffer, may_be_masked


cdef extern from "measure/loops.h":
    ctypedef struct nk_arithmetic:
        int multiply_adds
        void (*run)(Py_ssize_t steps) noexcept nogil
    ctypedef void (*nk_read)(const char *x, Py_ssize_t bytes) noexcept nogil
    ctypedef struct nk_limits_tiles:
        nk_arithmetic *arithmetic
        nk_read[2][3] read
    enum:
        NK_LIMITS_F32, NK_LIMITS_F64
    const nk_limits_tiles *nk_limits_tiles_of(nk_isa isa) noexcept


cdef enum:
    # Between two looks for Ctrl-C: 2**27 steps of 12 or 16 multiply-adds, two a cycle, take 0.3 s or so; 2**30 bytes,
    # or one pass over a larger buffer, 0.2 s at 5 GB/s.
    SLICE_STEPS = 1 << 27
    SLICE_BYTES = 1 << 30


def multiply_adds(str dtype, Py_ssize_t count):
    """sum[i] += sum[i] * factor, `count` times, for so many vectors sum[i] that no multiply-add waits for another.

    dtype is "float64" or "float32". Releases the GIL, and touches no memory. Where the instruction set has no fused
    multiply-add, it is a multiplication and an addition.

    Returns the floating-point operations done, two for each multiply-add. Raises ValueError for another dtype and for
    a negative count.
    """
    if dtype != "float64" and dtype != "float32":
        raise ValueError(f"dtype must be 'float64' or 'float32', not {dtype!r}")
    if count < 0:
        raise ValueError(f"count must be 0 or more, not {count}")
    cdef const nk_limits_tiles *tiles = nk_limits_tiles_of(chosen_isa())
    cdef const nk_arithmetic *arithmetic = &tiles.arithmetic[NK_LIMITS_F64 if dtype == "float64" else NK_LIMITS_F32]
    cdef Py_ssize_t left = count, steps
    while left > 0:
        steps = min(left, SLICE_STEPS)
        with nogil:
            arithmetic.run(steps)
        left -= steps
        if left > 0:
            PyErr_CheckSignals()
    return 2 * arithmetic.multiply_adds * <object> count


def read(object buffer, int streams, *, bint prefetch=False, Py_ssize_t passes=1):
    """Load every byte of a C-contiguous buffer that hides nothing, `passes` times, and do next to nothing with them.

    streams: 1, 2 or 4 places that are read in turns, each a part of the buffer of its own. prefetch: ask for what
    comes next half a KiB ahead, which is faster where the buffer fits no cache, and slower where it does. Which is the
    fastest differs between caches and machines: try them all. Releases the GIL.

    Returns the bytes read. Raises TypeError for what is no such buffer, and ValueError for another number of streams
    and for negative passes.
    """
    if streams != 1 and streams != 2 and streams != 4:
        raise ValueError(f"streams must be 1, 2 or 4, not {streams}")
    if passes < 0:
        raise ValueError(f"passes must be 0 or more, not {passes}")
    cdef Py_buffer view
    if may_be_masked(buffer) or PyObject_GetBuffer(buffer, &view, PyBUF_C_CONTIGUOUS) < 0:
        PyErr_Clear()
        raise TypeError(f"read needs a C-contiguous buffer, not {type(buffer).__name__}")
    cdef nk_read run = nk_limits_tiles_of(chosen_isa()).read[prefetch][streams // 2]  # log2, up to 4
    cdef Py_ssize_t left = passes, now, _
    cdef Py_ssize_t slice = max(1, SLICE_BYTES // max(1, view.len))  # passes
    try:
        while left > 0:
            now = min(left, slice)
            with nogil:
                for _ in range(now):
                    run(<const char *> view.buf, view.len)
            left -= now
            if left > 0:
                PyErr_CheckSignals()
        return view.len * <object> passes
    finally:
        PyBuffer_Release(&view)
