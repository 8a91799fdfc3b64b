/*
 * One row a query, and the rows' numbers in order of frequency: a row that gets
 * one more search changes places with the first of those as frequent as it was.
 * What a day takes away is taken from all at once, at the first search of the
 * next. Memory comes from GLib, which ends the program when there is none.
 */

#include "popular.h"
#include "value.h"

#include <glib.h>

#define KEPT (POPULAR_QUERIES_MAX - POPULAR_QUERIES_MAX / 10) /* when there is no room */

typedef struct {
    gint64 hash; /* of the folded text; 0: a free row */
    senda_sec_t last;
    uint32_t total, place; /* place: in order */
    uint32_t days[POPULAR_DAYS];
} query_t;

struct popular_s {
    const senda_zone_t *zone;
    query_t *rows;       /* POPULAR_QUERIES_MAX; untouched ones cost no memory */
    uint32_t *order;     /* numbers of rows, the most frequent first */
    uint32_t n, used;    /* n rows are in order; used: rows ever touched, of which free are free */
    GArray *free;        /* numbers of rows */
    GHashTable *by_hash; /* into rows */
    int64_t day;         /* local, since 1970; valid once n or begun */
    senda_sec_t day_from, day_to;
    bool begun;
    uint64_t forgotten;
};

popular_t *
popular_new(const senda_zone_t *zone)
{
    popular_t *p = g_new0(popular_t, 1);

    p->zone = zone;
    p->rows = g_new0(query_t, POPULAR_QUERIES_MAX);
    p->order = g_new0(uint32_t, POPULAR_QUERIES_MAX);
    p->free = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    p->by_hash = g_hash_table_new(g_int64_hash, g_int64_equal);
    return p;
}

void
popular_free(popular_t *p)
{
    if (p == NULL)
        return;
    g_hash_table_destroy(p->by_hash);
    g_array_free(p->free, TRUE);
    g_free(p->order);
    g_free(p->rows);
    g_free(p);
}

uint32_t
popular_queries(const popular_t *p)
{
    return p->n;
}

uint64_t
popular_forgotten(const popular_t *p)
{
    return p->forgotten;
}

static int
by_frequency(const void *a, const void *b, void *rows)
{
    const query_t *x = (const query_t *)rows + *(const uint32_t *)a;
    const query_t *y = (const query_t *)rows + *(const uint32_t *)b;

    if (x->total != y->total)
        return x->total < y->total ? 1 : -1;
    return (x->last < y->last) - (x->last > y->last);
}

/* The rows behind the first `keep`, and those that nobody searches any more, are free. */
static void
sort_and_cut(popular_t *p, uint32_t keep)
{
    g_qsort_with_data(p->order, (gint)p->n, sizeof(*p->order), by_frequency, p->rows);
    while (p->n > keep || (p->n > 0 && p->rows[p->order[p->n - 1]].total == 0)) {
        uint32_t number = p->order[--p->n];

        p->forgotten += p->rows[number].total > 0;
        g_hash_table_remove(p->by_hash, &p->rows[number].hash);
        memset(&p->rows[number], 0, sizeof(p->rows[number]));
        g_array_append_val(p->free, number);
    }
    for (uint32_t i = 0; i < p->n; i++)
        p->rows[p->order[i]].place = i;
}

/* From the day that was to this one: what lies 30 days or more back is taken away. */
static void
next_day(popular_t *p, int64_t day)
{
    int64_t passed = p->begun ? MIN(day - p->day, POPULAR_DAYS) : 0;

    for (uint32_t i = 0; i < p->n && passed > 0; i++) {
        query_t *q = &p->rows[p->order[i]];

        for (int64_t d = day - passed + 1; d <= day; d++) {
            q->total -= q->days[d % POPULAR_DAYS];
            q->days[d % POPULAR_DAYS] = 0;
        }
    }
    p->day = day;
    p->begun = true;
    sort_and_cut(p, POPULAR_QUERIES_MAX);
}

static void
set_day(popular_t *p, senda_sec_t at)
{
    senda_local_t l;
    int32_t offset;
    int64_t day;

    if (p->begun && at < p->day_to)
        return;
    l = senda_zone_local(p->zone, at, &offset);
    day = (at + offset) / 86400;
    l.hour = l.minute = l.second = 0;
    l.day++;
    p->day_to = senda_zone_utc_of(p->zone, l);
    if (!p->begun || day > p->day)
        next_day(p, day);
}

/* The first place of those that were searched so often; there is one. */
static uint32_t
first_of(const popular_t *p, uint32_t total)
{
    uint32_t low = 0, high = p->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (p->rows[p->order[middle]].total > total)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static query_t *
row_of(popular_t *p, gint64 hash)
{
    query_t *q = g_hash_table_lookup(p->by_hash, &hash);
    uint32_t number;

    if (q != NULL)
        return q;
    if (p->n == POPULAR_QUERIES_MAX)
        sort_and_cut(p, KEPT);
    if (p->free->len > 0) {
        number = g_array_index(p->free, uint32_t, p->free->len - 1);
        g_array_set_size(p->free, p->free->len - 1);
    } else {
        number = p->used++;
    }
    q = &p->rows[number];
    q->hash = hash;
    q->place = p->n;
    p->order[p->n++] = number;
    g_hash_table_insert(p->by_hash, &q->hash, q);
    return q;
}

uint32_t
popular_search(popular_t *p, senda_sec_t at, senda_str_t query)
{
    uint32_t first, other;
    int64_t hash;
    query_t *q;

    if (!value_read(VALUE_TEXT, query, &hash))
        return 0;
    set_day(p, at);
    q = row_of(p, hash);
    first = first_of(p, q->total);
    other = p->order[first];
    p->order[first] = (uint32_t)(q - p->rows);
    p->order[q->place] = other;
    p->rows[other].place = q->place;
    q->place = first;
    q->total++;
    q->days[p->day % POPULAR_DAYS]++;
    q->last = at;
    return 1 + first_of(p, q->total);
}
