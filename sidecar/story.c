/*
 * A list of dated lines. Time is what it is told; nothing here runs.
 */

#include "story.h"

#include <glib.h>

typedef struct {
    senda_sec_t at;
    char *text;
} told_t;

struct story_s {
    const senda_zone_t *zone;
    const char *language;
    GArray *lines;
};

story_t *
story_new(const senda_zone_t *zone, const char *language)
{
    story_t *s = g_new(story_t, 1);

    *s = (story_t){ zone, language, g_array_new(FALSE, FALSE, sizeof(told_t)) };
    return s;
}

void
story_free(story_t *s)
{
    for (guint i = 0; i < s->lines->len; i++)
        g_free(g_array_index(s->lines, told_t, i).text);
    g_array_free(s->lines, TRUE);
    g_free(s);
}

void
story_tell(story_t *s, senda_sec_t at, char *line)
{
    told_t told = { at, line };

    g_array_append_val(s->lines, told);
}

bool
story_is_empty(const story_t *s)
{
    return s->lines->len == 0;
}

static senda_sec_t
noon_of(const senda_zone_t *zone, uint32_t day)
{
    return story_moment(zone, day, 12 * 3600);
}

senda_sec_t
story_moment(const senda_zone_t *zone, uint32_t day, int32_t second)
{
    senda_local_t l = { .year = 2026,
        .month = 6,
        .day = (int32_t)day,
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60 };

    return senda_zone_utc_of(zone, l);
}

uint32_t
story_day(const senda_zone_t *zone, senda_sec_t at)
{
    int32_t offset, first;
    senda_sec_t noon = noon_of(zone, 1);
    int64_t days;

    senda_zone_local(zone, at, &offset);
    senda_zone_local(zone, noon, &first);
    days = (at + offset) / 86400 - (noon + first) / 86400;
    return days < 0 ? 0 : (uint32_t)days + 1;
}

void
story_time(const senda_zone_t *zone, const char *language, senda_sec_t at, char *buf, size_t size)
{
    senda_local_t l = senda_zone_local(zone, at, NULL);
    const char *day = g_str_has_prefix(language, "es") ? "día" : "day";

    if (l.second != 0)
        g_snprintf(buf, size, "%s %u %02d:%02d:%02d", day, story_day(zone, at), l.hour, l.minute,
            l.second);
    else
        g_snprintf(buf, size, "%s %u %02d:%02d", day, story_day(zone, at), l.hour, l.minute);
}

void
story_print(const story_t *s, FILE *out, const char *indent, unsigned max)
{
    char at[64];

    for (guint i = 0; i < s->lines->len && i < max; i++) {
        const told_t *told = &g_array_index(s->lines, told_t, i);

        story_time(s->zone, s->language, told->at, at, sizeof(at));
        fprintf(out, "%s%-16s %s\n", indent, at, told->text);
    }
    if (s->lines->len > max)
        fprintf(out, "%s… +%u\n", indent, s->lines->len - max);
}
