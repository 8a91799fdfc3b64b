/*
 * The model's list of events, read from end to end for every question: what an
 * event was a happening of, how often that happened, what it came to.
 */

#include "model_parts.h"

#include <math.h>
#include <stdlib.h>

#define PURCHASE senda_key_event(SENDA_EV_PURCHASE)
#define REFUND   senda_key_event(SENDA_EV_REFUND)

/* ---- which verbs the program has ---- */

static void
know_verb(model_t *m, const prog_verb_t *v)
{
    for (unsigned i = 0; i < m->nverbs; i++) {
        if (m->verbs[i] == v)
            return;
    }
    if (m->nverbs == VERBS)
        abort();
    if (v->before != NULL)
        know_verb(m, v->before); /* first: it is looked for among earlier events only */
    m->verbs[m->nverbs++] = v;
}

static void
know_cond(model_t *m, const prog_cond_t *c)
{
    if (c == NULL)
        return;
    if (c->kind == COND_AND || c->kind == COND_OR || c->kind == COND_NOT) {
        know_cond(m, c->left);
        know_cond(m, c->right);
    } else if (c->kind == COND_VERB || c->kind == COND_TOTAL || c->kind == COND_FIRST ||
        c->kind == COND_LAST) {
        know_verb(m, &c->verb);
    }
}

void
model_know_verbs(model_t *m)
{
    const program_t *p = m->program;

    for (unsigned r = 0; r < m->nrules; r++) {
        const prog_trigger_t *w = m->rules[r].when;

        if (w->has_verb || w->kind == TRIGGER_TOTAL)
            know_verb(m, &w->verb);
        if (w->has_absent)
            know_verb(m, &w->absent);
        know_cond(m, w->cond);
    }
    for (unsigned i = 0; i < p->nstages; i++)
        know_cond(m, p->stages[i].cond);
    for (unsigned i = 0; i < p->nsegments; i++)
        know_cond(m, p->segments[i].cond);
    for (unsigned i = 0; i < p->nshows; i++)
        know_cond(m, p->shows[i].cond);
    for (unsigned i = 0; i < p->nflows; i++) {
        know_cond(m, p->flows[i].stop);
        know_cond(m, p->flows[i].goal);
        know_cond(m, p->flows[i].only);
        for (unsigned s = 0; s < p->flows[i].nsteps; s++)
            know_cond(m, p->flows[i].steps[s].cond);
    }
}

/* ---- what an event brings ---- */

bool
model_has_key(const entry_t *e, senda_key_t key)
{
    for (unsigned i = 0; i < e->nkeys; i++) {
        if (e->keys[i] == key)
            return true;
    }
    return false;
}

senda_str_t
model_field(const engine_event_t *ev, const char *name)
{
    for (unsigned i = 0; ev != NULL && i < ev->nfields; i++) {
        if (senda_str_eq(ev->fields[i].name, senda_cstr(name)))
            return ev->fields[i].value;
    }
    return (senda_str_t){ "", 0 };
}

/* "12", "-3.5": in ten-thousandths. */
bool
model_number(senda_str_t text, int64_t *value)
{
    int64_t n = 0, unit = 0;
    size_t i = text.n > 0 && text.p[0] == '-';
    bool digits = false;

    for (; i < text.n; i++) {
        if (text.p[i] == '.' && unit == 0 && digits) {
            unit = VALUE_ONE;
        } else if (text.p[i] >= '0' && text.p[i] <= '9') {
            digits = true;
            if (unit == 0)
                n = n * 10 + (text.p[i] - '0') * VALUE_ONE;
            else if (unit > 1)
                n += (text.p[i] - '0') * (unit /= 10);
        } else {
            return false;
        }
    }
    *value = text.n > 0 && text.p[0] == '-' ? -n : n;
    return digits;
}

static bool
passes(const entry_t *e, const prog_filter_t *f)
{
    senda_str_t text = model_field(e->ev, f->field);
    int64_t value, year, month, day;
    char copy[WORD];

    if (text.n == 0)
        return false;
    if (f->type == VALUE_TEXT)
        return senda_str_eq(text, senda_cstr(f->text));
    if (f->type == VALUE_NUMBER)
        return model_number(text, &value) && model_compare(value, f->cmp, f->value);
    snprintf(copy, sizeof(copy), "%.*s", (int)text.n, text.p);
    return model_date(copy, &year, &month, &day) &&
        model_compare(model_day_number(year, month, day), f->cmp, f->value);
}

