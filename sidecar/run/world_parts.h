/*
 * What world.c (following, timers, commits), world_intent.c (what engines
 * decide), world_publish.c (what visitors are to see), world_messages.c (what
 * nginx is told of messages), world_build.c (engines
 * from history) and world_past.c (what history alone does not tell) share.
 * Nobody else includes it.
 */

#ifndef SENDA_RUN_WORLD_PARTS_H
#define SENDA_RUN_WORLD_PARTS_H

#include <glib.h>

#include "outbox.h"
#include "popular.h"
#include "senda_journal.h"
#include "world.h"

typedef struct {
    world_t *world;
    rule_file_t *file;
    engine_t *engine;
    popular_t *popular; /* searches */
    bool live;          /* intents count: not while history is replayed */
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
    GHashTable *visitors;   /* whose published tags and blocks may have changed */
    GHashTable *choosers;   /* contacts' numbers whose published channels may have changed */
    senda_ms_t tended;      /* steady: when it was last looked for what may go; 0: never */
    bool sweeping;
    uint64_t planned, started, withheld, plans;
    senda_ms_t grumbled; /* steady: the minute of the log in which … */
    unsigned grumbles;   /* … this many lines told of records that could not be used */
};

/* The site's engine, NULL if no rule file has the site. */
site_t *world_find(const world_t *w, uint32_t site);

/* A search's rank among the site's searches is known to whoever sees them all. */
void world_rank(const site_t *site, engine_event_t *event);

/* world_intent.c: the engines' callback; ctx is the site_t. */
void world_intent(void *ctx, const intent_t *intent);

/* world_publish.c */

/* A person's visitors are to be published anew, if the site has what nginx cannot know by itself. */
void world_seen_by(site_t *site, const engine_who_t *who);
/* A visitor is forgotten: nothing is to be known of it. */
void world_forgotten(world_t *w, const senda_visitor_t *v);
senda_rc_t world_publish(world_t *w, senda_err_t *err);

/* world_messages.c */

/* Tells what is new of the channels of those who have got messages. */
senda_rc_t world_publish_wishes(world_t *w, senda_err_t *err);

/* world_past.c */

/* Gives a site's deeds to its engine, before history is replayed. */
senda_rc_t world_give_deeds(world_t *w, const site_t *site, senda_err_t *err);
/* Notes that history tells these fields of a contact: contact and field -> nothing. */
void world_note_answers(GHashTable *told, const engine_event_t *event);
/* Gives the fields that are kept of contacts and that history, now replayed, did not tell. */
senda_rc_t world_give_fields(world_t *w, const site_t *site, GHashTable *told, senda_err_t *err);

/* world_build.c: from history to the stored second; takes runs back. */
senda_rc_t world_build(world_t *w, site_t **sites, unsigned nsites, senda_err_t *err);
/* The journal, if nginx has made it by now; what it may not be. */
senda_rc_t world_open_journal(world_t *w, senda_err_t *err);

/* "second:SITE": up to where the site's timers have run. */
const char *world_second_name(uint32_t site, char buf[32]);

#endif
