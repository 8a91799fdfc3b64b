/*
 * The table of words for people and for editors: as text, as a page of the
 * manual, as syntax files. Each is made from the table alone, so that a new
 * word is in all of them.
 */

#ifndef SENDA_WORD_LIST_H
#define SENDA_WORD_LIST_H

#include <glib.h>

#include "words.h"

/* What a group of words has in common; every word is in exactly one. */
typedef struct {
    unsigned roles;                    /* any of them; 0: whatever is left */
    const char *title[LANG_LANGUAGES]; /* in the manual */
    const char *vim, *scope;           /* the editors' classes */
    bool first;                        /* begins a line */
} word_group_t;

/* The i-th group, NULL after the last. */
const word_group_t *word_group(unsigned i);

/* Whether the word is one of the group. */
bool word_in_group(word_t w, const word_group_t *g);

/* Each appends to out. */
void word_list_text(GString *out, lang_id_t lang);
void word_list_markdown(GString *out, lang_id_t lang);
void word_list_vim(GString *out);    /* word_list_editors.c */
void word_list_vscode(GString *out); /* word_list_editors.c */

#endif
