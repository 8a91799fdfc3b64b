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

/* Adds a step that says this, which is freed; its index. */
static unsigned
add(build_t *b, prog_step_t step, GString *says, lex_span_t span)
{
    step.id = step_id(b, says->str);
    step.place = compile_place(b->c, span);
    g_array_append_val(b->steps, step);
    g_string_free(says, TRUE);
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
        s.channels[s.nchannels++] = compile_channel(ch->channel);
        g_string_append_printf(says, " %d", words_table[ch->channel].value);
    }
    g_string_append_printf(says, " %s", s.template);
    add(b, s, says, send->head.span);
}

static void
add_wait(build_t *b, const ast_wait_t *wait)
{
    prog_step_t s = { .kind = wait->how, .span = wait->span };
    GString *says = g_string_new("wait ");

    if (wait->how == STEP_WAIT_TIME) {
        s.second = wait->second;
        s.weekdays = wait->weekdays;
        g_string_append_printf(says, "until %d on %x", s.second, s.weekdays);
    } else if (wait->how == STEP_WAIT_EVENT) {
        prog_cond_t *cond = arena_get(b->c->arena, sizeof(*cond));

        cond->kind = COND_VERB;
        cond->verb = compile_verb(b->c, wait->verb);
        s.cond = cond;
        g_string_append(says, "until");
        compile_say_verb(says, wait->verb);
        g_string_append(says, " at most ");
        compile_say_span(says, wait->span);
    } else {
        compile_say_span(says, wait->span);
    }
    add(b, s, says, wait->head.span);
}

/* What is given of a step's name, by its kind. */
static void
name_of_step(compile_t *c, const ast_step_t *a, prog_step_t *s)
{
    switch (a->step) {
    case STEP_TAG:
    case STEP_UNTAG:
        s->what = compile_index(c->tags, a->name.key);
        break;
    case STEP_ENTER:
    case STEP_LEAVE:
        s->what = compile_index(c->flows, a->name.key);
        break;
    case STEP_SET:
        s->what = compile_index(c->fields, a->name.key);
        s->value = compile_value(c->program->fields[s->what].type, &a->is);
        s->text = compile_text(c, a->is.text.text);
        break;
    case STEP_CREDIT:
        s->value = compile_value(VALUE_NUMBER, &a->is);
        break;
    case STEP_SCORE:
        s->value = a->points;
        break;
    case STEP_RECOMMEND:
        s->recipe = a->recipe;
        s->number = a->number;
        if (a->recipe == RECIPE_BEST_SELLERS) {
            s->key = compile_page_key(c, &a->name, a->pattern);
        } else if (a->name.text != NULL) {
            s->text = compile_capture(c, &a->name);
        }
        break;
    default:
        s->text = compile_text(c, a->name.text);
    }
}

static void
add_step(build_t *b, const ast_step_t *a)
{
    prog_step_t s = { .kind = a->step };
    GString *says = g_string_new(NULL);

    if (a->has_span) {
        s.span = a->span;
    }
    name_of_step(b->c, a, &s);
    compile_say_step(says, a);
    add(b, s, says, a->head.span);
}

static void add_lines(build_t *b, const ast_list_t *lines);

static void
add_if(build_t *b, const ast_if_t *f)
{
    prog_step_t s = { .kind = STEP_IF, .cond = compile_cond(b->c, f->cond) };
    prog_step_t jump = { .kind = STEP_JUMP };
    GString *says = g_string_new("if"), *other = g_string_new("else of ");
    unsigned test, skip = 0;

    compile_say_cond(says, f->cond);
    g_string_append(other, says->str);
    test = add(b, s, says, f->head.span);
    add_lines(b, &f->then);
    if (f->has_else) {
        skip = add(b, jump, other, f->else_line.span);
    } else {
        g_string_free(other, TRUE);
    }
    at(b, test)->target = b->steps->len;
    if (f->has_else) {
        add_lines(b, &f->otherwise);
        at(b, skip)->target = b->steps->len;
    }
}

/* Each branch ends in a jump to behind the `split`, so that none falls into the next. */
static void
add_split(build_t *b, const ast_split_t *split)
{
    prog_step_t s = { .kind = STEP_SPLIT }, jump = { .kind = STEP_JUMP };
    GString *says = g_string_new("split"), *end;
    char *what;
    prog_branch_t *branches;
    unsigned test, n = 0, *jumps;

    for (const ast_head_t *h = split->branches.first; h != NULL; h = h->next) {
        g_string_append_printf(says, " %u", ((const ast_branch_t *)h)->share);
        s.nbranches++;
    }
    branches = arena_get(b->c->arena, (s.nbranches + 1) * sizeof(*branches));
    jumps = g_new(unsigned, s.nbranches + 1);
    s.branches = branches;
    what = g_strdup(says->str);
    test = add(b, s, says, split->head.span);
    for (const ast_head_t *h = split->branches.first; h != NULL; h = h->next, n++) {
        branches[n].share = ((const ast_branch_t *)h)->share;
        branches[n].target = b->steps->len;
        add_lines(b, &((const ast_branch_t *)h)->lines);
        end = g_string_new(NULL);
        g_string_printf(end, "end of %u of %s", n, what);
        jumps[n] = add(b, jump, end, h->span);
    }
    at(b, test)->target = b->steps->len;
    while (n-- > 0) {
        at(b, jumps[n])->target = b->steps->len;
    }
    g_free(what);
    g_free(jumps);
}

static void
add_lines(build_t *b, const ast_list_t *lines)
{
    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        switch (h->kind) {
        case AST_SEND:
            add_send(b, (const ast_send_t *)h);
            break;
        case AST_WAIT:
            add_wait(b, (const ast_wait_t *)h);
            break;
        case AST_IF:
            add_if(b, (const ast_if_t *)h);
            break;
        case AST_SPLIT:
            add_split(b, (const ast_split_t *)h);
            break;
        case AST_STEP:
            add_step(b, (const ast_step_t *)h);
            break;
        default:
            break;
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
    add(&b, end, g_string_new("end"), flow->head.span);
    steps = arena_get(c->arena, b.steps->len * sizeof(prog_step_t));
    memcpy(steps, b.steps->data, b.steps->len * sizeof(prog_step_t));
    out->nsteps = b.steps->len;
    out->steps = steps;
    g_hash_table_unref(b.ids);
    g_hash_table_unref(b.said);
    g_array_free(b.steps, TRUE);
}
