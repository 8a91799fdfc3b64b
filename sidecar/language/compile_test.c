/*
 * The `test` blocks. Never fails: the checker has seen every name.
 */

#include "compile.h"

static prog_test_kind_t
test_kind(const ast_check_t *line)
{
    static const struct {
        ast_kind_t ast;
        prog_test_kind_t kind;
    } kinds[] = { { AST_TEST_CONTACT, TEST_CONTACT }, { AST_TEST_VISIT, TEST_VISIT },
        { AST_TEST_GETS, TEST_GETS }, { AST_TEST_TAG, TEST_HAS_TAG },
        { AST_TEST_EXPECT, TEST_EXPECT }, { AST_TEST_BENEFIT, TEST_BENEFIT },
        { AST_TEST_NOTIFIES, TEST_NOTIFIES }, { AST_TEST_CALLS, TEST_CALLS },
        { AST_TEST_SHOWS, TEST_SHOWS }, { AST_TEST_SOLD_OUT, TEST_SOLD_OUT } };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].ast == line->head.kind) {
            return kinds[i].kind == TEST_GETS && line->negated ? TEST_NEVER_GETS : kinds[i].kind;
        }
    }
    return TEST_EVENT;
}

/* A tag's name as the program has it, whatever accents the test writes. */
static const char *
test_text(compile_t *c, const ast_check_t *line)
{
    if (line->head.kind == AST_TEST_TAG) {
        return c->program->tags[compile_index(c->tags, line->text.key)].name;
    }
    if (line->verb != NULL && line->verb->kind == VERB_MESSAGE) {
        return compile_text(c, line->verb->name.text);
    }
    return compile_text(c, line->text.text);
}

/* A field of the person, an attribute of an event: as it is declared. A form's inputs as they are. */
static const char *
pair_name(compile_t *c, const ast_check_t *line, const ast_name_t *name)
{
    unsigned field;

    if (line->head.kind == AST_TEST_CONTACT && g_hash_table_contains(c->fields, name->key)) {
        field = compile_index(c->fields, name->key);
        return c->program->fields[field].name;
    }
    return line->head.kind == AST_TEST_EVENT ? compile_capture(c, name)
                                             : compile_text(c, name->text);
}

static void
make_pairs(compile_t *c, const ast_check_t *line, prog_test_line_t *out)
{
    prog_pair_t *rows;
    unsigned n = 0;

    for (const ast_pair_t *p = line->pairs; p != NULL; p = p->next) {
        out->nfields++;
    }
    rows = arena_get(c->arena, (out->nfields + 1) * sizeof(*rows));
    for (const ast_pair_t *p = line->pairs; p != NULL; p = p->next, n++) {
        rows[n].name = pair_name(c, line, &p->name);
        rows[n].value = compile_text(c, p->value.text);
    }
    out->fields = rows;
}

static void
make_line(compile_t *c, const ast_check_t *a, prog_test_line_t *out)
{
    word_t channel = a->verb != NULL ? a->verb->channel : a->channel;

    out->kind = test_kind(a);
    out->negated = a->negated;
    out->text = test_text(c, a);
    out->has_channel = channel != W_NONE;
    out->channel = out->has_channel ? compile_channel(channel) : CHANNEL_EMAIL;
    out->key = a->verb != NULL ? compile_verb_key(c, a->verb) : 0;
    out->times = a->times;
    out->post = a->post;
    out->has_at = a->at.has_time;
    out->day = a->at.has_day ? a->at.day : 0;
    out->second = a->at.second;
    out->place = compile_place(c, a->head.span);
    out->cond = compile_cond(c, a->cond);
    out->step = a->step;
    out->recommends = a->recommends;
    if (a->head.kind == AST_TEST_BENEFIT && a->step == STEP_CREDIT) {
        out->value = compile_value(VALUE_NUMBER, &a->is);
    }
    make_pairs(c, a, out);
}

static void
make_test(compile_t *c, const ast_test_t *test, prog_test_t *row)
{
    prog_test_line_t *lines;
    unsigned n = 0;

    row->name = compile_text(c, test->name.text);
    row->place = compile_place(c, test->head.span);
    for (const ast_head_t *h = test->lines.first; h != NULL; h = h->next) {
        row->nlines++;
    }
    lines = arena_get(c->arena, (row->nlines + 1) * sizeof(*lines));
    for (const ast_head_t *h = test->lines.first; h != NULL; h = h->next) {
        make_line(c, (const ast_check_t *)h, &lines[n++]);
    }
    row->lines = lines;
}

void
compile_tests(compile_t *c)
{
    prog_test_t *rows = arena_get(c->arena, (compile_count(c, AST_TEST) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_TEST)
    {
        make_test(c, (const ast_test_t *)h, &rows[n++]);
    }
    c->program->ntests = n;
    c->program->tests = rows;
}
