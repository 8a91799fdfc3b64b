/*
 * senda replay: options in, a table or JSON out. Replays nothing itself.
 */

#include "command_line.h"
#include "commands.h"
#include "replay.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>

#define SHOWN_MESSAGES 40 /* in the table; --json has all */

typedef struct {
    char *rules, *until;
    char **logs;
    gboolean json, keep_bots, known_only;
} options_t;

static const char summary[] =
    "Plays access logs (combined format of nginx and Apache; - is standard input)\n"
    "through a rule file in virtual time, and says what would have been counted,\n"
    "started and sent. Visitors are told apart by address and user agent.\n"
    "\n"
    "A log names nobody: every visitor counts as reachable and consenting, unless\n"
    "--known-only. Time ends with the last line, unless --until goes further.\n"
    "\n"
    "A line is malformed, or dropped for the first of these reasons, or a visit:\n"
    "  method   neither GET nor POST\n"
    "  bot      a crawler, library or scanner by its user agent (not with --keep-bots)\n"
    "  status   not 200 or 304; for POST not 2xx or 3xx\n"
    "  address  too long, not decodable, or another site's host\n"
    "  asset    a picture, script, style, … that no page of the rules names\n"
    "  form     a POST that no page of the rules names";

static bool
parse_options(options_t *o, int argc, char **argv)
{
    const GOptionEntry entries[] = {
        { "rules", 'r', 0, G_OPTION_ARG_FILENAME, &o->rules, "The rule file", "FILE" },
        { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, "Print JSON", NULL },
        { "keep-bots", 0, 0, G_OPTION_ARG_NONE, &o->keep_bots, "Count bots as visitors", NULL },
        { "known-only", 0, 0, G_OPTION_ARG_NONE, &o->known_only,
            "Do not count unknown visitors as reachable", NULL },
        { "until", 0, 0, G_OPTION_ARG_STRING, &o->until,
            "Let time run on to the start of this day, in the site's zone", "YYYY-MM-DD" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };

    if (!command_line(&argc, &argv, entries, "LOG…", summary, 1, INT_MAX))
        return false;
    o->logs = g_strdupv(argv + 1);
    if (o->rules == NULL)
        fprintf(stderr, "senda replay: --rules FILE is missing; see --help\n");
    return o->rules != NULL;
}

static void
free_options(options_t *o)
{
    g_free(o->rules);
    g_free(o->until);
    g_strfreev(o->logs);
}

static bool
parse_day(const program_t *p, const char *text, senda_sec_t *out)
{
    senda_local_t day = { 0 };
    char rest;

    if (sscanf(text, "%4d-%2d-%2d%c", &day.year, &day.month, &day.day, &rest) != 3 ||
        day.year < 1970 || day.year > 9999 || day.month < 1 || day.month > 12 || day.day < 1 ||
        day.day > 31)
        return false;
    *out = senda_zone_utc_of(&p->zone, day);
    return true;
}

/* The time of a log's first line that has one; INT64_MAX: none, or it cannot be read. */
static senda_sec_t
first_time(const char *file)
{
    access_log_t *log = access_log_open(file, NULL);
    senda_sec_t found = INT64_MAX;
    access_line_t line;
    senda_str_t text;

    while (log != NULL && found == INT64_MAX && access_log_next(log, &text, NULL) == SENDA_OK) {
        if (access_log_parse(&line, text))
            found = line.at;
    }
    access_log_close(log);
    return found;
}

typedef struct {
    char *file;
    senda_sec_t at;
} log_place_t;

static int
by_time(const void *a, const void *b)
{
    const log_place_t *x = a, *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

/* Rotated logs may be given in any order: the one that begins first comes first. */
static void
sort_logs(char **logs)
{
    guint n = g_strv_length(logs);
    log_place_t *places;

    if (n < 2 || g_strv_contains((const char *const *)logs, "-"))
        return;
    places = g_new(log_place_t, n);
    for (guint i = 0; i < n; i++)
        places[i] = (log_place_t){ logs[i], first_time(logs[i]) };
    qsort(places, n, sizeof(*places), by_time);
    for (guint i = 0; i < n; i++)
        logs[i] = places[i].file;
    g_free(places);
}

static bool
read_logs(replay_t *r, char **logs)
{
    senda_err_t err;

    sort_logs(logs);
    for (; *logs != NULL; logs++) {
        access_log_t *log = access_log_open(*logs, &err);
        senda_rc_t rc = log == NULL ? SENDA_SYS : replay_log(r, log, &err);

        access_log_close(log);
        if (rc != SENDA_OK) {
            fprintf(stderr, "senda replay: %s\n", err.text);
            return false;
        }
    }
    return true;
}

/* RFC 3339, with the site's offset. */
static void
format_time(const program_t *p, senda_sec_t at, char *buf, size_t size)
{
    int32_t offset;
    senda_local_t l = senda_zone_local(&p->zone, at, &offset);

    snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", l.year, l.month, l.day, l.hour,
        l.minute, l.second, offset < 0 ? '-' : '+', abs(offset) / 3600, abs(offset) / 60 % 60);
}

static json_t *
json_messages(const replay_t *r)
{
    json_t *list = json_array();
    char at[64], who[80];

    for (size_t i = 0; i < r->nmessages; i++) {
        const replay_message_t *m = &r->messages[i];

        format_time(r->program, m->at, at, sizeof(at));
        visitors_name(r->visitors, m->visitor, who, sizeof(who));
        json_array_append_new(list,
            json_pack("{s:s, s:s, s:s, s:s, s:s}", "at", at, "who", who, "flow", m->flow->name,
                "channel", replay_channel_name(m->channel), "template", m->template));
    }
    return list;
}

static void
print_json(const replay_t *r)
{
    json_t *dropped = json_object(), *pages = json_object(), *flows = json_object(), *all;

    for (int i = 0; i < DROP_REASONS; i++)
        json_object_set_new(dropped, replay_reasons[i], json_integer((json_int_t)r->dropped[i]));
    for (unsigned i = 0; i < r->program->npages; i++)
        json_object_set_new(pages, r->program->pages[i].name,
            json_pack("{s:I, s:I}", "visits", (json_int_t)r->pages[i].visits, "visitors",
                (json_int_t)r->pages[i].visitors));
    for (unsigned i = 0; i < r->program->nflows; i++)
        json_object_set_new(flows, r->program->flows[i].name,
            json_pack("{s:I, s:I, s:I, s:I}", "started", (json_int_t)r->flows[i].started, "stopped",
                (json_int_t)r->flows[i].stopped, "finished", (json_int_t)r->flows[i].finished,
                "goals", (json_int_t)r->flows[i].goals));
    all = json_pack("{s:I, s:I, s:o, s:I, s:o, s:o, s:o}", "lines", (json_int_t)r->lines, "visits",
        (json_int_t)r->visits, "dropped", dropped, "malformed", (json_int_t)r->malformed, "pages",
        pages, "flows", flows, "messages", json_messages(r));
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(all);
}

/* A name in a column: counted in characters, not bytes. */
static void
print_name(const char *name, int width)
{
    int pad = width - (int)g_utf8_strlen(name, -1);

    printf("  %s%*s", name, pad > 0 ? pad : 0, "");
}

static void
print_lines(const replay_t *r)
{
    char from[64], to[64];

    printf("%llu lines: %llu visits of %u visitors, %llu malformed", (unsigned long long)r->lines,
        (unsigned long long)r->visits, visitors_count(r->visitors),
        (unsigned long long)r->malformed);
    for (int i = 0; i < DROP_REASONS; i++) {
        if (r->dropped[i] > 0)
            printf(", %llu dropped (%s)", (unsigned long long)r->dropped[i], replay_reasons[i]);
    }
    putchar('\n');
    if (r->first < 0)
        return;
    format_time(r->program, r->first, from, sizeof(from));
    format_time(r->program, r->last, to, sizeof(to));
    printf("%s to %s", from, to);
    if (r->late > 0)
        printf(", %llu visits out of order by at most %lld s: taken as they come",
            (unsigned long long)r->late, (long long)r->latest);
    putchar('\n');
}

static void
print_messages(const replay_t *r)
{
    char at[64], who[80];

    printf("\n%zu messages\n", r->nmessages);
    for (size_t i = 0; i < r->nmessages && i < SHOWN_MESSAGES; i++) {
        const replay_message_t *m = &r->messages[i];

        format_time(r->program, m->at, at, sizeof(at));
        visitors_name(r->visitors, m->visitor, who, sizeof(who));
        printf("  %s  %-26s %-8s %s (%s)\n", at, who, replay_channel_name(m->channel), m->template,
            m->flow->name);
    }
    if (r->nmessages > SHOWN_MESSAGES)
        printf("  … and %zu more: --json has all\n", r->nmessages - SHOWN_MESSAGES);
}

static void
print_table(const replay_t *r)
{
    print_lines(r);
    puts(r->options.known_only
            ? "An access log names nobody, and --known-only was asked: no message reaches anybody."
            : "An access log names nobody: every visitor counts as reachable and consenting.");
    printf("\n  %-32s %10s %10s\n", "page", "visits", "visitors");
    for (unsigned i = 0; i < r->program->npages; i++) {
        print_name(r->program->pages[i].name, 32);
        printf(" %10llu %10llu\n", (unsigned long long)r->pages[i].visits,
            (unsigned long long)r->pages[i].visitors);
    }
    if (r->program->nflows > 0)
        printf("\n  %-32s %10s %10s %10s %10s\n", "flow", "started", "stopped", "finished",
            "goals");
    for (unsigned i = 0; i < r->program->nflows; i++) {
        print_name(r->program->flows[i].name, 32);
        printf(" %10llu %10llu %10llu %10llu\n", (unsigned long long)r->flows[i].started,
            (unsigned long long)r->flows[i].stopped, (unsigned long long)r->flows[i].finished,
            (unsigned long long)r->flows[i].goals);
    }
    print_messages(r);
}

static int
replay(const options_t *o, virtual_t *world)
{
    const replay_options_t options = { o->keep_bots, o->known_only };
    senda_sec_t until = 0;
    replay_t *r;
    int status = 2;

    if (o->until != NULL && !parse_day(virtual_program(world), o->until, &until)) {
        fprintf(stderr, "senda replay: --until wants a day like 2026-12-31, not \"%s\"\n",
            o->until);
        return 2;
    }
    r = replay_new(world, &options);
    if (r == NULL) {
        fprintf(stderr, "senda replay: out of memory\n");
        return 2;
    }
    if (read_logs(r, o->logs)) {
        replay_until(r, until);
        if (o->json)
            print_json(r);
        else
            print_table(r);
        status = 0;
    }
    replay_free(r);
    return status;
}

int
cmd_replay(int argc, char **argv)
{
    options_t o = { 0 };
    virtual_t *world;
    int status = 2;

    if (parse_options(&o, argc, argv)) {
        world = virtual_open(o.rules, stderr, &status);
        if (world != NULL)
            status = replay(&o, world);
        virtual_close(world);
    }
    free_options(&o);
    return status;
}
