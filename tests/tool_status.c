/*
 * Puts things before the status page that seldom are there by themselves:
 *
 *     tool_status error STORE AT <TEXT     a mistake in the rules since second AT
 *     tool_status said STORE               the mistake in the rules that is published
 *     tool_status board LIVE NAME VALUE    a number of the board
 *     tool_status deaths LIVE              three deaths in store code, now
 *     tool_status trust LIVE               the operator's word
 *     tool_status rings LIVE N             N rings that nobody owns, each has dropped one
 *     tool_status totals LIVE SIZE SITES PAGES   visits of many pages of many sites
 */

#include "senda_board.h"
#include "senda_live.h"
#include "senda_published.h"
#include "senda_ring.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static senda_err_t err;

static void
need(senda_rc_t rc, const char *what)
{
    if (rc != SENDA_OK) {
        fprintf(stderr, "tool_status: %s: %s\n", what, err.text);
        exit(2);
    }
}

static uint64_t
number(const char *text)
{
    return strtoull(text, NULL, 10);
}

static void
set_error(const char *store, const char *at)
{
    char dir[PATH_MAX], text[SENDA_RULES_ERROR_MAX];
    senda_published_t *p;
    size_t n = fread(text, 1, sizeof(text), stdin);

    snprintf(dir, sizeof(dir), "%s/published", store);
    need(senda_published_open_write(&p, dir, &err), dir);
    need(senda_published_begin(p, &err), dir);
    need(senda_published_set_error(p, (senda_str_t){ text, n }, (senda_sec_t)number(at), &err),
        dir);
    need(senda_published_commit(p, &err), dir);
    senda_published_close(p);
}

static void
print_error(const char *store)
{
    char dir[PATH_MAX], text[SENDA_RULES_ERROR_MAX];
    senda_published_t *p;
    senda_sec_t at;

    snprintf(dir, sizeof(dir), "%s/published", store);
    need(senda_published_open_read(&p, dir, &err), dir);
    fwrite(text, 1, senda_published_error(p, text, &at), stdout);
    senda_published_close(p);
}

static void
set_board(const char *dir, const char *name, const char *value)
{
    senda_board_t *b;

    need(senda_board_open(&b, dir, &err), dir);
    for (int i = 0; i < SENDA_BOARD_CELLS; i++) {
        if (strcmp(senda_board_row((senda_board_cell_t)i)->name, name) == 0) {
            senda_board_set(b, (senda_board_cell_t)i, number(value));
            senda_board_close(b);
            return;
        }
    }
    fprintf(stderr, "tool_status: the board has no %s\n", name);
    exit(2);
}

static void
set_deaths(const char *dir, bool trust)
{
    senda_board_t *b;
    struct timespec now;

    need(senda_board_open(&b, dir, &err), dir);
    if (trust) {
        senda_board_trust(b);
    } else {
        clock_gettime(CLOCK_MONOTONIC, &now);
        for (int i = 0; i < SENDA_BOARD_DEATHS_MAX; i++) {
            senda_board_death(b, (uint64_t)now.tv_sec);
        }
    }
    senda_board_close(b);
}

static void
make_rings(const char *dir, unsigned n)
{
    senda_ring_t **r = calloc(n, sizeof(senda_ring_t *));

    for (unsigned i = 0; r != NULL && i < n; i++) {
        need(senda_ring_claim(&r[i], dir, SENDA_RING_MIN, &err), dir);
        senda_ring_drop(r[i], SENDA_DROP_FULL);
    }
    for (unsigned i = 0; r != NULL && i < n; i++) {
        senda_ring_close(r[i]);
    }
    free(r);
}

/* Page p of a site is visited p times, up to 9. */
static void
make_totals(const char *dir, size_t size, unsigned sites, unsigned pages)
{
    senda_live_t *l;
    senda_visit_t v;
    unsigned n = 0;
    senda_seq_t seq;

    need(senda_live_open_write(&l, dir, size, &err), dir);
    seq = senda_live_applied(l);
    memset(&v, 0, sizeof(v));
    v.visitor.b[0] = 1;
    v.flags = SENDA_VISIT_PAGE;
    v.nkeys = 1;
    need(senda_live_begin(l, &err), dir);
    for (unsigned site = 1; site <= sites; site++) {
        for (unsigned k = 0; k < pages * 9; k++) {
            unsigned page = k / 9 + 1;

            if (k % 9 >= page) {
                continue;
            }
            v.site = site;
            v.keys[0] = page;
            if (n++ == SENDA_BATCH_MAX - 1) {
                (void)senda_live_commit(l, seq, &err);
                need(senda_live_begin(l, &err), dir);
                n = 0;
            }
            need(senda_live_apply(l, NULL, &v, &err), dir);
        }
    }
    (void)senda_live_commit(l, seq, &err);
    senda_live_close(l);
}

int
main(int argc, char **argv)
{
    const char *command = argc > 2 ? argv[1] : "";

    if (argc == 4 && strcmp(command, "error") == 0) {
        set_error(argv[2], argv[3]);
    } else if (argc == 3 && strcmp(command, "said") == 0) {
        print_error(argv[2]);
    } else if (argc == 5 && strcmp(command, "board") == 0) {
        set_board(argv[2], argv[3], argv[4]);
    } else if (argc == 3 && strcmp(command, "deaths") == 0) {
        set_deaths(argv[2], false);
    } else if (argc == 3 && strcmp(command, "trust") == 0) {
        set_deaths(argv[2], true);
    } else if (argc == 4 && strcmp(command, "rings") == 0) {
        make_rings(argv[2], (unsigned)number(argv[3]));
    } else if (argc == 6 && strcmp(command, "totals") == 0) {
        make_totals(argv[2], number(argv[3]), (unsigned)number(argv[4]), (unsigned)number(argv[5]));
    } else {
        fprintf(stderr, "usage: tool_status error|said|board|deaths|trust|rings|totals ...\n");
        return 2;
    }
    return 0;
}
