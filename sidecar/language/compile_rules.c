/*
 * From programs and their ASTs to the blob that nginx matches with. Adds what
 * the files say to a rules_build; the first refusal ends it with its reason.
 */

#include "compile.h"

#include "rules_build.h"

typedef struct {
    rules_build_t *build;
    const lang_t *lang;
    const program_t *program;
    senda_err_t *err;
} rules_t;

static bool
add_hosts(rules_t *r)
{
    const ast_site_t *site = r->lang->file->site;

    for (const ast_names_t *h = site != NULL ? site->hosts : NULL; h != NULL; h = h->next) {
        if (rules_build_host(r->build, r->program->site_id, senda_cstr(h->name.text)) ==
            SENDA_NONE) {
            senda_fail(r->err, SENDA_BAD, "%s:%u: another file has the site %s already",
                r->lang->name, h->name.span.line, h->name.text);
            return false;
        }
    }
    return true;
}

static bool
add_pattern(rules_t *r, senda_key_t page, const ast_pattern_t *p)
{
    senda_err_t why;
    size_t at = 0;

    if (rules_build_pattern(r->build, page, p->methods, p->except, p->text, &at, &why) !=
        SENDA_OK) {
        senda_fail(r->err, SENDA_BAD, "%s:%u: %s: %s", r->lang->name, p->span.line, p->text.p,
            why.text);
        return false;
    }
    return true;
}

/* The patterns of sentences: each different one once, under the key of its page. */
typedef struct {
    rules_t *rules;
    GHashTable *keys; /* page name → key */
    bool ok;
} sentence_t;

static void
sentence_pattern(sentence_t *s, const ast_pattern_t *pattern)
{
    arena_t *a;
    gpointer key;
    const char *name;

    if (pattern == NULL || !s->ok) {
        return;
    }
    a = arena_new();
    name = compile_pattern_name(a, pattern);
    key = g_hash_table_lookup(s->keys, name);
    if (key != NULL) {
        s->ok = add_pattern(s->rules, GPOINTER_TO_UINT(key), pattern);
        g_hash_table_remove(s->keys, name);
    }
    arena_free(a);
}

static void
verb_pattern(sentence_t *s, const ast_verb_t *v)
{
    for (; v != NULL; v = v->before) {
        sentence_pattern(s, v->pattern);
    }
}

static void
cond_patterns(sentence_t *s, const ast_cond_t *c)
{
    if (c != NULL) {
        verb_pattern(s, c->verb);
        cond_patterns(s, c->left);
        cond_patterns(s, c->right);
    }
}

static void
whens_patterns(sentence_t *s, const ast_trigger_t *w)
{
    for (; w != NULL; w = w->next) {
        verb_pattern(s, w->verb);
        verb_pattern(s, w->absent);
        cond_patterns(s, w->cond);
    }
}

static void
line_patterns(const ast_head_t *h, void *ctx)
{
    sentence_t *s = ctx;

    switch (h->kind) {
    case AST_START:
        whens_patterns(s, ((const ast_start_t *)h)->whens);
        break;
    case AST_STOP:
    case AST_GOAL:
    case AST_ONLY:
        cond_patterns(s, ((const ast_until_t *)h)->cond);
        break;
    case AST_IF:
        cond_patterns(s, ((const ast_if_t *)h)->cond);
        break;
    case AST_WAIT:
        verb_pattern(s, ((const ast_wait_t *)h)->verb);
        break;
    case AST_STEP:
        sentence_pattern(s, ((const ast_step_t *)h)->pattern);
        break;
    case AST_TEST_EVENT:
        verb_pattern(s, ((const ast_check_t *)h)->verb);
        break;
    case AST_TEST_EXPECT:
        cond_patterns(s, ((const ast_check_t *)h)->cond);
        break;
    default:
        break;
    }
}

static void
item_patterns(sentence_t *s, const ast_head_t *h)
{
    switch (h->kind) {
    case AST_TAG:
        whens_patterns(s, ((const ast_tag_t *)h)->whens);
        break;
    case AST_SCORE:
        whens_patterns(s, ((const ast_score_t *)h)->whens);
        break;
    case AST_STAGE:
    case AST_SEGMENT:
    case AST_SHOW:
        cond_patterns(s, ((const ast_state_t *)h)->cond);
        break;
    case AST_FLOW:
        ast_each_line(&((const ast_flow_t *)h)->lines, line_patterns, s);
        break;
    case AST_TEST:
        ast_each_line(&((const ast_test_t *)h)->lines, line_patterns, s);
        break;
    default:
        break;
    }
}

