#define _GNU_SOURCE
#include "generator.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static double clock_seconds(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time))
        fail("clock_gettime");
    return time.tv_sec + time.tv_nsec * 1e-9;
}

// User and system time of all threads of the server, those that have ended included, in nanoseconds as the scheduler counts.
static double server_cpu(const struct options *options)
{
    clockid_t clock;
    if (!options->server)
        return 0;
    if (clock_getcpuclockid(options->server, &clock))
        fail("no such server process");
    return clock_seconds(clock);
}

uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

void window_open(struct window *window, const struct options *options)
{
    *window = (struct window){.options = options, .ends = now() + options->warmup * 1e9};
}

enum phase window_phase(struct window *window)
{
    uint64_t time = now();
    if (time < window->ends)
        return window->measuring ? MEASURING : WARMING_UP;

    double server = server_cpu(window->options), own = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (!window->measuring) {
        window->measuring = true;
        window->began = time;
        window->ends = time + window->options->seconds * 1e9;
        window->server_cpu = server;
        window->own_cpu = own;
        puts("MEASURING");
        fflush(stdout);
        return BEGINNING;
    }

    window->elapsed = (time - window->began) * 1e-9;
    window->server_cpu = server - window->server_cpu;
    window->own_cpu = own - window->own_cpu;
    return ENDED;
}

void window_print(const struct window *window, const char *format, ...)
{
    va_list values;
    printf("{\"seconds\": %.6f, \"serverCpu\": %.6f, \"generatorCpu\": %.6f, ",
           window->elapsed, window->server_cpu, window->own_cpu);
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    puts("}");
}
