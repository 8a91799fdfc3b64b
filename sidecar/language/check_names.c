/*
 * The tables of names: what is declared or given, in the file's order, and
 * what is said of a name that none of them has. A name that a line with a
 * mistake may declare is excused: nothing is said of it, for it may well be
 * what is missing. Never fails.
 */

#include "check.h"

#define LISTED 8 /* names of the file that a message lists */

/* What is said of an unknown name of each kind. */
typedef struct {
    bool exact; /* letters count as they are: files, codes, addresses */
    msg_t unknown, none;
    word_t word; /* whose example shows how it is declared */
} kind_row_t;

static const kind_row_t kinds[NAMES] = {
    [NAMES_PAGE] = { false, MSG_PAGE_UNKNOWN, MSG_PAGES_NONE, W_PAGE },
    [NAMES_FIELD] = { false, MSG_FIELD_UNKNOWN, MSG_FIELDS_NONE, W_FIELD },
    [NAMES_PLACE] = { false, MSG_PLACE_UNKNOWN, MSG_PLACES_NONE, W_PLACE },
    [NAMES_TAG] = { false, MSG_TAG_UNGIVEN, MSG_TAGS_NONE, W_TAG },
    [NAMES_STAGE] = { false, MSG_STAGE_UNKNOWN, MSG_STAGES_NONE, W_STAGE },
    [NAMES_SEGMENT] = { false, MSG_SEGMENT_UNKNOWN, MSG_SEGMENTS_NONE, W_SEGMENT },
    [NAMES_FLOW] = { false, MSG_FLOW_UNKNOWN, MSG_FLOW_UNKNOWN, W_FLOW },
    [NAMES_BROUGHT] = { false, MSG_CAPTURE_UNKNOWN, MSG_CAPTURES_NONE, W_PAGE },
    [NAMES_INPUT] = { true, MSG_INPUT_UNKNOWN, MSG_INPUTS_NONE, W_FORM },
    [NAMES_TEMPLATE] = { true, MSG_TEMPLATE_UNSENT, MSG_TEMPLATES_NONE, W_GETS },
    [NAMES_COUPON] = { true, 0, 0, W_NONE },
    [NAMES_GIFT] = { true, 0, 0, W_NONE },
    [NAMES_CREDIT] = { true, 0, 0, W_NONE },
    [NAMES_ADDRESS] = { true, 0, 0, W_NONE },
    [NAMES_URL] = { true, 0, 0, W_NONE },
    [NAMES_BLOCK] = { true, 0, 0, W_NONE },
};

void
check_names_new(check_t *c)
{
    for (int k = 0; k < NAMES; k++) {
        c->names[k].by_key = g_hash_table_new(g_str_hash, g_str_equal);
        c->names[k].order = g_ptr_array_new();
    }
}

void
check_names_free(check_t *c)
{
    for (int k = 0; k < NAMES; k++) {
        g_hash_table_unref(c->names[k].by_key);
        g_ptr_array_unref(c->names[k].order);
    }
}

static const char *
key_of(names_kind_t kind, const ast_name_t *name)
{
    return kinds[kind].exact ? name->text : name->key;
}

known_t *
check_find(const check_t *c, names_kind_t kind, const ast_name_t *name)
{
    return name->text != NULL ? g_hash_table_lookup(c->names[kind].by_key, key_of(kind, name))
                              : NULL;
}

known_t *
check_put(check_t *c, names_kind_t kind, const ast_name_t *name, const ast_head_t *node)
{
    known_t *k = check_find(c, kind, name);

    if (k == NULL && name->text != NULL) {
        k = arena_get(c->arena, sizeof(*k));
        k->name = name;
        k->node = node;
        g_hash_table_insert(c->names[kind].by_key, (gpointer)key_of(kind, name), k);
        g_ptr_array_add(c->names[kind].order, k);
    }
    return k;
}

