/*
 * What is true: conditions of flows, segments, stages, blocks and tests.
 * Recursion is as deep as LANG_COND_MAX, or as a line has words.
 */

#include "check.h"

/* The nearest of what may be asked: verbs of either language and segments. */
static void
near_anything(check_t *c, diag_t *d, const ast_name_t *name)
{
    word_t w = W_NONE;
    near_t near;

    if (d == NULL) {
        return;
    }
    near_start(&near, name->key);
    near_words(&near, c->arena, ROLE_VERB | ROLE_STATE, c->ds->lang, &w);
    near_words(&near, c->arena, ROLE_VERB | ROLE_STATE, c->ds->lang == LANG_ES ? LANG_EN : LANG_ES,
        &w);
    check_offer(c, &near, NAMES_SEGMENT);
    diag_near(c->ds, d, near.best);
}

/* A name alone is a segment, or something that was said in too few words. */
static void
check_bare(check_t *c, const ast_name_t *name)
{
    static const struct {
        names_kind_t kind;
        msg_t id;
    } others[] = { { NAMES_TAG, MSG_COND_IS_TAG }, { NAMES_STAGE, MSG_COND_IS_STAGE },
        { NAMES_FIELD, MSG_COND_IS_FIELD }, { NAMES_PAGE, MSG_VERB_IS_PAGE } };

    if (check_find(c, NAMES_SEGMENT, name) != NULL || check_excused(c, name)) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (check_find(c, others[i].kind, name) != NULL) {
            diag_word(c->ds, DIAG(c->ds, name->span, others[i].id, name->text), W_IF);
            return;
        }
    }
    near_anything(c, DIAG(c->ds, name->span, MSG_COND_UNKNOWN, name->text), name);
}

static void
check_person_field(check_t *c, const ast_cond_t *cond)
{
    const known_t *k = check_find(c, NAMES_FIELD, &cond->name);

    if (k != NULL) {
        kind_t kind = check_kind(((const ast_field_t *)k->node)->type);

        if (!check_field_money(c, cond->name.text, kind, &cond->is)) {
            check_compare(c, cond->name.text, kind, &cond->is);
        }
    } else if (check_find(c, NAMES_BROUGHT, &cond->name) != NULL &&
        !check_excused(c, &cond->name)) {
        DIAG(c->ds, cond->name.span, MSG_FIELD_IS_CAPTURE, cond->name.text);
    } else {
        check_known(c, NAMES_FIELD, &cond->name);
    }
}

static void
check_total(check_t *c, const ast_cond_t *cond, bool run)
{
    check_verb(c, cond->verb, run);
    if (check_has_total(c, cond->verb)) {
        check_compare(c, "total", KIND_NUMBER, &cond->is);
    }
}

void
check_cond(check_t *c, const ast_cond_t *cond, bool run)
{
    if (cond == NULL) {
        return;
    }
    switch (cond->kind) {
    case COND_VERB:
        check_verb(c, cond->verb, run);
        break;
    case COND_TAG:
        check_known(c, NAMES_TAG, &cond->name);
        break;
    case COND_STAGE:
        check_known(c, NAMES_STAGE, &cond->name);
        break;
    case COND_SEGMENT:
        if (cond->bare) {
            check_bare(c, &cond->name);
        } else {
            check_known(c, NAMES_SEGMENT, &cond->name);
        }
        break;
    case COND_FIELD:
        check_person_field(c, cond);
        break;
    case COND_TOTAL:
        check_total(c, cond, run);
        break;
    case COND_FIRST:
    case COND_LAST:
        check_verb(c, cond->verb, run);
        check_window(c, cond->age, cond->age_span);
        break;
    case COND_SCORE:
        check_score(c, &cond->is);
        break;
    case COND_HAS:
    case COND_CONSENTS:
        break;
    case COND_AND:
    case COND_OR:
    case COND_NOT:
        check_cond(c, cond->left, run);
        check_cond(c, cond->right, run);
        break;
    }
}

/* What is known of a condition while nothing has happened yet. */
typedef enum { NO, MAYBE, YES } truth_t;

static truth_t
of_nothing(const ast_cond_t *cond)
{
    truth_t a, b;

    switch (cond->kind) {
    case COND_VERB:
    case COND_FIRST:
    case COND_LAST:
        return NO;
    case COND_TOTAL:
        return value_compare(0, (int)cond->is.cmp, cond->is.value) ? YES : NO;
    case COND_NOT:
        return (truth_t)(YES - of_nothing(cond->left));
    case COND_AND:
    case COND_OR:
        a = of_nothing(cond->left);
        b = of_nothing(cond->right);
        return (cond->kind == COND_AND) == (a < b) ? a : b;
    default:
        return MAYBE;
    }
}

bool
check_of_nothing(const ast_cond_t *cond)
{
    return of_nothing(cond) == YES;
}
