/* Clocks and pauses of the three families of systems. Times are in nanoseconds. */
#ifndef NK_CLOCKS_H
#define NK_CLOCKS_H

#include <stdint.h>

typedef struct nk_thread_clock nk_thread_clock;

int64_t nk_now(void); /* the clock of time.perf_counter_ns */

/* Open the clocks of the calling thread. Any thread can read them. Return NULL if the system has none. */
nk_thread_clock *nk_thread_clock_open(void);
void nk_thread_clock_close(nk_thread_clock *clock);
int64_t nk_thread_cpu(const nk_thread_clock *clock);   /* time on a core */
int64_t nk_thread_ready(const nk_thread_clock *clock); /* time in a run queue; -1 if the system does not count it */
int64_t nk_idle(void);                                 /* idle time of all cores together; -1 if unknown */

int64_t nk_own_cpu(void); /* time that the calling thread was on a core */

typedef struct nk_timer nk_timer;

nk_timer *nk_timer_open(void); /* for the calling thread, with pauses as exact as the system allows */
void nk_timer_close(nk_timer *timer);
void nk_pause(nk_timer *timer, int64_t duration);
int64_t nk_process(void); /* the id of this process */

#endif