static bool
position(const entry_t *e, double *latitude, double *longitude)
{
    senda_str_t lat = model_field(e->ev, "lat"), lon = model_field(e->ev, "lon");
    int64_t a, b;

    if (!model_number(lat, &a) || !model_number(lon, &b))
        return false;
    *latitude = (double)a / VALUE_ONE;
    *longitude = (double)b / VALUE_ONE;
    return true;
}

/* 1: inside, 0: outside, -1: no position. */
static int
inside(const entry_t *e, const prog_spot_t *spot)
{
    const double degree = acos(-1.0) / 180;
    double lat, lon, a, b, c;

    if (!position(e, &lat, &lon))
        return -1;
    a = sin((lat - spot->latitude) * degree / 2);
    b = sin((lon - spot->longitude) * degree / 2);
    c = a * a + cos(lat * degree) * cos(spot->latitude * degree) * b * b;
    return 2 * 6371008.8 * asin(sqrt(c)) <= spot->radius;
}

/* ---- what is a happening of what ---- */

static bool
arrives(const model_t *m, const entry_t *e, const prog_spot_t *spot)
{
    int before = 0;

    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *o = &m->entries[i];

        if (o->person == e->person && o->stamp < e->stamp && inside(o, spot) >= 0)
            before = inside(o, spot);
    }
    return inside(e, spot) == 1 && before == 0;
}

static bool
returns(const model_t *m, const entry_t *e, senda_span_t span)
{
    const entry_t *last = NULL;

    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *o = &m->entries[i];

        if (o->person == e->person && o->stamp < e->stamp && o->page)
            last = o;
    }
    return e->page && last != NULL && model_add(m->zone, last->at, span, 1) <= e->at;
}

/* Since when this visitor has been here without a longer gap; false: it is in no visit. */
static bool
visit_began(const model_t *m, const entry_t *e, senda_sec_t *began)
{
    bool found = e->page;

    *began = e->at;
    if (e->visitor == 0)
        return false;
    for (unsigned i = m->nentries; i-- > 0;) {
        const entry_t *o = &m->entries[i];

        if (!o->page || o->visitor != e->visitor || o->stamp >= e->stamp)
            continue;
        if (*began - o->at >= VISIT)
            break;
        *began = o->at;
        found = true;
    }
    return found;
}

static bool
came_before(const model_t *m, const entry_t *e, const prog_verb_t *before)
{
    senda_sec_t began;

    if (!visit_began(m, e, &began))
        return false;
    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *o = &m->entries[i];

        if (o->person == e->person && o->stamp < e->stamp && o->at >= began &&
            model_happened(m, o, before))
            return true;
    }
    return false;
}

const entry_t *
model_source(const model_t *m, const entry_t *e, const prog_verb_t *v)
{
    return v != NULL && v->happens == HAPPENS_SPENDS && e->viewed >= 0 ? &m->entries[e->viewed] : e;
}

static bool
is_kind(const model_t *m, const entry_t *e, const prog_verb_t *v)
{
    const entry_t *seen = e->viewed >= 0 ? &m->entries[e->viewed] : NULL;

    switch (v->happens) {
    case HAPPENS_SPENDS:
        return seen != NULL && model_has_key(seen, v->key) && e->at - seen->at <= VISIT &&
            e->at > model_add(m->zone, seen->at, v->span, 1);
    case HAPPENS_RETURNS:
        return returns(m, e, v->span);
    case HAPPENS_ARRIVES:
        return arrives(m, e, &m->program->places[v->place]);
    default:
        return model_has_key(e, v->key);
    }
}

static bool
is_happening(const model_t *m, const entry_t *e, const prog_verb_t *v)
{
    if (!is_kind(m, e, v) ||
        (v->template != NULL && (e->template == NULL || strcmp(e->template, v->template) != 0)))
        return false;
    if (v->channels != 0 && (e->template == NULL || (v->channels & CHANNEL_BIT(e->channel)) == 0))
        return false;
    if (v->top != 0 && (e->ev->rank == 0 || e->ev->rank > v->top))
        return false;
    for (unsigned i = 0; i < v->nfilters; i++) {
        if (!passes(model_source(m, e, v), &v->filters[i]))
            return false;
    }
    return v->before == NULL || came_before(m, e, v->before);
}

