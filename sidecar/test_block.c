/*
 * First every visit is made and everything true at a point is looked at, line
 * after line; then 400 days pass; then what was to be got is looked up in what
 * was got. Reads no clock: the day is always Monday 1 June 2026.
 */

#include "test_block.h"
#include "block_got.h"
#include "block_person.h"
#include "popular.h"
#include "story.h"

#include <glib.h>

#define DAYS_AFTER   400
#define LINES_SHOWN  60
#define DEFAULT_TIME (10 * 3600)

typedef struct {
    virtual_t *world;
    const program_t *program;
    const prog_test_t *test;
    tale_t tale;
    engine_t *engine;
    popular_t *popular;
    story_t *story;
    block_got_t *got;
    GString *failed; /* what did not come as it should */
    engine_event_t event;
    bool met;                /* the engine knows the person */
    bool begun;              /* something happened, or a line had a time */
    senda_sec_t clock, last; /* where the test stands; the last moment of all lines */
    uint32_t day;            /* of the line before: one that looks back is on an earlier one */
    senda_sec_t *moments;    /* of each line that asks what came at a time */
} block_t;

/* The words of a report: English, Spanish. */
enum {
    W_VISITS,
    W_CONTACT,
    W_NO_PAGE,
    W_EXPECTED,
    W_BAD_URL,
    W_BAD_VALUE,
    W_INSTEAD,
    W_NOTHING,
    W_LINE,
    W_CAME,
    W_NEVER_CAME,
    W_STATE,
    W_TAGS,
    W_STAGE,
    W_SEGMENTS,
    W_SOLD_OUT,
    W_IN_STOCK
};

static const char *const words[][2] = {
    [W_VISITS] = { "visits", "visita" },
    [W_CONTACT] = { "is now known as", "se sabe ahora que es" },
    [W_NO_PAGE] = { "no page", "ninguna página" },
    [W_EXPECTED] = { "expected:", "se esperaba:" },
    [W_BAD_URL] = { "no address of this site:", "no es una dirección de este sitio:" },
    [W_BAD_VALUE] = { "a value that cannot be used:", "un valor que no sirve:" },
    [W_INSTEAD] = { "what happened instead:", "lo que ocurrió en su lugar:" },
    [W_NOTHING] = { "nothing at all", "nada en absoluto" },
    [W_LINE] = { "line", "línea" },
    [W_CAME] = { "it came", "llegó" },
    [W_NEVER_CAME] = { "it never came", "nunca llegó" },
    [W_STATE] = { "score", "puntos" },
    [W_TAGS] = { "tags", "etiquetas" },
    [W_STAGE] = { "stage", "etapa" },
    [W_SEGMENTS] = { "in", "en" },
    [W_SOLD_OUT] = { "sold out:", "agotado:" },
    [W_IN_STOCK] = { "in stock:", "hay existencias de:" },
};

static const char *
say(const block_t *b, int word)
{
    return words[word][b->tale.spanish];
}

G_GNUC_PRINTF(3, 4) static void fail(block_t *b, const prog_test_line_t *line, const char *fmt, ...)
{
    va_list args;

    g_string_append_printf(b->failed, "    %s %u: ", say(b, W_LINE), line->place.line);
    va_start(args, fmt);
    g_string_append_vprintf(b->failed, fmt, args);
    va_end(args);
    g_string_append_c(b->failed, '\n');
}

static void
on_intent(void *ctx, const intent_t *i)
{
    block_t *b = ctx;

    block_got_intent(b->got, i);
    story_tell_intent(b->story, i);
}

/* When a line with a time is; a time without day is on the line before's day. */
static senda_sec_t
moment_of(block_t *b, const prog_test_line_t *line)
{
    b->begun = true;
    b->day = line->day != 0 ? line->day : b->day;
    return story_moment(&b->program->zone, b->day, line->second);
}

/* Never back: the checker has seen to it that no line is earlier than the one above it. */
static void
go_to(block_t *b, senda_sec_t at)
{
    b->clock = MAX(b->clock, at);
    engine_advance(b->engine, b->clock, ENGINE_ACT);
    b->day = story_day(&b->program->zone, b->clock);
    b->last = MAX(b->last, b->clock);
}

/* The moment of a line that makes something happen. */
static senda_sec_t
next_moment(block_t *b, const prog_test_line_t *line)
{
    senda_sec_t at = story_moment(&b->program->zone, b->day, DEFAULT_TIME);

    if (line->has_at)
        return moment_of(b, line);
    return b->begun ? b->clock + 60 : at;
}

