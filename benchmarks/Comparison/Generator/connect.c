#include "generator.h"

#include <stdlib.h>
#include <unistd.h>

static void begin(struct traffic *connection, int epoll, const struct options *options)
{
    static int index;
    index = (index + 1) & 0xFFFF;
    traffic_open(connection, open_socket(index), index);
    begin_connect(connection->socket, options->port);
    // On this machine a handshake is over when connect returns, so the message can go at once, and one event is enough.
    // Where it is not, there is no room to send yet, and the event says when.
    connection->owed = options->size;
    traffic_send(connection);
    watch(epoll, connection->socket, connection->owed ? EPOLLIN | EPOLLOUT : EPOLLIN, connection);
}

// The client closes first, politely, so it is on this side that the kernel remembers the connection for a minute.
void run_connect(const struct options *options)
{
    struct epoll_event events[256];
    struct traffic *connections = calloc(options->connections, sizeof *connections);
    struct window window;
    uint64_t done = 0;
    int epoll = make_epoll();

    traffic_begin(options->size);
    window_open(&window, options);
    for (int i = 0; i < options->connections; i++)
        begin(&connections[i], epoll, options);

    for (;;) {
        int count = epoll_wait(epoll, events, sizeof events / sizeof *events, 1000);
        enum phase phase = window_phase(&window);
        if (phase == BEGINNING)
            done = 0;
        if (phase == ENDED)
            break;

        for (int i = 0; i < count; i++) {
            struct traffic *connection = events[i].data.ptr;
            traffic_send(connection);
            if (!(events[i].events & EPOLLIN))
                continue;
            traffic_receive(connection);
            if (connection->received == options->size) {
                close(connection->socket);
                done++;
                begin(connection, epoll, options);
            }
        }
    }

    window_print(&window, "\"connections\": %llu", (unsigned long long)done);
}
