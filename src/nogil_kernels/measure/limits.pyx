# cython: freethreading_compatible=True, subinterpreters_compatible=own_gil
# distutils: define_macros=CYTHON_USE_MODULE_STATE=1
"""The limits of one core: C loops that only compute or only read, as references for the kernels.

The loops release the GIL, so the speed-up of threads that run them is what the hardware allows.
"""

from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBuffer_Release

from nogil_kernels.compiled.isa.isa cimport chosen_isa, nk_isa
from nogil_kernels.compiled.shared.buffers cimport PyErr_Clear, PyObject_GetBuffer, may_mean_more
from nogil_kernels.compiled.shared.interrupts cimport (
    Interrupts, begin_interruptible, end_interruptible, interrupted,
)


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
    # Steps between two looks for interrupts (Ctrl-C): 2**20 of 12 or 16 multiply-adds, at two per cycle, take 3 ms.
    SLICE_STEPS = 1 << 20


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
    cdef Py_ssize_t left = count
    cdef Interrupts interrupts
    begin_interruptible(&interrupts, NULL, True)
    with nogil:
        while left > 0 and not interrupted(&interrupts):
            arithmetic.run(min(left, SLICE_STEPS))
            left -= SLICE_STEPS
    end_interruptible(&interrupts)
    return 2 * arithmetic.multiply_adds * <object> count


def read(object buffer, int streams, *, bint prefetch=False, Py_ssize_t passes=1):
    """Load every byte of a C-contiguous buffer `passes` times with the GIL released.

    streams is the number of parts of the buffer that are read alternately: 1, 2 or 4. prefetch: load 512 bytes ahead,
    which is faster outside the caches and slower inside them. The fastest combination differs between machines.

    Return the number of bytes read. Raise TypeError if buffer is not C-contiguous or has a mask. Raise ValueError if
    streams is another number or passes is negative. Ctrl-C ends the call between two passes.
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
    cdef Py_ssize_t left = passes
    cdef Interrupts interrupts
    try:
        begin_interruptible(&interrupts, NULL, True)
        with nogil:
            while left > 0 and not interrupted(&interrupts):
                run(<const char *> view.buf, view.len)
                left -= 1
        end_interruptible(&interrupts)
        return view.len * <object> passes
    finally:
        PyBuffer_Release(&view)


def look_for_interrupts(Py_ssize_t count):
    """Look for interrupts `count` times, as the kernels do, with the GIL released."""
    cdef Interrupts interrupts
    begin_interruptible(&interrupts, NULL, True)
    with nogil:
        while count > 0 and not interrupted(&interrupts):
            count -= 1
    end_interruptible(&interrupts)
