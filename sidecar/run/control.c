/*
 * The control socket. Only the sidecar's own user may open it (mode 0600). A
 * client that is slow or silent costs a slot, never the loop, and the slot only
 * until another wants it: nothing here waits, except the client's side.
 */

#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

#define ASK_TIMEOUT_SECONDS 60

typedef struct {
    int fd;           /* -1: free */
    senda_ms_t since; /* steady */
    size_t n;
    char line[CONTROL_LINE_MAX];
} client_t;

struct control_s {
    int fd;
    char *path;
    control_command_pt command;
    void *ctx;
    client_t clients[CONTROL_CLIENTS];
};

struct control_answer_s {
    GString *lines;
    char *refusal;
};

void
control_say(control_answer_t *a, const char *line)
{
    if (a->lines->len + strlen(line) < CONTROL_ANSWER_MAX) {
        g_string_append_printf(a->lines, "%s\n", line);
    }
}

void
control_refuse(control_answer_t *a, const char *reason)
{
    g_free(a->refusal);
    a->refusal = g_strdelimit(g_strdup(reason), "\n", ' ');
}

static senda_rc_t
address(struct sockaddr_un *a, const char *path, senda_err_t *err)
{
    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(a->sun_path)) {
        return senda_fail(err, SENDA_BAD,
            "the socket's path is longer than %zu bytes: %s; set another with: socket "
            "/run/senda/senda.sock",
            sizeof(a->sun_path) - 1, path);
    }
    memcpy(a->sun_path, path, strlen(path));
    return SENDA_OK;
}

senda_rc_t
control_open(control_t **out, const char *path, control_command_pt command, void *ctx,
    senda_err_t *err)
{
    control_t *c = g_new0(control_t, 1);
    struct sockaddr_un a;
    mode_t mask;
    bool bound;
    senda_rc_t rc;

    *out = NULL;
    for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
        c->clients[i].fd = -1;
    }
    c->fd = -1;
    c->command = command;
    c->ctx = ctx;
    rc = address(&a, path, err);
    if (rc != SENDA_OK) {
        goto failed;
    }
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)unlink(path); /* of a process that is gone: we hold the lock */
    mask = umask(0177);
    bound = c->fd >= 0 && bind(c->fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    (void)umask(mask);
    if (!bound || listen(c->fd, 64) != 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot listen on %s: %s", path, g_strerror(errno));
        goto failed;
    }
    c->path = g_strdup(path);
    *out = c;
    return SENDA_OK;

failed:
    control_close(c);
    return rc;
}

void
control_close(control_t *c)
{
    if (c == NULL) {
        return;
    }
    for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
        if (c->clients[i].fd >= 0) {
            (void)close(c->clients[i].fd);
        }
    }
    if (c->fd >= 0) {
        (void)close(c->fd);
    }
    if (c->path != NULL) {
        (void)unlink(c->path);
    }
    g_free(c->path);
    g_free(c);
}

/* The free slot, else that of the client that is here for longest. */
static const client_t *
next_slot(const control_t *c)
{
    const client_t *slot = &c->clients[0];

    for (unsigned i = 0; i < CONTROL_CLIENTS && slot->fd >= 0; i++) {
        const client_t *other = &c->clients[i];

        slot = other->fd < 0 || other->since < slot->since ? other : slot;
    }
    return slot;
}

int64_t
control_wait(const control_t *c)
{
    const client_t *slot = next_slot(c);
    int64_t rest = slot->since + CONTROL_SILENT_MS - run_clock_steady();

    return slot->fd < 0 || rest < 0 ? -1 : rest;
}

unsigned
control_fds(const control_t *c, int *fds)
{
    const client_t *slot = next_slot(c);
    unsigned n = 0;

    for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
        if (c->clients[i].fd >= 0) {
            fds[n++] = c->clients[i].fd;
        }
    }
    if (slot->fd < 0 || run_clock_steady() - slot->since >= CONTROL_SILENT_MS) {
        fds[n++] = c->fd;
    }
    return n;
}

static void
drop(client_t *client)
{
    (void)close(client->fd);
    client->fd = -1;
    client->n = 0;
}

/* The answer fits the socket's buffer; a client that does not take it loses it. */
static void
answer(control_t *c, client_t *client)
{
    control_answer_t a = { g_string_new(NULL), NULL };
    char *text;

    c->command(c->ctx, client->line, &a);
    text = a.refusal != NULL ? g_strdup_printf("error %s\n", a.refusal)
                             : g_strdup_printf("ok\n%s", a.lines->str);
    if (send(client->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        errno = 0;
    }
    g_free(text);
    g_free(a.refusal);
    g_string_free(a.lines, TRUE);
    drop(client);
}

static void
read_client(control_t *c, client_t *client)
{
    ssize_t n = recv(client->fd, client->line + client->n, sizeof(client->line) - 1 - client->n,
        MSG_DONTWAIT);
    char *end;

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        drop(client);
        return;
    }
    client->n += (size_t)n;
    client->line[client->n] = '\0';
    end = strchr(client->line, '\n');
    if (end != NULL) {
        *end = '\0';
        answer(c, client);
    } else if (client->n == sizeof(client->line) - 1) {
        drop(client);
    }
}

/* One at a time: poll says when there are more. */
static void
accept_client(control_t *c)
{
    client_t *slot = &c->clients[next_slot(c) - c->clients];
    int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        return;
    }
    if (slot->fd >= 0) {
        drop(slot);
    }
    *slot = (client_t){ .fd = fd, .since = run_clock_steady() };
}

void
control_ready(control_t *c, const int *fds, const bool *readable, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!readable[i]) {
            continue;
        }
        if (fds[i] == c->fd) {
            accept_client(c);
            continue;
        }
        for (unsigned k = 0; k < CONTROL_CLIENTS; k++) {
            if (c->clients[k].fd == fds[i]) {
                read_client(c, &c->clients[k]);
                break;
            }
        }
    }
}

/* ---- client ---- */

static senda_rc_t
read_answer(int fd, char **text, senda_err_t *err)
{
    GString *all = g_string_new(NULL);
    char buf[4096];
    ssize_t n;
    senda_rc_t rc = SENDA_OK;

    while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
        g_string_append_len(all, buf, n);
    }
    if (g_str_has_prefix(all->str, "ok\n")) {
        *text = g_strdup(all->str + 3);
    } else if (g_str_has_prefix(all->str, "error ")) {
        rc = senda_fail(err, SENDA_BAD, "%s", g_strchomp(all->str + 6));
    } else {
        rc = senda_fail(err, SENDA_SYS, "the running sidecar did not answer: %s",
            n < 0 ? g_strerror(errno) : "it closed the socket");
    }
    g_string_free(all, TRUE);
    return rc;
}

senda_rc_t
control_ask(const char *path, const char *line, char **text, senda_err_t *err)
{
    struct timeval wait = { .tv_sec = ASK_TIMEOUT_SECONDS };
    struct sockaddr_un a;
    char *request;
    senda_rc_t rc;
    int fd;

    *text = NULL;
    rc = address(&a, path, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        rc = errno == ENOENT || errno == ECONNREFUSED
            ? SENDA_NONE
            : senda_fail(err, SENDA_SYS, "cannot reach %s: %s", path, g_strerror(errno));
        goto done;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    request = g_strdup_printf("%s\n", line);
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot write to %s: %s", path, g_strerror(errno));
    } else {
        rc = read_answer(fd, text, err);
    }
    g_free(request);
done:
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}
