/*
 * A store with a past, for tests of how long things are kept and of starts:
 *
 *     tool_life visits STORE VISITS VISITORS FROM TO   pages, evenly from second FROM to TO
 *     tool_life consumed STORE                         the sidecar needs none of them any more
 *     tool_life span STORE                             "VISITS FIRST-SEQUENCE LAST-SEQUENCE"
 *     tool_life board LIVE NAME                        a number of the board
 */

#include "senda_board.h"
#include "senda_bytes.h"
#include "senda_journal.h"
#include "senda_published.h"
#include "senda_visit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define AT_ONCE 8192

static senda_err_t err;

static void
need(senda_rc_t rc, const char *what)
{
    if (rc != SENDA_OK) {
        fprintf(stderr, "tool_life: %s: %s\n", what, err.text);
        exit(2);
    }
}

static const char *
part(const char *store, const char *name)
{
    static char dir[PATH_MAX];

    snprintf(dir, sizeof(dir), "%s/%s", store, name);
    return dir;
}

static senda_journal_t *
journal(const char *store, bool write)
{
    senda_journal_t *j;
    char boot[64] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

    if (f != NULL) {
        if (fscanf(f, "%63s", boot) != 1) {
            boot[0] = '\0';
        }
        fclose(f);
    }
    need(write ? senda_journal_open_write(&j, part(store, "journal"), boot, &err)
               : senda_journal_open_read(&j, part(store, "journal"), &err),
        store);
    return j;
}

static void
visits(const char *store, uint64_t n, uint64_t visitors, uint64_t from, uint64_t to)
{
    senda_journal_t *j = journal(store, true);
    char buf[SENDA_RECORD_MAX];
    senda_seq_t seq;

    for (uint64_t i = 0; i < n;) {
        need(senda_journal_begin(j, &err), store);
        for (unsigned k = 0; k < AT_ONCE && i < n; k++, i++) {
            uint64_t who = i % visitors;
            senda_visit_t v = { .site = 1, .generation = 1, .flags = SENDA_VISIT_PAGE, .nkeys = 1 };

            senda_put_be64(v.visitor.b, (who + 1) * 0x9e3779b97f4a7c15u);
            senda_put_be64(v.visitor.b + 8, who + 1);
            v.at = (senda_ms_t)(from * 1000 + (to - from) * 1000 / n * i);
            v.keys[0] = 1 + (senda_key_t)(i / visitors % 3);
            v.path = SENDA_STR("/");
            need(senda_journal_add(j, (senda_str_t){ buf, senda_visit_dump(&v, buf, sizeof(buf)) },
                     &seq, &err),
                store);
        }
        need(senda_journal_commit(j, &err), store);
    }
    senda_journal_close(j);
}

static void
consumed(const char *store)
{
    senda_journal_t *j = journal(store, false);
    senda_seq_t head = senda_journal_head(j);
    senda_published_t *p;

    senda_journal_close(j);
    need(senda_published_open_write(&p, part(store, "published"), &err), store);
    need(senda_published_begin(p, &err), store);
    need(senda_published_set_consumed(p, head, &err), store);
    need(senda_published_commit(p, &err), store);
    senda_published_close(p);
}

static senda_rc_t
count(void *ctx, senda_seq_t seq, senda_str_t record)
{
    uint64_t *n = ctx;

    (void)seq;
    (void)record;
    ++*n;
    return SENDA_OK;
}

static void
span(const char *store)
{
    senda_journal_t *j = journal(store, false);
    uint64_t n = 0;

    need(senda_journal_read(j, 0, UINT32_MAX, count, &n, &err), store);
    printf("%llu %llu %llu\n", (unsigned long long)n, (unsigned long long)senda_journal_first(j),
        (unsigned long long)senda_journal_head(j));
    senda_journal_close(j);
}

static void
board(const char *dir, const char *name)
{
    senda_board_t *b;

    need(senda_board_look(&b, dir, &err), dir);
    for (int i = 0; i < SENDA_BOARD_CELLS; i++) {
        if (strcmp(senda_board_row((senda_board_cell_t)i)->name, name) == 0) {
            printf("%llu\n", (unsigned long long)senda_board_get(b, (senda_board_cell_t)i));
        }
    }
    senda_board_close(b);
}

int
main(int argc, char **argv)
{
    uint64_t n[4] = { 0 };

    for (int i = 3; i < argc && i < 7; i++) {
        n[i - 3] = strtoull(argv[i], NULL, 10);
    }
    if (argc == 7 && strcmp(argv[1], "visits") == 0 && n[0] > 0 && n[1] > 0) {
        visits(argv[2], n[0], n[1], n[2], n[3]);
    } else if (argc == 3 && strcmp(argv[1], "consumed") == 0) {
        consumed(argv[2]);
    } else if (argc == 3 && strcmp(argv[1], "span") == 0) {
        span(argv[2]);
    } else if (argc == 4 && strcmp(argv[1], "board") == 0) {
        board(argv[2], argv[3]);
    } else {
        fputs("tool_life visits|consumed|span|board …, see tests/tool_life.c\n", stderr);
        return 1;
    }
    return 0;
}
