/*
 * Is this user agent a person's browser? Words that crawlers, libraries and
 * scanners put into their names, looked for in one pass. Pure; never fails.
 */

#ifndef SENDA_BOT_H
#define SENDA_BOT_H

#include "senda.h"

/* An empty user agent is a bot. */
bool senda_is_bot(senda_str_t user_agent);

/* Whether a path ends in the extension of a picture, script, style, font, download or feed. */
bool senda_is_asset(senda_str_t path);

#endif
