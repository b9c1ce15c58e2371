/* Where CPython keeps who holds the GIL. Each version has its own place; the pointers are read without the GIL.
 *
 * 3.13 and newer: PyThreadState.state, 1 while the thread is attached, which on a build with a GIL means that it holds it;
 *   and the lock itself, at the offsets that _PyRuntime publishes for debuggers.
 * 3.12: the lock of the interpreter, PyInterpreterState.ceval.gil, by the internal headers.
 * 3.11: the one lock of the process, _PyRuntime.ceval.gil, by the internal headers.
 *
 * Both stay valid while a thread is watched: nothing frees a GIL that is in use, or the state of a live thread. */
#ifndef NK_GIL_STATE_H
#define NK_GIL_STATE_H

#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1 /* internal headers */
#endif
#include <Python.h>
#include <stdint.h>
#include "internal/pycore_interp.h"
#include "internal/pycore_runtime.h"

#if defined(__GNUC__) || defined(__clang__)
#define NK_LOAD(address) __atomic_load_n((address), __ATOMIC_RELAXED)
#define NK_STORE(address, value) __atomic_store_n((address), (value), __ATOMIC_RELEASE)
#else /* MSVC reads and writes aligned words whole, volatile ones in order */
#define NK_LOAD(address) (*(address))
#define NK_STORE(address, value) (*(volatile int64_t *)(address) = (value))
#endif

typedef struct {
    const PyThreadState *thread;
    const volatile int *locked;              /* of the GIL: 1 while a thread holds it */
    PyThreadState *const volatile *holder;   /* the thread that holds it, or held it last */
} nk_gil_state;

/* For the calling thread, which holds the GIL. */
static inline nk_gil_state nk_gil_state_here(void)
{
    nk_gil_state state = {PyThreadState_Get(), NULL, NULL};
#if PY_VERSION_HEX >= 0x030D0000
    const char *interpreter = (const char *)PyThreadState_GetInterpreter((PyThreadState *)state.thread);
    const char *gil = *(const char *const *)(interpreter + _PyRuntime.debug_offsets.interpreter_state.ceval_gil);
    const uint64_t start = _PyRuntime.debug_offsets.interpreter_state.gil_runtime_state;
    state.locked = (const int *)(gil + _PyRuntime.debug_offsets.interpreter_state.gil_runtime_state_locked - start);
    state.holder = (PyThreadState **)(gil + _PyRuntime.debug_offsets.interpreter_state.gil_runtime_state_holder - start);
#elif PY_VERSION_HEX >= 0x030C0000
    struct _gil_runtime_state *gil = PyThreadState_GetInterpreter((PyThreadState *)state.thread)->ceval.gil;
    state.locked = (const int *)&gil->locked;
    state.holder = (PyThreadState **)&gil->last_holder;
#else
    struct _gil_runtime_state *gil = &_PyRuntime.ceval.gil;
    state.locked = (const int *)&gil->locked;
    state.holder = (PyThreadState **)&gil->last_holder;
#endif
    return state;
}

static inline int nk_gil_others(const nk_gil_state *state)
{
    return NK_LOAD(state->locked) == 1 && NK_LOAD(state->holder) != state->thread;
}

static inline int nk_gil_holds(const nk_gil_state *state)
{
#if PY_VERSION_HEX >= 0x030D0000
    return NK_LOAD(&state->thread->state) == 1;
#else
    return NK_LOAD(state->locked) == 1 && NK_LOAD(state->holder) == state->thread;
#endif
}

/* Return whether the thread waits for the GIL. CPython before 3.15 does not publish it: always 0. */
#if PY_VERSION_HEX >= 0x030F0000
#define NK_GIL_KNOWS_WANTS 1
static inline int nk_gil_wants(const nk_gil_state *state) { return NK_LOAD(&state->thread->gil_requested) != 0; }
#else
#define NK_GIL_KNOWS_WANTS 0
static inline int nk_gil_wants(const nk_gil_state *state) { return (void)state, 0; }
#endif

#endif
