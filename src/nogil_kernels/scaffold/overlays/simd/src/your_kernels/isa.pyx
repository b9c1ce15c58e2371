# cython: freethreading_compatible=True, autotestdict=False
"""The instruction set that the kernels use: the best of this machine, or the one that is asked for."""

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
    raise ValueError(f"{VARIABLE}={chosen}: this machine has {', '.join(available)}; name one of them or unset it")