/* Every page of the program, in order; then the patterns of pages and of sentences. */
static bool
add_pages(rules_t *r)
{
    const program_t *p = r->program;
    sentence_t s = { r, g_hash_table_new(g_str_hash, g_str_equal), true };
    unsigned i = 0;

    for (unsigned k = 0; k < p->npages; k++) {
        rules_build_page(r->build, p->site_id, p->pages[k].key, senda_cstr(p->pages[k].name),
            p->pages[k].event);
        for (unsigned n = 0; n < p->pages[k].ninputs; n++) {
            rules_build_input(r->build, p->pages[k].key, senda_cstr(p->pages[k].inputs[n].input));
        }
    }
    for (const ast_head_t *h = r->lang->file->items.first; h != NULL && s.ok; h = h->next) {
        if (h->kind == AST_PAGE) {
            const ast_pattern_t *pat = ((const ast_page_t *)h)->patterns;

            for (; pat != NULL && s.ok; pat = pat->next) {
                s.ok = add_pattern(r, p->pages[i].key, pat);
            }
            i++;
        }
    }
    for (; i < p->npages; i++) {
        g_hash_table_insert(s.keys, (gpointer)p->pages[i].name, GUINT_TO_POINTER(p->pages[i].key));
    }
    for (const ast_head_t *h = r->lang->file->items.first; h != NULL && s.ok; h = h->next) {
        item_patterns(&s, h);
    }
    g_hash_table_unref(s.keys);
    return s.ok;
}

static void
add_tags(rules_t *r)
{
    const program_t *p = r->program;

    for (unsigned i = 0; i < p->ntags; i++) {
        const prog_tag_t *t = &p->tags[i];

        rules_build_tag(r->build, p->site_id, t->id, senda_cstr(t->name));
        for (unsigned k = 0; t->by_nginx && k < t->nwhens; k++) {
            const prog_verb_t *v = &t->whens[k].verb;
            senda_tag_rule_t rule = { .tag = t->id,
                .name = senda_cstr(t->name),
                .site = p->site_id,
                .key = v->key,
                .times = v->times,
                .within = v->within };

            rules_build_tag_rule(r->build, &rule);
        }
    }
}

static void
add_shows(rules_t *r)
{
    const program_t *p = r->program;

    for (unsigned i = 0; i < p->nshows; i++) {
        const senda_rule_show_t show = { senda_cstr(p->shows[i].block),
            senda_cstr(p->shows[i].position), p->shows[i].cond != NULL };

        rules_build_show(r->build, p->site_id, &show);
    }
}

static bool
add_file(rules_t *r)
{
    const program_t *p = r->program;

    rules_build_site(r->build, p->site_id, &p->zone);
    if (!add_hosts(r)) {
        return false;
    }
    for (unsigned i = 0; i < p->nevents; i++) {
        rules_build_event(r->build, p->site_id, p->events[i].key, senda_cstr(p->events[i].name));
    }
    if (!add_pages(r)) {
        return false;
    }
    add_tags(r);
    add_shows(r);
    return true;
}

void *
lang_rules(lang_t *const *files, program_t *const *programs, unsigned n, uint64_t generation,
    size_t *len, senda_err_t *err)
{
    rules_t r = { .err = err };
    void *blob = NULL;
    bool ok = true;

    r.build = rules_build_new();
    for (unsigned i = 0; i < n && ok; i++) {
        for (unsigned k = 0; k < i && ok; k++) {
            if (programs[k]->site_id == programs[i]->site_id) {
                senda_fail(err, SENDA_BAD, "%s and %s are both the site %s", files[k]->name,
                    files[i]->name, programs[i]->site);
                ok = false;
            }
        }
        if (ok) {
            r.lang = files[i];
            r.program = programs[i];
            ok = add_file(&r);
        }
    }
    if (ok) {
        blob = rules_build_finish(r.build, generation, len, err);
    }
    rules_build_free(r.build);
    return blob;
}
