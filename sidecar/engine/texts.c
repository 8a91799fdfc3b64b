/*
 * Items, searches and orders as numbers: each text is kept once, for all
 * persons, for as long as the engine lives. At most ENGINE_TEXTS_MAX; what
 * finds no room is refused and counted, and is then simply not remembered.
 */

#include "engine_state.h"
#include "hash.h"

#include <stdlib.h>

#define CHUNK_BYTES (64u << 10)
#define TEXT_MAX    1024 /* bytes of one; longer ones are refused */

/* Where the text is in the table, or the empty place where it belongs. */
static uint32_t
place_of(const texts_t *t, senda_str_t text)
{
    uint32_t i = (uint32_t)engine_hash(text) & (t->table_size - 1);

    for (; t->table[i] != 0; i = (i + 1) & (t->table_size - 1)) {
        if (senda_str_eq(t->texts[t->table[i] - 1], text))
            break;
    }
    return i;
}

static bool
grow(texts_t *t)
{
    uint32_t size = t->table_size == 0 ? 1024 : 2 * t->table_size, *table;
    senda_str_t *texts;

    if (t->n + 1 <= t->table_size / 4 * 3)
        return true;
    table = calloc(size, sizeof(*table));
    texts = realloc(t->texts, size * sizeof(*texts));
    if (texts != NULL)
        t->texts = texts;
    if (table == NULL || texts == NULL) {
        free(table);
        return false;
    }
    free(t->table);
    t->table = table;
    t->table_size = size;
    for (uint32_t i = 0; i < t->n; i++)
        table[place_of(t, t->texts[i])] = i + 1;
    return true;
}

static char *
store(texts_t *t, senda_str_t text)
{
    char *to;

    if (t->nchunks == 0 || t->chunk_used + text.n > CHUNK_BYTES) {
        char **chunks = realloc(t->chunks, (t->nchunks + 1) * sizeof(*chunks));

        if (chunks == NULL)
            return NULL;
        t->chunks = chunks;
        chunks[t->nchunks] = malloc(CHUNK_BYTES);
        if (chunks[t->nchunks] == NULL)
            return NULL;
        t->nchunks++;
        t->chunk_used = 0;
    }
    to = t->chunks[t->nchunks - 1] + t->chunk_used;
    memcpy(to, text.p, text.n);
    t->chunk_used += (uint32_t)text.n;
    return to;
}

uint32_t
engine_text_find(const engine_t *e, senda_str_t text)
{
    return e->texts.n == 0 || text.n == 0 ? 0 : e->texts.table[place_of(&e->texts, text)];
}

uint32_t
engine_text(engine_t *e, senda_str_t text)
{
    texts_t *t = &e->texts;
    uint32_t number = engine_text_find(e, text);
    char *kept;

    if (number != 0 || text.n == 0)
        return number;
    kept = text.n > TEXT_MAX || t->n == ENGINE_TEXTS_MAX || !grow(t) ? NULL : store(t, text);
    if (kept == NULL) {
        e->stats.refused++;
        return 0;
    }
    t->texts[t->n] = (senda_str_t){ kept, text.n };
    number = ++t->n;
    t->table[place_of(t, text)] = number;
    return number;
}

senda_str_t
engine_text_of(const engine_t *e, uint32_t number)
{
    return number == 0 || number > e->texts.n ? (senda_str_t){ "", 0 } : e->texts.texts[number - 1];
}

void
engine_texts_free(texts_t *t)
{
    for (uint32_t i = 0; i < t->nchunks; i++)
        free(t->chunks[i]);
    free(t->chunks);
    free(t->texts);
    free(t->table);
}
