/*
 * What happened in virtual time, line by line, for a person to read. Kept in
 * the order in which it was told, which is the order of time.
 */

#ifndef SENDA_STORY_H
#define SENDA_STORY_H

#include <stdio.h>

#include "tale.h"

#define STORY_LINES_MAX 10000 /* lines kept; further ones are counted */

typedef struct story_s story_t;

/* tale says how times are shown, and must outlive it. */
story_t *story_new(const tale_t *tale);
void story_free(story_t *s);

/* Takes a line that g_strdup or the like made. place: NULL, or the line of the rule file. */
void story_tell(story_t *s, senda_sec_t at, char *line, const prog_place_t *place);

/*
 * Tells what the engine said. What did not happen is told once, with how often
 * and when last: a refusal a day would hide everything else.
 */
void story_tell_intent(story_t *s, const intent_t *intent);

bool story_is_empty(const story_t *s);

/* At most max lines, each behind indent; says how many more there are. */
void story_print(const story_t *s, FILE *out, const char *indent, unsigned max);

/* "day 2 11:00", with seconds when there are any. */
void story_time(const senda_zone_t *zone, bool spanish, senda_sec_t at, char *buf, size_t size);

/* The moment of a test's day (1 is Monday 1 June 2026) and second of that day. */
senda_sec_t story_moment(const senda_zone_t *zone, uint32_t day, int32_t second);

/* The day of a moment. */
uint32_t story_day(const senda_zone_t *zone, senda_sec_t at);

#endif