/* How frequent a search is, this block's own searches being all that there are. */
static void
rank(block_t *b)
{
    engine_event_t *e = &b->event;

    e->rank = 0;
    for (unsigned i = 0; i < e->nkeys; i++) {
        for (unsigned f = 0; f < e->nfields && e->keys[i] == senda_key_event(SENDA_EV_SEARCH);
             f++) {
            if (senda_str_eq(e->fields[f].name, SENDA_STR("q")))
                e->rank = popular_search(b->popular, b->clock, e->fields[f].value);
        }
    }
}

static void
happen(block_t *b)
{
    b->event.at = b->clock;
    rank(b);
    engine_event(b->engine, &b->event, ENGINE_ACT);
    b->met = true;
}

static void
empty_event(block_t *b)
{
    b->event.page = false;
    b->event.nkeys = b->event.nfields = b->event.nanswers = 0;
    b->event.order = (senda_str_t){ "", 0 };
}

static char *
pages_of(const block_t *b)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < b->event.nkeys; i++) {
        int page = virtual_page(b->world, b->event.keys[i]);

        if (page >= 0)
            g_string_append_printf(s, "%s%s", s->len > 0 ? ", " : "", b->program->pages[page].name);
    }
    if (s->len == 0)
        g_string_append(s, say(b, W_NO_PAGE));
    return g_string_free(s, FALSE);
}

/* " with a=1, b=2", as it was written. */
static void
add_pairs(const block_t *b, const prog_test_line_t *line, GString *s)
{
    const char *before = b->tale.spanish ? " con" : " with";

    for (unsigned i = 0; i < line->nfields; i++) {
        g_string_append_printf(s, "%s %s=%s", before, line->fields[i].name, line->fields[i].value);
        before = ",";
    }
}

static bool
take_pairs(block_t *b, const prog_test_line_t *line)
{
    senda_err_t err;

    if (block_person_with(b->program, &b->event, line, &err) == SENDA_OK)
        return true;
    fail(b, line, "%s %s", say(b, W_BAD_VALUE), err.text);
    return false;
}

static bool
visit(block_t *b, const prog_test_line_t *line)
{
    senda_method_t method = line->post ? SENDA_METHOD_POST : SENDA_METHOD_GET;
    GString *told = g_string_new(say(b, W_VISITS));
    char *pages;

    empty_event(b);
    if (virtual_visit(b->world, method, senda_cstr(line->text), &b->event) != SENDA_OK) {
        fail(b, line, "%s %s", say(b, W_BAD_URL), line->text);
        g_string_free(told, TRUE);
        return false;
    }
    pages = pages_of(b);
    g_string_append_printf(told, " %s%s", line->post ? "POST " : "", line->text);
    add_pairs(b, line, told);
    g_string_append_printf(told, " (%s)", pages);
    g_free(pages);
    story_tell(b->story, b->clock, g_string_free(told, FALSE), NULL);
    return true;
}

static bool
is_of_message(senda_key_t key)
{
    return key == senda_key_event(SENDA_EV_MESSAGE_GET) ||
        key == senda_key_event(SENDA_EV_MESSAGE_OPEN) ||
        key == senda_key_event(SENDA_EV_MESSAGE_CLICK);
}

/* Which message it is about; one that is said without its channel is an e-mail. */
static void
add_message(block_t *b, const prog_test_line_t *line, GString *told)
{
    const char *channel = tale_channel(line->channel);

    b->event.fields[b->event.nfields++] = (senda_capture_t){ SENDA_STR("channel"),
        senda_cstr(channel) };
    g_string_append_printf(told, " %s", channel);
    if (line->text != NULL) {
        b->event.fields[b->event.nfields++] = (senda_capture_t){ SENDA_STR("template"),
            senda_cstr(line->text) };
        g_string_append_printf(told, " %s", line->text);
    }
}

static bool
event(block_t *b, const prog_test_line_t *line)
{
    GString *told = g_string_new(tale_verb(&b->tale, line->key));

    empty_event(b);
    b->event.nkeys = 1;
    b->event.keys[0] = line->key;
    if (is_of_message(line->key))
        add_message(b, line, told);
    add_pairs(b, line, told);
    story_tell(b->story, b->clock, g_string_free(told, FALSE), NULL);
    return true;
}

