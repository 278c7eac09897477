// A load generator: one thread, one epoll, as cheap as possible, so that the server is what limits.
#ifndef GENERATOR_H
#define GENERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

struct options {
    int port;
    pid_t server;         // whose CPU time is read at both ends of the measured time; 0: nobody's
    int connections;
    size_t size;          // of a message, bytes
    int depth;            // messages in flight per connection
    double rate;          // messages a second over all connections
    double warmup;        // seconds before the measured time
    double seconds;       // measured time
};

void run_echo(const struct options *options);
void run_rate(const struct options *options);
void run_stream(const struct options *options);
void run_connect(const struct options *options);
void run_idle(const struct options *options);

// window.c: the measured time, and the CPU time spent in it.
struct window {
    uint64_t began, ends;
    double server_cpu, own_cpu, elapsed;
    const struct options *options;
    bool measuring;
};

enum phase { WARMING_UP, BEGINNING, MEASURING, ENDED };

uint64_t now(void);       // nanoseconds
void window_open(struct window *window, const struct options *options);
enum phase window_phase(struct window *window);
void window_print(const struct window *window, const char *format, ...) __attribute__((format(printf, 2, 3)));

// sockets.c
_Noreturn void fail(const char *what);
int open_socket(int index);                       // bound to one of many source addresses, non-blocking
void begin_connect(int socket, int port);
int connect_socket(int port, int index);          // connected, sends without delay
int make_epoll(void);
void watch(int epoll, int socket, uint32_t events, void *data);   // edge-triggered

// traffic.c: what is sent on a connection, and whether it came back.
struct traffic {
    int socket;
    uint32_t shift;        // where in the noise this connection begins
    uint64_t owed;         // bytes to send now
    uint64_t sent, received;   // bytes so far
    unsigned unread;           // messages that have arrived and are still to be read
    unsigned unseen;           // reads since one whose bytes were looked at
};

void traffic_begin(size_t longest_send);
void traffic_open(struct traffic *traffic, int socket, int index);
void traffic_send(struct traffic *traffic);       // as much of what is owed as there is room for
bool traffic_receive(struct traffic *traffic);    // false: nothing there
void traffic_arrived(struct traffic *traffic);    // the one small message under way is back: to be read later, many at once

#endif
