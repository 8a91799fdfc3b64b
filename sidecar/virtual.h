/*
 * A rule file in virtual time: its program, and the same matcher that nginx
 * uses on the same rules. `senda test` and `senda replay` share it. Reads the
 * one file it is given; has no clock.
 *
 * A world owns its program; an event made by it points into the world and is
 * valid until the next one is made.
 */

#ifndef SENDA_VIRTUAL_H
#define SENDA_VIRTUAL_H

#include "engine.h"
#include "language.h"

typedef struct virtual_s virtual_t;

/*
 * Reads, checks and compiles. NULL after saying why on err: *status is then 1
 * (mistakes in the rules) or 2 (cannot be read). Warnings are not said.
 */
virtual_t *virtual_open(const char *file, FILE *err, int *status);
void virtual_close(virtual_t *w);

const program_t *virtual_program(const virtual_t *w);
const char *virtual_language(const virtual_t *w); /* "es" or "en" */

/*
 * What the request is: keys, fields, order; who and at are the caller's to
 * set. target is a path with arguments or a whole address; a path is looked for
 * on the site's first host. SENDA_OK; SENDA_NONE (another site's host);
 * SENDA_FULL (too long); SENDA_BAD (no address).
 */
senda_rc_t virtual_visit(virtual_t *w, senda_method_t method, senda_str_t target,
    engine_event_t *event);

/* The page's number in the program, -1 if key is none. */
int virtual_page(const virtual_t *w, senda_key_t key);

/* The decoded path of the last visit, and its whole address. */
senda_str_t virtual_path(const virtual_t *w);
const senda_url_t *virtual_url(const virtual_t *w);

/* A line of the rule file, from 1, without outer space; empty if there is none. */
senda_str_t virtual_line(const virtual_t *w, uint32_t line);

/* The rule file itself, for who explains or draws it; it has no mistakes. */
const lang_t *virtual_lang(const virtual_t *w);

#endif
