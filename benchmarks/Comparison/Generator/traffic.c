#include "generator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// Every connection sends the same endless noise, each from another place in it: a byte that is lost, doubled, or sent to the
// wrong connection shows. Repeated behind its end, so that any stretch of it is in one piece.
enum { PERIOD = 4096, LONGEST_RECEIVE = 65536 };

static unsigned char *noise, *received;

static const unsigned char *at(const struct traffic *traffic, uint64_t position)
{
    return noise + (position + traffic->shift) % PERIOD;
}

void traffic_begin(size_t longest_send)
{
    size_t length = PERIOD + (longest_send > LONGEST_RECEIVE ? longest_send : LONGEST_RECEIVE);
    noise = malloc(length);
    received = malloc(LONGEST_RECEIVE);
    srand(1);
    for (size_t i = 0; i < length; i++)
        noise[i] = i < PERIOD ? (unsigned char)(rand() >> 8) : noise[i - PERIOD];
}

void traffic_open(struct traffic *traffic, int socket, int index)
{
    *traffic = (struct traffic){.socket = socket, .shift = index * 37u % PERIOD};
}

void traffic_send(struct traffic *traffic)
{
    while (traffic->owed) {
        ssize_t count = send(traffic->socket, at(traffic, traffic->sent), traffic->owed, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno == EAGAIN)
                return;
            fail("send");
        }
        traffic->sent += count;
        traffic->owed -= count;
    }
}

bool traffic_receive(struct traffic *traffic)
{
    // Never more than is under way, so nothing is left behind when it has come, and no call is needed to find that out.
    uint64_t wanted = traffic->sent - traffic->received;
    if (!wanted)
        return false;
    ssize_t count = recv(traffic->socket, received, wanted < LONGEST_RECEIVE ? wanted : LONGEST_RECEIVE, 0);
    if (count < 0 && errno == EAGAIN)
        return false;
    if (count < 0)
        fail("recv");
    if (count == 0) {
        fputs("the server closed a connection\n", stderr);
        exit(1);
    }
    if (memcmp(received, at(traffic, traffic->received), count)) {
        fputs("the echo is not what was sent\n", stderr);
        exit(1);
    }
    traffic->received += count;
    return true;
}
