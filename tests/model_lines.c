/*
 * Timelines: what the model decided and what the engine said, in one shape, so
 * that they can be put side by side.
 */

#include "model.h"

#include <stdlib.h>

void
model_say(model_timeline_t *t, const model_line_t *line)
{
    if (t->n == t->size) {
        t->size = t->size * 2 + 64;
        t->lines = realloc(t->lines, t->size * sizeof(*t->lines));
        if (t->lines == NULL)
            abort();
    }
    t->lines[t->n++] = *line;
}

void
model_clear(model_timeline_t *t)
{
    free(t->lines);
    *t = (model_timeline_t){ 0 };
}

/* ---- what an intent says ---- */

static const char *const channels[] = { "email", "sms", "push", "webpush" };

static senda_str_t
field_of(const intent_t *i, const char *name)
{
    for (unsigned k = 0; k < i->nfields; k++) {
        if (senda_str_eq(i->fields[k].name, senda_cstr(name)))
            return i->fields[k].value;
    }
    return (senda_str_t){ "", 0 };
}

static void
say_step(const intent_t *i, char *to)
{
    static const char *const fields[] = { "item", "q", "order", "items" };
    const prog_step_t *s = i->step, *r = i->recipe;
    size_t n = 0;

    if (i->kind == INTENT_BENEFIT) {
        snprintf(to, MODEL_TEXT, "%s %s %lld until %lld",
            s->kind == STEP_COUPON       ? "coupon"
                : s->kind == STEP_CREDIT ? "credit"
                                         : "gift",
            s->text != NULL ? s->text : "", (long long)s->value, (long long)i->until);
        return;
    }
    n += (size_t)snprintf(to, MODEL_TEXT, "%s %s", channels[i->channel], s->template);
    for (unsigned k = 0; k < 4 && n < MODEL_TEXT; k++) {
        senda_str_t value = field_of(i, fields[k]);

        if (value.n > 0)
            n += (size_t)snprintf(to + n, MODEL_TEXT - n, " %s=%.*s", fields[k], (int)value.n,
                value.p);
    }
    if (r != NULL && n < MODEL_TEXT)
        n += (size_t)snprintf(to + n, MODEL_TEXT - n, " recipe %d %u %s %x", (int)r->recipe,
            r->number, r->text != NULL ? r->text : "", r->key);
    if (i->nbenefits > 0 && n < MODEL_TEXT)
        snprintf(to + n, MODEL_TEXT - n, " benefits %u", i->nbenefits);
}

bool
model_line_of(const intent_t *i, model_line_t *line)
{
    *line = (model_line_t){ .at = i->at,
        .who = i->who.contact != 0 ? (uint32_t)i->who.contact : MODEL_VISITOR + i->who.visitor.b[0],
        .kind = (int)i->kind,
        .name = i->flow != NULL ? i->flow->name : "" };
    switch (i->kind) {
    case INTENT_STARTED:
    case INTENT_STOPPED:
    case INTENT_FINISHED:
    case INTENT_GOAL:
        return true;
    case INTENT_MESSAGE:
    case INTENT_BENEFIT:
        say_step(i, line->what);
        return true;
    case INTENT_TAG:
    case INTENT_UNTAG:
        line->name = i->tag->name;
        return true;
    case INTENT_SCORE:
        line->name = "";
        snprintf(line->what, MODEL_TEXT, "%lld", (long long)i->score);
        return true;
    case INTENT_SET:
    case INTENT_NOTIFY:
    case INTENT_CALL:
        snprintf(line->what, MODEL_TEXT, "%s", i->step->text);
        return true;
    case INTENT_SHOW:
        line->name = i->show->block;
        snprintf(line->what, MODEL_TEXT, "%s", i->on ? "on" : "off");
        return true;
    default:
        return false;
    }
}

/* ---- side by side ---- */

/* Tags, blocks and points keep the order in which they come and go; a flow's lines do not. */
static int
group(const model_line_t *l)
{
    switch (l->kind) {
    case INTENT_TAG:
    case INTENT_UNTAG:
        return 1;
    case INTENT_SCORE:
        return 2;
    case INTENT_SHOW:
        return 3;
    case MODEL_STATE:
        return 4;
    default:
        return 0;
    }
}

