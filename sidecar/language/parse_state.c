/*
 * What is known of people and what they may get: fields, places, tags, scores,
 * stages, segments, limits, and the blocks that they see.
 */

#include "parse.h"

/* The end of a statement without lines of its own. */
static void
close_statement(parse_t *p, ast_head_t *h, word_t owner)
{
    ast_append(&p->file->items, h);
    parse_close(p, h);
    parse_no_lines(p, owner);
}

void
parse_field(parse_t *p, unsigned used)
{
    ast_field_t *f = (ast_field_t *)parse_head(p, sizeof(*f), AST_FIELD, used);
    diag_t *d;

    if (parse_name(p, W_FIELD, &f->name)) {
        f->type = parse_take(p, ROLE_TYPE);
        if (f->type == W_NONE) {
            d = FAIL(p, p->t->span, MSG_FIELD_TYPE, parse_before(p), parse_list(p, ROLE_TYPE));
            if (p->t->kind == TOK_WORD) {
                diag_near(p->ds, d, parse_nearest(p, ROLE_TYPE, p->t->folded, NULL));
            }
            diag_word(p->ds, d, W_FIELD);
        }
        parse_done(p, W_FIELD);
    }
    close_statement(p, &f->head, W_FIELD);
}

/* A number with decimals, its decimal sign a point or a comma. */
static bool
decimal(const lex_tok_t *t, double *out)
{
    char text[32];

    if (t->kind != TOK_NUMBER || t->text.n >= sizeof(text)) {
        return false;
    }
    memcpy(text, t->text.p, t->text.n);
    text[t->text.n] = '\0';
    g_strdelimit(text, ",", '.');
    *out = g_ascii_strtod(text, NULL);
    return true;
}

/* "300 m", "0.3 km", "300m" */
static bool
length(parse_t *p, double *metres)
{
    const lex_tok_t *t = p->t;
    size_t k = 0;
    word_t unit;

    if (t->kind == TOK_WORD) {
        while (g_ascii_isdigit(t->folded[k])) {
            k++;
        }
        unit = k > 0 && k < 16 ? words_of_phrase(ROLE_LENGTH, t->folded + k) : W_NONE;
        *metres = unit != W_NONE ? g_ascii_strtod(t->folded, NULL) * words_table[unit].value : 0;
        if (unit != W_NONE) {
            parse_mark(p, t, 1, unit);
            p->t++;
        }
        return unit != W_NONE;
    }
    if (!decimal(t, metres)) {
        return false;
    }
    p->t++;
    unit = parse_take(p, ROLE_LENGTH);
    *metres *= words_table[unit].value;
    return unit != W_NONE;
}

static bool
place_parts(parse_t *p, ast_place_t *place)
{
    lex_span_t at = p->t->span;

    if (!decimal(p->t, &place->latitude) || p->t[1].kind != TOK_COMMA ||
        !decimal(p->t + 2, &place->longitude)) {
        diag_word(p->ds, FAIL(p, at, MSG_PLACE_AT, parse_before(p)), W_PLACE);
        return false;
    }
    p->t += 3;
    place->at = parse_span_from(p, at);
    if (!parse_accept(p, W_RADIUS) || !length(p, &place->radius)) {
        diag_t *d = FAIL(p, p->t->span, MSG_PLACE_NO_RADIUS, parse_before(p));

        diag_word(p->ds, d, W_PLACE);
        return false;
    }
    return parse_done(p, W_PLACE);
}

void
parse_place(parse_t *p, unsigned used)
{
    ast_place_t *place = (ast_place_t *)parse_head(p, sizeof(*place), AST_PLACE, used);

    if (parse_name(p, W_PLACE, &place->name)) {
        place_parts(p, place);
    }
    close_statement(p, &place->head, W_PLACE);
}

/* "for 90 days" */
static bool
lasts(parse_t *p, ast_tag_t *tag)
{
    lex_span_t at = p->t->span;

    if (!parse_accept(p, W_FOR_SPAN)) {
        return true;
    }
    tag->has_for = parse_duration(p, &tag->lasts);
    tag->lasts_span = parse_span_from(p, at);
    return tag->has_for;
}

/* After its name or points a line needs "when". */
static bool
when(parse_t *p, word_t owner)
{
    bool asks = words_accept(W_IF, p->t) > 0, tag = owner == W_TAG;

    if (parse_accept(p, W_WHEN)) {
        return true;
    }
    diag_word(p->ds,
        FAIL(p, p->t->span,
            tag ? (asks ? MSG_TAG_IF : MSG_TAG_WHEN) : (asks ? MSG_SCORE_IF : MSG_SCORE_WHEN)),
        owner);
    return false;
}

void
parse_tag(parse_t *p, unsigned used)
{
    ast_tag_t *tag = (ast_tag_t *)parse_head(p, sizeof(*tag), AST_TAG, used);

    if (parse_name(p, W_TAG, &tag->name) && when(p, W_TAG)) {
        tag->whens = parse_whens(p);
        if (tag->whens != NULL && lasts(p, tag)) {
            parse_done(p, W_TAG);
        }
    }
    close_statement(p, &tag->head, W_TAG);
}

/* "once", "each 60 days" */
static bool
how_often(parse_t *p, ast_score_t *s)
{
    if (parse_accept(p, W_ONCE)) {
        s->once = true;
        return true;
    }
    if (!parse_accept(p, W_EACH)) {
        return true;
    }
    s->has_each = parse_duration(p, &s->each);
    return s->has_each;
}

