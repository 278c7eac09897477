#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

// One address has 28,000 ports, fewer than the connections of the last minute, which the kernel remembers.
enum { SOURCE_ADDRESSES = 64 };

void fail(const char *what)
{
    perror(what);
    exit(1);
}

int make_epoll(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll_create1");
    return epoll;
}

void watch(int epoll, int socket, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events | EPOLLET, .data.ptr = data};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event))
        fail("epoll_ctl");
}

int open_socket(int index)
{
    static const int on = 1;
    struct sockaddr_in source = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index % SOURCE_ADDRESSES)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client < 0)
        fail("socket");
    // Linux's default, whatever this machine's: one that paces itself would be measured in place of the server.
    setsockopt(client, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    // The port is chosen at connect, when the destination is known: the same one may serve several.
    setsockopt(client, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(client, (struct sockaddr *)&source, sizeof source))
        fail("bind");
    return client;
}

void begin_connect(int client, int port)
{
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(client, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
        fail("connect");
}

int connect_socket(int port, int index)
{
    int client = open_socket(index), error = 0;
    struct pollfd connected = {.fd = client, .events = POLLOUT};
    socklen_t length = sizeof error;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    begin_connect(client, port);
    if (poll(&connected, 1, 10000) != 1)
        fail("connect, for 10 seconds");
    getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length);
    if ((errno = error))
        fail("connect");
    return client;
}
