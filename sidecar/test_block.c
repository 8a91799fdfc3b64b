/*
 * First every visit is made and every tag looked at, line after line; then 400
 * days pass; then what was to be got is looked up in what was got. Reads no
 * clock: the day is always Monday 1 June 2026.
 */

#include "story.h"
#include "test_block.h"

#include <glib.h>

#define DAYS_AFTER   400
#define LINES_SHOWN  60
#define DEFAULT_TIME (10 * 3600)

typedef struct {
    senda_sec_t at;
    prog_channel_t channel;
    const char *template;
} got_t;

typedef struct {
    virtual_t *world;
    const program_t *program;
    const prog_test_t *test;
    const char *language;
    engine_t *engine;
    story_t *story;
    GArray *got;     /* got_t */
    GString *failed; /* what did not come as it should */
    engine_event_t event;
    bool begun;              /* something happened: clock is its second */
    senda_sec_t clock, last; /* last: of all lines */
    uint32_t day;            /* of the line before */
    senda_sec_t *moments;    /* of each line that has a time and asks what was got */
} block_t;

/* The words of a timeline: English, Spanish. */
enum {
    W_VISITS,
    W_HAPPENS,
    W_STARTS,
    W_STOPS,
    W_ENDS,
    W_GOAL,
    W_GETS,
    W_TAG,
    W_NO_PAGE,
    W_EXPECTED,
    W_NEVER,
    W_HAS_TAG,
    W_HAS_NO_TAG,
    W_AT,
    W_PAST,
    W_BAD_URL,
    W_INSTEAD,
    W_NOTHING,
    W_LINE
};

static const char *const words[][2] = {
    [W_VISITS] = { "visits", "visita" },
    [W_HAPPENS] = { "happens:", "ocurre:" },
    [W_STARTS] = { "starts flow", "empieza el flujo" },
    [W_STOPS] = { "flow is stopped:", "termina antes el flujo" },
    [W_ENDS] = { "flow ends:", "acaba el flujo" },
    [W_GOAL] = { "reaches the goal of", "alcanza el objetivo de" },
    [W_GETS] = { "gets", "recibe" },
    [W_TAG] = { "gets tag", "recibe etiqueta" },
    [W_NO_PAGE] = { "no page", "ninguna página" },
    [W_EXPECTED] = { "expected: gets", "se esperaba: recibe" },
    [W_NEVER] = { "expected: never gets", "se esperaba: no recibe" },
    [W_HAS_TAG] = { "expected: has tag", "se esperaba: tiene etiqueta" },
    [W_HAS_NO_TAG] = { "expected: has no tag", "se esperaba: no tiene etiqueta" },
    [W_AT] = { "at", "a las" },
    [W_PAST] = { "this line is earlier than the one above it:",
        "esta línea es anterior a la de arriba:" },
    [W_BAD_URL] = { "no address of this site:", "no es una dirección de este sitio:" },
    [W_INSTEAD] = { "what happened instead:", "lo que ocurrió en su lugar:" },
    [W_NOTHING] = { "nothing at all", "nada en absoluto" },
    [W_LINE] = { "line", "línea" },
};

static const char *
say(const block_t *b, int word)
{
    return words[word][g_str_has_prefix(b->language, "es") ? 1 : 0];
}

static const char *
channel_name(prog_channel_t c)
{
    static const char *const names[CHANNELS] = { "email", "sms", "push", "webpush" };

    return names[c];
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
    static const int flow_words[] = { [INTENT_STARTED] = W_STARTS,
        [INTENT_STOPPED] = W_STOPS,
        [INTENT_FINISHED] = W_ENDS,
        [INTENT_GOAL] = W_GOAL };
    block_t *b = ctx;
    got_t got;

    switch (i->kind) {
    case INTENT_STARTED:
    case INTENT_STOPPED:
    case INTENT_FINISHED:
    case INTENT_GOAL:
        story_tell(b->story, i->at,
            g_strdup_printf("%s \"%s\"", say(b, flow_words[i->kind]), i->flow->name));
        break;
    case INTENT_MESSAGE:
        got = (got_t){ i->at, i->channel, i->step->template };
        g_array_append_val(b->got, got);
        story_tell(b->story, i->at,
            g_strdup_printf("%s %s %s (\"%s\")", say(b, W_GETS), channel_name(i->channel),
                i->step->template, i->flow->name));
        break;
    case INTENT_TAG:
        story_tell(b->story, i->at, g_strdup_printf("%s %s", say(b, W_TAG), i->tag->name));
        break;
    case INTENT_SAVE:
    case INTENT_RECALL:
    case INTENT_FORGET:
        break;
    }
}

