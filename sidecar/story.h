/*
 * What happened in virtual time, line by line, for a person to read. Kept in
 * order of time; lines of one second in the order they were told.
 */

#ifndef SENDA_STORY_H
#define SENDA_STORY_H

#include <stdio.h>

#include "senda_zone.h"

typedef struct story_s story_t;

/* Times are shown as day N of the test and local time; zone must outlive it. */
story_t *story_new(const senda_zone_t *zone, const char *language);
void story_free(story_t *s);

/* Takes a line that g_strdup or the like made. */
void story_tell(story_t *s, senda_sec_t at, char *line);

bool story_is_empty(const story_t *s);

/* At most max lines, each behind indent; says how many more there are. */
void story_print(const story_t *s, FILE *out, const char *indent, unsigned max);

/* "day 2 11:00", with seconds when there are any. */
void story_time(const senda_zone_t *zone, const char *language, senda_sec_t at, char *buf,
    size_t size);

/* The moment of a test's day (1 is Monday 1 June 2026) and second of that day. */
senda_sec_t story_moment(const senda_zone_t *zone, uint32_t day, int32_t second);

/* The day of a moment. */
uint32_t story_day(const senda_zone_t *zone, senda_sec_t at);

#endif
