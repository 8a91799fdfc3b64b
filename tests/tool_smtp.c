/*
 * Sends messages through a channel and prints what became of each:
 *
 *     tool_smtp [OPTION]... URL
 *
 *     --messages N   how many (1), numbered from 1, to N@example.com
 *     --bytes N      how long each is at least (300)
 *     --at-once N    how many may be on their way (8)
 *     --refuse       the owner does not allow the last bytes
 *     --leave N      closes the channel after N answers
 *
 * A line a message, "NUMBER CLASS[ dead] ANSWER", in the order of the answers;
 * then "marks N" and "notes N leaving, N answered, N out of order".
 */

#include <glib.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "channel.h"

static gint messages = 1, bytes = 300, at_once = 8, leave = -1;
static gboolean refuse;
static int answers, marks;
static atomic_int leaving, answered, disorder;

/* How far each message has come: asked, leaving, answered. */
#define MESSAGES_MAX 1024
static atomic_int stage[MESSAGES_MAX];

static void
on_done(void *ctx, uint64_t ticket, const sent_t *r)
{
    static const char *const words[] = { "DONE", "DEFER", "FAIL", "UNKNOWN", "HALT" };

    (void)ctx;
    answers++;
    disorder += atomic_load(&stage[ticket % MESSAGES_MAX]) != 3;
    printf("%u %s%s %s\n", (unsigned)ticket, words[r->class], r->dead_address ? " dead" : "",
        r->answer);
    fflush(stdout);
}

static bool
on_last(void *ctx, uint64_t ticket)
{
    (void)ctx;
    marks++;
    disorder += atomic_exchange(&stage[ticket % MESSAGES_MAX], 1) != 0;
    return !refuse;
}

/* From the channel's threads. */
static void
on_note(void *ctx, uint64_t ticket, const sent_t *result)
{
    int before = atomic_exchange(&stage[ticket % MESSAGES_MAX], result == NULL ? 2 : 3);

    (void)ctx;
    if (result == NULL) {
        leaving++;
        disorder += before != 1 || refuse;
    } else {
        answered++;
        disorder += before == 3 || (result->class == SENT_DONE && before != 2);
    }
}

/* Lines that begin with dots must arrive as they are. */
static void
make(message_t *m, unsigned number)
{
    GString *s = g_string_new(NULL);

    memset(m, 0, sizeof(*m));
    g_string_printf(s, "From: shop@example.com\r\nSubject: %u\r\n\r\n.\r\n..two\r\n", number);
    while (s->len < (size_t)bytes) {
        g_string_append(s, ".0123456789 0123456789 0123456789 0123456789 0123456789\r\n");
    }
    m->len = s->len;
    m->bytes = g_string_free(s, FALSE);
    m->envelope_from = g_strdup("shop@example.com");
    m->envelope_to = g_strdup_printf("%u@example.com", number);
    m->message_id = g_strdup_printf("<%u@example.com>", number);
    m->subject = g_strdup_printf("%u", number);
}

static int
run(channel_t *c)
{
    senda_err_t err = { "" };
    int sent = 0;

    while (answers < messages && answers != leave) {
        while (sent < messages && sent - answers < at_once) {
            message_t m;
            make(&m, (unsigned)sent + 1);
            senda_rc_t rc = c->send(c, (uint64_t)sent + 1, &m, &err);
            message_free(&m);
            if (rc != SENDA_OK) {
                break;
            }
            sent++;
        }
        if (channel_poll(NULL, NULL, 0, -1, &err) != SENDA_OK) {
            fprintf(stderr, "%s\n", err.text);
            return 2;
        }
    }
    return 0;
}

int
main(int argc, char **argv)
{
    GOptionEntry options[] = {
        { "messages", 0, 0, G_OPTION_ARG_INT, &messages, "how many", "N" },
        { "bytes", 0, 0, G_OPTION_ARG_INT, &bytes, "how long", "N" },
        { "at-once", 0, 0, G_OPTION_ARG_INT, &at_once, "on their way", "N" },
        { "leave", 0, 0, G_OPTION_ARG_INT, &leave, "close after answers", "N" },
        { "refuse", 0, 0, G_OPTION_ARG_NONE, &refuse, "forbid the last bytes", NULL },
        { 0 },
    };
    GOptionContext *context = g_option_context_new("URL");
    senda_err_t err = { "" };

    g_option_context_add_main_entries(context, options, NULL);
    gboolean parsed = g_option_context_parse(context, &argc, &argv, NULL);
    g_option_context_free(context);
    if (!parsed || argc != 2) {
        fprintf(stderr, "tool_smtp [OPTION]... URL\n");
        return 2;
    }
    channel_t *c = channel_open(argv[1], on_done, NULL, &err);
    if (c == NULL) {
        printf("0 CLOSED %s\n", err.text);
        return 1;
    }
    c->last = on_last;
    c->note = on_note;
    int status = run(c);
    c->close(c);
    printf("marks %d\nnotes %d leaving, %d answered, %d out of order\n", marks, leaving, answered,
        disorder);
    return status;
}