/* What this person paid for the order that a refund names, and has not got back by its number. */
static int64_t
order_amount(const model_t *m, const entry_t *refund)
{
    senda_str_t order = model_field(refund->ev, "order");
    int64_t value, amount = 0;

    for (unsigned i = 0; order.n > 0 && i < m->nentries; i++) {
        const entry_t *e = &m->entries[i];

        if (e->person == refund->person && e->stamp < refund->stamp && model_has_key(e, PURCHASE) &&
            senda_str_eq(model_field(e->ev, "order"), order) &&
            model_number(model_field(e->ev, "total"), &value))
            amount = value;
        if (e->person == refund->person && e->stamp < refund->stamp && model_has_key(e, REFUND) &&
            senda_str_eq(model_field(e->ev, "order"), order))
            amount = 0;
    }
    return amount;
}

void
model_note(model_t *m, entry_t *e)
{
    e->viewed = -1;
    for (unsigned i = 0; e->page && e->visitor != 0 && i < m->nentries; i++) {
        const entry_t *o = &m->entries[i];

        if (o->page && o->visitor == e->visitor && o->stamp < e->stamp)
            e->viewed = (int)i;
    }
    if (e->viewed >= 0 && m->entries[e->viewed].person != e->person)
        e->viewed = -1; /* somebody else looked at it */
    if (model_has_key(e, REFUND) && !model_number(model_field(e->ev, "total"), &e->refunded))
        e->refunded = order_amount(m, e);
    if (e->refunded != 0)
        HIT(m, HIT_REFUND);
    for (unsigned i = 0; i < m->nverbs; i++)
        e->happened[i] = is_happening(m, e, m->verbs[i]);
}

bool
model_happened(const model_t *m, const entry_t *e, const prog_verb_t *v)
{
    for (unsigned i = 0; i < m->nverbs; i++) {
        if (m->verbs[i] == v)
            return e->happened[i];
    }
    abort();
}

/* ---- how often ---- */

static unsigned
values_of(const model_t *m, const entry_t *e, const prog_verb_t *v, char values[][WORD])
{
    const entry_t *from = model_source(m, e, v);
    senda_str_t text;

    if (strcmp(v->capture, "item") == 0 && model_has_key(from, PURCHASE)) {
        memcpy(values, from->items, from->nitems * sizeof(from->items[0]));
        return from->nitems;
    }
    text = model_field(from->ev, v->capture);
    snprintf(values[0], WORD, "%.*s", (int)text.n, text.p);
    return text.n > 0;
}

typedef struct {
    unsigned n;
    char values[BASKET * 20][WORD];
} distinct_t;

static void
add_value(distinct_t *d, const char *value)
{
    for (unsigned i = 0; i < d->n; i++) {
        if (strcmp(d->values[i], value) == 0)
            return;
    }
    if (d->n == sizeof(d->values) / sizeof(d->values[0]))
        abort();
    snprintf(d->values[d->n++], WORD, "%s", value);
}

/* One happening more, of the value asked for, of a new value, or on a new day. */
static unsigned
counts_as(const model_t *m, const prog_verb_t *v, const entry_t *e, const char *same, distinct_t *d)
{
    char values[BASKET][WORD], day[WORD];
    unsigned n;
    bool hits = false; /* twice in one order is one happening */

    if (v->by == BY_NONE || (v->by == BY_SAME && same == NULL))
        return 1;
    if (v->by == BY_DAY) {
        int64_t number = model_local_day(m->zone, e->at, NULL);

        snprintf(day, sizeof(day), "%lld", (long long)number);
        add_value(d, day);
        return 0;
    }
    n = values_of(m, e, v, values);
    for (unsigned i = 0; i < n; i++) {
        if (v->by == BY_DIFFERENT)
            add_value(d, values[i]);
        else
            hits = hits || strcmp(values[i], same) == 0;
    }
    return hits;
}

static bool
seen_by(const model_t *m, const entry_t *e, const prog_verb_t *v, const model_look_t *look)
{
    return (look->was ? e->was : e->person) == look->person && e->stamp > look->after &&
        model_happened(m, e, v);
}

/* Less old than the window is long. */
static bool
is_young(const model_t *m, const entry_t *e, senda_span_t within)
{
    return senda_span_is_zero(within) || model_add(m->zone, e->at, within, 1) > m->now;
}

