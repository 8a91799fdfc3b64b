/*
 * A flow's lines into steps with jumps. A step's id is a hash of what it says
 * and of how many equal ones stand above it in the flow: moving other lines
 * around it, renaming the flow or reordering the file leaves it as it is.
 */

#include "compile.h"

typedef struct {
    compile_t *c;
    GArray *steps;    /* of prog_step_t */
    GHashTable *said; /* what a step says → how many so far */
    GHashTable *ids;  /* ids taken in this flow */
} build_t;

static uint32_t
hash(const char *text, unsigned nth)
{
    uint32_t h = 2166136261u; /* FNV-1a: draft-eastlake-fnv */

    for (; *text != '\0'; text++) {
        h = (h ^ (unsigned char)*text) * 16777619u;
    }
    for (unsigned i = 0; i < 4; i++) {
        h = (h ^ (nth >> (8 * i) & 0xFF)) * 16777619u;
    }
    return h;
}

static uint32_t
step_id(build_t *b, const char *says)
{
    unsigned nth = GPOINTER_TO_UINT(g_hash_table_lookup(b->said, says));
    uint32_t id = hash(says, nth);

    g_hash_table_insert(b->said, g_strdup(says), GUINT_TO_POINTER(nth + 1));
    while (id == 0 || g_hash_table_contains(b->ids, GUINT_TO_POINTER(id))) {
        id++;
    }
    g_hash_table_add(b->ids, GUINT_TO_POINTER(id));
    return id;
}

static void
say_verb(GString *out, const ast_verb_t *v)
{
    g_string_append_printf(out, " %d", v->kind);
    if (v->kind == VERB_PATTERN) {
        g_string_append_printf(out, " %s", v->pattern->text.p);
    } else if (v->kind == VERB_STANDARD) {
        g_string_append_printf(out, " %u", v->event);
    } else if (v->kind != VERB_ANY) {
        g_string_append_printf(out, " \"%s\"", v->name.key);
    }
    if (v->has_count) {
        g_string_append_printf(out, " %d×%u", v->count, v->times);
    }
    if (v->has_window) {
        g_string_append_printf(out, " in %dm%dd%llds", v->window.months, v->window.days,
            (long long)v->window.secs);
    }
    g_string_append(out, v->since_start ? " since" : "");
}

static void
say_cond(GString *out, const ast_cond_t *cond)
{
    if (cond == NULL) {
        return;
    }
    g_string_append_printf(out, " (%d", cond->kind);
    if (cond->kind == COND_VERB) {
        say_verb(out, cond->verb);
    } else if (cond->kind == COND_TAG) {
        g_string_append_printf(out, " \"%s\"", cond->tag.key);
    } else {
        say_cond(out, cond->left);
        say_cond(out, cond->right);
    }
    g_string_append_c(out, ')');
}

/* Adds a step that says this; its index. */
static unsigned
add(build_t *b, prog_step_t step, const char *says, lex_span_t span)
{
    step.id = step_id(b, says);
    step.place = compile_place(b->c, span);
    g_array_append_val(b->steps, step);
    return b->steps->len - 1;
}

static prog_step_t *
at(build_t *b, unsigned i)
{
    return &g_array_index(b->steps, prog_step_t, i);
}

static void
add_send(build_t *b, const ast_send_t *send)
{
    prog_step_t s = { .kind = STEP_SEND };
    GString *says = g_string_new("send");

    s.template = compile_text(b->c, send->channels->template.text);
    for (const ast_channel_t *ch = send->channels; ch != NULL && s.nchannels < CHANNELS;
         ch = ch->next) {
        s.channels[s.nchannels++] = (prog_channel_t)words_table[ch->channel].value;
        g_string_append_printf(says, " %d", words_table[ch->channel].value);
    }
    g_string_append_printf(says, " %s", s.template);
    add(b, s, says->str, send->head.span);
    g_string_free(says, TRUE);
}

static void
add_wait(build_t *b, const ast_wait_t *wait)
{
    prog_step_t s = { .kind = STEP_WAIT, .span = wait->span };
    char says[96];

    g_snprintf(says, sizeof(says), "wait %dm%dd%llds", wait->span.months, wait->span.days,
        (long long)wait->span.secs);
    add(b, s, says, wait->head.span);
}

static void add_lines(build_t *b, const ast_list_t *lines);

static void
add_if(build_t *b, const ast_if_t *f)
{
    prog_step_t s = { .kind = STEP_IF, .cond = compile_cond(b->c, f->cond) };
    prog_step_t jump = { .kind = STEP_JUMP };
    GString *says = g_string_new("if");
    unsigned test, skip = 0;

    say_cond(says, f->cond);
    test = add(b, s, says->str, f->head.span);
    add_lines(b, &f->then);
    if (f->has_else) {
        g_string_prepend(says, "else of ");
        skip = add(b, jump, says->str, f->else_line.span);
    }
    at(b, test)->target = b->steps->len;
    if (f->has_else) {
        add_lines(b, &f->otherwise);
        at(b, skip)->target = b->steps->len;
    }
    g_string_free(says, TRUE);
}

static void
add_lines(build_t *b, const ast_list_t *lines)
{
    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        if (h->kind == AST_SEND) {
            add_send(b, (const ast_send_t *)h);
        } else if (h->kind == AST_WAIT) {
            add_wait(b, (const ast_wait_t *)h);
        } else if (h->kind == AST_IF) {
            add_if(b, (const ast_if_t *)h);
        }
    }
}

void
compile_steps(compile_t *c, const ast_flow_t *flow, prog_flow_t *out)
{
    build_t b = { .c = c };
    prog_step_t end = { .kind = STEP_END };
    prog_step_t *steps;

    b.steps = g_array_new(FALSE, FALSE, sizeof(prog_step_t));
    b.said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    b.ids = g_hash_table_new(NULL, NULL);
    add_lines(&b, &flow->lines);
    add(&b, end, "end", flow->head.span);
    steps = arena_get(c->arena, b.steps->len * sizeof(prog_step_t));
    memcpy(steps, b.steps->data, b.steps->len * sizeof(prog_step_t));
    out->nsteps = b.steps->len;
    out->steps = steps;
    g_hash_table_unref(b.ids);
    g_hash_table_unref(b.said);
    g_array_free(b.steps, TRUE);
}
