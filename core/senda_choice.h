/*
 * What somebody who follows the link to his channels sends back: to be left in
 * peace, or by which channels to be written to. The body of a POST, as a form
 * (WHATWG URL, 5.1) or as multipart/form-data (RFC 7578), which the one click
 * of a mail program may be too (RFC 8058, 3.2).
 */

#ifndef SENDA_CHOICE_H
#define SENDA_CHOICE_H

#include "senda_message.h"

#define SENDA_CHOICE_BODY   8192 /* bytes of a body; longer ones are not read */
#define SENDA_CHOICE_FIELDS 32   /* fields looked at; a body with more is no choice */
#define SENDA_CHOICE_VALUE  32   /* bytes of a decoded name or value; a longer one is nobody's */

typedef enum {
    SENDA_CHOICE_NONE,
    SENDA_CHOICE_LEAVE, /* "List-Unsubscribe=One-Click" or "action=leave" */
    SENDA_CHOICE_SAVE,  /* "action=save": by `channels` and by no other */
} senda_choice_kind_t;

typedef struct {
    senda_choice_kind_t kind;
    uint32_t channels; /* bits, 1 << SENDA_CHANNEL_…; 0 unless kind is SENDA_CHOICE_SAVE */
} senda_choice_t;

/*
 * Reads a body of this Content-Type (empty: a form). SENDA_OK; SENDA_BAD: it
 * says nothing of the kind, two things at once, names no such channel, or is
 * not whole: then *c is SENDA_CHOICE_NONE. Fields of other names do not matter.
 */
senda_rc_t senda_choice_read(senda_choice_t *c, senda_str_t content_type, senda_str_t body);

#endif
