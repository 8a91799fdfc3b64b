/*
 * Delivery by SMTP; the one file with libcurl. Never sends a message twice on
 * its own, a connection that was found dead before anything was said about
 * the message apart.
 *
 * A thread a connection, at most CONNECTIONS_MAX: libcurl waits for the reply
 * to the final dot inside the call that drives the transfer (7.88: a server
 * that takes 3 s to answer stops curl_multi_perform, and with it all that
 * shares the thread, for 3 s). Each thread has its own handle and so its own
 * connection, kept for the next message and closed after KEEP_SECONDS.
 */

#include "channel_answer.h"
#include "smtp_dialogue.h"

#include <curl/curl.h>
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define CONNECTIONS_MAX 8
#define KEEP_SECONDS    30  /* a connection without work is closed */
#define CONNECT_SECONDS 30  /* up to the end of EHLO, STARTTLS, AUTH */
#define WHOLE_SECONDS   300 /* a message, unless timeout= says otherwise */

/* A message on its way. */
typedef struct {
    channel_answer_t *answer;
    char *bytes;
    size_t len;
    char *from, *to; /* in angle brackets */
} job_t;

typedef struct smtp_s smtp_t;

typedef struct {
    smtp_t *smtp;
    pthread_t thread;
    bool started;        /* the polling thread's */
    pthread_cond_t wake; /* with smtp->lock: job or closing changed */
    job_t *job;          /* guarded by smtp->lock; NULL: idle */
    CURL *easy;          /* from here on the worker's alone */
    char error[CURL_ERROR_SIZE];
    smtp_dialogue_t dialogue;
    const job_t *sending;
    const char *refused; /* why we ourselves ended it, NULL if we did not */
    size_t sent;         /* bytes of it */
} worker_t;

struct smtp_s {
    channel_t channel; /* first */
    unsigned waiting;  /* sent and not yet said; the polling thread's */
    /* fixed once open */
    char *url, *user, *password, *ca;
    long tls, timeout;
    atomic_bool closing;
    pthread_mutex_t lock; /* guards every worker's job */
    worker_t workers[CONNECTIONS_MAX];
};

/* ---- a worker's conversation ---- */

/* Whether the server has hung up, as far as this machine has heard. */
static bool
is_gone(const worker_t *w)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(w->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD) {
        return false;
    }
    struct pollfd p = { .fd = fd, .events = POLLRDHUP };
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void
note(const worker_t *w, uint64_t ticket, const sent_t *answer)
{
    const channel_t *c = &w->smtp->channel;

    if (c->note != NULL) {
        c->note(c->done_ctx, ticket, answer);
    }
}

/* The whole message is written; libcurl sends the dot once this has returned 0. */
static size_t
end_body(worker_t *w)
{
    if (!channel_ask_last(&w->smtp->channel, w->sending->answer->ticket, &w->smtp->closing)) {
        w->refused = "its going out could not be written down";
        return CURL_READFUNC_ABORT;
    }
    if (is_gone(w)) {
        w->refused = "the server closed the connection within the message";
        return CURL_READFUNC_ABORT;
    }
    smtp_dialogue_dot(&w->dialogue);
    note(w, w->sending->answer->ticket, NULL);
    return 0;
}

static size_t
read_body(char *buf, size_t size, size_t n, void *ctx)
{
    worker_t *w = ctx;
    size_t left = w->sending->len - w->sent, take = size * n < left ? size * n : left;

    if (take == 0) {
        return end_body(w);
    }
    memcpy(buf, w->sending->bytes + w->sent, take);
    w->sent += take;
    return take;
}

/* QUIT is said, but its reply not waited for: a server that hangs would hold us for nothing. */
static void
stop_listening(CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD) {
        shutdown(fd, SHUT_RD);
    }
}

static int
hear(CURL *easy, curl_infotype type, char *p, size_t n, void *ctx)
{
    worker_t *w = ctx;

    if (w->sending != NULL && type == CURLINFO_HEADER_OUT) {
        smtp_dialogue_command(&w->dialogue, p, n);
        if (w->dialogue.over) {
            stop_listening(easy);
        }
    } else if (w->sending != NULL && type == CURLINFO_HEADER_IN) {
        smtp_dialogue_reply(&w->dialogue, p, n);
    }
    return 0;
}

static int
go_on(void *ctx, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
    worker_t *w = ctx;

    (void)dltotal;
    (void)dlnow;
    (void)ultotal;
    (void)ulnow;
    return atomic_load(&w->smtp->closing);
}

