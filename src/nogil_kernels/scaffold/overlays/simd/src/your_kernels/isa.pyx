# cython: freethreading_compatible=True, autotestdict=False
"""The instruction set that the kernels use: the best of this machine, or the one that YOUR_KERNELS_ISA names."""

import os

cdef extern from "isa.h":
    enum:
        ISA_COUNT
    const char *const *isa_names
    bint isa_is_here(int isa)

available = tuple([isa_names[isa].decode() for isa in range(ISA_COUNT) if isa_is_here(isa)])  # slowest first
chosen = os.environ.get("YOUR_KERNELS_ISA") or available[len(available) - 1]
if chosen not in available:
    have = ", ".join(available)
    raise ValueError(f"YOUR_KERNELS_ISA={chosen}: this machine has {have}; name one of them or unset it")
