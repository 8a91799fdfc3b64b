/*
 * How a channel's threads speak to the polling one: answers and questions are
 * queued, from any thread, and channel_poll says them in order. An answer's
 * node is made before the message goes out, so that no answer is lost for want
 * of memory.
 */

#ifndef SENDA_CHANNEL_ANSWER_H
#define SENDA_CHANNEL_ANSWER_H

#include "channel.h"

#include <stdatomic.h>

typedef struct channel_answer_s channel_answer_t;
struct channel_answer_s {
    channel_answer_t *next;
    channel_t *channel;
    uint64_t ticket;
    unsigned *waiting; /* counted down right before done is called; the polling thread's */
    sent_t sent;
    enum { ANSWER, QUESTION, ALLOWED, REFUSED } kind; /* the last two: a question that was heard */
};

/* Takes a (made by calloc) and wakes channel_poll. */
void channel_answer(channel_answer_t *a);

/*
 * Asks c->last and waits for its word; never from the polling thread. True
 * without a question where c->last is NULL; false when *closing is set, which
 * channel_forget must follow.
 */
bool channel_ask_last(channel_t *c, uint64_t ticket, const atomic_bool *closing);

/* Drops what answers of a channel are queued and not yet said; its questions are refused. */
void channel_forget(const channel_t *c);

/* Writes class and words, cut to fit, without control characters. */
void channel_say(sent_t *s, sent_class_t class, const char *words, size_t n);

#endif
