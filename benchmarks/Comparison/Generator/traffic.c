#include "generator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// Every connection sends the same endless noise, each from another place in it: a byte that is lost, doubled, or sent to the
// wrong connection shows. Repeated behind its end, so that any stretch of it is in one piece.
enum { PERIOD = 4096, LONGEST_RECEIVE = 65536, LEFT_UNREAD = 15, DISCARDED = 15 };

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
    // Most bytes are counted and thrown away in the kernel; to look at some of all is enough to see that they are right.
    bool looks = traffic->unseen++ % (DISCARDED + 1) == 0;
    ssize_t count = recv(traffic->socket, received, wanted < LONGEST_RECEIVE ? wanted : LONGEST_RECEIVE, looks ? 0 : MSG_TRUNC);
    if (count < 0 && errno == EAGAIN)
        return false;
    if (count < 0)
        fail("recv");
    if (count == 0) {
        fputs("the server closed a connection\n", stderr);
        exit(1);
    }
    if (looks && memcmp(received, at(traffic, traffic->received), count)) {
        fputs("the echo is not what was sent\n", stderr);
        exit(1);
    }
    traffic->received += count;
    return true;
}

void traffic_arrived(struct traffic *traffic)
{
    // One small message was under way, and comes in one piece: that something came is all there is to know. What it says is
    // looked at together with the next ones. With half the calls, the generator costs less than the cheapest server.
    if (++traffic->unread <= LEFT_UNREAD)
        return;
    traffic->unread = traffic->unseen = 0;
    if (!traffic_receive(traffic) || traffic->received != traffic->sent) {
        fputs("an echo came in pieces\n", stderr);
        exit(1);
    }
}