/* When a line with a time is; a time without day is on the line before's day. */
static senda_sec_t
moment_of(block_t *b, const prog_test_line_t *line)
{
    b->day = line->day != 0 ? line->day : b->day;
    return story_moment(&b->program->zone, b->day, line->second);
}

static void
happen(block_t *b, senda_sec_t at)
{
    b->clock = b->event.at = at;
    b->begun = true;
    b->day = story_day(&b->program->zone, at);
    b->last = MAX(b->last, at);
    engine_event(b->engine, &b->event, ENGINE_ACT);
}

/* When the line's first visit is; false if that is past. */
static bool
next_moment(block_t *b, const prog_test_line_t *line, senda_sec_t *at)
{
    const senda_zone_t *zone = &b->program->zone;
    char was[64], now[64];

    if (line->has_at)
        *at = moment_of(b, line);
    else if (b->begun)
        *at = b->clock + 60;
    else
        *at = story_moment(zone, b->day, DEFAULT_TIME);
    if (*at >= b->clock)
        return true;
    story_time(zone, b->language, b->clock, was, sizeof(was));
    story_time(zone, b->language, *at, now, sizeof(now));
    fail(b, line, "%s %s < %s", say(b, W_PAST), now, was);
    return false;
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

static void
visit(block_t *b, const prog_test_line_t *line)
{
    senda_method_t method = line->post ? SENDA_METHOD_POST : SENDA_METHOD_GET;
    senda_sec_t at;
    char *pages;

    if (!next_moment(b, line, &at))
        return;
    for (uint32_t i = 0; i < (line->times == 0 ? 1 : line->times); i++) {
        if (virtual_visit(b->world, method, senda_cstr(line->text), &b->event) != SENDA_OK) {
            fail(b, line, "%s %s", say(b, W_BAD_URL), line->text);
            return;
        }
        pages = pages_of(b);
        engine_advance(b->engine, at + 60 * (senda_sec_t)i, ENGINE_ACT);
        story_tell(b->story, at + 60 * (senda_sec_t)i,
            g_strdup_printf("%s %s%s (%s)", say(b, W_VISITS), line->post ? "POST " : "", line->text,
                pages));
        g_free(pages);
        happen(b, at + 60 * (senda_sec_t)i);
    }
}

static const char *
event_name(const block_t *b, senda_key_t key)
{
    for (unsigned i = 0; i < b->program->nevents; i++) {
        if (b->program->events[i].key == key)
            return b->program->events[i].name;
    }
    return senda_event_name(key & ~SENDA_KEY_EVENT);
}

static void
empty_event(block_t *b)
{
    b->event.page = false;
    b->event.nkeys = b->event.nfields = 0;
    b->event.order = (senda_str_t){ "", 0 };
}

static void
event(block_t *b, const prog_test_line_t *line)
{
    const char *name = event_name(b, line->key);
    senda_sec_t at;

    if (!next_moment(b, line, &at))
        return;
    for (uint32_t i = 0; i < (line->times == 0 ? 1 : line->times); i++) {
        empty_event(b);
        b->event.nkeys = 1;
        b->event.keys[0] = line->key;
        engine_advance(b->engine, at + 60 * (senda_sec_t)i, ENGINE_ACT);
        story_tell(b->story, at + 60 * (senda_sec_t)i,
            g_strdup_printf("%s %s", say(b, W_HAPPENS), name == NULL ? "?" : name));
        happen(b, at + 60 * (senda_sec_t)i);
    }
}

/* From now on reachable by that address only. It acts at once if anything has happened yet. */
static void
contact(block_t *b, const prog_test_line_t *line)
{
    b->event.who.contact = 1;
    b->event.reach = b->event.service = CHANNEL_BIT(
        strchr(line->text, '@') != NULL ? CHANNEL_EMAIL : CHANNEL_SMS);
    if (!b->begun)
        return;
    empty_event(b);
    happen(b, b->clock);
}

static void
has_tag(block_t *b, const prog_test_line_t *line)
{
    const prog_tag_t *tag = NULL;
    senda_sec_t at = line->has_at ? moment_of(b, line) : b->clock;

    for (unsigned i = 0; i < b->program->ntags; i++) {
        if (strcmp(b->program->tags[i].name, line->text) == 0)
            tag = &b->program->tags[i];
    }
    b->last = MAX(b->last, at);
    engine_advance(b->engine, at, ENGINE_ACT);
    if ((tag != NULL && engine_has_tag(b->engine, &b->event.who, tag)) == line->negated)
        fail(b, line, "%s %s", say(b, line->negated ? W_HAS_NO_TAG : W_HAS_TAG), line->text);
    if (line->has_at && at > b->clock)
        b->clock = at;
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
            visit(b, line);
            break;
        case TEST_EVENT:
            event(b, line);
            break;
        case TEST_HAS_TAG:
            has_tag(b, line);
            break;
        case TEST_GETS:
        case TEST_NEVER_GETS:
            if (line->has_at) {
                b->moments[i] = moment_of(b, line);
                b->last = MAX(b->last, b->moments[i]);
            }
            break;
        }
    }
    engine_advance(b->engine,
        senda_zone_add(&b->program->zone, b->last, (senda_span_t){ .days = DAYS_AFTER }, 1),
        ENGINE_ACT);
}

