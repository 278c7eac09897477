#include "generator.h"

#include <stdlib.h>

void run_echo(const struct options *options)
{
    struct epoll_event events[256];
    struct traffic *connections = calloc(options->connections, sizeof *connections);
    struct window window;
    uint64_t messages = 0;
    int epoll = make_epoll();

    traffic_begin(options->size * options->depth);
    for (int i = 0; i < options->connections; i++) {
        traffic_open(&connections[i], connect_socket(options->port, i), i);
        watch(epoll, connections[i].socket, &connections[i]);
    }

    window_open(&window, options);
    for (int i = 0; i < options->connections; i++) {
        connections[i].owed = options->size * options->depth;
        traffic_send(&connections[i]);
    }

    for (;;) {
        int count = epoll_wait(epoll, events, sizeof events / sizeof *events, 1000);
        enum phase phase = window_phase(&window);
        if (phase == BEGINNING)
            messages = 0;
        if (phase == ENDED)
            break;

        for (int i = 0; i < count; i++) {
            struct traffic *connection = events[i].data.ptr;
            uint64_t before = connection->received / options->size;
            traffic_send(connection);
            while (traffic_receive(connection)) {
                uint64_t complete = connection->received / options->size - before;
                before += complete;
                messages += complete;
                connection->owed += complete * options->size;
                if (connection->sent == connection->received)
                    break;
            }
            traffic_send(connection);
        }
    }

    window_print(&window, "\"messages\": %llu", (unsigned long long)messages);
}
