"""The instruction set that every module of the package uses."""

cdef extern from "compiled/isa/isa.h":
    ctypedef int nk_isa "enum nk_isa"


cdef nk_isa chosen_isa() noexcept nogil
