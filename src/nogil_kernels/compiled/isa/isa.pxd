"""The instruction set that all kernels use."""

cdef extern from "compiled/isa/isa.h":
    ctypedef int nk_isa "enum nk_isa"


cdef nk_isa chosen_isa() noexcept nogil
