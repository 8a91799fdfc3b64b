/*
 * Visitors at full speed, for counting: each is one browser with a cookie jar
 * that makes its requests one after another, over connections that change, so
 * that one visitor meets every worker.
 *
 *     tool_load [rate=N] PORT HOST KEYFILE COOKIE VISITORS REQUESTS CONNECTIONS PATH…
 *
 * With a rate, N requests a second are begun, as long as a connection is free.
 * Prints a line for each visitor and path: "VISITOR PATH ANSWERED BROKEN":
 * how many 200s arrived whole, and how many requests got no whole answer; then
 * "waits LATE SLOWEST": how many took longer than a second, and the longest in
 * ms. The last line is "total ANSWERED BROKEN". A broken request is not repeated; a
 * connection closed before its request could be sent is opened again.
 * "progress N" appears on standard error each 1000 answers.
 */

#include "senda_cookie.h"
#include "senda_keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATHS_MAX    16
#define RESPONSE_MAX 65536

typedef struct {
    char cookie[SENDA_COOKIE_MAX];
    unsigned left;
    unsigned answered[PATHS_MAX], broken[PATHS_MAX];
} visitor_t;

typedef struct {
    int fd;
    int busy;               /* a request is on its way */
    unsigned visitor, path; /* of the request on its way */
    unsigned requests;      /* sent on this connection */
    double since;           /* when the one on its way was begun, in seconds */
    size_t n;
    char buf[RESPONSE_MAX];
} connection_t;

static visitor_t *visitors;
static unsigned *queue, queue_head, queue_len, nvisitors;
static const char **paths;
static unsigned npaths;
static unsigned long answered, broken, open_requests, begun, late;
static double begin, slowest;
static unsigned rate; /* requests a second; 0: as fast as they are answered */
static const char *host, *cookie_name;
static unsigned port;
static int poller;
static uint64_t seed = 88172645463325252u;

static unsigned
draw(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static double
seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
put_back(unsigned v)
{
    if (visitors[v].left > 0) {
        queue[(queue_head + queue_len++) % nvisitors] = v;
    }
}

static int
connect_one(connection_t *c)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
    int one = 1;

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        return -1;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->requests = 0;
    return epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &ev);
}

static void
disconnect(connection_t *c)
{
    if (c->fd >= 0) {
        close(c->fd);
        c->fd = -1;
    }
}

