#include "generator.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void run_idle(const struct options *options)
{
    struct traffic *connections = calloc(options->connections, sizeof *connections);
    traffic_begin(options->size);
    for (int i = 0; i < options->connections; i++)
        traffic_open(&connections[i], connect_socket(options->port, i), i);

    for (int i = 0; i < options->connections; i++) {
        struct traffic *connection = &connections[i];
        struct pollfd readable = {.fd = connection->socket, .events = POLLIN};
        connection->owed = options->size;
        traffic_send(connection);
        while (connection->received < options->size) {
            if (poll(&readable, 1, 10000) != 1)
                fail("no echo for 10 seconds");
            traffic_receive(connection);
        }
    }

    puts("READY");
    fflush(stdout);
    while (getchar() != EOF)
        ;
}
