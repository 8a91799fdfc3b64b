/*
 * Counts what a replay has gathered, once it is over.
 */

#include "replay_forecast.h"

#include <string.h>

typedef struct {
    uint64_t person;
    senda_sec_t at;
} bought_t;

static int
by_person(gconstpointer a, gconstpointer b)
{
    const bought_t *x = a, *y = b;

    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static GArray *
purchases_of(const replay_t *r)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(bought_t));

    for (guint i = 0; i < r->purchases->len; i++) {
        const replay_purchase_t *p = &g_array_index(r->purchases, replay_purchase_t, i);
        bought_t b = { replay_person(r, (replay_who_t){ p->visitor, 0 }), p->at };

        g_array_append_val(all, b);
    }
    g_array_sort(all, by_person);
    return all;
}

/* Whether the person bought after `at` and in the flow's window. */
static bool
bought_anyway(const replay_t *r, const GArray *purchases, replay_who_t who, const prog_flow_t *flow,
    senda_sec_t at)
{
    const senda_span_t days = { .days = FORECAST_DAYS };
    bool has_window = !senda_span_is_zero(flow->goal_within);
    senda_sec_t end = senda_zone_add(&r->program->zone, at, has_window ? flow->goal_within : days,
        1);
    bought_t key = { replay_person(r, who), at };
    guint low = 0, high = purchases->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (by_person(&g_array_index(purchases, bought_t, middle), &key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < purchases->len && g_array_index(purchases, bought_t, low).person == key.person &&
        g_array_index(purchases, bought_t, low).at <= end;
}

static int64_t
day_of(const replay_t *r, senda_sec_t at)
{
    int32_t offset;

    senda_zone_local(&r->program->zone, at, &offset);
    return (at + offset) / 86400;
}

/* 1970-01-01 was a Thursday. */
static int64_t
monday_of(int64_t day)
{
    return day - (day + 3) % 7;
}

static void
count_days(forecast_t *f, const replay_t *r)
{
    int64_t first, last;

    if (r->nmessages == 0)
        return;
    first = day_of(r, r->messages[0].at);
    last = day_of(r, r->messages[r->nmessages - 1].at);
    f->weekly = last - first >= FORECAST_DAYS_SHOWN;
    if (f->weekly)
        first = monday_of(first);
    for (int64_t day = first; day <= last; day += f->weekly ? 7 : 1) {
        forecast_day_t d = { .day = day };

        g_array_append_val(f->days, d);
    }
    for (size_t i = 0; i < r->nmessages; i++) {
        int64_t after = MAX(day_of(r, r->messages[i].at) - first, 0);
        forecast_day_t *d = &g_array_index(f->days, forecast_day_t,
            (guint)(f->weekly ? after / 7 : after));

        d->channels[r->messages[i].channel]++;
    }
}

static void
count_messages(forecast_t *f, const replay_t *r, const GArray *purchases)
{
    GHashTable *people = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (size_t i = 0; i < r->nmessages; i++) {
        const replay_message_t *m = &r->messages[i];
        uint64_t person = replay_person(r, m->who);

        f->channels[m->channel]++;
        f->marketing += !m->flow->transactional;
        f->anyway += !m->flow->transactional && bought_anyway(r, purchases, m->who, m->flow, m->at);
        if (g_hash_table_contains(people, &person))
            continue;
        g_hash_table_add(people, g_memdup2(&person, sizeof(person)));
        f->people++;
        f->contacts += person > UINT32_MAX;
    }
    g_hash_table_destroy(people);
}

static bool
gives_the_same(const prog_step_t *a, const prog_step_t *b)
{
    return a->kind == b->kind &&
        (a->kind == STEP_CREDIT ? a->value == b->value : strcmp(a->text, b->text) == 0);
}

static forecast_benefit_t *
benefit_row(forecast_t *f, const prog_step_t *step)
{
    forecast_benefit_t row = { step, 0, 0 };

    for (guint i = 0; i < f->benefits->len; i++) {
        forecast_benefit_t *b = &g_array_index(f->benefits, forecast_benefit_t, i);

        if (gives_the_same(b->step, step))
            return b;
    }
    g_array_append_val(f->benefits, row);
    return &g_array_index(f->benefits, forecast_benefit_t, f->benefits->len - 1);
}

static void
count_benefits(forecast_t *f, const replay_t *r, const GArray *purchases)
{
    for (guint i = 0; i < r->benefits->len; i++) {
        const replay_benefit_t *b = &g_array_index(r->benefits, replay_benefit_t, i);
        forecast_benefit_t *row = benefit_row(f, b->step);

        row->given++;
        row->anyway += bought_anyway(r, purchases, b->who, b->flow, b->at);
    }
}

forecast_t *
forecast_new(const replay_t *r)
{
    forecast_t *f = g_new0(forecast_t, 1);
    GArray *purchases = purchases_of(r);

    f->days = g_array_new(FALSE, FALSE, sizeof(forecast_day_t));
    f->benefits = g_array_new(FALSE, FALSE, sizeof(forecast_benefit_t));
    count_days(f, r);
    count_messages(f, r, purchases);
    count_benefits(f, r, purchases);
    g_array_free(purchases, TRUE);
    return f;
}

void
forecast_free(forecast_t *f)
{
    g_array_free(f->days, TRUE);
    g_array_free(f->benefits, TRUE);
    g_free(f);
}

const char *
forecast_benefit_name(const program_t *p, const prog_step_t *step, char *buf, size_t size)
{
    char money[64];

    if (step->kind == STEP_CREDIT)
        g_snprintf(buf, size, "credit %s", tale_money(p, step->value, money, sizeof(money)));
    else
        g_snprintf(buf, size, "%s %s", step->kind == STEP_GIFT ? "gift" : "coupon", step->text);
    return buf;
}

const char *
forecast_day_name(int64_t day, char *buf, size_t size)
{
    senda_local_t l = senda_zone_local(&senda_zone_utc, day * 86400, NULL);

    g_snprintf(buf, size, "%04d-%02d-%02d", l.year, l.month, l.day);
    return buf;
}
