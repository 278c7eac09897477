#include "generator.h"

#include <stdlib.h>

// What came back goes out again. Returns how many messages came.
static uint64_t answer(struct traffic *connection, size_t size)
{
    uint64_t messages = 0;
    traffic_send(connection);
    do {
        uint64_t before = connection->received / size;
        if (!traffic_receive(connection))
            break;
        uint64_t complete = connection->received / size - before;
        messages += complete;
        connection->owed += complete * size;
    } while (connection->received < connection->sent);
    traffic_send(connection);
    return messages;
}

static uint64_t answer_unread(struct traffic *connection, size_t size)
{
    traffic_arrived(connection);
    connection->owed = size;
    traffic_send(connection);
    return 1;
}

void run_echo(const struct options *options)
{
    struct epoll_event events[256];
    struct traffic *connections = calloc(options->connections, sizeof *connections);
    bool comes_in_one_piece = options->depth == 1 && options->size <= 512;
    uint64_t (*respond)(struct traffic *, size_t) = comes_in_one_piece ? answer_unread : answer;
    struct window window;
    uint64_t messages = 0;
    int epoll = make_epoll();

    traffic_begin(options->size * options->depth);
    for (int i = 0; i < options->connections; i++) {
        traffic_open(&connections[i], connect_socket(options->port, i), i);
        // Small messages always have room; an event is an arrival then, and nothing else.
        watch(epoll, connections[i].socket, comes_in_one_piece ? EPOLLIN : EPOLLIN | EPOLLOUT, &connections[i]);
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
        for (int i = 0; i < count; i++)
            messages += respond(events[i].data.ptr, options->size);
    }

    window_print(&window, "\"messages\": %llu", (unsigned long long)messages);
}
