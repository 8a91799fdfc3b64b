/*
 * What was said between us and an SMTP server about one message, and what that
 * means. A pure state machine: it is told each command, each reply line and
 * when the end of the message was handed to the network.
 */

#ifndef SENDA_SMTP_DIALOGUE_H
#define SENDA_SMTP_DIALOGUE_H

#include "channel.h"

typedef enum {
    SMTP_CONNECT, /* up to the greeting */
    SMTP_HELLO,   /* EHLO, HELO, STARTTLS */
    SMTP_AUTH,
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_DATA,
    SMTP_BODY, /* after 354 */
    SMTP_DOT,  /* the end of the message is handed over */
} smtp_phase_t;

/* How the transfer ended, apart from what the server said. */
typedef enum {
    SMTP_ENDED_WELL,
    SMTP_ENDED_CUT,    /* no connection, connection lost, time-out */
    SMTP_ENDED_UNSENT, /* the last write failed: what it held is not out */
    SMTP_ENDED_TLS,    /* certificate or handshake refused, TLS required and not offered */
    SMTP_ENDED_LOGIN,  /* no way to log in that both know */
} smtp_end_t;

typedef struct {
    smtp_phase_t phase;
    bool over;      /* we said QUIT: what follows is not about the message */
    int code;       /* of the reply to the last command; 0: none yet */
    char line[256]; /* the server's last line, of whatever reply */
    size_t len;
} smtp_dialogue_t;

void smtp_dialogue_command(smtp_dialogue_t *d, const char *p, size_t n);
void smtp_dialogue_reply(smtp_dialogue_t *d, const char *p, size_t n);
void smtp_dialogue_dot(smtp_dialogue_t *d);

sent_class_t smtp_dialogue_class(const smtp_dialogue_t *d, smtp_end_t end);

/* Whether the last reply says that there is no such mailbox, for good (RFC 3463, 5.1.1 …). */
bool smtp_dialogue_is_dead(const smtp_dialogue_t *d);

#endif
