#include "gil_state.h"
#include "clocks.h"
#include "watch.h"

#include <pythread.h>
#include <stdlib.h>

const int nk_watch_knows_wants = NK_GIL_KNOWS_WANTS;

struct nk_watch {
    nk_gil_state gil;
    nk_thread_clock *clock;
    nk_watch_header *header;
    nk_watch_sample *samples;
    int64_t most, interval;
    int64_t process;         /* a fork has this memory, and no native thread */
    int64_t stop;
    PyThread_type_lock done; /* held by the native thread until it ends */
};

static void take_sample(nk_watch *watch)
{
    const int64_t count = watch->header->count;
    nk_watch_sample *sample = &watch->samples[count];

    if (count == watch->most) return;
    sample->flags = nk_gil_holds(&watch->gil) ? NK_HOLDS : 0;
    sample->now = nk_now();
    if (nk_gil_wants(&watch->gil)) sample->flags |= NK_WANTS;
    if (nk_gil_others(&watch->gil)) sample->flags |= NK_OTHERS;
    sample->cpu = nk_thread_cpu(watch->clock);
    sample->ready = nk_thread_ready(watch->clock);
    NK_STORE(&watch->header->count, count + 1);
}

/* What `slower` compares, every REVIEW samples. */
typedef struct {
    int64_t now, ready, cost;
} progress;

static progress progress_of(const nk_watch *watch, const nk_thread_clock *own)
{
    return (progress){nk_now(), nk_thread_ready(watch->clock), nk_thread_cpu(own)};
}

enum { REVIEW = 32, SLOWEST = 40, CALM = 500 * 1000 * 1000 };

/* Return how many base intervals one interval has from now on.
 *
 * A sample costs 2 us, or 20 us in a virtual machine, where a timer is expensive. On a free core that slows nobody. If the watched thread waited for a core for more
 * than a fiftieth of the time at any review of the last CALM nanoseconds, or if the system does not count that time, the
 * interval grows until the samples take 1.5 % of a core, but at most SLOWEST times. */
static int64_t slower(const nk_watch *watch, progress from, progress to, int64_t *busy_until)
{
    const int64_t cost = (to.cost - from.cost) / REVIEW;
    int64_t factor = 1;

    if (from.ready < 0 || to.ready - from.ready > (to.now - from.now) / 50) *busy_until = to.now + CALM;
    if (to.now > *busy_until) return 1;
    while (factor < SLOWEST && factor * watch->interval * 15 / 1000 < cost) factor++;
    return factor;
}

static void watch_thread(void *argument)
{
    nk_watch *watch = argument;
    nk_thread_clock *own = nk_thread_clock_open();
    nk_timer *timer = nk_timer_open();
    uint64_t random = (uint64_t)nk_now();
    int64_t interval = watch->interval, busy_until = 0;

    if (own && timer) {
        progress last = progress_of(watch, own);

        for (int taken = 1; !NK_LOAD(&watch->stop); taken++) {
            /* Half to one and a half intervals, because equal ones could follow a rhythm of the thread. Knuth's MMIX. */
            random = random * 6364136223846793005u + 1442695040888963407u;
            nk_pause(timer, interval / 2 + (int64_t)((random >> 33) % (uint64_t)interval));
            take_sample(watch);
            if (taken % REVIEW == 0) {
                const progress now = progress_of(watch, own);
                interval = watch->interval * slower(watch, last, now, &busy_until);
                last = now;
            }
        }
        NK_STORE(&watch->header->cost, nk_thread_cpu(own));
    }
    if (own) nk_thread_clock_close(own);
    if (timer) nk_timer_close(timer);
    PyThread_release_lock(watch->done);
}

static void free_watch(nk_watch *watch)
{
    if (watch->clock) nk_thread_clock_close(watch->clock);
    if (watch->done) PyThread_free_lock(watch->done);
    free(watch);
}

nk_watch *nk_watch_start(nk_watch_header *header, nk_watch_sample *samples, int64_t most, int64_t interval)
{
    nk_watch *watch = calloc(1, sizeof *watch);

    if (!watch) return NULL;
    watch->gil = nk_gil_state_here();
    watch->clock = nk_thread_clock_open();
    watch->done = PyThread_allocate_lock();
    watch->header = header;
    watch->samples = samples;
    watch->most = most;
    watch->interval = interval;
    watch->process = nk_process();
    if (watch->clock && watch->done) {
        PyThread_acquire_lock(watch->done, 1);
        take_sample(watch);
        if (PyThread_start_new_thread(watch_thread, watch) != PYTHREAD_INVALID_THREAD_ID) return watch;
        PyThread_release_lock(watch->done);
    }
    free_watch(watch);
    return NULL;
}

void nk_watch_stop(nk_watch *watch)
{
    if (watch->process == nk_process()) {
        NK_STORE(&watch->stop, 1);
        PyThread_acquire_lock(watch->done, 1);
        PyThread_release_lock(watch->done);
    }
    free_watch(watch);
}