void
parse_score(parse_t *p, unsigned used)
{
    ast_score_t *s = (ast_score_t *)parse_head(p, sizeof(*s), AST_SCORE, used);

    if (parse_points(p, &s->points, &s->points_span) && when(p, W_SCORE)) {
        s->whens = parse_whens(p);
        if (s->whens != NULL && how_often(p, s)) {
            parse_done(p, W_SCORE);
        }
    }
    close_statement(p, &s->head, W_SCORE);
}

static bool
no_when(parse_t *p, word_t owner)
{
    if (words_accept(W_WHEN, p->t) == 0) {
        return true;
    }
    diag_word(p->ds,
        FAIL(p, p->t->span, MSG_STATE_WHEN, words_say(owner, p->ds->lang), parse_text(p, p->t)),
        owner);
    return false;
}

/* "in header [if", and whether a condition follows. */
static bool
position(parse_t *p, ast_state_t *s)
{
    if (!parse_accept(p, W_IN)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_SHOW_IN, parse_before(p)), W_SHOW);
        return false;
    }
    if (!parse_name(p, W_SHOW, &s->position) || !no_when(p, W_SHOW)) {
        return false;
    }
    if (parse_accept(p, W_IF)) {
        return true;
    }
    parse_done(p, W_SHOW);
    return false;
}

/* What stands between the name and the condition; false: none follows. */
static bool
joined(parse_t *p, ast_state_t *s, word_t owner)
{
    if (!no_when(p, owner)) {
        return false;
    }
    if (owner == W_SHOW) {
        return position(p, s);
    }
    if (owner == W_SEGMENT && parse_is_cmp(p->t) && p->t->text.p[0] == '=') {
        p->t++;
        return true;
    }
    if (owner == W_STAGE && parse_accept(p, W_IF)) {
        return true;
    }
    diag_word(p->ds,
        FAIL(p, p->t->span, owner == W_STAGE ? MSG_STAGE_IF : MSG_SEGMENT_IS, parse_before(p)),
        owner);
    return false;
}

void
parse_state(parse_t *p, unsigned used, word_t owner)
{
    ast_kind_t kind = owner == W_STAGE ? AST_STAGE : owner == W_SEGMENT ? AST_SEGMENT : AST_SHOW;
    ast_state_t *s = (ast_state_t *)parse_head(p, sizeof(*s), kind, used);

    if (parse_name(p, owner, &s->name) && joined(p, s, owner)) {
        s->cond = parse_cond(p, owner);
        if (s->cond != NULL) {
            parse_done(p, owner);
        }
    }
    close_statement(p, &s->head, owner);
}

static bool
per(parse_t *p, prog_unit_t *out)
{
    word_t unit;
    diag_t *d;

    parse_accept(p, W_TIMES);
    unit = parse_accept(p, W_PER) ? parse_take(p, ROLE_PERIOD) : W_NONE;
    if (unit == W_NONE) {
        d = FAIL(p, p->t->span, MSG_LIMIT_PER, parse_before(p));
        if (p->t->kind == TOK_WORD) {
            diag_near(p->ds, d, parse_nearest(p, ROLE_PERIOD, p->t->folded, NULL));
        }
        return false;
    }
    *out = unit == W_DAY ? LIMIT_DAY : unit == W_WEEK ? LIMIT_WEEK : LIMIT_MONTH;
    return true;
}

void
parse_limit(parse_t *p, unsigned used)
{
    ast_limit_t *l = (ast_limit_t *)parse_head(p, sizeof(*l), AST_LIMIT, used);
    diag_t *d;

    l->channel = parse_take(p, ROLE_CHANNEL);
    if (l->channel == W_NONE) {
        bool word = p->t->kind == TOK_WORD;

        d = FAIL(p, p->t->span, word ? MSG_SEND_CHANNEL_UNKNOWN : MSG_SEND_CHANNEL,
            word ? parse_text(p, p->t) : parse_before(p), parse_list(p, ROLE_CHANNEL));
        if (word) {
            diag_near(p->ds, d, parse_nearest(p, ROLE_CHANNEL, p->t->folded, NULL));
        }
        diag_word(p->ds, d, W_LIMIT);
    } else if (parse_number(p, W_LIMIT, LANG_TIMES_MAX, &l->times, &l->times_span) &&
        per(p, &l->per)) {
        parse_done(p, W_LIMIT);
    }
    close_statement(p, &l->head, W_LIMIT);
}

void
parse_quiet(parse_t *p, unsigned used)
{
    ast_quiet_t *q = (ast_quiet_t *)parse_head(p, sizeof(*q), AST_QUIET, used);
    const lex_tok_t *t = p->t;

    if (t->kind != TOK_TIME || t[1].kind != TOK_SIGN || strchr("=<>%", t[1].text.p[0]) != NULL ||
        t[2].kind != TOK_TIME) {
        diag_word(p->ds, FAIL(p, t->span, MSG_QUIET_TIMES, parse_before(p)), W_QUIET);
    } else if (parse_time(p, &q->from) && p->t++ && parse_time(p, &q->to)) {
        q->times_span = parse_span_from(p, t->span);
        parse_done(p, W_QUIET);
    } else {
        diag_example(p->ds, p->said, words_table[W_QUIET].example[p->ds->lang]);
    }
    close_statement(p, &q->head, W_QUIET);
}

void
parse_control(parse_t *p, unsigned used)
{
    ast_control_t *c = (ast_control_t *)parse_head(p, sizeof(*c), AST_CONTROL, used);

    if (parse_percent(p, W_CONTROL, &c->share, &c->share_span)) {
        parse_done(p, W_CONTROL);
    }
    close_statement(p, &c->head, W_CONTROL);
}
