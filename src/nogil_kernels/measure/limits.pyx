# cython: freethreading_compatible=True, subinterpreters_compatible=own_gil
# distutils: define_macros=CYTHON_USE_MODULE_STATE=1
"""The limits of one core: C loops that only compute or only read, as references for the kernels.

The loops release the GIL, so the speed-up of threads that run them is what the hardware allows.
"""

from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBuffer_Release

from nogil_kernels.compiled.isa.isa cimport chosen_isa, nk_isa
from nogil_kernels.compiled.shared.buffers cimport PyErr_CheckSignals, PyErr_Clear, PyObject_GetBuffer, may_mean_more


cdef extern from "measure/loops.h":
    ctypedef struct nk_arithmetic:
        int multiply_adds
        void (*run)(Py_ssize_t steps) noexcept nogil
    ctypedef void (*nk_read)(const char *x, Py_ssize_t bytes) noexcept nogil
    ctypedef struct nk_limits_loops:
        nk_arithmetic *arithmetic
        nk_read[2][3] read
    enum:
        NK_LIMITS_F32, NK_LIMITS_F64
    const nk_limits_loops *nk_limits_loops_of(nk_isa isa) noexcept


cdef enum:
    # Work between two checks for Ctrl-C. 2**27 steps of 12 or 16 multiply-adds, at two per cycle, take about 0.3 s.
    # 2**30 bytes take 0.2 s at 5 GB/s. Ctrl-C does not interrupt a single pass, however large the buffer.
    SLICE_STEPS = 1 << 27
    SLICE_BYTES = 1 << 30


def multiply_adds(str dtype, Py_ssize_t count):
    """Repeat sum[i] += sum[i] * factor `count` times. There are so many vectors sum[i] that their latency is hidden.

    Release the GIL and access no memory. Instruction sets without fused multiply-add multiply and then add.

    dtype is "float64" or "float32". Return the number of floating-point operations: two per multiply-add. Raise
    ValueError if dtype is another type or count is negative.
    """
    if dtype != "float64" and dtype != "float32":
        raise ValueError(f"dtype must be 'float64' or 'float32', got {dtype!r}")
    if count < 0:
        raise ValueError(f"count must not be negative, got {count}")
    cdef const nk_limits_loops *loops = nk_limits_loops_of(chosen_isa())
    cdef const nk_arithmetic *arithmetic = &loops.arithmetic[NK_LIMITS_F64 if dtype == "float64" else NK_LIMITS_F32]
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
    """Load every byte of a C-contiguous buffer `passes` times with the GIL released.

    streams is the number of parts of the buffer that are read alternately: 1, 2 or 4. prefetch: load 512 bytes ahead,
    which is faster outside the caches and slower inside them. The fastest combination differs between machines.

    Return the number of bytes read. Raise TypeError if buffer is not C-contiguous or has a mask. Raise ValueError if
    streams is another number or passes is negative.
    """
    if streams != 1 and streams != 2 and streams != 4:
        raise ValueError(f"streams must be 1, 2 or 4, got {streams}")
    if passes < 0:
        raise ValueError(f"passes must not be negative, got {passes}")
    cdef Py_buffer view
    if may_mean_more(buffer) or PyObject_GetBuffer(buffer, &view, PyBUF_C_CONTIGUOUS) < 0:
        PyErr_Clear()
        raise TypeError(f"buffer must be a C-contiguous buffer, got {type(buffer).__name__}")
    cdef nk_read run = nk_limits_loops_of(chosen_isa()).read[prefetch][streams // 2]  # log2(streams) up to 4
    cdef Py_ssize_t left = passes, passes_now, _
    cdef Py_ssize_t passes_per_slice = max(1, SLICE_BYTES // max(1, view.len))
    try:
        while left > 0:
            passes_now = min(left, passes_per_slice)
            with nogil:
                for _ in range(passes_now):
                    run(<const char *> view.buf, view.len)
            left -= passes_now
            if left > 0:
                PyErr_CheckSignals()
        return view.len * <object> passes
    finally:
        PyBuffer_Release(&view)