static CURL *
make_easy(worker_t *w)
{
    const smtp_t *s = w->smtp;
    CURL *e = curl_easy_init();

    if (e == NULL) {
        return NULL;
    }
    curl_easy_setopt(e, CURLOPT_URL, s->url);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt(e, CURLOPT_READDATA, w);
    curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, hear);
    curl_easy_setopt(e, CURLOPT_DEBUGDATA, w);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(e, CURLOPT_XFERINFODATA, w);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, w->error);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT,
        s->timeout < CONNECT_SECONDS ? s->timeout : CONNECT_SECONDS);
    curl_easy_setopt(e, CURLOPT_TIMEOUT, s->timeout);
    curl_easy_setopt(e, CURLOPT_SERVER_RESPONSE_TIMEOUT, s->timeout);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(e, CURLOPT_USE_SSL, s->tls);
    if (s->ca != NULL) {
        curl_easy_setopt(e, CURLOPT_CAINFO, s->ca);
    }
    if (s->user != NULL) {
        curl_easy_setopt(e, CURLOPT_USERNAME, s->user);
        curl_easy_setopt(e, CURLOPT_PASSWORD, s->password != NULL ? s->password : "");
    }
    return e;
}

static smtp_end_t
end_of(const worker_t *w, CURLcode rc)
{
    switch (rc) {
    case CURLE_OK:
        return SMTP_ENDED_WELL;
    case CURLE_SEND_ERROR:
        return SMTP_ENDED_UNSENT;
    case CURLE_LOGIN_DENIED:
        return SMTP_ENDED_LOGIN;
    case CURLE_SSL_CONNECT_ERROR:
        /* so libcurl calls a connection lost within the handshake, too */
        return strstr(w->error, "SSL_ERROR_SYSCALL") != NULL ||
                strstr(w->error, "Connection reset") != NULL
            ? SMTP_ENDED_CUT
            : SMTP_ENDED_TLS;
    case CURLE_USE_SSL_FAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
        return SMTP_ENDED_TLS;
    default:
        return SMTP_ENDED_CUT;
    }
}