static bool
was_got(const block_t *b, const prog_test_line_t *line, senda_sec_t at)
{
    for (guint i = 0; i < b->got->len; i++) {
        const got_t *g = &g_array_index(b->got, got_t, i);

        if (g->channel == line->channel && strcmp(g->template, line->text) == 0 &&
            (!line->has_at || (g->at >= at && g->at < at + 60)))
            return true;
    }
    return false;
}

static void
look_up(block_t *b)
{
    for (unsigned i = 0; i < b->test->nlines; i++) {
        const prog_test_line_t *line = &b->test->lines[i];
        bool never = line->kind == TEST_NEVER_GETS || line->negated;
        char at[64] = "";

        if (line->kind != TEST_GETS && line->kind != TEST_NEVER_GETS)
            continue;
        if (was_got(b, line, b->moments[i]) != never)
            continue;
        if (line->has_at)
            story_time(&b->program->zone, b->language, b->moments[i], at, sizeof(at));
        fail(b, line, "%s %s %s%s%s%s%s", say(b, never ? W_NEVER : W_EXPECTED),
            channel_name(line->channel), line->text, line->has_at ? " " : "",
            line->has_at ? say(b, W_AT) : "", line->has_at ? " " : "", at);
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
    const engine_options_t options = { 0 };
    block_t b = { .world = world, .program = program, .test = test, .day = 1 };
    bool passed = false;

    b.language = virtual_language(world);
    b.moments = g_new0(senda_sec_t, test->nlines + 1);
    b.got = g_array_new(FALSE, FALSE, sizeof(got_t));
    b.failed = g_string_new(NULL);
    b.story = story_new(&program->zone, b.language);
    b.last = story_moment(&program->zone, 1, DEFAULT_TIME);
    b.event.has_reach = true;
    b.event.reach = b.event.service = (1u << CHANNELS) - 1;
    b.event.who.visitor.b[0] = 1;
    b.engine = engine_new(program, &options, on_intent, &b);
    if (b.engine != NULL) {
        live_through(&b);
        look_up(&b);
        passed = b.failed->len == 0;
    }
    if (!passed && out != NULL)
        report(&b, out);
    engine_free(b.engine);
    story_free(b.story);
    g_string_free(b.failed, TRUE);
    g_array_free(b.got, TRUE);
    g_free(b.moments);
    return passed;
}
