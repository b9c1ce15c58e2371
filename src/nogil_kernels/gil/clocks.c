#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* pthread_getcpuclockid, prctl, syscall */
#endif
#include "clocks.h"

#include <stdlib.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

struct nk_thread_clock {
    HANDLE thread;
};
struct nk_timer {
    HANDLE timer;
};

int64_t nk_now(void)
{
    LARGE_INTEGER ticks, per_second;

    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&per_second);
    const int64_t seconds = ticks.QuadPart / per_second.QuadPart, rest = ticks.QuadPart % per_second.QuadPart;
    return seconds * 1000000000 + rest * 1000000000 / per_second.QuadPart;
}

static ULONG64 cycles_of(HANDLE thread)
{
    ULONG64 cycles = 0;

    QueryThreadCycleTime(thread, &cycles);
    return cycles;
}

/* GetThreadTimes has steps of 16 ms. Cycles are exact, and one millisecond shows how long a cycle takes. */
static double nanoseconds_per_cycle(void)
{
    static double measured;

    if (measured == 0) {
        const int64_t begin = nk_now();
        const ULONG64 first = cycles_of(GetCurrentThread());
        int64_t end;
        do end = nk_now();
        while (end < begin + 1000000);
        measured = (double)(end - begin) / (double)(cycles_of(GetCurrentThread()) - first);
    }
    return measured;
}

static int64_t cpu_of(HANDLE thread) { return (int64_t)((double)cycles_of(thread) * nanoseconds_per_cycle()); }

nk_thread_clock *nk_thread_clock_open(void)
{
    nk_thread_clock *clock = malloc(sizeof *clock);

    nanoseconds_per_cycle();
    if (clock) clock->thread = OpenThread(THREAD_QUERY_LIMITED_INFORMATION, FALSE, GetCurrentThreadId());
    if (clock && clock->thread) return clock;
    free(clock);
    return NULL;
}

void nk_thread_clock_close(nk_thread_clock *clock)
{
    CloseHandle(clock->thread);
    free(clock);
}

int64_t nk_thread_cpu(const nk_thread_clock *clock) { return cpu_of(clock->thread); }
int64_t nk_own_cpu(void) { return cpu_of(GetCurrentThread()); }

int64_t nk_thread_ready(const nk_thread_clock *clock) { return (void)clock, -1; }

int64_t nk_idle(void)
{
    FILETIME idle, kernel, user;

    if (!GetSystemTimes(&idle, &kernel, &user)) return -1;
    return (((int64_t)idle.dwHighDateTime << 32) + idle.dwLowDateTime) * 100;
}

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 2 /* since Windows 10, version 1803 */
#endif

nk_timer *nk_timer_open(void)
{
    nk_timer *timer = malloc(sizeof *timer);

    if (timer) timer->timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
    return timer;
}

void nk_timer_close(nk_timer *timer)
{
    if (timer->timer) CloseHandle(timer->timer);
    free(timer);
}

void nk_pause(nk_timer *timer, int64_t duration)
{
    LARGE_INTEGER due;

    due.QuadPart = -duration / 100; /* from now, in units of 100 ns */
    if (timer->timer && SetWaitableTimer(timer->timer, &due, 0, NULL, NULL, FALSE)) WaitForSingleObject(timer->timer, INFINITE);
    else Sleep(1);
}

int64_t nk_process(void) { return (int64_t)GetCurrentProcessId(); }

#else
#include <pthread.h>
#include <time.h>
#include <unistd.h>

struct nk_timer {
    char unused;
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

void nk_pause(nk_timer *timer, int64_t duration)
{
    const struct timespec pause = {(time_t)(duration / 1000000000), (long)(duration % 1000000000)};

    (void)timer;
    nanosleep(&pause, NULL);
}

void nk_timer_close(nk_timer *timer) { free(timer); }
int64_t nk_process(void) { return getpid(); }
int64_t nk_own_cpu(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

#if defined(__APPLE__)
#include <mach/mach.h>

struct nk_thread_clock {
    mach_port_t thread;
};

int64_t nk_now(void) { return read_clock(CLOCK_UPTIME_RAW); }
nk_timer *nk_timer_open(void) { return malloc(sizeof(nk_timer)); }

nk_thread_clock *nk_thread_clock_open(void)
{
    nk_thread_clock *clock = malloc(sizeof *clock);

    if (clock) clock->thread = pthread_mach_thread_np(pthread_self());
    return clock;
}

void nk_thread_clock_close(nk_thread_clock *clock) { free(clock); }

int64_t nk_thread_cpu(const nk_thread_clock *clock) /* in steps of a microsecond */
{
    thread_basic_info_data_t info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    if (thread_info(clock->thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count) != KERN_SUCCESS) return 0;
    const int64_t seconds = info.user_time.seconds + info.system_time.seconds;
    return seconds * 1000000000 + (info.user_time.microseconds + info.system_time.microseconds) * (int64_t)1000;
}

int64_t nk_thread_ready(const nk_thread_clock *clock) { return (void)clock, -1; }

int64_t nk_idle(void) /* in ticks of 10 ms */
{
    host_cpu_load_info_data_t load;
    mach_msg_type_number_t count = HOST_CPU_LOAD_INFO_COUNT;

    if (host_statistics(mach_host_self(), HOST_CPU_LOAD_INFO, (host_info_t)&load, &count) != KERN_SUCCESS) return -1;
    return load.cpu_ticks[CPU_STATE_IDLE] * (int64_t)10000000;
}

#else
#include <fcntl.h>
#include <stdio.h>
#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

struct nk_thread_clock {
    clockid_t cpu;
    int schedstat; /* a file: time on a core, time in a run queue, ... */
};

int64_t nk_now(void) { return read_clock(CLOCK_MONOTONIC); }

nk_timer *nk_timer_open(void)
{
#if defined(__linux__)
    prctl(PR_SET_TIMERSLACK, 1000UL); /* pauses may be longer by 1 us rather than 50 */
#endif
    return malloc(sizeof(nk_timer));
}

nk_thread_clock *nk_thread_clock_open(void)
{
    nk_thread_clock *clock = malloc(sizeof *clock);

    if (!clock || pthread_getcpuclockid(pthread_self(), &clock->cpu) != 0) {
        free(clock);
        return NULL;
    }
    clock->schedstat = -1;
#if defined(__linux__)
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/schedstat", (long)syscall(SYS_gettid));
    clock->schedstat = open(path, O_RDONLY | O_CLOEXEC);
#endif
    return clock;
}

void nk_thread_clock_close(nk_thread_clock *clock)
{
    if (clock->schedstat >= 0) close(clock->schedstat);
    free(clock);
}

int64_t nk_thread_cpu(const nk_thread_clock *clock) { return read_clock(clock->cpu); }

int64_t nk_thread_ready(const nk_thread_clock *clock)
{
    char text[64], *end;
    const ssize_t length = clock->schedstat < 0 ? -1 : pread(clock->schedstat, text, sizeof text - 1, 0);

    if (length <= 0) return -1;
    text[length] = 0;
    strtoll(text, &end, 10);
    return strtoll(end, NULL, 10);
}

int64_t nk_idle(void) { return -1; } /* nk_thread_ready says more */
#endif
#endif
