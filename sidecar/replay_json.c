/*
 * The same as the table, and every message, as one JSON object.
 */

#include "replay_print.h"

#include <jansson.h>
#include <stdio.h>

static json_t *
number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static bool
is_asked(const replay_t *r, const prog_flow_t *flow)
{
    return r->options.only == NULL || r->options.only == flow;
}

static json_t *
messages(const replay_t *r)
{
    json_t *list = json_array();
    char at[64], who[128];

    for (size_t i = 0; i < r->nmessages; i++) {
        const replay_message_t *m = &r->messages[i];

        replay_time(r, m->at, at, sizeof(at));
        replay_name(r, m->who, who, sizeof(who));
        json_array_append_new(list,
            json_pack("{s:s, s:s, s:s, s:s, s:s}", "at", at, "who", who, "flow", m->flow->name,
                "channel", tale_channel(m->channel), "template", m->template));
    }
    return list;
}

static json_t *
channels_of(const uint64_t channels[CHANNELS])
{
    json_t *o = json_object();

    for (int c = 0; c < CHANNELS; c++)
        json_object_set_new(o, tale_channel((prog_channel_t)c), number(channels[c]));
    return o;
}

static json_t *
forecast(const replay_t *r)
{
    forecast_t *f = forecast_new(r);
    json_t *days = json_array(), *benefits = json_array(), *all;
    char name[160];

    for (guint i = 0; i < f->days->len; i++) {
        const forecast_day_t *d = &g_array_index(f->days, forecast_day_t, i);
        json_t *row = channels_of(d->channels);

        json_object_set_new(row, "from",
            json_string(forecast_day_name(d->day, name, sizeof(name))));
        json_array_append_new(days, row);
    }
    for (guint i = 0; i < f->benefits->len; i++) {
        const forecast_benefit_t *b = &g_array_index(f->benefits, forecast_benefit_t, i);

        forecast_benefit_name(r->program, b->step, name, sizeof(name));
        json_array_append_new(benefits,
            json_pack("{s:s, s:o, s:o}", "benefit", name, "given", number(b->given),
                "bought_anyway", number(b->anyway)));
    }
    all = json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "channels",
        channels_of(f->channels), "weekly", f->weekly, "days", days, "people", number(f->people),
        "contacts", number(f->contacts), "marketing", number(f->marketing), "bought_anyway",
        number(f->anyway), "benefits", benefits);
    json_object_set_new(all, "held", number(r->not .held));
    json_object_set_new(all, "limited", number(r->not .limited));
    json_object_set_new(all, "unreachable", number(r->not .unreachable));
    json_object_set_new(all, "sold_out", number(r->not .sold_out));
    json_object_set_new(all, "withheld", number(r->not .withheld));
    forecast_free(f);
    return all;
}

void
replay_print_json(const replay_t *r)
{
    json_t *dropped = json_object(), *pages = json_object(), *flows = json_object(), *all;

    for (int i = 0; i < DROP_REASONS; i++)
        json_object_set_new(dropped, replay_reasons[i], number(r->dropped[i]));
    for (unsigned i = 0; i < r->program->npages; i++)
        json_object_set_new(pages, r->program->pages[i].name,
            json_pack("{s:o, s:o}", "visits", number(r->pages[i].visits), "visitors",
                number(r->pages[i].visitors)));
    for (unsigned i = 0; i < r->program->nflows; i++) {
        if (!is_asked(r, &r->program->flows[i]))
            continue;
        json_object_set_new(flows, r->program->flows[i].name,
            json_pack("{s:o, s:o, s:o, s:o, s:o}", "started", number(r->flows[i].started),
                "stopped", number(r->flows[i].stopped), "finished", number(r->flows[i].finished),
                "goals", number(r->flows[i].goals), "refused", number(r->flows[i].refused)));
    }
    all = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "lines", number(r->lines), "visits",
        number(r->visits), "dropped", dropped, "malformed", number(r->malformed), "pages", pages,
        "flows", flows, "messages", messages(r), "forecast", forecast(r));
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(all);
}
