/*
 * Who is new. A cookie carries the landing visit until live/ knows its
 * visitor, so a landing comes again and again while live/ is behind, full or
 * missing: the drain remembers the visitors whose landing it has journalled
 * lately, and reads the journal's end for them when it starts. And visitors
 * who are really new are admitted at a bounded rate; what is beyond it is
 * neither journalled nor counted in live/, and comes again with their cookie.
 *
 * Orders, forms, logins and answers to messages are admitted at any rate. The
 * memory is a fixed table: when it is full the oldest of a row is forgotten.
 */

#include "ngx_http_senda_drain.h"

#define NGX_HTTP_SENDA_ROWS 16384 /* a power of two; 512 KiB in all */
#define NGX_HTTP_SENDA_WAYS 4
#define NGX_HTTP_SENDA_TAIL 32768 /* records of the journal's end that are read at a start */
#define NGX_HTTP_SENDA_SAID                                                           \
    (SENDA_VISIT_CONTACT | SENDA_VISIT_EVENT | SENDA_VISIT_FORM | SENDA_VISIT_CLICK | \
        SENDA_VISIT_OPEN | SENDA_VISIT_UNSUBSCRIBE | SENDA_VISIT_CHANNELS | SENDA_VISIT_FORGET)

/* A place of the table before a batch changed it. */
typedef struct {
    uint32_t place;
    uint64_t before;
} ngx_http_senda_undo_t;

static struct {
    uint64_t seen[NGX_HTTP_SENDA_ROWS][NGX_HTTP_SENDA_WAYS]; /* 0: free */
    uint8_t turn[NGX_HTTP_SENDA_ROWS];
    ngx_uint_t nundo;
    ngx_http_senda_undo_t undo[SENDA_BATCH_MAX];

    ngx_msec_t filled; /* the bucket, at that moment */
    ngx_uint_t left;   /* new visitors, in thousandths */
    ngx_uint_t before; /* … when the batch began */
    ngx_uint_t flood;  /* refused in this batch … */
    ngx_uint_t repeated;
    ngx_http_senda_retry_t retry;
} ngx_http_senda_news;

static uint64_t
ngx_http_senda_half(const senda_visitor_t *v, ngx_uint_t i)
{
    uint64_t h;

    ngx_memcpy(&h, v->b + 8 * i, sizeof(uint64_t));

    return h;
}

/* Visitors are random bits: half of them finds the row, all of them the place. */
static uint64_t
ngx_http_senda_print(const senda_visitor_t *v, uint32_t *row)
{
    uint64_t print;

    *row = ngx_http_senda_half(v, 0) & (NGX_HTTP_SENDA_ROWS - 1);
    print = ngx_http_senda_half(v, 0) ^ (ngx_http_senda_half(v, 1) * 0x9e3779b97f4a7c15u);

    return print ? print : 1;
}

static ngx_uint_t
ngx_http_senda_has_landed(const senda_visitor_t *v)
{
    uint32_t row;
    uint64_t print = ngx_http_senda_print(v, &row);
    ngx_uint_t i;

    for (i = 0; i < NGX_HTTP_SENDA_WAYS; i++) {
        if (ngx_http_senda_news.seen[row][i] == print) {
            return 1;
        }
    }

    return 0;
}

static void
ngx_http_senda_note_landing(const senda_visitor_t *v, ngx_uint_t in_batch)
{
    ngx_http_senda_undo_t *undo;
    uint32_t row;
    uint64_t *place, print = ngx_http_senda_print(v, &row);

    place = &ngx_http_senda_news.seen[row][ngx_http_senda_news.turn[row]++ % NGX_HTTP_SENDA_WAYS];

    if (in_batch && ngx_http_senda_news.nundo < SENDA_BATCH_MAX) {
        undo = &ngx_http_senda_news.undo[ngx_http_senda_news.nundo++];
        undo->place = (uint32_t)(place - &ngx_http_senda_news.seen[0][0]);
        undo->before = *place;
    }

    *place = print;
}

/* ---- the rate ---- */

static void
ngx_http_senda_refill(ngx_uint_t rate)
{
    ngx_msec_t passed = ngx_current_msec - ngx_http_senda_news.filled;

    ngx_http_senda_news.filled = ngx_current_msec;
    ngx_http_senda_news.left = ngx_min(ngx_http_senda_news.left + rate * ngx_min(passed, 1000),
        rate * 1000);
}

