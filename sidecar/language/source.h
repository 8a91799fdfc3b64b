/*
 * From a file's bytes to clean text: UTF-8 without byte-order mark, NUL or
 * control characters. What was wrong is remembered with its place, so that it
 * can be said once while the rest of the file is still read as it was meant.
 */

#ifndef SENDA_LANG_SOURCE_H
#define SENDA_LANG_SOURCE_H

#include "senda.h"

typedef struct {
    char *text; /* len bytes and a NUL; source_free gives it back */
    size_t len;
    bool too_big; /* more than LANG_FILE_MAX: text is empty */
    bool utf16;   /* text is empty */
    bool binary;  /* mostly what no text has: text is empty */
    size_t nbad;  /* bytes that are no UTF-8, read as Latin-1 */
    size_t bad_at;
    uint8_t bad_byte;
    size_t ncontrol; /* control characters, read as spaces */
    size_t control_at;
    uint8_t control;
} source_t;

void source_read(source_t *s, const char *bytes, size_t len);
void source_free(source_t *s);

#endif
