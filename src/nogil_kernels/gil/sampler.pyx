# cython: freethreading_compatible=True, subinterpreters_compatible=own_gil
# distutils: define_macros=CYTHON_USE_MODULE_STATE=1
"""The sampler: a native thread that reads what another thread does, 20 000 times a second, and never takes the GIL."""

import atexit

cimport cython
from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t


cdef extern from "gil/watch.h":
    ctypedef struct nk_watch_header:
        pass
    ctypedef struct nk_watch_sample:
        pass
    ctypedef struct nk_watch:
        pass
    nk_watch *nk_watch_start(nk_watch_header *header, nk_watch_sample *samples, int64_t most, int64_t interval)
    void nk_watch_stop(nk_watch *watch) nogil
    const bint nk_watch_knows_wants


cdef extern from "gil/clocks.h":
    int64_t nk_now() nogil
    int64_t nk_idle() nogil
    int64_t nk_own_cpu() nogil


knows_wants = nk_watch_knows_wants  # whether this CPython publishes which threads wait for the GIL
running_samplers = set()


@atexit.register
def stop_all():
    """End the native threads while the watched threads still exist: daemon threads do not outlive the interpreter."""
    for sampler in [*running_samplers]:
        sampler.stop()


@cython.final
cdef class Sampler:
    """Sample the thread that creates it, until `stop` is called, and write the samples to `memory`.

    recording.py describes the memory. `interval` is in seconds.
    """

    cdef Py_buffer view
    cdef nk_watch *watch

    def __cinit__(self, memory, double interval):
        cdef nk_watch_header *header
        cdef int64_t most
        PyObject_GetBuffer(memory, &self.view, PyBUF_WRITABLE)
        header = <nk_watch_header *> self.view.buf
        most = (self.view.len - <int64_t> sizeof(nk_watch_header)) // <int64_t> sizeof(nk_watch_sample)
        self.watch = nk_watch_start(header, <nk_watch_sample *> (header + 1), most, <int64_t> (interval * 1e9))
        if self.watch == NULL:
            PyBuffer_Release(&self.view)
            raise MemoryError("the sampler cannot start its native thread: the system is out of memory or of threads")
        running_samplers.add(self)

    @cython.critical_section
    cdef nk_watch *take(self):
        """Return the watch to the first caller, and NULL to others."""
        cdef nk_watch *watch = self.watch
        self.watch = NULL
        return watch

    def stop(self):
        """End the native thread, if it runs, and wait for it. The sampled thread must still exist."""
        cdef nk_watch *watch = self.take()
        if watch != NULL:
            running_samplers.discard(self)
            with nogil:
                nk_watch_stop(watch)
            PyBuffer_Release(&self.view)


def idle_seconds():
    """Return the idle time of all cores together, or a negative number if the system does not count it."""
    return nk_idle() * 1e-9


def hold_gil(double seconds):
    """Compute for `seconds` without releasing the GIL."""
    cdef int64_t end = nk_now() + <int64_t> (seconds * 1e9)
    while nk_now() < end:
        pass


def release_gil(double seconds):
    """Compute for `seconds` with the GIL released."""
    cdef int64_t end
    with nogil:
        end = nk_now() + <int64_t> (seconds * 1e9)
        while nk_now() < end:
            pass


cdef inline void compute_until(int64_t cpu_end) noexcept nogil:
    while nk_own_cpu() < cpu_end:
        pass


def alternate(double held, double released, int times):
    """Hold the GIL for `held` seconds on a core, then release it for `released` seconds on a core, `times` times.

    If one of them is 0, hold or release the GIL all the time.
    """
    cdef int64_t end = nk_own_cpu()
    if held == 0:
        with nogil:
            compute_until(end + <int64_t> (times * released * 1e9))
        return
    for _ in range(times):
        end += <int64_t> (held * 1e9)
        compute_until(end)
        end += <int64_t> (released * 1e9)
        if released > 0:
            with nogil:
                compute_until(end)
