/*
 * A list of dated lines. Time is what it is told; nothing here runs.
 */

#include "story.h"

#include <glib.h>

typedef struct {
    senda_sec_t at, last;
    unsigned times; /* told so often */
    char *text;
    const prog_place_t *place;
} told_t;

struct story_s {
    const tale_t *tale;
    GArray *lines;
    GHashTable *dull; /* text to number + 1 */
    unsigned beyond;
};

story_t *
story_new(const tale_t *tale)
{
    story_t *s = g_new(story_t, 1);

    *s = (story_t){ tale, g_array_new(FALSE, FALSE, sizeof(told_t)),
        g_hash_table_new(g_str_hash, g_str_equal), 0 };
    return s;
}

void
story_free(story_t *s)
{
    g_hash_table_destroy(s->dull);
    for (guint i = 0; i < s->lines->len; i++)
        g_free(g_array_index(s->lines, told_t, i).text);
    g_array_free(s->lines, TRUE);
    g_free(s);
}

/* false: there is no room, and the line is gone. */
static bool
add(story_t *s, senda_sec_t at, char *line, const prog_place_t *place)
{
    told_t told = { at, at, 1, line, place };

    if (s->lines->len == STORY_LINES_MAX) {
        s->beyond++;
        g_free(line);
        return false;
    }
    g_array_append_val(s->lines, told);
    return true;
}

void
story_tell(story_t *s, senda_sec_t at, char *line, const prog_place_t *place)
{
    (void)add(s, at, line, place);
}

void
story_tell_intent(story_t *s, const intent_t *intent)
{
    const prog_place_t *place;
    char *line = tale_of(s->tale, intent, &place);
    bool dull = tale_is_dull(intent);
    gpointer known;

    if (line == NULL)
        return;
    known = dull ? g_hash_table_lookup(s->dull, line) : NULL;
    if (known != NULL) {
        told_t *told = &g_array_index(s->lines, told_t, GPOINTER_TO_UINT(known) - 1);

        told->times++;
        told->last = intent->at;
        g_free(line);
    } else if (add(s, intent->at, line, place) && dull) {
        g_hash_table_insert(s->dull, line, GUINT_TO_POINTER(s->lines->len));
    }
}

bool
story_is_empty(const story_t *s)
{
    return s->lines->len == 0;
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
    senda_sec_t noon = story_moment(zone, 1, 12 * 3600);
    int64_t days;

    senda_zone_local(zone, at, &offset);
    senda_zone_local(zone, noon, &first);
    days = (at + offset) / 86400 - (noon + first) / 86400;
    return days < 0 ? 0 : (uint32_t)days + 1;
}

void
story_time(const senda_zone_t *zone, bool spanish, senda_sec_t at, char *buf, size_t size)
{
    senda_local_t l = senda_zone_local(zone, at, NULL);
    const char *day = spanish ? "día" : "day";

    if (l.second != 0)
        g_snprintf(buf, size, "%s %u %02d:%02d:%02d", day, story_day(zone, at), l.hour, l.minute,
            l.second);
    else
        g_snprintf(buf, size, "%s %u %02d:%02d", day, story_day(zone, at), l.hour, l.minute);
}

static void
print_line(const story_t *s, const told_t *told, FILE *out, const char *indent)
{
    char at[64], last[64];
    int width = s->tale->dates ? 19 : 16, more;

    tale_time(s->tale, told->at, at, sizeof(at));
    more = (int)(strlen(at) - (size_t)g_utf8_strlen(at, -1));
    fprintf(out, "%s%-*s %s", indent, width + more, at, told->text);
    if (told->times > 1)
        fprintf(out, s->tale->spanish ? " (%u veces, la última %s)" : " (%u times, the last %s)",
            told->times, tale_time(s->tale, told->last, last, sizeof(last)));
    if (told->place != NULL)
        fprintf(out, "  [%s:%u]", told->place->file, told->place->line);
    fputc('\n', out);
}

void
story_print(const story_t *s, FILE *out, const char *indent, unsigned max)
{
    unsigned more = s->lines->len > max ? s->lines->len - max : 0;

    for (guint i = 0; i < s->lines->len - more; i++)
        print_line(s, &g_array_index(s->lines, told_t, i), out, indent);
    if (more + s->beyond > 0)
        fprintf(out, "%s… +%u\n", indent, more + s->beyond);
}
