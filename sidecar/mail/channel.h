/*
 * A way out: a struct of a few verbs. One a kind of delivery (maildir, SMTP);
 * later ones (SMS, push, webhook) are a file more. Sending is asynchronous: the
 * sidecar's loop polls, a channel says when a message has an answer.
 *
 * All verbs are for one thread, the one that polls. A channel may have threads
 * of its own inside; they block every signal.
 */

#ifndef SENDA_CHANNEL_H
#define SENDA_CHANNEL_H

#include "message.h"

typedef enum {
    SENT_DONE,    /* accepted: not ours any more */
    SENT_DEFER,   /* not accepted, try again: 4xx, no connection, time-out before the dot */
    SENT_FAIL,    /* refused for good: 5xx for this message or recipient */
    SENT_UNKNOWN, /* the dot went out and no reply came: may have been accepted */
    SENT_HALT, /* nothing can go out by this channel until somebody acts: login refused, bad TLS */
} sent_class_t;

typedef struct {
    sent_class_t class;
    long retry_after; /* seconds the other side asked for, 0 if it did not */
    bool
        dead_address; /* with SENT_FAIL: it said that there is no such mailbox (RFC 3463, 5.1.1 …) */
    char answer[256]; /* its words */
} sent_t;

typedef struct channel_s channel_t;

/* Said once for each channel_send that returned SENDA_OK, from inside channel_poll. */
typedef void (*channel_done_pt)(void *ctx, uint64_t ticket, const sent_t *result);

/*
 * Said from inside channel_poll right before the last bytes of a message are
 * handed to the network: from then on nobody can know whether it was accepted
 * until an answer comes.
 * Returns true once that is written down for good; false: do not hand it over,
 * the delivery ends as SENT_DEFER. A channel whose deliveries may be repeated
 * without harm (maildir: one file name a message) never says it.
 */
typedef bool (*channel_last_pt)(void *ctx, uint64_t ticket);

/*
 * Said by the thread that delivers, not from inside channel_poll: with NULL
 * right before the last bytes are given to the network, after channel_last_pt
 * has allowed it; with the answer as soon as it is known, before it waits for
 * channel_poll to be said. It may only write down what it is told, for a
 * process that is killed between the two; it must not wait, nor call a channel.
 */
typedef void (*channel_note_pt)(void *ctx, uint64_t ticket, const sent_t *result);

struct channel_s {
    const char *name;
    /* Takes a message, copying its bytes. SENDA_OK; SENDA_FULL: too many at once, poll first. */
    senda_rc_t (*send)(channel_t *c, uint64_t ticket, const message_t *m, senda_err_t *err);
    /*
     * Frees the channel. What has no answer yet is given up without one: before
     * the dot it was not sent, after it nobody knows. Poll to the last answer
     * first to know.
     */
    void (*close)(channel_t *c);
    channel_done_pt done;
    void *done_ctx;
    channel_last_pt last; /* set by the owner after opening, with done_ctx; NULL: not wanted */
    channel_note_pt note; /* so too; a channel that never says last does not say it either */
};

/*
 * "maildir:/var/mail/out". Delivered by tmp/ → fsync → new/ → fsync of the
 * directory; the folders are made when they are missing. The file is named by the left
 * side of the Message-ID: the same message again is DONE without a second file.
 */
channel_t *channel_maildir(const char *url, channel_done_pt done, void *ctx, senda_err_t *err);

/*
 * "smtp://host:port", "smtps://…", user and password as in RFC 3986 userinfo; at
 * most 8 at once, connections are kept for the next message. A path is the name
 * to say in EHLO. Arguments, as in "smtp://mx:587?tls=required&timeout=60":
 *
 *   tls=required   STARTTLS or nothing; so too wherever a password is given, this machine apart
 *   tls=try        STARTTLS where it is offered (the default without a password)
 *   tls=none       never
 *   ca=FILE        certificates to trust, instead of the system's
 *   timeout=N      seconds for a whole message, 1 … 3600; 300
 */
channel_t *channel_smtp(const char *url, channel_done_pt done, void *ctx, senda_err_t *err);

/* By the URL's scheme; NULL with the reason. */
channel_t *channel_open(const char *url, channel_done_pt done, void *ctx, senda_err_t *err);

/* Whether a URL could be opened: makes no folder, connects to nobody. SENDA_OK or SENDA_BAD. */
senda_rc_t channel_check(const char *url, senda_err_t *err);

/*
 * Waits at most timeout_ms (−1: for ever) until one of fds is readable or a
 * delivery moves, then says what is done. The sidecar's only place to wait.
 * readable[i] is set for each fd (also at its end or error). SENDA_OK (also
 * after a signal) or SENDA_SYS. done may send, and close a channel.
 */
senda_rc_t channel_poll(const int *fds, bool *readable, unsigned nfds, int timeout_ms,
    senda_err_t *err);

#endif
