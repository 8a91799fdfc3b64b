/*
 * A table for people. Widths are counted in characters. Says what was assumed,
 * too.
 */

#include "replay_print.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOWN_MESSAGES 40 /* in the table; --json has all */

void
replay_time(const replay_t *r, senda_sec_t at, char *buf, size_t size)
{
    int32_t offset;
    senda_local_t l = senda_zone_local(&r->program->zone, at, &offset);

    snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", l.year, l.month, l.day, l.hour,
        l.minute, l.second, offset < 0 ? '-' : '+', abs(offset) / 3600, abs(offset) / 60 % 60);
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
    replay_time(r, r->first, from, sizeof(from));
    replay_time(r, r->last, to, sizeof(to));
    printf("%s to %s", from, to);
    if (r->late > 0)
        printf(", %llu visits out of order by at most %lld s: taken as they come",
            (unsigned long long)r->late, (long long)r->latest);
    putchar('\n');
}

static void
print_people(const replay_t *r)
{
    const replay_contacts_t *c = r->options.contacts;

    if (c != NULL)
        printf("%u contacts were given; ", replay_contacts_count(c));
    else
        fputs("An access log names nobody", stdout);
    if (r->options.known_only)
        puts(c != NULL ? "nobody else counts as reachable."
                       : ", and --known-only was asked: no message reaches anybody.");
    else
        puts(c != NULL ? "every other visitor counts as reachable and consenting."
                       : ": every visitor counts as reachable and consenting.");
}

static void
print_pages(const replay_t *r)
{
    printf("\n  %-32s %10s %10s\n", "page", "visits", "visitors");
    for (unsigned i = 0; i < r->program->npages; i++) {
        print_name(r->program->pages[i].name, 32);
        printf(" %10llu %10llu\n", (unsigned long long)r->pages[i].visits,
            (unsigned long long)r->pages[i].visitors);
    }
}

static void
print_flows(const replay_t *r)
{
    printf("\n  %-32s %10s %10s %10s %10s %10s\n", "flow", "started", "stopped", "finished",
        "goals", "refused");
    for (unsigned i = 0; i < r->program->nflows; i++) {
        if (r->options.only != NULL && r->options.only != &r->program->flows[i])
            continue;
        print_name(r->program->flows[i].name, 32);
        printf(" %10llu %10llu %10llu %10llu %10llu\n", (unsigned long long)r->flows[i].started,
            (unsigned long long)r->flows[i].stopped, (unsigned long long)r->flows[i].finished,
            (unsigned long long)r->flows[i].goals, (unsigned long long)r->flows[i].refused);
    }
}

static void
print_messages(const replay_t *r)
{
    char at[64], who[128];

    printf("\n%zu messages\n", r->nmessages);
    for (size_t i = 0; i < r->nmessages && i < SHOWN_MESSAGES; i++) {
        const replay_message_t *m = &r->messages[i];

        replay_time(r, m->at, at, sizeof(at));
        replay_name(r, m->who, who, sizeof(who));
        printf("  %s  %-26s %-8s %s (%s)\n", at, who, tale_channel(m->channel), m->template,
            m->flow->name);
    }
    if (r->nmessages > SHOWN_MESSAGES)
        printf("  … and %zu more: --json has all\n", r->nmessages - SHOWN_MESSAGES);
}

static void
print_row(const char *name, const uint64_t channels[CHANNELS])
{
    uint64_t sum = 0;

    printf("  %-16s", name);
    for (int c = 0; c < CHANNELS; c++) {
        printf(" %9llu", (unsigned long long)channels[c]);
        sum += channels[c];
    }
    printf(" %9llu\n", (unsigned long long)sum);
}

static void
print_days(const forecast_t *f)
{
    char name[32];

    printf("\n  %-16s", f->weekly ? "week from" : "day");
    for (int c = 0; c < CHANNELS; c++)
        printf(" %9s", tale_channel((prog_channel_t)c));
    printf(" %9s\n", "all");
    for (guint i = 0; i < f->days->len; i++) {
        const forecast_day_t *d = &g_array_index(f->days, forecast_day_t, i);

        print_row(forecast_day_name(d->day, name, sizeof(name)), d->channels);
    }
    print_row("all", f->channels);
}

static void
print_count(uint64_t n, const char *what)
{
    if (n > 0)
        printf("  %9llu %s\n", (unsigned long long)n, what);
}

static void
print_forecast(const replay_t *r)
{
    forecast_t *f = forecast_new(r);
    char name[160];

    print_days(f);
    putchar('\n');
    print_count(f->people, "people got at least one");
    print_count(f->contacts, "of them are contacts");
    print_count(r->not .held, "messages waited for the end of the quiet hours");
    print_count(r->not .limited, "were not sent: the limit was reached");
    print_count(r->not .unreachable, "were not sent: no address with consent");
    print_count(r->not .sold_out, "runs ended: everything was sold out");
    print_count(r->not .withheld, "were withheld: control group");
    if (f->marketing > 0 && r->purchases->len > 0)
        printf("\n%llu of %llu messages (without transactional ones) went to people who bought "
               "anyway:\nthis log was written without them, and they bought within the flow's "
               "goal, else\n%d days, after the message.\n",
            (unsigned long long)f->anyway, (unsigned long long)f->marketing, FORECAST_DAYS);
    if (f->benefits->len > 0)
        printf("\n  %-32s %10s %14s\n", "benefit", "given", "bought anyway");
    for (guint i = 0; i < f->benefits->len; i++) {
        const forecast_benefit_t *b = &g_array_index(f->benefits, forecast_benefit_t, i);

        print_name(forecast_benefit_name(r->program, b->step, name, sizeof(name)), 32);
        printf(" %10llu %14llu\n", (unsigned long long)b->given, (unsigned long long)b->anyway);
    }
    forecast_free(f);
}

void
replay_print_table(const replay_t *r)
{
    print_lines(r);
    print_people(r);
    if (r->options.only == NULL)
        print_pages(r);
    if (r->program->nflows > 0)
        print_flows(r);
    print_messages(r);
    if (r->nmessages > 0)
        print_forecast(r);
}
