/* Whether a kernel must stop: a signal waits for its Python handler, or another thread of the call has failed.
 *
 * A kernel calls nk_interrupted at least every 5 ms of usual work, and every 10 ms if all elements are on pages of their
 * own. The call reads a word of CPython's and a word of the kernel's call. It needs no GIL and takes a nanosecond. If
 * CPython's word is set, nk_answer acquires the GIL and runs the handlers. If the other word is set, the work ends.
 *
 * CPython's word is, in 3.13 and newer, eval_breaker of the calling thread, whose bit 1 is set for the main thread only.
 * In 3.11 and 3.12 it is _PyRuntime.ceval.signals_pending, which only the main thread reads. The stable ABI has neither:
 * there, nk_answer runs the handlers every 50 ms. */
#ifndef NK_INTERRUPTS_H
#define NK_INTERRUPTS_H

#include <Python.h>
#include <stdint.h>

#include "atomics.h"

#if PY_VERSION_HEX >= 0x030D0000 || defined(Py_LIMITED_API)
typedef uintptr_t nk_word;
#else
typedef int nk_word;
#endif

typedef struct {
    const nk_word *pending; /* CPython's word */
    nk_word wanted;         /* its bits that this thread answers */
    int *stop;              /* the call's word: not 0 if the work must end */
    PyThreadState *thread;
    int released;           /* the thread has released the GIL (is detached) */
    int reattach;           /* nk_answer has detached the thread: no Python object until nk_interrupts_end attaches it */
    int64_t checks_left;    /* stable ABI: checks until the clock is read; checks_per_look of them take about 1 ms */
    int64_t checks_per_look, last_look, last_answer;
} nk_interrupts;

/* Begin the work of one thread, which holds the GIL now. `stop` is NULL, or the word of all threads of the call. */
void nk_interrupts_begin(nk_interrupts *interrupts, int *stop, int released);

/* Begin work that cannot be interrupted. It needs no GIL. */
void nk_interrupts_never(nk_interrupts *interrupts);

int nk_answer(nk_interrupts *interrupts);

/* Return 1 if the work must end, and again at each later call. */
static inline int nk_interrupted(nk_interrupts *interrupts)
{
#ifdef Py_LIMITED_API
    if (--interrupts->checks_left > 0 && !NK_ATOMIC_LOAD(int, interrupts->stop)) return 0;
#else
    if (!(NK_ATOMIC_LOAD(nk_word, interrupts->pending) & interrupts->wanted) && !NK_ATOMIC_LOAD(int, interrupts->stop)) return 0;
#endif
    return nk_answer(interrupts);
}

/* Set the word of a call. */
static inline void nk_set_stop(int *stop) { NK_ATOMIC_STORE(int, stop, 1); }

/* End the work, with the GIL held. Return -1 if a signal handler has raised an exception, which is set, and 0 else. */
int nk_interrupts_end(nk_interrupts *interrupts);

#endif
