/*
 * The socket for commands: a line in, lines out, the first of them `ok` or
 * `error REASON`, then the end. Server for the running sidecar, client for the
 * commands that find one.
 */

#ifndef SENDA_RUN_CONTROL_H
#define SENDA_RUN_CONTROL_H

#include "senda.h"

#define CONTROL_LINE_MAX   1024 /* bytes of a command; longer is refused */
#define CONTROL_CLIENTS    8    /* at once; further ones wait in the socket's queue … */
#define CONTROL_SILENT_MS  1000 /* … and take the place of one that has said nothing for this long */
#define CONTROL_ANSWER_MAX 65536 /* bytes of an answer; the rest is cut */

typedef struct control_s control_t;
typedef struct control_answer_s control_answer_t;

/* Carries out one command; says what there is to say with the two calls below. */
typedef void (*control_command_pt)(void *ctx, const char *line, control_answer_t *answer);
void control_say(control_answer_t *a, const char *line);
void control_refuse(control_answer_t *a, const char *reason);

/* SENDA_OK; SENDA_BAD (the path is too long for a socket); SENDA_SYS. The caller holds the lock. */
senda_rc_t control_open(control_t **out, const char *path, control_command_pt command, void *ctx,
    senda_err_t *err);
void control_close(control_t *c); /* NULL is allowed; removes the socket */

/* The descriptors to wait for, at most 1 + CONTROL_CLIENTS; how many. Then what became readable. */
unsigned control_fds(const control_t *c, int *fds);
/* Milliseconds until control_fds may be others, -1: only when something becomes readable. */
int64_t control_wait(const control_t *c);
void control_ready(control_t *c, const int *fds, const bool *readable, unsigned n);

/*
 * Client: SENDA_OK (*text holds the lines after `ok`; free with g_free);
 * SENDA_NONE: no sidecar listens there; SENDA_BAD: it refused, err has its
 * words; SENDA_SYS.
 */
senda_rc_t control_ask(const char *path, const char *line, char **text, senda_err_t *err);

#endif
