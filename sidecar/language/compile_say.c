/*
 * What a step says, spelt out in no language and by names, not numbers: the
 * text that its id is a hash of. A spelling that changes makes another message
 * of the step, so what is here stays as it is; a new part is added only where
 * it stands in the file. Never fails.
 */

#include "compile.h"

#include <inttypes.h>

void
compile_say_span(GString *out, senda_span_t span)
{
    g_string_append_printf(out, "%dm%dd%llds", span.months, span.days, (long long)span.secs);
}

static void
say_compare(GString *out, const ast_compare_t *is)
{
    g_string_append_printf(out, " %d", is->cmp);
    if (is->number || is->date) {
        g_string_append_printf(out, " %" PRId64, is->value);
    } else {
        g_string_append_printf(out, " \"%s\"", is->text.key);
    }
}

/* What the verb is done to. */
static void
say_object(GString *out, const ast_verb_t *v)
{
    if (v->pattern != NULL) {
        g_string_append_printf(out, " %s", v->pattern->text.p);
    } else if (v->kind == VERB_STANDARD || v->kind == VERB_MESSAGE) {
        g_string_append_printf(out, " %u", v->event);
    } else if (v->name.key != NULL) {
        g_string_append_printf(out, " \"%s\"", v->name.key);
    }
    if (v->kind == VERB_MESSAGE && v->channel != W_NONE) {
        g_string_append_printf(out, " by %d", words_table[v->channel].value);
    }
    if (v->kind == VERB_MESSAGE && v->name.text != NULL) {
        g_string_append_printf(out, " of %s", v->name.text);
    }
    if (v->kind == VERB_SPENDS || v->kind == VERB_RETURNS) {
        g_string_append(out, " for ");
        compile_say_span(out, v->duration);
    }
}

/* Which of its happenings. */
static void
say_which(GString *out, const ast_verb_t *v)
{
    if (v->top > 0) {
        g_string_append_printf(out, " top %u", v->top);
    }
    for (const ast_filter_t *f = v->filters; f != NULL; f = f->next) {
        g_string_append_printf(out, " with \"%s\"", f->field.key);
        say_compare(out, &f->is);
    }
    if (v->by != BY_NONE) {
        g_string_append_printf(out, " each %d", v->by);
        if (v->capture.key != NULL) {
            g_string_append_printf(out, " \"%s\"", v->capture.key);
        }
    }
    if (v->before != NULL) {
        g_string_append(out, " after");
        compile_say_verb(out, v->before);
    }
}

void
compile_say_verb(GString *out, const ast_verb_t *v)
{
    g_string_append_printf(out, " %d", v->kind);
    say_object(out, v);
    if (v->has_count) {
        g_string_append_printf(out, " %d×%u", v->count, v->times);
    }
    if (v->has_window) {
        g_string_append(out, " in ");
        compile_say_span(out, v->window);
    }
    g_string_append(out, v->since_start ? " since" : "");
    say_which(out, v);
}

static void
say_leaf(GString *out, const ast_cond_t *cond)
{
    if (cond->verb != NULL) {
        compile_say_verb(out, cond->verb);
    }
    if (cond->name.key != NULL) {
        g_string_append_printf(out, " \"%s\"", cond->name.key);
    }
    switch (cond->kind) {
    case COND_TOTAL:
    case COND_SCORE:
    case COND_FIELD:
        say_compare(out, &cond->is);
        break;
    case COND_FIRST:
    case COND_LAST:
        g_string_append_printf(out, " %d ", cond->older);
        compile_say_span(out, cond->age);
        break;
    case COND_HAS:
    case COND_CONSENTS:
        g_string_append_printf(out, " by %d", compile_channel(cond->channel));
        break;
    default:
        break;
    }
}

void
compile_say_cond(GString *out, const ast_cond_t *cond)
{
    if (cond == NULL) {
        return;
    }
    g_string_append_printf(out, " (%d", cond->kind);
    say_leaf(out, cond);
    compile_say_cond(out, cond->left);
    compile_say_cond(out, cond->right);
    g_string_append_c(out, ')');
}

void
compile_say_step(GString *out, const ast_step_t *s)
{
    g_string_append_printf(out, "step %d", s->step);
    if (s->pattern != NULL) {
        g_string_append_printf(out, " %s", s->pattern->text.p);
    } else if (s->name.text != NULL) {
        /* a tag, a field, a flow is the same however it is accented; what is told outside is not */
        g_string_append_printf(out, " \"%s\"",
            s->step == STEP_COUPON || s->step == STEP_GIFT || s->step == STEP_CALL ||
                    s->step == STEP_NOTIFY
                ? s->name.text
                : s->name.key);
    }
    if (s->step == STEP_SET || s->step == STEP_CREDIT) {
        say_compare(out, &s->is);
    } else if (s->step == STEP_SCORE) {
        g_string_append_printf(out, " %d", s->points);
    } else if (s->step == STEP_RECOMMEND) {
        g_string_append_printf(out, " %u×%d", s->number, s->recipe);
    }
    if (s->has_span) {
        g_string_append(out, " valid ");
        compile_say_span(out, s->span);
    }
}
