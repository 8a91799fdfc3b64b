/*
 * What nginx is told of messages, before they go out and while their links may
 * be followed: receivers, links, channels that are wanted, the endpoint's
 * pages; and what may go again. No address of a person is told. Fails as
 * world.h says.
 */

#include "lang_limits.h"
#include "pages.h"
#include "senda_sent.h"
#include "world_parts.h"

#define READY_ROUNDS 64    /* batches of the journal before a message waits for another turn */
#define TEND_MS      60000 /* between two looks at what may go */
#define SWEEP_EACH   86400 /* seconds between two sweeps */
#define SWEEP_BATCH  2000  /* records of one commit */
#define RETENTION    (LANG_RETENTION_DAYS * (senda_sec_t)86400)

/* ---- before messages go out ---- */

senda_rc_t
world_ready(void *ctx, senda_err_t *err)
{
    world_t *w = ctx;
    senda_rc_t rc = world_open_journal(w, err);
    senda_seq_t head, before;
    bool more;

    if (rc != SENDA_OK || w->journal == NULL) {
        return rc;
    }
    head = senda_journal_head(w->journal);
    for (unsigned i = 0; w->cursor < head; i++) {
        before = w->cursor;
        rc = i < READY_ROUNDS ? world_follow(w, &more, err) : SENDA_NONE;
        if (rc != SENDA_OK) {
            return rc;
        }
        if (w->cursor == before) {
            return SENDA_NONE; /* it cannot be seen yet: another turn */
        }
    }
    return SENDA_OK;
}

static senda_wishes_t
wishes_of(world_t *w, uint64_t contact)
{
    senda_wishes_t wishes = { 0, 0 };
    contact_t c;

    if (contact_load(w->o.state, contact, &c) == SENDA_OK) {
        contact_reach(w->o.state, &c, &wishes.has, &wishes.wanted);
    }
    return wishes;
}

static senda_rc_t
tell_message(world_t *w, const sender_leaving_t *m, senda_err_t *err)
{
    senda_sent_t sent = { .site = m->site,
        .contact = m->contact,
        .channel = (senda_channel_t)m->channel,
        .at = m->at,
        .nlinks = m->links->n };
    senda_wishes_t wishes = wishes_of(w, m->contact);
    senda_rc_t rc = SENDA_OK;

    (void)g_strlcpy(sent.language, m->language, sizeof(sent.language));
    for (unsigned i = 0; i < m->links->n && rc == SENDA_OK; i++) {
        rc = senda_link_set(w->published, senda_cstr(m->links->address[i]),
            (uint32_t)(m->at / 86400), &sent.links[i], err);
        rc = rc == SENDA_BAD ? SENDA_OK : rc; /* a link that leads nowhere is no reason to stop */
    }
    if (rc == SENDA_OK) {
        rc = senda_sent_set(w->published, &m->id, &sent, err);
    }
    return rc == SENDA_OK ? senda_wishes_set(w->published, m->contact, &wishes, err) : rc;
}

