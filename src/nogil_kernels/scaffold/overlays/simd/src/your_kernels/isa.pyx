# cython: freethreading_compatible=True, autotestdict=False
"""Choose the kernels' instruction set: the best one of this machine, or the one that VARIABLE names."""

import os

cdef extern from "isa.h":
    enum:
        ISA_COUNT
    const char *const *isa_names
    bint supports(int isa)

VARIABLE = "YOUR_KERNELS_ISA"
available = tuple([isa_names[isa].decode() for isa in range(ISA_COUNT) if supports(isa)])  # slowest first
chosen = os.environ.get(VARIABLE) or available[len(available) - 1]
if chosen not in available:
    raise RuntimeError(f"{VARIABLE} must be one of {', '.join(available)} on this machine, got {chosen!r}")
