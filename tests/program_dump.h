/*
 * A compiled program as text, field by field, without the lines of the file
 * that it was made from: two files that mean the same have the same text.
 */

#ifndef SENDA_TESTS_PROGRAM_DUMP_H
#define SENDA_TESTS_PROGRAM_DUMP_H

#include <glib.h>
#include <inttypes.h>

#include "program.h"

static inline const char *
dump_text(const char *text)
{
    return text != NULL ? text : "-";
}

static inline void
dump_span(GString *out, senda_span_t s)
{
    g_string_append_printf(out, " %dm%dd%" PRId64 "s", s.months, s.days, s.secs);
}

static inline void
dump_verb(GString *out, const prog_verb_t *v)
{
    g_string_append_printf(out, " (key %u count %d times %u since %d", v->key, v->count, v->times,
        v->since_start);
    dump_span(out, v->within);
    g_string_append_printf(out, " happens %d", v->happens);
    dump_span(out, v->span);
    g_string_append_printf(out, " place %u template %s channels %u top %u by %d %s", v->place,
        dump_text(v->template), v->channels, v->top, v->by, dump_text(v->capture));
    for (unsigned i = 0; i < v->nfilters; i++) {
        const prog_filter_t *f = &v->filters[i];

        g_string_append_printf(out, " with %s %d %d %" PRId64 " %s", f->field, f->cmp, f->type,
            f->value, f->text);
    }
    if (v->before != NULL) {
        g_string_append(out, " after");
        dump_verb(out, v->before);
    }
    g_string_append_c(out, ')');
}

static inline void
dump_cond(GString *out, const prog_cond_t *c)
{
    if (c == NULL) {
        g_string_append(out, " -");
        return;
    }
    g_string_append_printf(out, " [%d what %u cmp %d value %" PRId64 " %s older %d", c->kind,
        c->what, c->cmp, c->value, dump_text(c->text), c->older);
    dump_span(out, c->span);
    if (c->kind == COND_VERB || c->kind == COND_TOTAL || c->kind == COND_FIRST ||
        c->kind == COND_LAST) {
        dump_verb(out, &c->verb);
    } else if (c->left != NULL || c->right != NULL) {
        dump_cond(out, c->left);
        dump_cond(out, c->right);
    }
    g_string_append_c(out, ']');
}

static inline void
dump_whens(GString *out, const prog_trigger_t *t, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(out, "  when %d %d", t[i].kind, t[i].has_verb);
        dump_verb(out, &t[i].verb);
        g_string_append_printf(out, " %d", t[i].has_absent);
        dump_verb(out, &t[i].absent);
        dump_span(out, t[i].span);
        g_string_append_printf(out, " what %u cmp %d value %" PRId64 " at %d on %" PRId64,
            t[i].what, t[i].cmp, t[i].value, t[i].second, t[i].date);
        dump_cond(out, t[i].cond);
        g_string_append_c(out, '\n');
    }
}

static inline void
dump_step(GString *out, const prog_step_t *s)
{
    g_string_append_printf(out, "  step %d id %u target %u template %s", s->kind, s->id, s->target,
        dump_text(s->template));
    dump_span(out, s->span);
    for (unsigned i = 0; i < s->nchannels; i++) {
        g_string_append_printf(out, " ch%d", s->channels[i]);
    }
    g_string_append_printf(out, " at %d on %x text %s value %" PRId64 " what %u", s->second,
        s->weekdays, dump_text(s->text), s->value, s->what);
    g_string_append_printf(out, " recipe %d of %u key %u", s->recipe, s->number, s->key);
    for (unsigned i = 0; i < s->nbranches; i++) {
        g_string_append_printf(out, " %u>%u", s->branches[i].share, s->branches[i].target);
    }
    dump_cond(out, s->cond);
    g_string_append_c(out, '\n');
}

static inline void
dump_flow(GString *out, const prog_flow_t *f)
{
    g_string_append_printf(out, "flow %s %u transactional %d again %d %s", f->name, f->id,
        f->transactional, f->again, dump_text(f->again_each));
    dump_span(out, f->again_after);
    dump_cond(out, f->only);
    dump_cond(out, f->stop);
    dump_cond(out, f->goal);
    dump_span(out, f->goal_within);
    g_string_append_c(out, '\n');
    dump_whens(out, f->starts, f->nstarts);
    for (unsigned i = 0; i < f->nsteps; i++) {
        dump_step(out, &f->steps[i]);
    }
}