/* A visit or an event, once or several times a minute apart. */
static void
act(block_t *b, const prog_test_line_t *line)
{
    senda_sec_t at = next_moment(b, line);

    for (uint32_t i = 0; i < MAX(line->times, 1); i++) {
        go_to(b, at + 60 * (senda_sec_t)i);
        if (!(line->kind == TEST_VISIT ? visit(b, line) : event(b, line)) || !take_pairs(b, line))
            return;
        b->begun = true;
        happen(b);
    }
}

/* From now on reachable by that address only. Before anything happened it is so from the first hour on. */
static void
contact(block_t *b, const prog_test_line_t *line)
{
    GString *told = g_string_new(NULL);

    block_person_contact(&b->event, line->text);
    g_string_printf(told, "%s %s", say(b, W_CONTACT), line->text);
    add_pairs(b, line, told);
    story_tell(b->story, b->clock, g_string_free(told, FALSE), NULL);
    empty_event(b);
    if (take_pairs(b, line))
        happen(b);
}

/* "; tags a, b" */
static void
add_name(GString *s, const char *of, const char *name)
{
    if (s->len == 0)
        g_string_append_printf(s, "; %s %s", of, name);
    else
        g_string_append_printf(s, ", %s", name);
}

/* What is true of the person where the test stands. */
static void
add_state(block_t *b)
{
    const program_t *p = b->program;
    int32_t stage = engine_stage(b->engine, &b->event.who);
    GString *tags = g_string_new(NULL), *segments = g_string_new(NULL);
    char at[64];

    g_string_append_printf(b->failed, "      %s: %s %" G_GINT64_FORMAT,
        tale_time(&b->tale, b->clock, at, sizeof(at)), say(b, W_STATE),
        (gint64)engine_score(b->engine, &b->event.who));
    if (stage >= 0)
        g_string_append_printf(b->failed, "; %s %s", say(b, W_STAGE), p->stages[stage].name);
    for (unsigned i = 0; i < p->ntags; i++) {
        if (engine_has_tag(b->engine, &b->event.who, &p->tags[i]))
            add_name(tags, say(b, W_TAGS), p->tags[i].name);
    }
    for (unsigned i = 0; i < p->nsegments; i++) {
        if (engine_holds(b->engine, &b->event.who, p->segments[i].cond))
            add_name(segments, say(b, W_SEGMENTS), p->segments[i].name);
    }
    g_string_append_printf(b->failed, "%s%s\n", tags->str, segments->str);
    g_string_free(tags, TRUE);
    g_string_free(segments, TRUE);
}

static bool
has_tag(const block_t *b, const char *name)
{
    for (unsigned i = 0; i < b->program->ntags; i++) {
        if (strcmp(b->program->tags[i].name, name) == 0)
            return engine_has_tag(b->engine, &b->event.who, &b->program->tags[i]);
    }
    return false;
}

static bool
is_true(const block_t *b, const prog_test_line_t *line)
{
    switch (line->kind) {
    case TEST_HAS_TAG:
        return has_tag(b, line->text);
    case TEST_EXPECT:
        return engine_holds(b->engine, &b->event.who, line->cond);
    case TEST_SHOWS:
        return block_got_shown(b->got, line->text);
    default:
        return false;
    }
}

static void
compare(block_t *b, const prog_test_line_t *line)
{
    senda_str_t written = virtual_line(b->world, line->place.line);

    if (is_true(b, line) != line->negated)
        return;
    fail(b, line, "%s %.*s", say(b, W_EXPECTED), (int)written.n, written.p);
    add_state(b);
}

static void
on_stranger(void *ctx, const intent_t *i)
{
    block_t *b = ctx;

    block_got_intent(b->got, i);
}

/*
 * Before anything happened the person is reachable as it will be. It is asked
 * of an engine of its own: to the test's it is first seen when something happens.
 */
static void
compare_stranger(block_t *b, const prog_test_line_t *line)
{
    const engine_options_t options = { .no_control = true };
    engine_t *engine = b->engine, *own = engine_new(b->program, &options, on_stranger, b);
    block_got_t *got = b->got;

    if (own == NULL) {
        compare(b, line);
        return;
    }
    b->engine = own;
    b->got = block_got_new(b->program);
    empty_event(b);
    b->event.at = b->clock;
    engine_event(own, &b->event, ENGINE_ACT);
    compare(b, line);
    block_got_free(b->got);
    engine_free(own);
    b->engine = engine;
    b->got = got;
}

