/*
 * The board: one small mapped file in the live directory, in which nginx's
 * processes show one another and the status page what they do, and note
 * deaths in store code. Numbers only, written by one process each, read by
 * all; no lock. It outlives its processes, not the machine's start.
 *
 * A board that is damaged or of another version is made anew.
 */

#ifndef SENDA_BOARD_H
#define SENDA_BOARD_H

#include "senda.h"

typedef struct senda_board_s senda_board_t;

/* What is shown. Each has a row (name, kind, help) in senda_board.c. */
typedef enum {
    SENDA_BOARD_DRAIN_PID,
    SENDA_BOARD_DRAIN_AT,      /* ms since 1970: the drain's last tick */
    SENDA_BOARD_JOURNAL_HEAD,  /* sequence */
    SENDA_BOARD_JOURNAL_BYTES, /* in use */
    SENDA_BOARD_JOURNAL_FIRST, /* s since 1970: the oldest visit kept */
    SENDA_BOARD_JOURNAL_COMMITS,
    SENDA_BOARD_JOURNAL_RECORDS,
    SENDA_BOARD_JOURNAL_FAILED,  /* commits that failed */
    SENDA_BOARD_JOURNAL_EXPIRED, /* records taken away by the retention */
    SENDA_BOARD_JOURNAL_SYNCS,   /* forced by answers that promise durability */
    SENDA_BOARD_COMMIT_US,       /* the last commit */
    SENDA_BOARD_COMMIT_US_MAX,
    SENDA_BOARD_LIVE_APPLIED, /* sequence */
    SENDA_BOARD_LIVE_BYTES,   /* in use … */
    SENDA_BOARD_LIVE_SIZE,    /* … of these */
    SENDA_BOARD_LIVE_VISITORS,
    SENDA_BOARD_LIVE_REFUSED_FULL,
    SENDA_BOARD_LIVE_REFUSED_DAMAGED,
    SENDA_BOARD_LIVE_REFUSED_LARGE,
    SENDA_BOARD_LIVE_EXPIRED,    /* visitors taken away by the retention */
    SENDA_BOARD_LIVE_REBUILDS,   /* times it was made anew */
    SENDA_BOARD_SNAPSHOT_AT,     /* s since 1970 */
    SENDA_BOARD_RINGS,           /* that the drain reads */
    SENDA_BOARD_RINGS_DAMAGED,   /* records given up */
    SENDA_BOARD_REPEATED,        /* landings that were known */
    SENDA_BOARD_FLOOD,           /* new visitors beyond the bound a second */
    SENDA_BOARD_FORGOTTEN,       /* visitors who withdrew consent */
    SENDA_BOARD_DEATHS,          /* by signal in store code */
    SENDA_BOARD_JOURNAL_FAILING, /* s since 1970: since when commits fail; 0: they do not */
    SENDA_BOARD_LIVE_FAILING,    /* the same of the live store */
    SENDA_BOARD_LIVE_FULL_AT,    /* s since 1970: when it last had no space for a visit */
    SENDA_BOARD_DROPPED_FULL_AT, /* s since 1970: when a full ring was last seen to drop */
    SENDA_BOARD_LIVE_DEATHS,     /* by signal, in the present live store */
    SENDA_BOARD_CELLS
} senda_board_cell_t;

typedef struct {
    const char *name; /* "journal_head": for Prometheus "senda_journal_head" */
    bool counter;     /* it only grows */
    bool sequence;    /* of the journal: epoch << 48 | number */
    const char *help; /* a sentence */
} senda_board_row_t;

const senda_board_row_t *senda_board_row(senda_board_cell_t cell);

/*
 * Maps the board of dir, making it if need be (mode 0660, 4 KiB, never
 * resized). SENDA_OK; SENDA_FULL (no space); SENDA_SYS. Close with
 * senda_board_close (NULL is allowed), which leaves the file.
 */
senda_rc_t senda_board_open(senda_board_t **out, const char *dir, senda_err_t *err);
/*
 * The same, but makes none: SENDA_NONE; SENDA_BAD (damaged, not to be read).
 * For who only looks: where the file may not be written, setters do nothing.
 */
senda_rc_t senda_board_look(senda_board_t **out, const char *dir, senda_err_t *err);
void senda_board_close(senda_board_t *b);

/* Of an open board: whether its file was removed or replaced. */
bool senda_board_is_gone(const senda_board_t *b);

uint64_t senda_board_get(const senda_board_t *b, senda_board_cell_t cell);
void senda_board_set(senda_board_t *b, senda_board_cell_t cell, uint64_t value);
void senda_board_add(senda_board_t *b, senda_board_cell_t cell, uint64_t n); /* one writer */

/*
 * What rings that were removed had dropped, by reason (senda_drop_t), so that
 * the sums never fall; one writer.
 */
uint64_t senda_board_dropped(const senda_board_t *b, unsigned reason);
void senda_board_add_dropped(senda_board_t *b, unsigned reason, uint64_t n);

/* ---- deaths in store code ---- */

#define SENDA_BOARD_DEATHS_MAX 3  /* within … */
#define SENDA_BOARD_WITHIN     60 /* … these seconds, and nobody uses the stores any more */

/* Safe in a signal handler. Notes a death at `now` (s, CLOCK_MONOTONIC). */
void senda_board_death(senda_board_t *b, uint64_t now);

/* Whether the stores are not to be touched: until senda_board_trust. */
bool senda_board_passive(const senda_board_t *b);

/* The operator's word (a reload, a start): the stores are tried again. */
void senda_board_trust(senda_board_t *b);

#endif
