// The practical limit: an epoll loop in C with nothing above it. One thread, edge-triggered, one buffer for all connections.
// usage: epoll echo|sink|idle BUFFER_BYTES. Prints its port; ends when standard input closes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, EVENTS = 256 };

struct connection {
    int socket;
    char *rest;           // what the peer had no room for yet
    size_t rest_length;
};

static const int on = 1;
static bool echoes;
static char *buffer;
static size_t buffer_size;
static int epoll;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int descriptor, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data.ptr = data};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) && errno != EPERM)
        fail("epoll_ctl");
}

static void end(struct connection *connection)
{
    close(connection->socket);
    free(connection->rest);
    free(connection);
}

// Sends what there is room for and keeps the rest. False: the connection waits for room, or has ended.
static bool send_all(struct connection *connection, const char *bytes, size_t length)
{
    ssize_t sent = send(connection->socket, bytes, length, MSG_NOSIGNAL);
    if (sent == (ssize_t)length)
        return true;
    if (sent < 0 && errno != EAGAIN) {
        end(connection);
        return false;
    }
    if (sent < 0)
        sent = 0;
    char *rest = malloc(length - sent);
    connection->rest_length = length - sent;
    connection->rest = memcpy(rest, bytes + sent, connection->rest_length);
    return false;
}

static bool flush(struct connection *connection)
{
    char *rest = connection->rest;
    connection->rest = NULL;
    bool sent = send_all(connection, rest, connection->rest_length);
    free(rest);
    return sent;
}

static void serve(struct connection *connection, uint32_t events)
{
    if (connection->rest) {
        if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) || !flush(connection))
            return;
    } else if (events == EPOLLOUT) {
        return;
    }

    for (;;) {
        ssize_t count = recv(connection->socket, buffer, buffer_size, 0);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count <= 0) {
            end(connection);
            return;
        }
        if (echoes && !send_all(connection, buffer, count))
            return;
        // A short read emptied the socket; what comes later is another event. Only the end of the stream is not.
        if ((size_t)count < buffer_size && !(events & EPOLLRDHUP))
            return;
    }
}

static void accept_all(int listener)
{
    int socket;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        connection->socket = socket;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(socket, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
    }
    if (errno != EAGAIN && errno != ECONNABORTED)
        fail("accept4");
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, BACKLOG)
        || getsockname(listener, (struct sockaddr *)&address, &length))
        fail("listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int count, char **arguments)
{
    static struct connection listening, input;
    struct epoll_event events[EVENTS];
    if (count != 3)
        return 2;
    echoes = strcmp(arguments[1], "sink");
    buffer_size = strtoul(arguments[2], NULL, 10);
    buffer = malloc(buffer_size);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    listening.socket = listen_anywhere();
    watch(listening.socket, EPOLLIN, &listening);
    watch(STDIN_FILENO, EPOLLIN, &input);

    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        if (ready < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &input)
                return 0;
            if (events[i].data.ptr == &listening)
                accept_all(listening.socket);
            else
                serve(events[i].data.ptr, events[i].events);
        }
    }
}
