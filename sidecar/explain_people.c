/*
 * What is known of people, in sentences: fields, tags, points, stages,
 * segments, blocks, and how often they may be written to.
 */

#include "explain_parts.h"

#include "fold.h"

typedef struct {
    prog_cond_kind_t kind;
    const char *key;
} named_t;

static bool
heeds_name(void *ctx, const explain_use_t *u)
{
    const named_t *n = ctx;

    return u->verb == NULL && u->kind == n->kind &&
        (n->kind == COND_SCORE || strcmp(u->name->key, n->key) == 0);
}

static void
uses(const explain_t *e, prog_cond_kind_t kind, const ast_name_t *name)
{
    named_t n = { kind, name->key };

    explain_uses(e, heeds_name, &n);
}

static const prog_tag_t *
tag_row(const explain_t *e, const ast_tag_t *tag)
{
    char folded[4 * SENDA_NAME_MAX];

    for (unsigned i = 0; i < e->program->ntags; i++) {
        const char *name = e->program->tags[i].name;

        fold_text(name, strlen(name), folded, sizeof(folded));
        if (strcmp(folded, tag->name.key) == 0) {
            return &e->program->tags[i];
        }
    }
    return NULL;
}

void
explain_tag(const explain_t *e, const ast_tag_t *tag)
{
    const say_t *s = &e->say;
    const prog_tag_t *row = tag_row(e, tag);
    const char *notes = "";

    for (const ast_trigger_t *w = tag->whens; w != NULL; w = w->next) {
        const char *note = w->absent != NULL ? say_trigger_note(s, w) : "";

        notes = strstr(notes, note) == NULL ? JOIN(e, notes, note) : notes;
    }
    explain_line(e, 0, "",
        SAY(s, PH_H_TAG, say_quoted(s, tag->name.text), say_number(s, tag->head.span.line)));
    explain_line(e, 2, "",
        JOIN(e, SAY(s, PH_TAG_GIVEN, say_triggers(s, tag->whens)), notes,
            tag->has_for ? SAY(s, PH_TAG_ENDS, say_span(s, tag->lasts)) : SAY(s, PH_TAG_STAYS),
            SAY(s, row != NULL && row->by_nginx ? PH_TAG_NGINX : PH_TAG_LATER)));
    uses(e, COND_TAG, &tag->name);
}

/* ---- fields and places ---- */

static const char *
forms_that_fill(const explain_t *e, const ast_name_t *field)
{
    const say_t *s = &e->say;
    const char *all = NULL;

    for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
        const ast_page_t *page = (const ast_page_t *)h;
        const ast_input_t *i = h->kind == AST_PAGE ? page->inputs : NULL;

        while (i != NULL && strcmp(i->fills.key, field->key) != 0) {
            i = i->next;
        }
        if (i != NULL) {
            const char *one = SAY(s, PH_THE_PAGE, say_quoted(s, page->name.text));

            all = all == NULL ? one : SAY(s, PH_OR, all, one);
        }
    }
    return all == NULL ? "" : SAY(s, PH_FIELD_FORM, all);
}

void
explain_field(const explain_t *e, const ast_field_t *field)
{
    const say_t *s = &e->say;
    phrase_t type = field->type == W_NUMBER ? PH_FIELD_NUMBER
        : field->type == W_DATE             ? PH_FIELD_DATE
                                            : PH_FIELD_TEXT;

    explain_line(e, 0, "",
        SAY(s, PH_H_FIELD, say_quoted(s, field->name.text), say_number(s, field->head.span.line)));
    explain_line(e, 2, "",
        JOIN(e, SAY(s, PH_FIELD_HOLDS, SAY(s, type)), forms_that_fill(e, &field->name)));
    uses(e, COND_FIELD, &field->name);
}

static bool
heeds_place(void *ctx, const explain_use_t *u)
{
    return u->verb != NULL && u->verb->kind == VERB_ARRIVES && strcmp(u->verb->name.key, ctx) == 0;
}

