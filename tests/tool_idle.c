/*
 * Holds connections to nginx, in three ways, to see what they cost its workers.
 *
 *     tool_idle PORT HOST idle|slow|half CONNECTIONS
 *
 * idle: each makes one whole request, reads the answer and stays open. slow:
 * each sends a request one byte at a time, a byte of every connection in each
 * round. half: each sends all but the end of its request and waits.
 *
 * Says "held N" on standard output when all stand (N got an answer, or are not
 * turned away), and goes on until its standard input ends; then closes them
 * all and ends. slow goes on sending bytes meanwhile.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static char request[512];
static size_t nrequest;
static int *fds;
static unsigned nfds;

static void
need(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "tool_idle: %s: %s\n", what, strerror(errno));
        exit(2);
    }
}

static int
connect_one(unsigned port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct timeval patience = { .tv_sec = 10 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    need(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "connect");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

/* Whether the answer's head came; the bodies that are asked for are short. */
static int
is_answered(int fd)
{
    char buf[8192];
    ssize_t n = recv(fd, buf, sizeof(buf), 0);

    return n > 12 && memcmp(buf, "HTTP/1.1 200", 12) == 0;
}

/* Whether nginx still holds its end. */
static int
is_open(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static unsigned
count_open(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < nfds; i++) {
        n += is_open(fds[i]) != 0;
    }
    return n;
}

/* One more byte on each connection, never the last one of the request. */
static void
drip(size_t at)
{
    for (unsigned i = 0; i < nfds; i++) {
        (void)send(fds[i], request + at, 1, MSG_NOSIGNAL);
    }
}

static void
wait_for_the_end(int slow, size_t at)
{
    struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
    char buf[64];

    for (;;) {
        if (poll(&in, 1, slow ? 50 : -1) > 0 && read(STDIN_FILENO, buf, sizeof(buf)) <= 0) {
            return;
        }
        if (slow && at + 4 < nrequest) {
            drip(at++);
        }
    }
}

int
main(int argc, char **argv)
{
    struct rlimit files;
    unsigned held = 0;
    size_t at = 0;
    int slow, half;

    if (argc != 5) {
        fprintf(stderr, "tool_idle: wrong arguments\n");
        return 2;
    }
    slow = strcmp(argv[3], "slow") == 0;
    half = strcmp(argv[3], "half") == 0;
    nfds = (unsigned)strtoul(argv[4], NULL, 10);
    need(getrlimit(RLIMIT_NOFILE, &files) == 0, "limits");
    files.rlim_cur = files.rlim_max;
    need(setrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > nfds + 16, "open files");
    nrequest = (size_t)snprintf(request, sizeof(request),
        "GET /one HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0\r\n"
        "Accept: text/html\r\nCookie: a=%0200d\r\n\r\n",
        argv[2], 7);
    fds = calloc(nfds, sizeof(*fds));
    need(fds != NULL, "memory");
    for (unsigned i = 0; i < nfds; i++) {
        fds[i] = connect_one((unsigned)strtoul(argv[1], NULL, 10));
        if (half) {
            need(send(fds[i], request, nrequest - 2, MSG_NOSIGNAL) > 0, "send");
        } else if (!slow) {
            need(send(fds[i], request, nrequest, MSG_NOSIGNAL) == (ssize_t)nrequest, "send");
            held += is_answered(fds[i]) != 0;
        }
    }
    for (; slow && at < 40; at++) {
        drip(at);
    }
    printf("held %u\n", slow || half ? count_open() : held);
    fflush(stdout);
    wait_for_the_end(slow, at);
    return 0;
}
