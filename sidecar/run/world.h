/*
 * The shop as the sidecar knows it: one engine a site, fed from the journal
 * and from the clock; what the engines decide, committed to state/ with the
 * cursor in one transaction; the tags that only they can give, published.
 *
 * The journal is made durable before a cursor that stands in it is. After
 * SENDA_FULL the changes wait in memory: world_settle tries again, and until it
 * returns SENDA_OK nothing else may be asked. After any other failure the
 * engines are ahead of what is stored: the process must end, the next start
 * builds them anew.
 */

#ifndef SENDA_RUN_WORLD_H
#define SENDA_RUN_WORLD_H

#include "clock.h"
#include "config.h"
#include "engine.h"
#include "follow.h"
#include "log.h"
#include "pages.h"
#include "rules.h"
#include "sender.h"
#include "state.h"

#define WORLD_BATCH    1024 /* records of the journal in one commit */
#define WORLD_CHANGES  4096 /* changes after which timers commit */
#define WORLD_LAZY_MS  1000 /* a cursor that moved past nothing of note is stored after this */
#define WORLD_SOON_MS  2 /* a commit that cannot be seen yet is looked for again after this … */
#define WORLD_LATE_MS  1000 /* … and ever later, up to this: its writer may have died */
#define WORLD_GRUMBLES 10   /* lines a minute about records of no use; the rest is counted */
#define WORLD_SWEEP_MS 50   /* between two steps of a sweep */
#define WORLD_LAG_MS   200  /* timers wait this long for visits that are still on their way */

typedef struct world_s world_t;

typedef struct {
    const char *store;
    state_t *state;
    const run_clock_t *clock;
    run_log_t *log; /* gets the zone of the first site */
    const uint8_t *secret;
} world_options_t;

/* options are borrowed. SENDA_OK, SENDA_FULL, SENDA_BAD, SENDA_SYS. */
senda_rc_t world_open(world_t **out, const world_options_t *o, senda_err_t *err);
void world_close(world_t *w); /* NULL is allowed */

/* From now on these keys open what nginx seals; they are copied. */
void world_keys(world_t *w, const senda_keys_t *keys);

/*
 * Publishes these rules and makes the engines of sites whose file changed anew,
 * from the journal's history and the saved runs. Takes r (also on failure).
 * *changed: they were not live already. SENDA_BAD: they cannot be published,
 * the old ones go on.
 */
senda_rc_t world_rules(world_t *w, ruleset_t *r, bool *changed, senda_err_t *err);

/*
 * Tells nginx's status page what is wrong with the rule files since `at`; text
 * NULL: nothing. As rules_error_publish.
 */
senda_rc_t world_mistakes(world_t *w, const char *text, senda_sec_t at, senda_err_t *err);

/* Reads what is new in the journal. *more: there may be more already. */
senda_rc_t world_follow(world_t *w, bool *more, senda_err_t *err);

/* Runs the timers that are due. */
senda_rc_t world_advance(world_t *w, senda_err_t *err);

/* Stores what waits; lazy: only if it has waited long enough. */
senda_rc_t world_settle(world_t *w, bool lazy, senda_err_t *err);

/* Milliseconds until there is something to do, -1: nothing waits. */
int64_t world_wait(const world_t *w);

/* A contact's consent or suppression was changed from outside: its engine learns the new reach. */
void world_contact_changed(world_t *w, uint64_t contact);

/* For the sender; ctx is the world. What they return and promise stands in sender.h. */
senda_rc_t world_ready(void *ctx, senda_err_t *err);
senda_rc_t world_leaving(void *ctx, const sender_leaving_t *list, unsigned n, senda_err_t *err);
void world_channels_changed(void *ctx, uint64_t contact);

/*
 * Renders the endpoint's pages for every site, in its own language and in those
 * that Senda speaks, and publishes them; site and language of settings do not
 * count. SENDA_BAD: one cannot be made, the old ones stay.
 */
senda_rc_t world_pages(world_t *w, const pages_settings_t *settings, senda_err_t *err);

/*
 * Now and then: tells what of the journal may go (see world_messages.c), takes
 * away messages and links of before the retention. A little at a time.
 */
senda_rc_t world_tend(world_t *w, senda_err_t *err);

const program_t *world_program(void *ctx, uint32_t site);  /* a sender_program_pt */
const program_t *world_site(const world_t *w, unsigned i); /* NULL after the last */

/* Lines for `senda status`. */
void world_status(const world_t *w, void (*line)(void *ctx, const char *text), void *ctx);

#endif
