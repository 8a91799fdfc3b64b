/*
 * A rule file in its canonical form: the table's words in one language, the
 * same indentation and columns everywhere, comments kept. What it means never
 * changes: the result is read again and compared before anybody gets it.
 */

#ifndef SENDA_LANG_FMT_H
#define SENDA_LANG_FMT_H

#include "language.h"
#include "words.h"

/* The language that most of the file's words are of; of as many of both, its `language` line's. */
lang_id_t lang_fmt_language(const lang_t *l);

/*
 * The canonical text, NUL-terminated, for g_free; to: LANG_LANGUAGES leaves the file in its own
 * language. NULL with the reason: the file has mistakes, or a line would become longer than
 * LANG_LINE_MAX.
 */
char *lang_fmt(const lang_t *l, lang_id_t to, size_t *len, senda_err_t *err);

/*
 * What the file says and nothing of how: two files of the same meaning and comments have the same
 * text here. For g_free. Only of files without mistakes.
 */
char *lang_fmt_meaning(const lang_t *l);

#endif
