/*
 * senda replay: options in, a table, a story or JSON out. Replays nothing
 * itself.
 */

#include "command_line.h"
#include "commands.h"
#include "progress.h"
#include "replay_print.h"

#include <limits.h>
#include <stdlib.h>

typedef struct {
    char *rules, *until, *contacts, *flow, *why;
    char **logs;
    gboolean json, keep_bots, known_only;
} options_t;

static const char summary[] =
    "Plays access logs (combined format of nginx and Apache, also packed by gzip; - is\n"
    "standard input) through a rule file in virtual time, and says what would have been\n"
    "counted, started and sent. Visitors are told apart by address and user agent.\n"
    "\n"
    "A log names nobody: every visitor counts as reachable and consenting, unless\n"
    "--known-only. Time ends with the last line, unless --until goes further.\n"
    "\n"
    "--contacts tells whom the log shows. Its first row names the columns: email, phone,\n"
    "name, consent (yes, no, or channels; without the column all consent), any field of\n"
    "the rules; and how a log shows them: user (who logged in, or {user} of a page), order\n"
    "({order} of a page: a list of orders will do), ip. Also {email} and {phone} of a page.\n"
    "\n"
    "--why takes a visitor as the table names it (203.0.113.7/1f00c3aa), an address, a\n"
    "contact's e-mail or a user, and tells what happened to it and what did not, step by step.\n"
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
        { "contacts", 0, 0, G_OPTION_ARG_FILENAME, &o->contacts, "Contacts of the shop", "CSV" },
        { "flow", 0, 0, G_OPTION_ARG_STRING, &o->flow, "Show this flow alone", "NAME" },
        { "why", 0, 0, G_OPTION_ARG_STRING, &o->why, "Tell this visitor's story", "VISITOR" },
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
    else if (o->why != NULL && o->json)
        fprintf(stderr, "senda replay: --why tells a story; it has no --json\n");
    else
        return true;
    return false;
}

static void
free_options(options_t *o)
{
    g_free(o->rules);
    g_free(o->until);
    g_free(o->contacts);
    g_free(o->flow);
    g_free(o->why);
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

/* Bytes of all logs as they lie there; 0 if one is standard input or cannot be asked. */
static uint64_t
size_of(char **logs)
{
    uint64_t sum = 0;

    for (; *logs != NULL; logs++) {
        access_log_t *log = strcmp(*logs, "-") == 0 ? NULL : access_log_open(*logs, NULL);

        if (log == NULL)
            return 0;
        sum += access_log_size(log);
        access_log_close(log);
    }
    return sum;
}

/* Where a reading stands. */
typedef struct {
    progress_t *progress;
    uint64_t before; /* bytes of the logs that are done */
} reading_t;

static void
on_tick(void *ctx, const replay_t *r, const access_log_t *log)
{
    const reading_t *reading = ctx;

    progress_show(reading->progress, reading->before + access_log_taken(log), r->lines);
}

static bool
read_logs(replay_t *r, char **logs)
{
    reading_t reading = { progress_new(size_of(logs)), 0 };
    senda_rc_t rc = SENDA_OK;
    senda_err_t err;

    for (; *logs != NULL && rc == SENDA_OK; logs++) {
        access_log_t *log = access_log_open(*logs, &err);

        rc = log == NULL ? SENDA_SYS : replay_log(r, log, on_tick, &reading, &err);
        reading.before += log == NULL ? 0 : access_log_size(log);
        access_log_close(log);
    }
    progress_free(reading.progress);
    if (rc != SENDA_OK)
        fprintf(stderr, "senda replay: %s\n", err.text);
    return rc == SENDA_OK;
}

/* Accents and case do not count. */
static const prog_flow_t *
flow_called(const program_t *p, const char *name)
{
    int64_t want, is;

    if (!value_read(VALUE_TEXT, senda_cstr(name), &want))
        return NULL;
    for (unsigned i = 0; i < p->nflows; i++) {
        if (value_read(VALUE_TEXT, senda_cstr(p->flows[i].name), &is) && is == want)
            return &p->flows[i];
    }
    return NULL;
}

/* What the options name: a flow, contacts, a day. false after saying what is wrong. */
static bool
prepare(const options_t *o, const program_t *p, replay_options_t *options, senda_sec_t *until,
    replay_contacts_t **contacts)
{
    senda_err_t err;

    options->keep_bots = o->keep_bots;
    options->known_only = o->known_only;
    if (o->until != NULL && !parse_day(p, o->until, until)) {
        fprintf(stderr, "senda replay: --until wants a day like 2026-12-31, not \"%s\"\n",
            o->until);
        return false;
    }
    if (o->flow != NULL && (options->only = flow_called(p, o->flow)) == NULL) {
        fprintf(stderr, "senda replay: %s has no flow \"%s\"; it has:\n", o->rules, o->flow);
        for (unsigned i = 0; i < p->nflows; i++)
            fprintf(stderr, "  %s\n", p->flows[i].name);
        return false;
    }
    if (o->contacts != NULL) {
        *contacts = replay_contacts_read(o->contacts, p, stderr, &err);
        if (*contacts == NULL) {
            fprintf(stderr, "senda replay: %s\n", err.text);
            return false;
        }
        options->contacts = *contacts;
    }
    return true;
}

/* One reading of all logs; NULL after saying why not. */
static replay_t *
read_through(virtual_t *world, const replay_options_t *options, char **logs, senda_sec_t until)
{
    replay_t *r = replay_new(world, options);

    if (r == NULL) {
        fprintf(stderr, "senda replay: out of memory\n");
        return NULL;
    }
    if (!read_logs(r, logs)) {
        replay_free(r);
        return NULL;
    }
    replay_until(r, until);
    return r;
}

/* A name that a visitor gets late needs a second reading for the lines before. */
static int
tell_why(const options_t *o, virtual_t *world, replay_options_t *options, senda_sec_t until)
{
    const tale_t tale = { virtual_program(world), strcmp(virtual_language(world), "es") == 0,
        true };
    bool input = g_strv_contains((const char *const *)o->logs, "-");
    replay_why_t *why = replay_why_new(o->why, &tale);
    replay_t *r;
    int status = 2;

    options->why = why;
    r = read_through(world, options, o->logs, until);
    if (r != NULL && replay_why_is_late(why) && !input) {
        replay_free(r);
        replay_why_again(why);
        r = read_through(world, options, o->logs, until);
    }
    if (r != NULL)
        status = replay_why_print(why, stdout) ? 0 : 1;
    if (status == 1)
        fprintf(stderr,
            "senda replay: the log shows nobody called \"%s\"; the list of messages names visitors\n",
            o->why);
    replay_free(r);
    replay_why_free(why);
    return status;
}

static int
replay(const options_t *o, virtual_t *world)
{
    replay_options_t options = { 0 };
    replay_contacts_t *contacts = NULL;
    senda_sec_t until = 0;
    replay_t *r = NULL;
    int status = 2;

    if (!prepare(o, virtual_program(world), &options, &until, &contacts))
        goto done;
    sort_logs(o->logs);
    if (o->why != NULL) {
        status = tell_why(o, world, &options, until);
        goto done;
    }
    r = read_through(world, &options, o->logs, until);
    if (r == NULL)
        goto done;
    if (o->json)
        replay_print_json(r);
    else
        replay_print_table(r);
    status = 0;
done:
    replay_free(r);
    replay_contacts_free(contacts);
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
