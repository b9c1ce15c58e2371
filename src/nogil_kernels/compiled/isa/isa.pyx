# cython: freethreading_compatible=True, subinterpreters_compatible=own_gil
# distutils: define_macros=CYTHON_USE_MODULE_STATE=1
"""Choose the kernels' instruction set (ISA): the best of this machine, or the one that NOGIL_KERNELS_ISA names.

The first import of this module chooses. All interpreters of the process share that choice.
"""

import os


cdef extern from "compiled/isa/isa.h":
    enum:
        NK_ISA_COUNT
    const char *const *nk_isa_names
    bint nk_supports(nk_isa isa)
    nk_isa nk_isa_of(const char *name)
cdef extern from "compiled/isa/compiler.h":
    const char *NK_COMPILER

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

    static volatile long nk_chosen = -1; /* shared by all interpreters */

    /* The first call, on whatever thread, stores its ISA. Every call returns the stored ISA. */
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


cdef nk_isa chosen_isa() noexcept nogil:
    return nk_chosen


# Functions, because Cython keeps the iterator of a module-level comprehension in a C static, which interpreters share.
def _available():
    return tuple([nk_isa_names[isa].decode() for isa in range(NK_ISA_COUNT) if nk_supports(<nk_isa> isa)])


def _requested():
    name = os.environ.get("NOGIL_KERNELS_ISA", "")
    if not name:
        return available[len(available) - 1]
    if name not in available:
        names = ", ".join(available)
        raise ValueError(f"NOGIL_KERNELS_ISA must be unset or one of {names} on this machine, got {name!r}.")
    return name


available = _available()  # slowest first
chosen = nk_isa_names[nk_choose(nk_isa_of(_requested().encode()))].decode()
compiler = NK_COMPILER.decode()
is_main_interpreter = nk_is_main  # the other interpreters use the kernels of subinterpreters/
is_abi3 = NK_IS_ABI3  # one build for every CPython from 3.11 on
