# cython: freethreading_compatible=True, subinterpreters_compatible=own_gil
# distutils: define_macros=CYTHON_USE_MODULE_STATE=1
"""The instruction set that the kernels use: the best of this machine, or the one that NOGIL_KERNELS_ISA names.

Chosen once in a process, when this module is first imported: all interpreters share the choice.
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

    static volatile long nk_chosen = -1; /* for all interpreters */

    /* The first call decides, in whichever interpreter or thread. */
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


def _available():  # in functions, since Cython keeps what a comprehension of the module itself runs over in C statics
    return tuple([nk_isa_names[isa].decode() for isa in range(NK_ISA_COUNT) if nk_supports(<nk_isa> isa)])


def _wanted():
    wanted = os.environ.get("NOGIL_KERNELS_ISA", "")
    if not wanted:
        return available[len(available) - 1]
    if wanted not in available:
        have = ", ".join(available)
        raise ValueError(f"NOGIL_KERNELS_ISA={wanted}: this machine has {have}; name one of them or unset it")
    return wanted


available = _available()  # slowest first
chosen = nk_isa_names[nk_choose(nk_isa_of(_wanted().encode()))].decode()
compiler = NK_COMPILER.decode()
is_main_interpreter = nk_is_main  # in which one GIL serves all that calls the kernels: their faster build will do
is_abi3 = NK_IS_ABI3  # one build for every CPython from 3.11 on