static inline void
dump_test(GString *out, const prog_test_t *t)
{
    g_string_append_printf(out, "test %s\n", t->name);
    for (unsigned i = 0; i < t->nlines; i++) {
        const prog_test_line_t *l = &t->lines[i];

        g_string_append_printf(out, "  %d not %d %s ch%d %d key %u times %u post %d at %d %u %d",
            l->kind, l->negated, dump_text(l->text), l->has_channel, l->channel, l->key, l->times,
            l->post, l->has_at, l->day, l->second);
        g_string_append_printf(out, " step %d value %" PRId64 " recommends %d", l->step, l->value,
            l->recommends);
        for (unsigned k = 0; k < l->nfields; k++) {
            g_string_append_printf(out, " %s=%s", l->fields[k].name, l->fields[k].value);
        }
        dump_cond(out, l->cond);
        g_string_append_c(out, '\n');
    }
}

static inline void
dump_page(GString *out, const prog_page_t *p)
{
    g_string_append_printf(out, "page %s %u is %u", p->name, p->key, p->event);
    for (unsigned i = 0; i < p->ninputs; i++) {
        g_string_append_printf(out, " %s fills %d %u", p->inputs[i].input, p->inputs[i].fills,
            p->inputs[i].field);
    }
    g_string_append_c(out, '\n');
}

/* What has a name. */
static inline void
dump_names(GString *out, const program_t *p)
{
    for (unsigned i = 0; i < p->npages; i++) {
        dump_page(out, &p->pages[i]);
    }
    for (unsigned i = 0; i < p->nevents; i++) {
        const prog_event_t *e = &p->events[i];

        g_string_append_printf(out, "event %s %u", e->name, e->key);
        for (unsigned k = 0; k < e->nattributes; k++) {
            g_string_append_printf(out, " %s %d", e->attributes[k].name, e->attributes[k].type);
        }
        g_string_append_c(out, '\n');
    }
    for (unsigned i = 0; i < p->nfields; i++) {
        g_string_append_printf(out, "field %s %d\n", p->fields[i].name, p->fields[i].type);
    }
    for (unsigned i = 0; i < p->nplaces; i++) {
        g_string_append_printf(out, "place %s %.7f %.7f %.3f\n", p->places[i].name,
            p->places[i].latitude, p->places[i].longitude, p->places[i].radius);
    }
}

/* What is known of people. */
static inline void
dump_people(GString *out, const program_t *p)
{
    for (unsigned i = 0; i < p->ntags; i++) {
        g_string_append_printf(out, "tag %s %u nginx %d", p->tags[i].name, p->tags[i].id,
            p->tags[i].by_nginx);
        for (unsigned k = 0; p->tags[i].lasts != NULL && k < p->tags[i].nwhens; k++) {
            dump_span(out, p->tags[i].lasts[k]);
        }
        g_string_append_c(out, '\n');
        dump_whens(out, p->tags[i].whens, p->tags[i].nwhens);
    }
    for (unsigned i = 0; i < p->nscores; i++) {
        g_string_append_printf(out, "score %d once %d", p->scores[i].points, p->scores[i].once);
        dump_span(out, p->scores[i].each);
        g_string_append_c(out, '\n');
        dump_whens(out, p->scores[i].whens, p->scores[i].nwhens);
    }
    for (unsigned i = 0; i < p->nstages; i++) {
        g_string_append_printf(out, "stage %s %u", p->stages[i].name, p->stages[i].stage);
        dump_cond(out, p->stages[i].cond);
        g_string_append_c(out, '\n');
    }
    for (unsigned i = 0; i < p->nsegments; i++) {
        g_string_append_printf(out, "segment %s", p->segments[i].name);
        dump_cond(out, p->segments[i].cond);
        g_string_append_c(out, '\n');
    }
    for (unsigned i = 0; i < p->nlimits; i++) {
        g_string_append_printf(out, "limit ch%d %u per %d\n", p->limits[i].channel,
            p->limits[i].times, p->limits[i].per);
    }
    for (unsigned i = 0; i < p->nshows; i++) {
        g_string_append_printf(out, "show %s in %s", p->shows[i].block, p->shows[i].position);
        dump_cond(out, p->shows[i].cond);
        g_string_append_c(out, '\n');
    }
}

/* The language is left out: a translation changes it. For g_free. */
static inline char *
dump_program(const program_t *p)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "site %s %u zone %s currency %s\n", p->site, p->site_id,
        p->zone_name, dump_text(p->currency));
    g_string_append_printf(out, "quiet %d %d %d control %u\n", p->has_quiet, p->quiet_from,
        p->quiet_to, p->control);
    dump_names(out, p);
    dump_people(out, p);
    for (unsigned i = 0; i < p->nflows; i++) {
        dump_flow(out, &p->flows[i]);
    }
    for (unsigned i = 0; i < p->ntests; i++) {
        dump_test(out, &p->tests[i]);
    }
    return g_string_free(out, FALSE);
}

#endif
