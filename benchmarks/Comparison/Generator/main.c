#include "generator.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mode {
    const char *name;
    void (*run)(const struct options *options);
} modes[] = {
    {"echo", run_echo},       // closed loop: a message goes out when one came back
    {"rate", run_rate},       // open loop: messages go out when they are due
    {"stream", run_stream},   // one connection, one direction, as fast as possible
    {"connect", run_connect}, // connect, one echo, close
    {"idle", run_idle},       // one echo on each of many connections, then silence
};

int main(int count, char **arguments)
{
    struct options options = {.connections = 1, .size = 64, .depth = 1, .warmup = 1, .seconds = 2};
    const struct mode *mode = NULL;
    for (size_t i = 0; count > 1 && i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(arguments[1], modes[i].name))
            mode = &modes[i];

    for (int i = 2; i + 1 < count; i += 2) {
        double value = strtod(arguments[i + 1], NULL);
        if (!strcmp(arguments[i], "--port")) options.port = value;
        else if (!strcmp(arguments[i], "--server")) options.server = value;
        else if (!strcmp(arguments[i], "--connections")) options.connections = value;
        else if (!strcmp(arguments[i], "--size")) options.size = value;
        else if (!strcmp(arguments[i], "--depth")) options.depth = value;
        else if (!strcmp(arguments[i], "--rate")) options.rate = value;
        else if (!strcmp(arguments[i], "--warmup")) options.warmup = value;
        else if (!strcmp(arguments[i], "--seconds")) options.seconds = value;
        else mode = NULL;
    }

    if (!mode || !options.port || options.connections < 1 || options.size < 1 || options.depth < 1) {
        fputs("usage: generator echo|rate|stream|connect|idle --port N [--server PID] [--connections N] [--size BYTES]\n"
              "                 [--depth N] [--rate PER_SECOND] [--warmup SECONDS] [--seconds SECONDS]\n", stderr);
        return 2;
    }

    signal(SIGPIPE, SIG_IGN);
    mode->run(&options);
    return 0;
}
