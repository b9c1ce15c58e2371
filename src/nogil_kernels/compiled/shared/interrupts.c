/* Interrupts of a kernel: see interrupts.h. Compiled once per extension. */
#if !defined(Py_LIMITED_API) && !defined(Py_BUILD_CORE)
#define Py_BUILD_CORE 1 /* CPython 3.11 and 3.12: _PyRuntime is internal */
#endif
#include "interrupts.h"

#include <time.h>

#if PY_VERSION_HEX < 0x030D0000 && !defined(Py_LIMITED_API)
#include "internal/pycore_runtime.h"
#endif

/* Bits of eval_breaker: internal/pycore_ceval.h of 3.13, 3.14 and 3.15. */
enum { SIGNALS_PENDING = 1 << 1, PLEASE_STOP = 1 << 5 };

static int never_stop = 0, always_stop = 1; /* constants */
static const nk_word nothing_pending = 0;

void nk_interrupts_never(nk_interrupts *interrupts)
{
    *interrupts = (nk_interrupts){.pending = &nothing_pending, .stop = &never_stop, .checks_left = INT64_MAX};
}

void nk_interrupts_begin(nk_interrupts *interrupts, int *stop, int released)
{
    nk_interrupts_never(interrupts);
    if (stop) interrupts->stop = stop;
    interrupts->thread = PyThreadState_Get();
    interrupts->released = released;
#ifdef Py_LIMITED_API
    interrupts->checks_left = interrupts->checks_per_look = 1;
#elif PY_VERSION_HEX >= 0x030D0000
    interrupts->pending = &interrupts->thread->eval_breaker;
    interrupts->wanted = SIGNALS_PENDING;
#ifdef Py_GIL_DISABLED
    if (!released) interrupts->wanted |= PLEASE_STOP;
#endif
#else
    if (PyThread_get_thread_ident() == _PyRuntime.main_thread &&
        PyThreadState_GetInterpreter(interrupts->thread) == PyInterpreterState_Main()) {
        interrupts->pending = (const int *)&_PyRuntime.ceval.signals_pending;
        interrupts->wanted = 1;
    }
#endif
}

int nk_interrupts_end(nk_interrupts *interrupts)
{
    if (interrupts->reattach) PyEval_RestoreThread(interrupts->thread);
    return interrupts->stop == &always_stop ? -1 : 0;
}

#ifdef Py_LIMITED_API
enum {
    LOOK_NS = 1000 * 1000,      /* between two looks at the clock */
    ANSWER_NS = 50 * LOOK_NS,   /* between two runs of the handlers */
    MOST_CHECKS = 64,           /* between two looks at the clock: the next checks can be slower than the last ones */
};

/* Return whether ANSWER_NS have passed. Reading the clock takes as long as a small product, so most checks do not. */
static int is_time_to_answer(nk_interrupts *interrupts)
{
    struct timespec time;
    int64_t now, since_look, since_answer;

    timespec_get(&time, TIME_UTC); /* somebody can set this clock back, so a negative difference also counts */
    now = (int64_t)time.tv_sec * 1000 * LOOK_NS + time.tv_nsec;
    if (interrupts->last_answer == 0) interrupts->last_look = interrupts->last_answer = now;
    since_look = now - interrupts->last_look;
    since_answer = now - interrupts->last_answer;
    if (since_look > LOOK_NS) interrupts->checks_per_look = 1;
    else if (interrupts->checks_per_look < MOST_CHECKS) interrupts->checks_per_look *= 2;
    interrupts->checks_left = interrupts->checks_per_look;
    interrupts->last_look = now;
    if (since_answer >= 0 && since_answer < ANSWER_NS) return 0;
    interrupts->last_answer = now;
    return 1;
}
#endif

/* A handler can call a kernel, which a signal interrupts in turn. Each level takes 32 KiB of the stack. */
enum { MOST_LEVELS = 50 };
static int levels; /* guarded by the GIL; on free-threaded builds, only the main thread runs handlers */

/* Run the handlers of signals. Return 1 if the work must end. */
int nk_answer(nk_interrupts *interrupts)
{
    int failed;

    if (NK_ATOMIC_LOAD(int, interrupts->stop)) return 1;
    if (levels == MOST_LEVELS) return 0;
#ifdef Py_LIMITED_API
    if (!is_time_to_answer(interrupts)) return 0;
#elif defined(Py_GIL_DISABLED)
    /* Another thread stops the world, for a garbage collection for example. It waits until this thread is detached. The
     * rest of the work runs detached: a kernel does not need to be attached. */
    if (NK_ATOMIC_LOAD(nk_word, interrupts->pending) & interrupts->wanted & PLEASE_STOP) {
        PyEval_SaveThread();
        interrupts->released = interrupts->reattach = 1;
        interrupts->wanted = SIGNALS_PENDING;
        return 0;
    }
#endif
    if (interrupts->released) PyEval_RestoreThread(interrupts->thread);
    levels++;
    failed = Py_MakePendingCalls(); /* PyErr_CheckSignals would leave the word set, so each check would come here */
    levels--;
    if (interrupts->released) PyEval_SaveThread();
    if (failed) {
        if (interrupts->stop != &never_stop) nk_set_stop(interrupts->stop);
        interrupts->stop = &always_stop;
    }
    return failed != 0;
}
