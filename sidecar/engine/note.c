/*
 * Notes: the fields of a happening that armed absences, kept until these are
 * through. One note serves all the rules that one happening armed; it is found
 * by the happening's stamp. Without memory the start goes without them.
 */

#include "engine_state.h"

#include <stdlib.h>

struct note_s {
    note_t *next;
    stamp_t after;
    uint16_t uses, len;
    char fields[];
};

static size_t
bytes_of(const note_t *n)
{
    return sizeof(*n) + n->len;
}

static note_t *
first_of(const engine_t *e, const person_t *p)
{
    history_part_t part = history_part(&e->histories, p->history, e->plan->notes);
    note_t *first = NULL;

    if (part.count > 0)
        memcpy(&first, part.fixed, sizeof(first));
    return first;
}

static note_t *
find(const engine_t *e, const person_t *p, stamp_t after)
{
    note_t *n = first_of(e, p);

    while (n != NULL && n->after != after)
        n = n->next;
    return n;
}

senda_str_t
engine_note_of(const engine_t *e, const person_t *p, stamp_t after)
{
    const note_t *n = find(e, p, after);

    return n == NULL ? (senda_str_t){ NULL, 0 } : (senda_str_t){ n->fields, n->len };
}

void
engine_note_take(engine_t *e, person_t *p, stamp_t after, senda_str_t fields)
{
    note_t *n = find(e, p, after);
    senda_rc_t rc;
    uint64_t *word;

    if (n != NULL)
        n->uses++;
    if (n != NULL || fields.n == 0)
        return;
    n = history_room(&e->histories, sizeof(*n) + fields.n);
    if (n == NULL) {
        e->stats.refused++;
        return;
    }
    n->after = after;
    n->uses = 1;
    n->len = (uint16_t)fields.n;
    memcpy(n->fields, fields.p, fields.n);
    n->next = first_of(e, p);
    word = history_words(&e->histories, &p->history, e->plan->notes, &rc);
    if (word == NULL) {
        history_room_free(&e->histories, n, bytes_of(n));
        e->stats.refused++;
        return;
    }
    memcpy(word, &n, sizeof(n));
}

/* What leads to n leads to its next. */
static void
unlink_note(engine_t *e, person_t *p, const note_t *n)
{
    note_t *before = first_of(e, p);

    if (before == n && n->next == NULL) {
        history_remove(&e->histories, p->history, e->plan->notes);
    } else if (before == n) {
        memcpy(history_find(p->history, e->plan->notes), &n->next, sizeof(n->next));
    } else {
        while (before->next != n)
            before = before->next;
        before->next = n->next;
    }
}

void
engine_note_drop(engine_t *e, person_t *p, stamp_t after)
{
    note_t *n = find(e, p, after);

    if (n == NULL || --n->uses > 0)
        return;
    unlink_note(e, p, n);
    history_room_free(&e->histories, n, bytes_of(n));
}

void
engine_notes_free(engine_t *e, person_t *p)
{
    note_t *n = first_of(e, p), *next;

    for (; n != NULL; n = next) {
        next = n->next;
        history_room_free(&e->histories, n, bytes_of(n));
    }
    history_remove(&e->histories, p->history, e->plan->notes);
}
