/*
 * What world.c (following, timers, commits), world_intent.c (what engines
 * decide) and world_build.c (engines from history) share. Nobody else includes
 * it.
 */

#ifndef SENDA_RUN_WORLD_PARTS_H
#define SENDA_RUN_WORLD_PARTS_H

#include <glib.h>

#include "outbox.h"
#include "senda_journal.h"
#include "world.h"

typedef struct {
    world_t *world;
    rule_file_t *file;
    engine_t *engine;
    bool live; /* intents count: not while history is replayed */
} site_t;

struct world_s {
    world_options_t o;
    char *journal_dir;
    senda_published_t *published;
    senda_journal_t *journal; /* NULL until nginx has made it */
    follow_t *follow;
    follow_item_t item;
    ruleset_t *rules;
    unsigned nsites;
    site_t *sites[RULES_FILES_MAX];
    senda_seq_t cursor, stored_cursor, synced;
    bool seconds_moved;
    int64_t behind; /* milliseconds until a commit that could not be seen is looked for; 0: none */
    senda_ms_t dirty_since; /* steady; 0: nothing waits */
    GHashTable *tags;       /* visitors whose published tags may have changed */
    uint64_t planned, started;
    senda_ms_t grumbled; /* steady: the minute of the log in which … */
    unsigned grumbles;   /* … this many lines told of records that could not be used */
};

/* The site's engine, NULL if no rule file has the site. */
site_t *world_find(const world_t *w, uint32_t site);

/* world_intent.c: the engines' callback; ctx is the site_t. */
void world_intent(void *ctx, const intent_t *intent);
/* A person's visitors are to be published anew, if the site has tags that nginx cannot give. */
void world_tags_of(site_t *site, const engine_who_t *who);
senda_rc_t world_publish_tags(world_t *w, senda_err_t *err);
bool world_has_own_tags(const program_t *p);

/* world_build.c: from history to the stored second; takes runs back. */
senda_rc_t world_build(world_t *w, site_t **sites, unsigned nsites, senda_err_t *err);
/* The journal, if nginx has made it by now; what it may not be. */
senda_rc_t world_open_journal(world_t *w, senda_err_t *err);

/* "second:SITE": up to where the site's timers have run. */
const char *world_second_name(uint32_t site, char buf[32]);

#endif
