#define _GNU_SOURCE
#include "generator.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

// The bytes are pages of a file in memory, which the socket takes as they are: only the server copies.
void run_stream(const struct options *options)
{
    enum { LENGTH = 1 << 20 };
    struct epoll_event event;
    struct window window;
    uint64_t sent = 0;
    off_t offset = 0;
    int epoll = make_epoll(), server = connect_socket(options->port, 0), file = memfd_create("stream", 0);
    if (file < 0 || ftruncate(file, LENGTH))
        fail("memfd_create");
    static char zeros[LENGTH];
    if (write(file, zeros, LENGTH) != LENGTH)
        fail("write");
    watch(epoll, server, EPOLLOUT, NULL);

    window_open(&window, options);
    for (;;) {
        enum phase phase = window_phase(&window);
        if (phase == BEGINNING)
            sent = 0;
        if (phase == ENDED)
            break;

        ssize_t count = sendfile(server, file, &offset, LENGTH - offset);
        if (offset == LENGTH)
            offset = 0;
        if (count >= 0)
            sent += count;
        else if (errno != EAGAIN)
            fail("sendfile");
        else if (epoll_wait(epoll, &event, 1, 1000) < 0 && errno != EINTR)
            fail("epoll_wait");
    }

    window_print(&window, "\"bytes\": %llu", (unsigned long long)sent);
}
