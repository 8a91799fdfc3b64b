/*
 * Requests at a constant rate, for latency: the k-th is due at begin + k / rate
 * whether or not earlier ones have been answered, and its latency counts from
 * that moment, also while it waits for a connection.
 *
 *     tool_rate PORT FILE RATE SECONDS CONNECTIONS
 *
 * FILE holds whole requests one after another; they are sent in turn, over
 * connections that stay open, to 127.0.0.1. Prints one line:
 * "answered N broken N p50 US p90 US p99 US p999 US max US". A response
 * that is not 200, or not whole, is broken. Ends by itself five seconds after
 * the last request was due; what has no answer by then is broken.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define REQUESTS_MAX    100000
#define LATENCIES_MAX   20000000
#define HEAD_MAX        4096
#define GRACE           5.0 /* seconds */

typedef struct {
    int fd;
    double due;   /* of the request on its way */
    size_t n;     /* bytes of the head so far */
    size_t body;  /* bytes of the body still to come */
    bool in_body; /* the head is whole */
    char head[HEAD_MAX];
} connection_t;

static connection_t connections[CONNECTIONS_MAX], *idle[CONNECTIONS_MAX];
static struct {
    const char *p;
    size_t n;
} requests[REQUESTS_MAX];
static size_t nrequests, nidle, nlatencies, sent, broken, on_way;
static float *latencies; /* microseconds */
static int poller;

static double
seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
fail(const char *what)
{
    (void)fprintf(stderr, "tool_rate: %s\n", what);
    exit(1);
}

static void
read_requests(const char *file)
{
    static char text[64u << 20];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t got;
    size_t n = 0;

    if (fd < 0) {
        fail("the file of requests cannot be opened");
    }
    while (n < sizeof(text) - 1 && (got = read(fd, text + n, sizeof(text) - 1 - n)) > 0) {
        n += (size_t)got;
    }
    (void)close(fd);
    for (char *p = text, *end; (end = strstr(p, "\r\n\r\n")) != NULL; p = end + 4) {
        if (nrequests == REQUESTS_MAX) {
            fail("too many requests in the file");
        }
        requests[nrequests].p = p;
        requests[nrequests++].n = (size_t)(end + 4 - p);
    }
    if (nrequests == 0) {
        fail("no requests in the file");
    }
}

static void
connect_all(const char *port, unsigned n)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int one = 1;

    to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (unsigned i = 0; i < n; i++) {
        connection_t *c = &connections[i];
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
            setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
            fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0 ||
            epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &ev) != 0) {
            fail("cannot connect");
        }
        idle[nidle++] = c;
    }
}

static void
send_one(double due)
{
    connection_t *c = idle[--nidle];
    size_t k = sent++ % nrequests;

    c->due = due;
    c->n = c->body = 0;
    c->in_body = false;
    if (send(c->fd, requests[k].p, requests[k].n, MSG_NOSIGNAL) != (ssize_t)requests[k].n) {
        broken++; /* the connection is given up */
        return;
    }
    on_way++;
}

static void
finish(connection_t *c, bool good)
{
    on_way--;
    if (!good) {
        broken++;
    } else {
        latencies[nlatencies++] = (float)((seconds() - c->due) * 1e6);
    }
    if (good) {
        idle[nidle++] = c;
    } else {
        (void)close(c->fd);
    }
}

/* Once the head is whole: 1 when the body is, too; 0: more to come; -1: broken. */
static int
take_head(connection_t *c)
{
    const char *length;
    char *end;
    size_t whole;

    c->head[c->n] = '\0';
    end = strstr(c->head, "\r\n\r\n");
    if (end == NULL) {
        return c->n + 1 < sizeof(c->head) ? 0 : -1;
    }
    length = strcasestr(c->head, "\r\nContent-Length: ");
    if (strncmp(c->head, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end) {
        return -1;
    }
    whole = (size_t)(end + 4 - c->head) + strtoul(length + 18, NULL, 10);
    if (c->n > whole) {
        return -1;
    }
    c->in_body = true;
    c->body = whole - c->n;
    return c->body == 0;
}

static void
on_readable(connection_t *c)
{
    static char body[65536];
    ssize_t n;
    int done = 0;

    do {
        char *to = c->in_body ? body : c->head + c->n;
        size_t room = c->in_body ? sizeof(body) : sizeof(c->head) - 1 - c->n;

        n = recv(c->fd, to, room, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (n <= 0 || (c->in_body && (size_t)n > c->body)) {
            done = -1;
        } else if (c->in_body) {
            c->body -= (size_t)n;
            done = c->body == 0;
        } else {
            c->n += (size_t)n;
            done = take_head(c);
        }
    } while (done == 0);
    finish(c, done > 0);
}

static void
run(double rate, double length)
{
    struct epoll_event events[64];
    double begin = seconds(), until = begin + length;
    size_t total = (size_t)(rate * length);

    while (sent < total || on_way > 0) {
        double now = seconds(), due = begin + (double)sent / rate, wait = GRACE;
        struct timespec t;
        int got;

        while (sent < total && nidle > 0 && due <= now) {
            send_one(due);
            due = begin + (double)sent / rate;
        }
        if (now > until + GRACE || (nidle == 0 && on_way == 0)) {
            break;
        }
        if (sent < total && nidle > 0) {
            wait = due > now ? due - now : 0;
        }
        t = (struct timespec){ (time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9) };
        got = epoll_pwait2(poller, events, 64, &t, NULL);
        for (int i = 0; i < got; i++) {
            on_readable(events[i].data.ptr);
        }
    }
    broken += total - sent + on_way;
}

static int
compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return x < y ? -1 : x > y;
}

static double
percentile(double part)
{
    return nlatencies == 0 ? 0 : (double)latencies[(size_t)(part * (double)(nlatencies - 1))];
}

int
main(int argc, char **argv)
{
    double rate, length;
    unsigned n;

    if (argc != 6) {
        fail("arguments: PORT FILE RATE SECONDS CONNECTIONS");
    }
    rate = strtod(argv[3], NULL);
    length = strtod(argv[4], NULL);
    n = (unsigned)strtoul(argv[5], NULL, 10);
    if (!(rate > 0) || !(length > 0) || rate * length >= LATENCIES_MAX || n == 0 ||
        n > CONNECTIONS_MAX) {
        fail("a rate and seconds above 0, at most 20 million requests, 1 to 1024 connections");
    }
    latencies = calloc((size_t)(rate * length) + 1, sizeof(*latencies));
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (latencies == NULL || poller < 0) {
        fail("no memory");
    }
    (void)prctl(PR_SET_TIMERSLACK, 1000ul); /* ns: wakes when a request is due, not 50 us later */
    read_requests(argv[2]);
    connect_all(argv[1], n);
    run(rate, length);
    qsort(latencies, nlatencies, sizeof(*latencies), compare);
    (void)printf("answered %zu broken %zu p50 %.1f p90 %.1f p99 %.1f p999 %.1f max %.1f\n",
        nlatencies, broken, percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999),
        percentile(1));
    free(latencies);
    return 0;
}
