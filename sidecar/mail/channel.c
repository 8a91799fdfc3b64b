/*
 * What all channels share: the choice by scheme, the queue of answers and
 * questions, the one place where the sidecar waits. Never sends by itself. The
 * queue is the process's, guarded by one mutex; channels' threads add to it,
 * only the polling thread takes from it.
 */

#include "channel_answer.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define POLL_FDS_MAX 64

static struct {
    pthread_mutex_t lock; /* guards first, last and the kind of questions */
    pthread_cond_t heard; /* a question got its word */
    channel_answer_t *first, **last;
    int wake; /* eventfd: something was queued */
} queue = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, &queue.first, -1 };

static pthread_once_t queue_once = PTHREAD_ONCE_INIT;

static void
make_wake(void)
{
    queue.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/* With the lock held. */
static void
add(channel_answer_t *a)
{
    a->next = NULL;
    *queue.last = a;
    queue.last = &a->next;
    eventfd_write(queue.wake, 1);
}

/* With the lock held. Before all questions: what came of one message is written down first. */
static void
add_answer(channel_answer_t *a)
{
    channel_answer_t **at = &queue.first;

    while (*at != NULL && (*at)->kind != QUESTION) {
        at = &(*at)->next;
    }
    a->next = *at;
    *at = a;
    if (a->next == NULL) {
        queue.last = &a->next;
    }
    eventfd_write(queue.wake, 1);
}

void
channel_answer(channel_answer_t *a)
{
    pthread_once(&queue_once, make_wake);
    pthread_mutex_lock(&queue.lock);
    add_answer(a);
    pthread_mutex_unlock(&queue.lock);
}

bool
channel_ask_last(channel_t *c, uint64_t ticket, const atomic_bool *closing)
{
    channel_answer_t question = { .channel = c, .ticket = ticket, .kind = QUESTION };

    if (c->last == NULL) {
        return true;
    }
    pthread_once(&queue_once, make_wake);
    pthread_mutex_lock(&queue.lock);
    if (atomic_load(closing)) {
        question.kind = REFUSED;
    } else {
        add(&question);
    }
    while (question.kind == QUESTION) {
        pthread_cond_wait(&queue.heard, &queue.lock);
    }
    pthread_mutex_unlock(&queue.lock);
    return question.kind == ALLOWED;
}

/* The oldest, NULL if there is none. */
static channel_answer_t *
take(void)
{
    pthread_mutex_lock(&queue.lock);
    channel_answer_t *a = queue.first;
    if (a != NULL) {
        queue.first = a->next;
        if (queue.first == NULL) {
            queue.last = &queue.first;
        }
    }
    pthread_mutex_unlock(&queue.lock);
    return a;
}

static unsigned
queued(void)
{
    unsigned n = 0;

    pthread_mutex_lock(&queue.lock);
    for (const channel_answer_t *a = queue.first; a != NULL; a = a->next) {
        n++;
    }
    pthread_mutex_unlock(&queue.lock);
    return n;
}

void
channel_forget(const channel_t *c)
{
    pthread_mutex_lock(&queue.lock);
    queue.last = &queue.first;
    for (channel_answer_t *a = queue.first, *next; a != NULL; a = next) {
        next = a->next;
        if (a->channel == c && a->kind == QUESTION) {
            a->kind = REFUSED;
        } else if (a->channel == c) {
            free(a);
        } else {
            *queue.last = a;
            queue.last = &a->next;
        }
    }
    *queue.last = NULL;
    pthread_cond_broadcast(&queue.heard);
    pthread_mutex_unlock(&queue.lock);
}

void
channel_say(sent_t *s, sent_class_t class, const char *words, size_t n)
{
    size_t len = 0;

    s->class = class;
    for (size_t i = 0; i < n && len + 1 < sizeof(s->answer); i++) {
        unsigned char c = (unsigned char)words[i];
        s->answer[len++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    while (len > 0 && s->answer[len - 1] == ' ') {
        len--;
    }
    s->answer[len] = '\0';
    /* servers may send any bytes, and the cut may be within a character */
    char *valid = g_utf8_make_valid(s->answer, (gssize)len);
    g_strlcpy(s->answer, valid, sizeof(s->answer));
    char *end = s->answer;
    while (*end != '\0' && g_utf8_get_char_validated(end, -1) < 0x110000) {
        end = g_utf8_next_char(end);
    }
    *end = '\0';
    g_free(valid);
}

/* The question's node is the asking thread's, and goes as soon as the lock is free. */
static void
say_question(channel_answer_t *q)
{
    bool allowed = q->channel->last(q->channel->done_ctx, q->ticket);

    pthread_mutex_lock(&queue.lock);
    q->kind = allowed ? ALLOWED : REFUSED;
    pthread_cond_broadcast(&queue.heard);
    pthread_mutex_unlock(&queue.lock);
}

/* Only as many as there are now: one that a done has just caused waits for the next poll. */
static void
say_queued(void)
{
    for (unsigned n = queued(); n > 0; n--) {
        channel_answer_t *a = take();
        if (a == NULL) {
            return;
        }
        if (a->kind == QUESTION) {
            say_question(a);
            continue;
        }
        --*a->waiting;
        a->channel->done(a->channel->done_ctx, a->ticket, &a->sent);
        free(a);
    }
}

senda_rc_t
channel_poll(const int *fds, bool *readable, unsigned nfds, int timeout_ms, senda_err_t *err)
{
    struct pollfd p[POLL_FDS_MAX + 1];
    eventfd_t count;

    pthread_once(&queue_once, make_wake);
    if (queue.wake == -1 || nfds > POLL_FDS_MAX) {
        return senda_fail(err, SENDA_SYS,
            queue.wake == -1 ? "eventfd: too many open files" : "more than %d files to wait for",
            POLL_FDS_MAX);
    }
    for (unsigned i = 0; i < nfds; i++) {
        p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
        readable[i] = false;
    }
    p[nfds] = (struct pollfd){ .fd = queue.wake, .events = POLLIN };
    if (poll(p, nfds + 1, queued() > 0 ? 0 : timeout_ms) == -1) {
        return errno == EINTR ? SENDA_OK
                              : senda_fail(err, SENDA_SYS, "poll: %s", g_strerror(errno));
    }
    for (unsigned i = 0; i < nfds; i++) {
        readable[i] = (p[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        if (p[i].revents & POLLNVAL) {
            return senda_fail(err, SENDA_SYS, "poll: file %d is not open", fds[i]);
        }
    }
    if (p[nfds].revents != 0) {
        eventfd_read(queue.wake, &count);
    }
    say_queued();
    return SENDA_OK;
}

typedef struct {
    const char *scheme;
    channel_t *(*open)(const char *url, channel_done_pt done, void *ctx, senda_err_t *err);
    bool makes; /* opening makes what is missing */
} scheme_t;

static const scheme_t *
scheme_of(const char *url, senda_err_t *err)
{
    static const scheme_t schemes[] = {
        { "maildir:", channel_maildir, true },
        { "smtp://", channel_smtp, false },
        { "smtps://", channel_smtp, false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (g_ascii_strncasecmp(url, schemes[i].scheme, strlen(schemes[i].scheme)) == 0) {
            return &schemes[i];
        }
    }
    /* a wrong URL may hold a password: only its scheme is shown */
    (void)senda_fail(err, SENDA_BAD,
        "\"%.*s\" is no way to send: maildir:DIR, smtp://HOST:PORT or "
        "smtps://HOST:PORT",
        (int)(strcspn(url, ":") > 40 ? 40 : strcspn(url, ":")), url);
    return NULL;
}

channel_t *
channel_open(const char *url, channel_done_pt done, void *ctx, senda_err_t *err)
{
    const scheme_t *s = scheme_of(url, err);

    return s != NULL ? s->open(url, done, ctx, err) : NULL;
}

senda_rc_t
channel_check(const char *url, senda_err_t *err)
{
    const scheme_t *s = scheme_of(url, err);
    const char *path = s != NULL ? url + strlen(s->scheme) : NULL;

    if (s != NULL && s->makes) {
        return path[0] != '\0' &&
                (!g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(path, G_FILE_TEST_IS_DIR))
            ? SENDA_OK
            : senda_fail(err, SENDA_BAD, "%s is no folder", url);
    }
    channel_t *c = s != NULL ? s->open(url, NULL, NULL, err) : NULL;
    if (c == NULL) {
        return SENDA_BAD;
    }
    c->close(c);
    return SENDA_OK;
}
