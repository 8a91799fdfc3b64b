/*
 * A compiled program as text, field by field, without the lines of the file
 * that it was made from: two files that mean the same have the same text.
 */

#ifndef SENDA_TESTS_PROGRAM_DUMP_H
#define SENDA_TESTS_PROGRAM_DUMP_H

#include <glib.h>

#include "program.h"

static inline void
dump_span(GString *out, senda_span_t s)
{
    g_string_append_printf(out, " %dm%dd%llds", s.months, s.days, (long long)s.secs);
}

static inline void
dump_verb(GString *out, const prog_verb_t *v)
{
    g_string_append_printf(out, " (key %llu count %d times %u since %d", (unsigned long long)v->key,
        v->count, v->times, v->since_start);
    dump_span(out, v->within);
    g_string_append_c(out, ')');
}

static inline void
dump_cond(GString *out, const prog_cond_t *c)
{
    if (c == NULL) {
        g_string_append(out, " -");
        return;
    }
    g_string_append_printf(out, " [%d", c->kind);
    if (c->kind == COND_VERB) {
        dump_verb(out, &c->verb);
    } else if (c->kind == COND_TAG) {
        g_string_append_printf(out, " tag %u", c->tag);
    } else {
        dump_cond(out, c->left);
        dump_cond(out, c->right);
    }
    g_string_append_c(out, ']');
}

static inline void
dump_whens(GString *out, const prog_trigger_t *t, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(out, "  when %d", t[i].has_verb);
        dump_verb(out, &t[i].verb);
        g_string_append_printf(out, " %d", t[i].has_absent);
        dump_verb(out, &t[i].absent);
        dump_span(out, t[i].span);
        g_string_append_c(out, '\n');
    }
}

static inline void
dump_step(GString *out, const prog_step_t *s)
{
    g_string_append_printf(out, "  step %d id %u target %u template %s", s->kind, s->id, s->target,
        s->template != NULL ? s->template : "-");
    dump_span(out, s->span);
    for (unsigned i = 0; i < s->nchannels; i++) {
        g_string_append_printf(out, " ch%d", s->channels[i]);
    }
    dump_cond(out, s->cond);
    g_string_append_c(out, '\n');
}

static inline void
dump_flow(GString *out, const prog_flow_t *f)
{
    g_string_append_printf(out, "flow %s %u transactional %d again %d", f->name, f->id,
        f->transactional, f->again);
    dump_span(out, f->again_after);
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

        g_string_append_printf(out, "  %d not %d %s ch%d key %llu times %u post %d at %d %u %d\n",
            l->kind, l->negated, l->text != NULL ? l->text : "-", l->channel,
            (unsigned long long)l->key, l->times, l->post, l->has_at, l->day, l->second);
    }
}

/* The language is left out: a translation changes it. For g_free. */
static inline char *
dump_program(const program_t *p)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "site %s %u zone %s currency %s\n", p->site, p->site_id,
        p->zone_name, p->currency != NULL ? p->currency : "-");
    for (unsigned i = 0; i < p->npages; i++) {
        g_string_append_printf(out, "page %s %llu is %llu\n", p->pages[i].name,
            (unsigned long long)p->pages[i].key, (unsigned long long)p->pages[i].event);
    }
    for (unsigned i = 0; i < p->nevents; i++) {
        g_string_append_printf(out, "event %s %llu\n", p->events[i].name,
            (unsigned long long)p->events[i].key);
    }
    for (unsigned i = 0; i < p->ntags; i++) {
        g_string_append_printf(out, "tag %s %u nginx %d\n", p->tags[i].name, p->tags[i].id,
            p->tags[i].by_nginx);
        dump_whens(out, p->tags[i].whens, p->tags[i].nwhens);
    }
    for (unsigned i = 0; i < p->nflows; i++) {
        dump_flow(out, &p->flows[i]);
    }
    for (unsigned i = 0; i < p->ntests; i++) {
        dump_test(out, &p->tests[i]);
    }
    return g_string_free(out, FALSE);
}

#endif
