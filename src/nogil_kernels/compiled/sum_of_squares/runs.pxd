"""The declarations of runs.h for Cython."""

from libc.stdint cimport int64_t, uint64_t

from nogil_kernels.compiled.isa.isa cimport nk_isa


cdef extern from "compiled/sum_of_squares/runs.h":
    ctypedef struct nk_sum:
        double hi, lo, tiny_hi, tiny_lo
        uint64_t words[3]
    ctypedef void (*nk_sum_run)(const void *x, Py_ssize_t n, nk_sum *sum) noexcept nogil
    ctypedef struct nk_sum_runs:
        nk_sum_run *run  # indexed by Kind
        nk_sum_run *far
        void (*range)(int64_t start, int64_t step, Py_ssize_t n, nk_sum *sum) noexcept nogil
    const nk_sum NK_SUM_ZERO
    const double NK_TINY_SCALE
    enum:
        NK_RUN
    const nk_sum_runs *nk_sum_runs_of(nk_isa isa) noexcept
