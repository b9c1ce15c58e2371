# cython: freethreading_compatible=True, subinterpreters_compatible=own_gil
# distutils: define_macros=CYTHON_USE_MODULE_STATE=1
"""The instruction set that the kernels use: the best of this machine, or the one that NOGIL_KERNELS_ISA names.

Chosen once in a process, when this module is first imported: all interpreters share the tiles, and so the choice.
And what one core can do at most with it, the roofs that kernels are measured against: loops of C that do one thing
each. They work with the GIL released, so what threads gain by them is what the machine can give.
"""

import os

from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release
from libc.string cimport memset

from nogil_kernels.compiled.buffers cimport may_be_masked
from nogil_kernels.compiled.ndarrays cimport (
    PyErr_Clear, PyObject_GetBuffer, nk_fields_agree, nk_view_ndarray, nk_views_agree,
)


cdef extern from "Python.h":
    int PyErr_CheckSignals() except -1
cdef extern from "tiles/isa.h":
    ctypedef int nk_isa "enum nk_isa"
    enum:
        NK_ISA_COUNT
    const char *const *nk_isa_names
    bint nk_supports(nk_isa isa)
    nk_isa nk_isa_of(const char *name)
cdef extern from "tiles/compiler.h":
    const char *NK_COMPILER
cdef extern from "tiles/sum_of_squares.h":
    const nk_sum_tiles *nk_sum_tiles_of(nk_isa isa) noexcept
cdef extern from "tiles/matmul.h":
    const nk_matmul_kernel *const *nk_matmul_kernels_of(nk_isa isa) noexcept
cdef extern from "tiles/limits.h":
    const nk_limits_tiles *nk_limits_tiles_of(nk_isa isa) noexcept

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #include <intrin.h>
    #define NK_EXCHANGE_IF(place, expected, value) _InterlockedCompareExchange(place, value, expected)
    #else
    #define NK_EXCHANGE_IF(place, expected, value) __sync_val_compare_and_swap(place, expected, value)
    #endif

    #if defined(Py_LIMITED_API)
    #define NK_IS_ABI3 1
    #else
    #define NK_IS_ABI3 0
    #endif

    static volatile long nk_chosen = -1; /* for all interpreters */

    /* The first call decides, in whichever interpreter or thread. */
    static enum nk_isa nk_choose(enum nk_isa wanted)
    {
        NK_EXCHANGE_IF(&nk_chosen, -1, (long)wanted);
        return (enum nk_isa)nk_chosen;
    }
    """
    nk_isa nk_chosen
    nk_isa nk_choose(nk_isa wanted) noexcept
    bint nk_is_main "(PyInterpreterState_GetID(PyInterpreterState_Get()) == 0)"
    bint NK_IS_ABI3


cdef const nk_sum_tiles *sum_tiles() noexcept:
    return nk_sum_tiles_of(nk_chosen)


cdef const nk_matmul_kernel *const *matmul_kernels() noexcept:
    return nk_matmul_kernels_of(nk_chosen)


cdef bint agrees(object array, object descr) noexcept:
    """Whether the struct says of an array what its buffer says; of foreign byte order, that it is nothing to view."""
    cdef Py_buffer view, buffer
    cdef bint agreed, native
    memset(&view, 0, sizeof(view))
    if PyObject_GetBuffer(array, &buffer, PyBUF_FORMAT | PyBUF_STRIDES) < 0:
        PyErr_Clear()
        return False
    native = buffer.format[0] != b">" and buffer.format[0] != b"<"
    agreed = nk_fields_agree(array, &buffer, descr) and \
        nk_view_ndarray(array, &view, False) == native and \
        nk_view_ndarray(array, &view, True) == (native and not buffer.readonly) and \
        (not native or nk_views_agree(&view, &buffer))
    PyBuffer_Release(&buffer)
    return agreed


cdef bint reads_ndarrays(object ndarray) noexcept:
    """Whether that is so for arrays of every type. Here, since each module would have its own: see ndarrays.pxd."""
    cdef bint agreed = True
    try:
        from nogil_kernels.arrays import probes
        for array in probes(ndarray):
            agreed = agreed and agrees(array, array.dtype)
    except Exception:  # a NumPy unlike any that we know: PyObject_GetBuffer it is
        agreed = False
    return agreed


def _available():  # in functions, since Cython keeps what a comprehension of the module itself runs over in C statics
    return tuple([nk_isa_names[isa].decode() for isa in range(NK_ISA_COUNT) if nk_supports(<nk_isa> isa)])


def _wanted():
    wanted = os.environ.get("NOGIL_KERNELS_ISA", "")
    if not wanted:
        return available[len(available) - 1]
    if wanted not in available:
        have = ", ".join(available)
        raise ValueError(f"NOGIL_KERNELS_ISA={wanted}: this machine has {have}; name one of them or unset it")
    return wanted


available = _available()  # slowest first
chosen = nk_isa_names[nk_choose(nk_isa_of(_wanted().encode()))].decode()
compiler = NK_COMPILER.decode()
is_main_interpreter = nk_is_main  # in which one GIL serves all that calls the kernels: their faster build will do
is_abi3 = NK_IS_ABI3  # one build for every CPython from 3.11 on


# ---- what a core can do at most ----


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
    cdef const nk_limits_tiles *tiles = nk_limits_tiles_of(nk_chosen)
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
    cdef nk_read run = nk_limits_tiles_of(nk_chosen).read[prefetch][streams // 2]  # log2, up to 4
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
