"""Interrupts: Ctrl-C and other signals, and the failure of another thread of a call. See interrupts.h."""

cdef extern from "compiled/shared/interrupts.h":
    ctypedef struct Interrupts "nk_interrupts":
        pass
    void begin_interruptible "nk_interrupts_begin"(Interrupts *interrupts, int *stop, bint released) noexcept
    void never_interrupted "nk_interrupts_never"(Interrupts *interrupts) noexcept nogil
    bint interrupted "nk_interrupted"(Interrupts *interrupts) noexcept nogil
    int end_interruptible "nk_interrupts_end"(Interrupts *interrupts) except -1
    void set_stop "nk_set_stop"(int *stop) noexcept nogil
