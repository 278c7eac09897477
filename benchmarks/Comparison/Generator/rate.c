#include "generator.h"

#include <stdio.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

// Latency counts from the instant a message was due, not from when it got sent: a stall delays all that fell due in it.
// Message n is due n / rate seconds after the start, on connection n mod connections; so a connection's k-th echo tells its own.
void run_rate(const struct options *options)
{
    struct epoll_event events[256];
    struct traffic *connections = calloc(options->connections, sizeof *connections);
    size_t capacity = options->rate * (options->seconds + 1) * 2, messages = 0;
    uint32_t *latencies = malloc(capacity * sizeof *latencies);
    double interval = 1e9 / options->rate;
    struct window window;
    uint64_t sent = 0;
    int epoll = make_epoll();

    traffic_begin(options->size);
    for (int i = 0; i < options->connections; i++) {
        traffic_open(&connections[i], connect_socket(options->port, i), i);
        watch(epoll, connections[i].socket, EPOLLIN, &connections[i]);
    }

    window_open(&window, options);
    uint64_t start = now();
    for (;;) {
        // Never sleeps: waking up late would be measured as the server's.
        int count = epoll_wait(epoll, events, sizeof events / sizeof *events, 0);
        uint64_t time = now();
        for (int i = 0; i < count; i++) {
            struct traffic *connection = events[i].data.ptr;
            uint64_t before = connection->received / options->size;
            while (traffic_receive(connection)) {
                uint64_t after = connection->received / options->size;
                for (; before < after; before++) {
                    uint64_t due = start + (before * options->connections + (connection - connections)) * interval;
                    if (messages < capacity)
                        latencies[messages++] = (time - due) / 10 > UINT32_MAX ? UINT32_MAX : (time - due) / 10;
                }
            }
        }

        enum phase phase = window_phase(&window);
        if (phase == BEGINNING)
            messages = 0;
        if (phase == ENDED)
            break;

        while (start + sent * interval <= time) {
            struct traffic *connection = &connections[sent++ % options->connections];
            connection->owed += options->size;
            traffic_send(connection);
        }
    }

    qsort(latencies, messages, sizeof *latencies, compare);
    if (!messages || messages == capacity) {
        fputs("the server does not keep up\n", stderr);
        exit(1);
    }

    // Kept in units of 10 ns, printed in microseconds.
    window_print(&window, "\"messages\": %zu, \"p50\": %.2f, \"p99\": %.2f, \"p999\": %.2f, \"max\": %.2f", messages,
                 latencies[messages / 2] / 100.0, latencies[messages * 99 / 100] / 100.0,
                 latencies[messages * 999 / 1000] / 100.0, latencies[messages - 1] / 100.0);
}
