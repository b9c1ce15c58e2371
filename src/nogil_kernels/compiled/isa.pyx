# cython: freethreading_compatible=True
"""The instruction set that the kernels use: the best of this machine, or the one that NOGIL_KERNELS_ISA names.

Chosen once, when this module is imported.
"""

import os


cdef extern from "tiles/isa.h":
    enum nk_isa:
        NK_ISA_COUNT
    const char *const *nk_isa_names
    int nk_supports(nk_isa isa)
    const char *NK_COMPILER


def _choose():
    wanted = os.environ.get("NOGIL_KERNELS_ISA", "")
    if not wanted:
        return available[len(available) - 1]
    if wanted not in available:
        have = ", ".join(available)
        raise ValueError(f"NOGIL_KERNELS_ISA={wanted}: this machine has {have}; name one of them or unset it")
    return wanted


# slowest first
available = tuple([nk_isa_names[isa].decode() for isa in range(NK_ISA_COUNT) if nk_supports(<nk_isa> isa)])
chosen = _choose()
compiler = NK_COMPILER.decode()
