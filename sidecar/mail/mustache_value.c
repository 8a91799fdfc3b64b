/*
 * The tree of values that a template shows. Never parses, never prints. Memory
 * comes from GLib, which ends the program when there is none.
 */

#include "mustache_value.h"

#include <glib.h>

static tval_t *
make(tval_kind_t kind)
{
    tval_t *v = g_new0(tval_t, 1);

    v->kind = kind;
    return v;
}

tval_t *
tval_text(senda_str_t s)
{
    tval_t *v = make(TVAL_TEXT);

    v->text = g_malloc(s.n + 1);
    if (s.n > 0) {
        memcpy(v->text, s.p, s.n);
    }
    v->text[s.n] = '\0';
    v->len = s.n;
    return v;
}

tval_t *
tval_bool(bool b)
{
    tval_t *v = make(TVAL_BOOL);

    v->truth = b;
    return v;
}

tval_t *
tval_list(void)
{
    return make(TVAL_LIST);
}

tval_t *
tval_map(void)
{
    return make(TVAL_MAP);
}

tval_t *
tval_map_over(const tval_t *base)
{
    tval_t *v = make(TVAL_MAP);

    v->base = base;
    return v;
}

void
tval_push(tval_t *list, tval_t *item)
{
    if (list->kind != TVAL_LIST) {
        tval_free(item);
        return;
    }
    if (list->n == list->room) {
        list->room = list->room == 0 ? 4 : 2 * list->room;
        list->items = g_renew(tval_t *, list->items, list->room);
    }
    list->items[list->n++] = item;
}

static tval_entry_t *
find(const tval_t *map, senda_str_t name)
{
    for (size_t i = 0; i < map->n; i++) {
        tval_entry_t *e = &map->entries[i];
        if (senda_str_eq((senda_str_t){ e->name, e->len }, name)) {
            return e;
        }
    }
    return NULL;
}

void
tval_set(tval_t *map, senda_str_t name, tval_t *value)
{
    if (map->kind != TVAL_MAP) {
        tval_free(value);
        return;
    }
    tval_entry_t *e = find(map, name);
    if (e != NULL) {
        tval_free(e->value);
        e->value = value;
        return;
    }
    if (map->n == map->room) {
        map->room = map->room == 0 ? 8 : 2 * map->room;
        map->entries = g_renew(tval_entry_t, map->entries, map->room);
    }
    e = &map->entries[map->n++];
    e->name = g_strndup(name.p, name.n);
    e->len = name.n;
    e->value = value;
}

const tval_t *
tval_get(const tval_t *map, senda_str_t name)
{
    for (; map != NULL && map->kind == TVAL_MAP; map = map->base) {
        const tval_entry_t *e = find(map, name);
        if (e != NULL) {
            return e->value;
        }
    }
    return NULL;
}

bool
tval_is_true(const tval_t *v)
{
    if (v == NULL) {
        return false;
    }
    switch (v->kind) {
    case TVAL_TEXT:
        return v->len > 0;
    case TVAL_BOOL:
        return v->truth;
    case TVAL_LIST:
        return v->n > 0;
    case TVAL_MAP:
        break;
    }
    return true;
}

void
tval_free(tval_t *v)
{
    if (v == NULL) {
        return;
    }
    if (v->kind == TVAL_LIST) {
        for (size_t i = 0; i < v->n; i++) {
            tval_free(v->items[i]);
        }
    } else if (v->kind == TVAL_MAP) {
        for (size_t i = 0; i < v->n; i++) {
            g_free(v->entries[i].name);
            tval_free(v->entries[i].value);
        }
    }
    g_free(v->items);
    g_free(v->entries);
    g_free(v->text);
    g_free(v);
}
