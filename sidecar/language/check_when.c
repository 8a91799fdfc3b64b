/*
 * What happens: the triggers of tags, scores and flows. An absence carries a
 * window; a threshold is reached; the calendar needs dates.
 */

#include "check.h"

static void
check_absence(check_t *c, const ast_verb_t *v)
{
    check_verb(c, v, false);
    if (v->has_count) {
        DIAG(c->ds, v->count_span, MSG_ABSENCE_COUNT);
    }
    if (!v->has_window) {
        DIAG(c->ds, v->word, MSG_ABSENCE_WINDOW);
    }
}

/* A value is reached from below or, of points, from above; it is never just equal. */
static void
check_threshold(check_t *c, const ast_trigger_t *w)
{
    bool total = w->kind == TRIGGER_TOTAL;

    if (w->is.cmp == CMP_EQ || (total && (w->is.cmp == CMP_LT || w->is.cmp == CMP_LE))) {
        DIAG(c->ds, w->is.cmp_span, MSG_WHEN_COMPARE, diag_text(c->ds, w->is.cmp_span));
    }
    if (!total) {
        check_score(c, &w->is);
    } else if (w->verb != NULL && check_has_total(c, w->verb)) {
        check_value(c, "total", KIND_NUMBER, &w->is);
    }
}

static void
check_date_field(check_t *c, const ast_name_t *name)
{
    const known_t *k = check_known(c, NAMES_FIELD, name);

    if (k != NULL && !k->node->broken && ((const ast_field_t *)k->node)->type != W_DATE) {
        diag_t *d = DIAG(c->ds, name->span, MSG_FIELD_NOT_DATE, name->text,
            arena_printf(c->arena, "%u", k->name->span.line));

        diag_other(d, k->name->span.line);
    }
}

void
check_whens(check_t *c, const ast_trigger_t *whens)
{
    for (const ast_trigger_t *w = whens; w != NULL; w = w->next) {
        if (w->verb != NULL) {
            check_verb(c, w->verb, false);
        }
        if (w->absent != NULL) {
            check_absence(c, w->absent);
        }
        switch (w->kind) {
        case TRIGGER_TAG:
            check_known(c, NAMES_TAG, &w->name);
            break;
        case TRIGGER_SEGMENT:
            check_known(c, NAMES_SEGMENT, &w->name);
            break;
        case TRIGGER_SCORE:
        case TRIGGER_TOTAL:
            check_threshold(c, w);
            break;
        case TRIGGER_DAILY:
        case TRIGGER_ON:
            check_cond(c, w->cond, false);
            break;
        case TRIGGER_DATE:
            check_date_field(c, &w->name);
            break;
        case TRIGGER_VERB:
            break;
        }
    }
}

void
check_scores(check_t *c, const ast_score_t *s)
{
    if (!s->head.broken) {
        check_points(c, s->points, s->points_span);
    }
    check_whens(c, s->whens);
    for (const ast_trigger_t *w = s->whens; w != NULL; w = w->next) {
        const known_t *k = w->kind == TRIGGER_SEGMENT ? check_find(c, NAMES_SEGMENT, &w->name)
                                                      : NULL;

        if (w->kind == TRIGGER_SCORE || (k != NULL && g_hash_table_contains(c->scored, k->node))) {
            DIAG(c->ds, w->span, MSG_SCORE_LOOP, diag_text(c->ds, w->span));
        }
    }
}