static int
send_request(connection_t *c)
{
    const visitor_t *v = &visitors[c->visitor];
    char text[2048];
    int n = snprintf(text, sizeof(text),
        "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0"
        "\r\n%s%s%s%s%s\r\n",
        paths[c->path], host, v->cookie[0] ? "Cookie: " : "", v->cookie[0] ? cookie_name : "",
        v->cookie[0] ? "=" : "", v->cookie, v->cookie[0] ? "\r\n" : "");

    return send(c->fd, text, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -1;
}

/* Gives c the next visitor's request, if there is one whose time has come. */
static void
next_request(connection_t *c)
{
    if (queue_len == 0 || (rate > 0 && (double)begun > (seconds() - begin) * rate)) {
        return;
    }
    c->visitor = queue[queue_head];
    queue_head = (queue_head + 1) % nvisitors;
    queue_len--;
    c->path = draw(npaths);
    c->n = 0;
    c->busy = 1;
    c->since = seconds();
    open_requests++;
    begun++;
    if (draw(7) == 0) {
        disconnect(c); /* another worker may take the next one */
    }
    for (unsigned i = 0; i < 200; i++) {
        if (c->fd < 0 && connect_one(c) != 0) {
            disconnect(c);
            nanosleep(&(struct timespec){ 0, 5000000 }, NULL); /* between two listeners */
            continue;
        }
        if (send_request(c) == 0) {
            c->requests++;
            return;
        }
        disconnect(c);
    }
    fprintf(stderr, "tool_load: nobody listens\n");
    exit(2);
}

static void
keep_cookie(visitor_t *v, const char *head)
{
    size_t len = strlen(cookie_name);
    const char *p = head;
    size_t n;

    while ((p = strstr(p, "\r\nSet-Cookie: ")) != NULL) {
        p += 14;
        if (strncmp(p, cookie_name, len) == 0 && p[len] == '=') {
            n = strcspn(p + len + 1, ";\r");
            if (n < sizeof(v->cookie)) {
                memcpy(v->cookie, p + len + 1, n);
                v->cookie[n] = '\0';
            }
        }
    }
}

/* 1: the whole response is there and counted; 0: more to come; -1: not HTTP. */
static int
take_response(connection_t *c, int *closing)
{
    visitor_t *v = &visitors[c->visitor];
    const char *length;
    char *end;
    size_t whole;

    c->buf[c->n] = '\0';
    end = strstr(c->buf, "\r\n\r\n");
    if (end == NULL) {
        return c->n + 1 < sizeof(c->buf) ? 0 : -1;
    }
    length = strcasestr(c->buf, "\r\nContent-Length: ");
    if (length == NULL || length > end) {
        return -1;
    }
    whole = (size_t)(end + 4 - c->buf) + strtoul(length + 18, NULL, 10);
    if (c->n < whole) {
        return 0;
    }
    end[2] = '\0';
    *closing = strcasestr(c->buf, "\r\nConnection: close") != NULL;
    keep_cookie(v, c->buf);
    if (strncmp(c->buf, "HTTP/1.1 200", 12) == 0) {
        v->answered[c->path]++;
        if (++answered % 1000 == 0) {
            fprintf(stderr, "progress %lu\n", answered);
        }
    }
    return 1;
}

static void
finish(connection_t *c, int whole, int again)
{
    visitor_t *v = &visitors[c->visitor];
    double took = seconds() - c->since;

    slowest = took > slowest ? took : slowest;
    late += took > 1;
    open_requests--;
    c->busy = 0;
    if (again) {
        put_back(c->visitor);
        return;
    }
    v->left--;
    if (!whole) {
        v->broken[c->path]++;
        broken++;
    }
    put_back(c->visitor);
}

static void
on_readable(connection_t *c)
{
    ssize_t n = recv(c->fd, c->buf + c->n, sizeof(c->buf) - 1 - c->n, 0);
    int closing = 0, done;

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (!c->busy) {
        disconnect(c);
        return;
    }
    if (n <= 0) {
        /* An idle connection that was just closed has not read the request. */
        int again = c->n == 0 && c->requests > 1 && n == 0;

        disconnect(c);
        finish(c, 0, again);
        return;
    }
    c->n += (size_t)n;
    done = take_response(c, &closing);
    if (done == 0) {
        return;
    }
    if (done < 0 || closing) {
        disconnect(c);
    }
    finish(c, done > 0, 0);
}

static void
print_visitor(const visitor_t *v, const senda_keys_t *keys)
{
    char scratch[SENDA_COOKIE_MAX], hex[33] = "none";
    senda_cookie_t c;

    if (senda_cookie_read(&c, keys, senda_cstr(cookie_name), senda_cstr(v->cookie),
            (uint16_t)(time(NULL) / 86400), 400, scratch) == SENDA_OK) {
        senda_visitor_print(&c.visitor, hex);
    }
    for (unsigned i = 0; i < npaths; i++) {
        printf("%s %s %u %u\n", hex, paths[i], v->answered[i], v->broken[i]);
    }
}

/* Until every request was begun and has ended. */
static void
run(connection_t *connections, unsigned n)
{
    struct epoll_event events[64];
    double quiet = seconds();
    int got;

    begin = seconds();
    for (;;) {
        for (unsigned i = 0; i < n; i++) {
            if (!connections[i].busy) {
                next_request(&connections[i]);
            }
        }
        if (open_requests == 0 && queue_len == 0) {
            return;
        }
        got = epoll_wait(poller, events, 64, rate > 0 ? 2 : 1000);
        if (got > 0 || open_requests == 0) {
            quiet = seconds();
        } else if (seconds() - quiet > 20) {
            fprintf(stderr, "tool_load: no answer for 20 s\n");
            exit(2);
        }
        for (int i = 0; i < got; i++) {
            on_readable(events[i].data.ptr);
        }
    }
}

int
main(int argc, char **argv)
{
    static connection_t connections[256];
    senda_keys_t keys;
    senda_err_t err;
    unsigned requests, nconnections;

    if (argc > 1 && strncmp(argv[1], "rate=", 5) == 0) {
        rate = (unsigned)strtoul(argv[1] + 5, NULL, 10);
        argc--;
        argv++;
    }
    if (argc < 9 || argc > 8 + PATHS_MAX) {
        fprintf(stderr, "tool_load: wrong arguments\n");
        return 2;
    }
    port = (unsigned)strtoul(argv[1], NULL, 10);
    host = argv[2];
    if (senda_keys_read(&keys, argv[3], &err) != SENDA_OK) {
        fprintf(stderr, "tool_load: %s\n", err.text);
        return 2;
    }
    cookie_name = argv[4];
    nvisitors = (unsigned)strtoul(argv[5], NULL, 10);
    requests = (unsigned)strtoul(argv[6], NULL, 10);
    nconnections = (unsigned)strtoul(argv[7], NULL, 10);
    paths = (const char **)argv + 8;
    npaths = (unsigned)argc - 8;
    poller = epoll_create1(EPOLL_CLOEXEC);
    visitors = calloc(nvisitors, sizeof(*visitors));
    queue = calloc(nvisitors, sizeof(*queue));
    if (poller < 0 || visitors == NULL || queue == NULL || nconnections > 256 ||
        nconnections > nvisitors) {
        fprintf(stderr, "tool_load: cannot begin\n");
        return 2;
    }
    for (unsigned i = 0; i < nvisitors; i++) {
        visitors[i].left = requests / nvisitors;
        put_back(i);
    }
    for (unsigned i = 0; i < nconnections; i++) {
        connections[i].fd = -1;
    }
    run(connections, nconnections);
    for (unsigned i = 0; i < nvisitors; i++) {
        print_visitor(&visitors[i], &keys);
    }
    printf("waits %lu %.0f\n", late, slowest * 1000);
    printf("total %lu %lu\n", answered, broken);
    return 0;
}