static int
order(const model_line_t *a, const model_line_t *b)
{
    if (a->who != b->who)
        return a->who < b->who ? -1 : 1;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (group(a) != group(b))
        return group(a) - group(b);
    if (strcmp(a->name, b->name) != 0 || group(a) != 0)
        return strcmp(a->name, b->name);
    return a->kind != b->kind ? a->kind - b->kind : strcmp(a->what, b->what);
}

/*
 * Of scores and blocks what counts is how a second ends; what ends as it was
 * before is not news.
 */
static void
only_news(model_timeline_t *t)
{
    unsigned n = 0;

    for (unsigned i = 0; i < t->n; i++) {
        const model_line_t *l = &t->lines[i];
        bool state = l->kind == INTENT_SCORE || l->kind == INTENT_SHOW;
        const char *was = l->kind == INTENT_SCORE ? "0" : "off";

        if (state && i + 1 < t->n && order(l, &t->lines[i + 1]) == 0)
            continue;
        for (unsigned k = 0; state && k < n; k++) {
            const model_line_t *o = &t->lines[k];

            if (o->who == l->who && o->kind == l->kind && strcmp(o->name, l->name) == 0)
                was = o->what;
        }
        if (!state || strcmp(was, l->what) != 0)
            t->lines[n++] = *l;
    }
    t->n = n;
}

/* Insertion: it is stable, and timelines are short. */
void
model_sort(model_timeline_t *t)
{
    for (unsigned i = 1; i < t->n; i++) {
        model_line_t line = t->lines[i];
        unsigned k = i;

        for (; k > 0 && order(&t->lines[k - 1], &line) > 0; k--)
            t->lines[k] = t->lines[k - 1];
        t->lines[k] = line;
    }
    only_news(t);
}

static bool
same(const model_line_t *a, const model_line_t *b)
{
    return a->at == b->at && a->who == b->who && a->kind == b->kind &&
        strcmp(a->name, b->name) == 0 && strcmp(a->what, b->what) == 0;
}

bool
model_equal(const model_timeline_t *a, const model_timeline_t *b)
{
    if (a->n != b->n)
        return false;
    for (unsigned i = 0; i < a->n; i++) {
        if (!same(&a->lines[i], &b->lines[i]))
            return false;
    }
    return true;
}

static const char *
kind_name(int kind)
{
    switch (kind) {
    case INTENT_STARTED:
        return "starts";
    case INTENT_STOPPED:
        return "stops";
    case INTENT_FINISHED:
        return "ends";
    case INTENT_GOAL:
        return "reaches the goal of";
    case INTENT_MESSAGE:
        return "gets a message of";
    case INTENT_TAG:
        return "gets tag";
    case INTENT_UNTAG:
        return "loses tag";
    case INTENT_SCORE:
        return "has points";
    case INTENT_BENEFIT:
        return "gets a benefit of";
    case INTENT_NOTIFY:
        return "notifies in";
    case INTENT_CALL:
        return "calls in";
    case INTENT_SHOW:
        return "sees block";
    case INTENT_SET:
        return "has a field set in";
    default:
        return "is";
    }
}

static void
print_line(const program_t *program, const model_line_t *l, char mark, FILE *out)
{
    fprintf(out, "# %c ", mark);
    model_print_time(&program->zone, l->at, out);
    fprintf(out, " %s%u %s %s%s%s\n", l->who < MODEL_VISITOR ? "contact " : "visitor ",
        l->who % MODEL_VISITOR, kind_name(l->kind), l->name, l->what[0] != '\0' ? ": " : "",
        l->what);
}

static bool
is_in(const model_timeline_t *t, const model_line_t *l)
{
    for (unsigned i = 0; i < t->n; i++) {
        if (same(&t->lines[i], l))
            return true;
    }
    return false;
}

void
model_print(const program_t *program, const model_timeline_t *a, const model_timeline_t *b,
    FILE *out)
{
    unsigned i = 0, k = 0;

    while (i < a->n || k < b->n) {
        if (i < a->n && k < b->n && same(&a->lines[i], &b->lines[k])) {
            print_line(program, &a->lines[i++], ' ', out);
            k++;
        } else if (i < a->n &&
            (k == b->n || !is_in(b, &a->lines[i]) || order(&a->lines[i], &b->lines[k]) < 0)) {
            print_line(program, &a->lines[i++], '-', out);
        } else {
            print_line(program, &b->lines[k++], '+', out);
        }
    }
}
