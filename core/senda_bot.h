/*
 * Is this user agent a person's browser? Words that crawlers, libraries and
 * scanners put into their names, looked for in one pass. Pure; never fails.
 */

#ifndef SENDA_BOT_H
#define SENDA_BOT_H

#include "senda.h"
#include "senda_limits.h"

/* An empty user agent is a bot. */
bool senda_is_bot(senda_str_t user_agent);

/* Verdicts on the user agents seen last, each in the one place that its bytes give it. Starts zero. */
typedef struct {
    struct {
        uint16_t n; /* 0: free */
        bool bot;
        char text[SENDA_AGENT_KEPT];
    } at[SENDA_AGENTS_KEPT];
} senda_agents_t;

/*
 * What senda_is_bot says, kept for the next time. The whole text is compared,
 * so whoever makes user agents that meet in one place only costs time; one
 * longer than its bound is not kept. Not for two threads at once.
 */
bool senda_agents_is_bot(senda_agents_t *kept, senda_str_t user_agent);

/*
 * Whether a path is what scanners ask any host for in the hope of a leak or a
 * way in: hidden files, consoles, backups. Asked only of an address that no
 * page of the rules matches: a shop may have what others only look for.
 */
bool senda_is_probe(senda_str_t path);

/* Whether a path ends in the extension of a picture, script, style, font, download or feed. */
bool senda_is_asset(senda_str_t path);

#endif