static unsigned
count(const model_t *m, const prog_verb_t *v, const model_look_t *look)
{
    distinct_t *d = NULL;
    unsigned n = 0;

    if (v->by != BY_NONE) {
        d = malloc(sizeof(*d));
        if (d == NULL)
            abort();
        d->n = 0;
    }
    for (unsigned i = 0; i < look->first; i++) {
        const entry_t *e = &m->entries[i];

        if (seen_by(m, e, v, look) && is_young(m, e, v->within))
            n += counts_as(m, v, e, look->same, d);
    }
    n += d != NULL ? d->n : 0;
    free(d);
    return n;
}

static bool
enough(const prog_verb_t *v, unsigned n, bool exact)
{
    if (v->count == COUNT_SOME)
        return n >= 1;
    return exact && v->count == COUNT_EXACTLY ? n == v->times : n >= v->times;
}

/* All values that it ever had. */
static distinct_t *
all_values(const model_t *m, const prog_verb_t *v, const model_look_t *look)
{
    distinct_t *d = malloc(sizeof(*d));
    char values[BASKET][WORD];

    if (d == NULL)
        abort();
    d->n = 0;
    for (unsigned i = 0; i < look->first; i++) {
        const entry_t *e = &m->entries[i];
        unsigned n = seen_by(m, e, v, look) ? values_of(m, e, v, values) : 0;

        for (unsigned k = 0; k < n; k++)
            add_value(d, values[k]);
    }
    return d;
}

bool
model_often(const model_t *m, const prog_verb_t *v, const model_look_t *look, bool exact)
{
    model_look_t one = *look;
    distinct_t *d;
    bool found = false;

    if (v->by != BY_SAME || look->same != NULL)
        return enough(v, count(m, v, look), exact);
    d = all_values(m, v, look);
    for (unsigned i = 0; i < d->n && !found; i++) {
        one.same = d->values[i];
        found = enough(v, count(m, v, &one), exact);
    }
    free(d);
    return found;
}

static bool
reached_of(const model_t *m, const prog_verb_t *v, const entry_t *e, int other, const char *same)
{
    model_look_t now = { e->person, false, INT64_MIN, m->nentries, same };
    model_look_t was = { e->person, true, INT64_MIN, (unsigned)(e - m->entries), same };

    if (!model_often(m, v, &now, false) || model_often(m, v, &was, false))
        return false;
    was.person = (unsigned)other;
    return other < 0 || !model_often(m, v, &was, false);
}

bool
model_reached(const model_t *m, const prog_verb_t *v, const entry_t *e, int other)
{
    model_look_t all = { e->person, false, INT64_MIN, m->nentries, NULL };
    distinct_t *d;
    bool found = false;

    if (v->count == COUNT_SOME)
        return model_happened(m, e, v);
    if (v->by != BY_SAME)
        return reached_of(m, v, e, other, NULL);
    d = all_values(m, v, &all);
    for (unsigned i = 0; i < d->n && !found; i++)
        found = reached_of(m, v, e, other, d->values[i]);
    free(d);
    return found;
}

bool
model_still(const model_t *m, const prog_verb_t *v, const entry_t *e)
{
    model_look_t look = { e->person, false, INT64_MIN, m->nentries, NULL };
    char values[BASKET][WORD];
    unsigned n;

    if (!model_happened(m, e, v))
        return false;
    if (v->by == BY_NONE || v->by == BY_DAY)
        return model_often(m, v, &look, false);
    n = values_of(m, e, v, values);
    if (n > 0 && v->by == BY_DIFFERENT) /* without a value it is none of what is counted */
        return model_often(m, v, &look, false);
    n = v->by == BY_SAME ? n : 0;
    for (unsigned i = 0; i < n; i++) {
        look.same = values[i];
        if (model_often(m, v, &look, false))
            return true;
    }
    return false;
}

/* ---- what it came to ---- */

int64_t
model_total(const model_t *m, const prog_verb_t *v, unsigned person)
{
    int64_t sum = 0, value;

    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *e = &m->entries[i];

        if (e->person != person || !is_young(m, e, v->within))
            continue;
        if (model_happened(m, e, v) && model_number(model_field(e->ev, "total"), &value))
            sum += value;
        if (v->key == PURCHASE)
            sum -= e->refunded;
    }
    return sum;
}