senda_rc_t
world_leaving(void *ctx, const sender_leaving_t *list, unsigned n, senda_err_t *err)
{
    world_t *w = ctx;
    senda_rc_t rc = senda_published_begin(w->published, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    for (unsigned i = 0; i < n && rc == SENDA_OK; i++) {
        rc = tell_message(w, &list[i], err);
    }
    if (rc != SENDA_OK) {
        senda_published_abort(w->published);
        return rc;
    }
    return senda_published_commit(w->published, err);
}

/* ---- channels ---- */

void
world_channels_changed(void *ctx, uint64_t contact)
{
    world_t *w = ctx;

    g_hash_table_add(w->choosers, g_memdup2(&contact, sizeof(contact)));
    if (w->dirty_since == 0) {
        w->dirty_since = run_clock_steady();
    }
}

/* Only who has got a message has wishes to be told. */
static bool
is_told_otherwise(world_t *w, uint64_t contact)
{
    senda_wishes_t told, now = wishes_of(w, contact);

    return senda_wishes_get(w->published, contact, &told) == SENDA_OK &&
        (told.has != now.has || told.wanted != now.wanted);
}

senda_rc_t
world_publish_wishes(world_t *w, senda_err_t *err)
{
    GHashTableIter i;
    gpointer key;
    senda_rc_t rc;

    g_hash_table_iter_init(&i, w->choosers);
    while (g_hash_table_iter_next(&i, &key, NULL)) {
        if (!is_told_otherwise(w, *(const uint64_t *)key)) {
            g_hash_table_iter_remove(&i);
        }
    }
    if (g_hash_table_size(w->choosers) == 0) {
        return SENDA_OK;
    }
    rc = senda_published_begin(w->published, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    g_hash_table_iter_init(&i, w->choosers);
    while (rc == SENDA_OK && g_hash_table_iter_next(&i, &key, NULL)) {
        uint64_t contact = *(const uint64_t *)key;
        senda_wishes_t wishes = wishes_of(w, contact);

        rc = senda_wishes_set(w->published, contact, &wishes, err);
    }
    if (rc != SENDA_OK) {
        senda_published_abort(w->published);
        return rc;
    }
    rc = senda_published_commit(w->published, err);
    if (rc == SENDA_OK) {
        g_hash_table_remove_all(w->choosers);
    }
    return rc;
}

/* ---- pages ---- */

typedef struct {
    world_t *world;
    pages_settings_t settings;
    uint32_t site;
    unsigned changed;
} paging_t;

/* Renders one page, and stores it if it is another than before; in a transaction. */
static senda_rc_t
tell_page(paging_t *p, const char *stored_as, senda_page_t kind, senda_err_t *err)
{
    senda_published_t *to = p->world->published;
    char *text, *before;
    size_t len, nbefore;
    senda_rc_t rc = pages_make(&p->settings, kind, &text, &len, err);

    if (rc == SENDA_BAD || rc == SENDA_SYS) {
        return SENDA_BAD;
    }
    rc = senda_page_get(to, p->site, stored_as, kind, &before, &nbefore);
    if (rc == SENDA_NONE || nbefore != len || memcmp(before, text, len) != 0) {
        p->changed++;
        rc = senda_page_set(to, p->site, stored_as, kind, (senda_str_t){ text, len }, err);
    }
    free(before);
    free(text);
    return rc == SENDA_NONE ? SENDA_OK : rc;
}

/* All pages of a site in one language. */
static senda_rc_t
tell_pages(paging_t *p, const char *stored_as, const char *language, senda_err_t *err)
{
    senda_rc_t rc = SENDA_OK;

    p->settings.language = language;
    for (int k = SENDA_PAGE_CHANNELS; k < SENDA_PAGE_KINDS && rc == SENDA_OK; k++) {
        rc = tell_page(p, stored_as, (senda_page_t)k, err);
    }
    return rc;
}

senda_rc_t
world_pages(world_t *w, const pages_settings_t *settings, senda_err_t *err)
{
    static const char *const languages[] = { "en", "es" };
    paging_t p = { .world = w, .settings = *settings };
    senda_rc_t rc = senda_published_begin(w->published, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    for (unsigned i = 0; i < w->nsites && rc == SENDA_OK; i++) {
        const program_t *program = w->sites[i]->file->program;
        char *url = settings->site_url != NULL ? g_strdup(settings->site_url)
                                               : g_strconcat("https://", program->site, NULL);

        p.site = program->site_id;
        p.settings.site = program->site;
        p.settings.site_url = url;
        rc = tell_pages(&p, "", program->language, err);
        for (unsigned k = 0; k < G_N_ELEMENTS(languages) && rc == SENDA_OK; k++) {
            rc = tell_pages(&p, languages[k], languages[k], err);
        }
        g_free(url);
    }
    if (rc != SENDA_OK || p.changed == 0) {
        senda_published_abort(w->published);
        return rc;
    }
    return senda_published_commit(w->published, err);
}

/* ---- what may go ---- */

typedef struct {
    senda_seq_t seq;
    senda_ms_t at;
} found_t;

static senda_rc_t
each_first(void *ctx, senda_seq_t seq, senda_str_t record)
{
    found_t *f = ctx;
    senda_visit_t v;

    f->seq = seq;
    f->at = senda_visit_load(&v, record.p, record.n) == SENDA_OK ? v.at : INT64_MAX;
    return SENDA_NONE;
}

/*
 * The last visit of the journal that nobody needs: older than any window that
 * rules may ask for, because at a start engines live the journal again; and
 * heard for good. Visits lie in order of their time but for clocks set back,
 * for which a day is left.
 */
static senda_seq_t
unneeded(world_t *w)
{
    senda_sec_t now = run_clock_sec(run_clock_now(w->o.clock));
    senda_ms_t until = run_clock_unmap(w->o.clock, (now - RETENTION - 86400) * 1000);
    senda_seq_t low = 0, high = w->stored_cursor;

    while (low < high) {
        senda_seq_t mid = low + (high - low) / 2;
        found_t f = { 0, INT64_MAX };

        if (senda_journal_read(w->journal, mid, 1, each_first, &f, NULL) == SENDA_NONE &&
            f.seq <= high && f.at < until) {
            low = f.seq;
        } else {
            high = mid;
        }
    }
    return low;
}

static senda_rc_t
tell_consumed(world_t *w, senda_err_t *err)
{
    senda_seq_t seq = w->journal != NULL ? unneeded(w) : 0;
    senda_rc_t rc;

    if (seq <= senda_published_consumed(w->published)) {
        return SENDA_OK;
    }
    rc = senda_published_begin(w->published, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_published_set_consumed(w->published, seq, err);
    if (rc != SENDA_OK) {
        senda_published_abort(w->published);
        return rc;
    }
    return senda_published_commit(w->published, err);
}

/* One step of the sweep; it goes on in the next turns until it is once round. */
static senda_rc_t
sweep(world_t *w, senda_sec_t now, senda_err_t *err)
{
    unsigned looked = 0;
    senda_rc_t rc = senda_published_begin(w->published, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_sent_sweep(w->published, now - RETENTION, SWEEP_BATCH, &looked, err);
    if (rc != SENDA_OK) {
        senda_published_abort(w->published);
        return rc;
    }
    rc = senda_published_commit(w->published, err);
    w->sweeping = rc != SENDA_OK || looked == SWEEP_BATCH;
    if (!w->sweeping) {
        state_set_number(w->o.state, "swept", (uint64_t)now);
    }
    return rc;
}

senda_rc_t
world_tend(world_t *w, senda_err_t *err)
{
    senda_sec_t now = run_clock_sec(run_clock_now(w->o.clock));
    senda_sec_t last = (senda_sec_t)state_number(w->o.state, "swept", 0);
    senda_rc_t rc = SENDA_OK;

    if (w->sweeping) {
        return sweep(w, now, err);
    }
    if (w->tended != 0 && run_clock_steady() - w->tended < TEND_MS) {
        return SENDA_OK;
    }
    w->tended = run_clock_steady();
    rc = tell_consumed(w, err);
    if (rc == SENDA_OK && (now >= last + SWEEP_EACH || now < last)) {
        rc = sweep(w, now, err);
    }
    return rc;
}
