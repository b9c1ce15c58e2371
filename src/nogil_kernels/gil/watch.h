/* A native thread that watches what another thread does with the GIL, and never takes the GIL itself. */
#ifndef NK_WATCH_H
#define NK_WATCH_H

#include <stdint.h>

/* A sample, with times in nanoseconds. The difference of two samples belongs to the time between them. */
typedef struct {
    int64_t now;
    int64_t cpu;   /* time that the thread was on a core */
    int64_t ready; /* time that it waited for a core; -1 if the system does not count it */
    int64_t flags;
} nk_watch_sample;

enum {
    NK_HOLDS = 1,  /* the thread held the GIL; on a free-threaded build: it was attached */
    NK_WANTS = 2,  /* the thread waited for the GIL; only set if nk_watch_knows_wants */
    NK_OTHERS = 4, /* another thread held the GIL */
};

/* Precedes the samples in memory. gil/recording.py has the same layout. */
typedef struct {
    int64_t count; /* of complete samples */
    int64_t cost;  /* CPU time of the native thread, once it has ended */
} nk_watch_header;

extern const int nk_watch_knows_wants; /* whether this CPython publishes which threads wait for the GIL: from 3.15 on */

typedef struct nk_watch nk_watch;

/* Watch the calling thread, which holds the GIL: write at most `most` samples, one per `interval` nanoseconds on average.
 * On a busy machine they become rarer. Return NULL if the system has no memory or no thread. */
nk_watch *nk_watch_start(nk_watch_header *header, nk_watch_sample *samples, int64_t most, int64_t interval);

/* End the native thread, wait for it, and free the watch. The watched thread must not end before. */
void nk_watch_stop(nk_watch *watch);

#endif