static ngx_uint_t
ngx_http_senda_take_new(ngx_uint_t rate)
{
    if (rate == 0) {
        return 1;
    }

    if (ngx_http_senda_news.left < 1000) {
        return 0;
    }

    ngx_http_senda_news.left -= 1000;

    return 1;
}

/* ---- a batch ---- */

void
ngx_http_senda_landings_begin(ngx_http_senda_main_conf_t *mcf)
{
    ngx_http_senda_refill(mcf->new_visitors);
    ngx_http_senda_news.before = ngx_http_senda_news.left;
    ngx_http_senda_news.nundo = 0;
    ngx_http_senda_news.flood = 0;
    ngx_http_senda_news.repeated = 0;
}

/* What live/ knows: in its open transaction, or as it stands while it catches up. */
static ngx_uint_t
ngx_http_senda_is_known(const senda_visitor_t *v, ngx_uint_t live)
{
    return live ? senda_live_knows(ngx_http_senda_drain.live, v)
                : ngx_http_senda_live_profile(v, NULL) == SENDA_OK;
}

ngx_uint_t
ngx_http_senda_admit(ngx_http_senda_main_conf_t *mcf, ngx_http_senda_source_t *s,
    const senda_visit_t *v, ngx_uint_t live)
{
    if (v->flags & SENDA_VISIT_DRY_RUN) {
        return 1;
    }

    if (!(v->flags & SENDA_VISIT_LANDING)) {
        /* What follows its landing in the ring shares its fate. */
        if (s->refused && !(v->flags & NGX_HTTP_SENDA_SAID) &&
            ngx_memcmp(&s->stranger, &v->visitor, sizeof(senda_visitor_t)) == 0) {
            ngx_http_senda_news.flood++;
            return 0;
        }

        return 1;
    }

    s->refused = 0;

    if (ngx_http_senda_has_landed(&v->visitor) || ngx_http_senda_is_known(&v->visitor, live)) {
        ngx_http_senda_news.repeated++;
        return 0;
    }

    if (!(v->flags & NGX_HTTP_SENDA_SAID) && !ngx_http_senda_take_new(mcf->new_visitors)) {
        s->refused = 1;
        s->stranger = v->visitor;
        ngx_http_senda_news.flood++;
        return 0;
    }

    ngx_http_senda_note_landing(&v->visitor, 1);

    return 1;
}

void
ngx_http_senda_landings_settle(ngx_uint_t journalled)
{
    ngx_http_senda_undo_t *undo;

    if (journalled) {
        ngx_http_senda_gauge_add(SENDA_BOARD_REPEATED, ngx_http_senda_news.repeated);
        ngx_http_senda_gauge_add(SENDA_BOARD_FLOOD, ngx_http_senda_news.flood);
        ngx_http_senda_news.nundo = 0;
        return;
    }

    while (ngx_http_senda_news.nundo > 0) {
        undo = &ngx_http_senda_news.undo[--ngx_http_senda_news.nundo];
        (&ngx_http_senda_news.seen[0][0])[undo->place] = undo->before;
    }

    ngx_http_senda_news.left = ngx_http_senda_news.before;
}

/* ---- a start ---- */

static senda_rc_t
ngx_http_senda_remember_one(void *ctx, senda_seq_t seq, senda_str_t record)
{
    senda_visit_t v;

    if (senda_visit_load(&v, record.p, record.n) == SENDA_OK && (v.flags & SENDA_VISIT_LANDING) &&
        !(v.flags & SENDA_VISIT_DRY_RUN)) {
        ngx_http_senda_note_landing(&v.visitor, 0);
    }

    return SENDA_OK;
}

void
ngx_http_senda_landings_remember(senda_journal_t *journal)
{
    senda_seq_t head = senda_journal_head(journal);
    senda_seq_t number = head & (((senda_seq_t)1 << 48) - 1);
    senda_err_t err;

    ngx_memzero(ngx_http_senda_news.seen, sizeof(ngx_http_senda_news.seen));

    if (senda_journal_read(journal, head - ngx_min(number, NGX_HTTP_SENDA_TAIL),
            NGX_HTTP_SENDA_TAIL, ngx_http_senda_remember_one, NULL, &err) != SENDA_OK) {
        ngx_http_senda_failed(&ngx_http_senda_news.retry, "journal", &err);
    }
}