/* A line that looks at what is true where the test stands, or later. */
static void
look(block_t *b, const prog_test_line_t *line)
{
    go_to(b, line->has_at ? moment_of(b, line) : b->clock);
    if (b->met)
        compare(b, line);
    else
        compare_stranger(b, line);
}

static void
stock(block_t *b, const prog_test_line_t *line)
{
    go_to(b, line->has_at ? moment_of(b, line) : b->clock);
    story_tell(b->story, b->clock,
        g_strdup_printf("%s %s", say(b, line->negated ? W_IN_STOCK : W_SOLD_OUT), line->text),
        NULL);
    engine_stock(b->engine, senda_cstr(line->text), !line->negated);
}

static void
live_through(block_t *b)
{
    for (unsigned i = 0; i < b->test->nlines; i++) {
        const prog_test_line_t *line = &b->test->lines[i];

        switch (line->kind) {
        case TEST_CONTACT:
            contact(b, line);
            break;
        case TEST_VISIT:
        case TEST_EVENT:
            act(b, line);
            break;
        case TEST_HAS_TAG:
        case TEST_EXPECT:
        case TEST_SHOWS:
            look(b, line);
            break;
        case TEST_SOLD_OUT:
            stock(b, line);
            break;
        case TEST_GETS:
        case TEST_NEVER_GETS:
        case TEST_BENEFIT:
        case TEST_NOTIFIES:
        case TEST_CALLS:
            b->moments[i] = line->has_at ? moment_of(b, line) : 0;
            if (b->moments[i] > b->clock)
                go_to(b, b->moments[i]);
            break;
        }
    }
    engine_advance(b->engine,
        senda_zone_add(&b->program->zone, b->last, (senda_span_t){ .days = DAYS_AFTER }, 1),
        ENGINE_ACT);
}

static void
look_up(block_t *b)
{
    for (unsigned i = 0; i < b->test->nlines; i++) {
        const prog_test_line_t *line = &b->test->lines[i];
        bool never = line->kind == TEST_NEVER_GETS || line->negated;
        senda_str_t written = virtual_line(b->world, line->place.line);
        char at[64], came[64];
        senda_sec_t when = 0;

        if (!block_got_asks(line) ||
            block_got_came(b->got, line, line->has_at, b->moments[i], &when) != never)
            continue;
        if (when == 0)
            (void)block_got_came(b->got, line, false, 0, &when);
        fail(b, line, "%s %.*s (%s%s%s%s%s)", say(b, W_EXPECTED), (int)written.n, written.p,
            line->has_at ? tale_time(&b->tale, b->moments[i], at, sizeof(at)) : "",
            line->has_at ? "; " : "", say(b, when == 0 ? W_NEVER_CAME : W_CAME),
            when == 0 ? "" : " ", when == 0 ? "" : tale_time(&b->tale, when, came, sizeof(came)));
    }
}

static void
report(const block_t *b, FILE *out)
{
    fputs(b->failed->str, out);
    fprintf(out, "    %s\n", say(b, W_INSTEAD));
    if (story_is_empty(b->story))
        fprintf(out, "      %s\n", say(b, W_NOTHING));
    story_print(b->story, out, "      ", LINES_SHOWN);
}

bool
test_block_run(virtual_t *world, const program_t *program, const prog_test_t *test, FILE *out)
{
    const engine_options_t options = { .tell = true, .no_control = true };
    block_t b = { .world = world, .program = program, .test = test, .day = 1 };
    bool passed = false;

    b.tale = (tale_t){ program, strcmp(virtual_language(world), "es") == 0, false };
    b.moments = g_new0(senda_sec_t, test->nlines + 1);
    b.got = block_got_new(program);
    b.failed = g_string_new(NULL);
    b.story = story_new(&b.tale);
    b.popular = popular_new(&program->zone);
    b.clock = story_moment(&program->zone, 1, 0);
    b.last = story_moment(&program->zone, 1, DEFAULT_TIME);
    block_person_begin(&b.event);
    b.engine = engine_new(program, &options, on_intent, &b);
    if (b.engine != NULL) {
        live_through(&b);
        look_up(&b);
        passed = b.failed->len == 0;
    }
    if (!passed && out != NULL)
        report(&b, out);
    engine_free(b.engine);
    popular_free(b.popular);
    story_free(b.story);
    g_string_free(b.failed, TRUE);
    block_got_free(b.got);
    g_free(b.moments);
    return passed;
}