static CURLcode
attempt(worker_t *w, const job_t *job, bool fresh)
{
    struct curl_slist *to = curl_slist_append(NULL, job->to);

    if (to == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }
    w->dialogue = (smtp_dialogue_t){ 0 };
    w->error[0] = '\0';
    w->sent = 0;
    w->refused = NULL;
    w->sending = job;
    curl_easy_setopt(w->easy, CURLOPT_MAIL_FROM, job->from);
    curl_easy_setopt(w->easy, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(w->easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    CURLcode rc = curl_easy_perform(w->easy);
    w->sending = NULL;
    curl_easy_setopt(w->easy, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(to);
    return rc;
}

/* A kept connection that the server closed meanwhile, before it heard of this message. */
static bool
was_stale(const worker_t *w, CURLcode rc)
{
    long connects = 1;

    curl_easy_getinfo(w->easy, CURLINFO_NUM_CONNECTS, &connects);
    return rc != CURLE_OK && connects == 0 && w->dialogue.phase <= SMTP_MAIL &&
        (w->dialogue.code == 0 || w->dialogue.code == 421) && !atomic_load(&w->smtp->closing);
}

static void
do_job(worker_t *w, const job_t *job)
{
    sent_t *sent = &job->answer->sent;

    if (w->easy == NULL) {
        w->easy = make_easy(w);
    }
    if (w->easy == NULL) {
        channel_say(sent, SENT_DEFER, "out of memory", 13);
        return;
    }
    CURLcode rc = attempt(w, job, false);
    if (was_stale(w, rc)) {
        rc = attempt(w, job, true);
    }
    const smtp_dialogue_t *d = &w->dialogue;
    sent_class_t class = smtp_dialogue_class(d, end_of(w, rc));
    sent->dead_address = class == SENT_FAIL && smtp_dialogue_is_dead(d);
    /* the server's own words where they decided, else what happened to the connection */
    if (d->code != 0 && (d->code >= 400 || class == SENT_DONE)) {
        channel_say(sent, class, d->line, d->len);
    } else {
        const char *words = w->refused != NULL ? w->refused
            : w->error[0] != '\0'              ? w->error
                                               : curl_easy_strerror(rc);
        channel_say(sent, class, words, strlen(words));
    }
}

static void
free_job(job_t *job)
{
    free(job->answer);
    g_free(job->bytes);
    g_free(job->from);
    g_free(job->to);
    g_free(job);
}

static void
close_easy(worker_t *w)
{
    if (w->easy != NULL) {
        stop_listening(w->easy);
        curl_easy_cleanup(w->easy);
        w->easy = NULL;
    }
}

/* The worker's next message; NULL when the channel closes. Takes and gives back the lock. */
static job_t *
next_job(worker_t *w)
{
    smtp_t *s = w->smtp;
    struct timespec until;

    pthread_mutex_lock(&s->lock);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += KEEP_SECONDS;
    while (w->job == NULL && !atomic_load(&s->closing)) {
        if (w->easy == NULL) {
            pthread_cond_wait(&w->wake, &s->lock);
        } else if (pthread_cond_timedwait(&w->wake, &s->lock, &until) == ETIMEDOUT) {
            pthread_mutex_unlock(&s->lock);
            close_easy(w);
            pthread_mutex_lock(&s->lock);
        }
    }
    job_t *job = w->job;
    pthread_mutex_unlock(&s->lock);
    return atomic_load(&s->closing) ? NULL : job;
}

static void *
work(void *ctx)
{
    worker_t *w = ctx;

    for (job_t *job; (job = next_job(w)) != NULL;) {
        do_job(w, job);
        channel_answer_t *answer = job->answer;
        note(w, answer->ticket, &answer->sent);
        job->answer = NULL;
        free_job(job);
        pthread_mutex_lock(&w->smtp->lock);
        w->job = NULL;
        pthread_mutex_unlock(&w->smtp->lock);
        channel_answer(answer);
    }
    close_easy(w);
    return NULL;
}

/* ---- the channel, in the polling thread ---- */

static int
start(worker_t *w)
{
    sigset_t all, kept;

    if (w->started) {
        return 0;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    int rc = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    w->started = rc == 0;
    return rc;
}

static job_t *
make_job(channel_t *c, uint64_t ticket, const message_t *m)
{
    job_t *job = g_new0(job_t, 1);

    job->answer = calloc(1, sizeof(*job->answer));
    if (job->answer == NULL) {
        g_free(job);
        return NULL;
    }
    job->answer->channel = c;
    job->answer->ticket = ticket;
    job->answer->waiting = &((smtp_t *)c)->waiting;
    job->bytes = g_memdup2(m->bytes, m->len);
    job->len = m->len;
    job->from = g_strdup_printf("<%s>", m->envelope_from);
    job->to = g_strdup_printf("<%s>", m->envelope_to);
    return job;
}

/* The first idle worker: the fewer connections, the more each is used again. */
static senda_rc_t
smtp_send(channel_t *c, uint64_t ticket, const message_t *m, senda_err_t *err)
{
    smtp_t *s = (smtp_t *)c;
    worker_t *idle = NULL;

    if (s->waiting >= CONNECTIONS_MAX) {
        return senda_fail(err, SENDA_FULL, "smtp: %d messages are on their way", CONNECTIONS_MAX);
    }
    pthread_mutex_lock(&s->lock);
    for (unsigned i = 0; i < CONNECTIONS_MAX && idle == NULL; i++) {
        idle = s->workers[i].job == NULL ? &s->workers[i] : NULL;
    }
    pthread_mutex_unlock(&s->lock);
    int rc = idle == NULL ? EAGAIN : start(idle);
    if (rc != 0) {
        return senda_fail(err, SENDA_FULL, "smtp: no thread: %s", g_strerror(rc));
    }
    job_t *job = make_job(c, ticket, m);
    if (job == NULL) {
        return senda_fail(err, SENDA_FULL, "smtp: out of memory");
    }
    pthread_mutex_lock(&s->lock);
    idle->job = job;
    pthread_cond_signal(&idle->wake);
    pthread_mutex_unlock(&s->lock);
    s->waiting++;
    return SENDA_OK;
}

static void
smtp_close(channel_t *c)
{
    smtp_t *s = (smtp_t *)c;

    pthread_mutex_lock(&s->lock);
    atomic_store(&s->closing, true);
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        pthread_cond_signal(&s->workers[i].wake);
    }
    pthread_mutex_unlock(&s->lock);
    channel_forget(c); /* a worker that asks is let go before it is waited for */
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        worker_t *w = &s->workers[i];
        if (w->started) {
            pthread_join(w->thread, NULL);
        }
        if (w->job != NULL) {
            free_job(w->job);
        }
        pthread_cond_destroy(&w->wake);
    }
    channel_forget(c);
    pthread_mutex_destroy(&s->lock);
    g_free(s->url);
    g_free(s->user);
    g_free(s->password);
    g_free(s->ca);
    g_free(s);
}

/* ---- opening ---- */

static senda_rc_t
take_argument(smtp_t *s, const char *arg, senda_err_t *err)
{
    if (strcmp(arg, "tls=required") == 0) {
        s->tls = CURLUSESSL_ALL;
    } else if (strcmp(arg, "tls=try") == 0) {
        s->tls = CURLUSESSL_TRY;
    } else if (strcmp(arg, "tls=none") == 0) {
        s->tls = CURLUSESSL_NONE;
    } else if (g_str_has_prefix(arg, "ca=")) {
        g_free(s->ca);
        s->ca = g_uri_unescape_string(arg + 3, NULL);
        if (s->ca == NULL || !g_file_test(s->ca, G_FILE_TEST_IS_REGULAR)) {
            return senda_fail(err, SENDA_BAD, "smtp: %.150s: there is no such file", arg);
        }
    } else if (g_str_has_prefix(arg, "timeout=")) {
        char *end;
        s->timeout = strtol(arg + 8, &end, 10);
        if (*end != '\0' || s->timeout < 1 || s->timeout > 3600) {
            return senda_fail(err, SENDA_BAD, "smtp: %.60s: seconds from 1 to 3600", arg);
        }
    } else {
        return senda_fail(err, SENDA_BAD,
            "smtp: %.60s is unknown: tls=required|try|none, ca=FILE, timeout=SECONDS", arg);
    }
    return SENDA_OK;
}

static bool
is_this_machine(const char *host)
{
    return g_ascii_strcasecmp(host, "localhost") == 0 || g_str_has_prefix(host, "127.") ||
        strcmp(host, "[::1]") == 0;
}

/* One part of a URL, g_malloc'ed; NULL if it has none. */
static char *
part(CURLU *u, CURLUPart what, unsigned flags)
{
    char *found = NULL;

    if (curl_url_get(u, what, &found, flags) != CURLUE_OK) {
        return NULL;
    }
    char *copy = g_strdup(found);
    curl_free(found);
    return copy;
}

/* Takes the URL apart; what is secret does not stay in s->url. */
static senda_rc_t
take_url(smtp_t *s, const char *url, senda_err_t *err)
{
    CURLU *u = curl_url();
    CURLUcode bad = u != NULL ? curl_url_set(u, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;
    senda_rc_t rc = SENDA_OK;

    if (bad != CURLUE_OK) {
        curl_url_cleanup(u);
        return senda_fail(err, SENDA_BAD, "smtp: no good address of a server: %s",
            curl_url_strerror(bad));
    }
    char *host = part(u, CURLUPART_HOST, 0), *query = part(u, CURLUPART_QUERY, 0);
    s->user = part(u, CURLUPART_USER, CURLU_URLDECODE);
    s->password = part(u, CURLUPART_PASSWORD, CURLU_URLDECODE);
    s->tls = s->user != NULL && !is_this_machine(host) ? CURLUSESSL_ALL : CURLUSESSL_TRY;
    char **args = g_strsplit(query != NULL ? query : "", "&", 16);
    for (unsigned i = 0; args[i] != NULL && rc == SENDA_OK; i++) {
        rc = args[i][0] != '\0' ? take_argument(s, args[i], err) : SENDA_OK;
    }
    curl_url_set(u, CURLUPART_USER, NULL, 0);
    curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(u, CURLUPART_QUERY, NULL, 0);
    s->url = part(u, CURLUPART_URL, 0);
    g_strfreev(args);
    g_free(host);
    g_free(query);
    curl_url_cleanup(u);
    return rc;
}

static void
init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

channel_t *
channel_smtp(const char *url, channel_done_pt done, void *ctx, senda_err_t *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    smtp_t *s = g_new0(smtp_t, 1);
    pthread_condattr_t attr;

    pthread_once(&once, init_curl);
    s->channel = (channel_t){ .name = "smtp",
        .send = smtp_send,
        .close = smtp_close,
        .done = done,
        .done_ctx = ctx };
    s->timeout = WHOLE_SECONDS;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        s->workers[i].smtp = s;
        pthread_cond_init(&s->workers[i].wake, &attr);
    }
    pthread_condattr_destroy(&attr);
    if (take_url(s, url, err) != SENDA_OK) {
        smtp_close(&s->channel);
        return NULL;
    }
    return &s->channel;
}
