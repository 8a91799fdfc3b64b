/*
 * The class of an SMTP delivery from its phase and the last reply. Never reads
 * or writes the network. Only what was handed over whole and never answered is
 * unknown.
 */

#include "smtp_dialogue.h"

#include <glib.h>

void
smtp_dialogue_command(smtp_dialogue_t *d, const char *p, size_t n)
{
    static const struct {
        const char *word;
        smtp_phase_t phase;
    } words[] = { { "EHLO", SMTP_HELLO }, { "HELO", SMTP_HELLO }, { "STARTTLS", SMTP_HELLO },
        { "AUTH", SMTP_AUTH }, { "MAIL", SMTP_MAIL }, { "RCPT", SMTP_RCPT },
        { "DATA", SMTP_DATA } };

    if (n >= 4 && memcmp(p, "QUIT", 4) == 0) {
        d->over = true;
    }
    if (d->phase >= SMTP_BODY || d->over) {
        return;
    }
    d->code = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t len = strlen(words[i].word);
        /* the rest of a login is no command: it leaves the phase as it is */
        if (n > len && memcmp(p, words[i].word, len) == 0 && (p[len] == ' ' || p[len] == '\r')) {
            d->phase = words[i].phase;
            return;
        }
    }
}

void
smtp_dialogue_reply(smtp_dialogue_t *d, const char *p, size_t n)
{
    if (d->over || n < 3 || !g_ascii_isdigit(p[0]) || !g_ascii_isdigit(p[1]) ||
        !g_ascii_isdigit(p[2])) {
        return;
    }
    while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n')) {
        n--;
    }
    d->len = n < sizeof(d->line) ? n : sizeof(d->line);
    memcpy(d->line, p, d->len);
    if (n > 3 && p[3] == '-') {
        return;
    }
    d->code = 100 * (p[0] - '0') + 10 * (p[1] - '0') + (p[2] - '0');
    if (d->phase == SMTP_DATA && d->code == 354) {
        d->phase = SMTP_BODY;
        d->code = 0;
    }
}

void
smtp_dialogue_dot(smtp_dialogue_t *d)
{
    d->phase = SMTP_DOT;
    d->code = 0;
}

static sent_class_t
after_the_dot(const smtp_dialogue_t *d, smtp_end_t end)
{
    switch (d->code / 100) {
    case 2:
        return SENT_DONE;
    case 4:
        return SENT_DEFER;
    case 5:
        return SENT_FAIL;
    default:
        return end == SMTP_ENDED_UNSENT && d->code == 0 ? SENT_DEFER : SENT_UNKNOWN;
    }
}

sent_class_t
smtp_dialogue_class(const smtp_dialogue_t *d, smtp_end_t end)
{
    if (d->phase == SMTP_DOT) {
        return after_the_dot(d, end);
    }
    if (end == SMTP_ENDED_TLS) {
        return SENT_HALT;
    }
    if (d->code >= 400 && d->code < 500) {
        return SENT_DEFER;
    }
    if (d->code >= 500 && d->code < 600) {
        /* before MAIL it is us that they do not want, not this message; so too 530, 534, 535, 538 */
        bool login = d->code == 530 || d->code == 534 || d->code == 535 || d->code == 538;
        return d->phase < SMTP_MAIL || login ? SENT_HALT : SENT_FAIL;
    }
    return end == SMTP_ENDED_LOGIN ? SENT_HALT : SENT_DEFER;
}

/* A bare 550 will not do: that is also what a server says to a whole network that it blocks. */
bool
smtp_dialogue_is_dead(const smtp_dialogue_t *d)
{
    static const char *const dead[] = { "5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1" };

    if (d->phase < SMTP_RCPT || d->code < 500 || d->len < 5) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(dead); i++) {
        size_t n = strlen(dead[i]);
        if (d->len >= 4 + n && memcmp(d->line + 4, dead[i], n) == 0 &&
            (d->len == 4 + n || !g_ascii_isdigit(d->line[4 + n]))) {
            return true;
        }
    }
    return false;
}