void
explain_place(const explain_t *e, const ast_place_t *place)
{
    const say_t *s = &e->say;

    explain_line(e, 0, "",
        SAY(s, PH_H_PLACE, say_quoted(s, place->name.text), say_number(s, place->head.span.line)));
    explain_line(e, 2, "",
        SAY(s, PH_PLACE_IS, arena_printf(s->arena, "%.0f", place->radius),
            arena_printf(s->arena, "%g", place->latitude),
            arena_printf(s->arena, "%g", place->longitude)));
    explain_uses(e, heeds_place, (void *)place->name.key);
}

/* ---- points ---- */

void
explain_score(const explain_t *e, const ast_score_t *score)
{
    const say_t *s = &e->say;
    int64_t n = score->points < 0 ? -(int64_t)score->points : score->points;
    bool alone = score->whens != NULL && score->whens->verb == NULL &&
        score->whens->kind == TRIGGER_VERB;
    const char *often = score->once ? SAY(s, PH_SCORE_ONCE)
        : !score->has_each
        ? SAY(s, PH_SCORE_EACH_TIME)
        : SAY(s, alone ? PH_SCORE_LASTS : PH_SCORE_EACH, say_every(s, score->each));

    explain_line(e, 0, "",
        SAY(s, PH_H_SCORE, arena_printf(s->arena, "%+d", score->points),
            say_number(s, score->head.span.line)));
    explain_line(e, 2, "",
        JOIN(e,
            SAY(s, score->points < 0 ? PH_SCORE_TAKES : PH_SCORE_ADDS, say_points(s, n),
                say_triggers(s, score->whens)),
            often));
}

/* ---- stages, segments, blocks ---- */

void
explain_state(const explain_t *e, const ast_state_t *state)
{
    const say_t *s = &e->say;
    const char *name = say_quoted(s, state->name.text);
    const char *line = say_number(s, state->head.span.line);
    const char *is = state->cond == NULL ? "" : say_cond(s, state->cond, false);

    if (state->head.kind == AST_STAGE) {
        explain_line(e, 0, "", SAY(s, PH_H_STAGE, name, line));
        explain_line(e, 2, "", SAY(s, PH_STAGE_IF, is));
        uses(e, COND_STAGE, &state->name);
    } else if (state->head.kind == AST_SEGMENT) {
        explain_line(e, 0, "", SAY(s, PH_H_SEGMENT, name, line));
        explain_line(e, 2, "", SAY(s, PH_SEGMENT_IF, say_cond_label(s, state->cond, false)));
        uses(e, COND_SEGMENT, &state->name);
    } else {
        explain_line(e, 0, "", SAY(s, PH_H_SHOW, name, line));
        explain_line(e, 2, "",
            state->cond == NULL ? SAY(s, PH_SHOW_ALL, say_quoted(s, state->position.text))
                                : SAY(s, PH_SHOW_IN, say_quoted(s, state->position.text), is));
    }
}

/* ---- respect ---- */

void
explain_respect(const explain_t *e, const ast_head_t *h)
{
    static const phrase_t rows[] = { [LIMIT_DAY] = PH_LIMIT_DAY,
        [LIMIT_WEEK] = PH_LIMIT_WEEK,
        [LIMIT_MONTH] = PH_LIMIT_MONTH };
    const say_t *s = &e->say;
    const char *line = say_number(s, h->span.line);

    if (h->kind == AST_LIMIT) {
        const ast_limit_t *l = (const ast_limit_t *)h;

        explain_line(e, 0, "",
            say_sentence(s,
                SAY(s, rows[l->per], say_number(s, l->times),
                    explain_consent((prog_channel_t)words_table[l->channel].value, s->lang),
                    line)));
    } else if (h->kind == AST_QUIET) {
        const ast_quiet_t *q = (const ast_quiet_t *)h;

        explain_line(e, 0, "", SAY(s, PH_QUIET, say_time(s, q->from), say_time(s, q->to), line));
    } else {
        explain_line(e, 0, "",
            SAY(s, PH_CONTROL, say_hundredths(s, ((const ast_control_t *)h)->share), line));
    }
}