/* What a statement declares; twice is the message for its second place, 0: it may stand twice. */
static const ast_name_t *
declared(const ast_head_t *h, names_kind_t *kind, msg_t *twice)
{
    static const struct {
        names_kind_t kind;
        msg_t twice;
    } rows[] = {
        [AST_PAGE] = { NAMES_PAGE, MSG_NAME_TWICE_PAGE },
        [AST_EVENT] = { NAMES_EVENT, MSG_NAME_TWICE_EVENT },
        [AST_TAG] = { NAMES_TAG, 0 },
        [AST_FLOW] = { NAMES_FLOW, MSG_NAME_TWICE_FLOW },
        [AST_TEST] = { NAMES_TEST, MSG_NAME_TWICE_TEST },
        [AST_FIELD] = { NAMES_FIELD, MSG_NAME_TWICE_FIELD },
        [AST_PLACE] = { NAMES_PLACE, MSG_NAME_TWICE_PLACE },
        [AST_STAGE] = { NAMES_STAGE, 0 },
        [AST_SEGMENT] = { NAMES_SEGMENT, MSG_NAME_TWICE_SEGMENT },
        [AST_SHOW] = { NAMES_BLOCK, 0 },
    };

    *kind = (size_t)h->kind < G_N_ELEMENTS(rows) ? rows[h->kind].kind : NAMES_PAGE;
    *twice = (size_t)h->kind < G_N_ELEMENTS(rows) ? rows[h->kind].twice : 0;
    return ast_name_of(h);
}

void
check_declare(check_t *c, const ast_head_t *h)
{
    names_kind_t kind;
    msg_t twice;
    const ast_name_t *name = declared(h, &kind, &twice);
    const known_t *k;

    if (name == NULL || name->text == NULL) {
        return;
    }
    k = check_put(c, kind, name, h);
    if (k->node != h && twice != 0) {
        uint32_t line = k->node->span.line;

        diag_other(DIAG(c->ds, name->span, twice, name->text, arena_printf(c->arena, "%u", line)),
            line);
    }
}

bool
check_excused(const check_t *c, const ast_name_t *name)
{
    return c->excuse_all || name->text == NULL || g_hash_table_contains(c->excused, name->key) ||
        g_hash_table_contains(c->slips, GUINT_TO_POINTER(name->span.line));
}

const char *
check_list(const check_t *c, names_kind_t kind)
{
    const GPtrArray *order = c->names[kind].order;
    GString *list;
    char *text;

    if (diags_full(c->ds) || order->len == 0) {
        return NULL;
    }
    list = g_string_new("\x01");
    for (guint i = 0; i < order->len && i < LISTED; i++) {
        const known_t *k = order->pdata[i];

        g_string_append_printf(list, "%s%.64s", i > 0 ? ", " : "", k->name->text);
    }
    g_string_append(list, order->len > LISTED ? "…" : "");
    text = arena_text(c->arena, list->str, list->len);
    g_string_free(list, TRUE);
    return text;
}

void
check_offer(const check_t *c, near_t *near, names_kind_t kind)
{
    const GPtrArray *order = c->names[kind].order;

    for (guint i = 0; i < order->len && near->looked < LANG_NEAR_MAX; i++) {
        const known_t *k = order->pdata[i];

        near_offer(near, k->name->key, k->name->text);
    }
}

/* What stands in a line with a mistake may be what was meant, unless it is a word of ours. */
static void
offer_excused(const check_t *c, near_t *near)
{
    GHashTableIter it;
    gpointer word;

    g_hash_table_iter_init(&it, c->excused);
    while (near->looked < LANG_NEAR_MAX && g_hash_table_iter_next(&it, &word, NULL)) {
        if (words_lookup(word) == 0) {
            near_offer(near, word, word);
        }
    }
}

void
check_near(const check_t *c, diag_t *d, names_kind_t kind, const char *key)
{
    near_t near;

    if (d != NULL) {
        near_start(&near, key);
        check_offer(c, &near, kind);
        offer_excused(c, &near);
        diag_near(c->ds, d, near.best);
    }
}

known_t *
check_known_as(check_t *c, names_kind_t kind, const ast_name_t *name, msg_t id, word_t w)
{
    known_t *k = check_find(c, kind, name);
    const char *list;
    diag_t *d;

    if (k != NULL || check_excused(c, name)) {
        return k;
    }
    list = check_list(c, kind);
    d = DIAG(c->ds, name->span, id, name->text, list != NULL ? list : "");
    check_near(c, d, kind, name->key);
    diag_word(c->ds, d, w);
    return NULL;
}

known_t *
check_known(check_t *c, names_kind_t kind, const ast_name_t *name)
{
    const kind_row_t *row = &kinds[kind];

    return check_known_as(c, kind, name, c->names[kind].order->len > 0 ? row->unknown : row->none,
        row->word);
}
