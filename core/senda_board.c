/*
 * The board: a page of numbers in the live directory. It is made under another
 * name and given its own when it is whole, so that no half-made board is ever
 * seen; one that is damaged, of another version or not to be opened is
 * replaced the same way, and who has the old one mapped sees that it is gone.
 *
 * Never waits, never takes a lock, never allocates after it is open. Its space
 * is set aside, so that writing to it cannot fail. What only may be read is
 * not written to: a setter then does nothing.
 */

#include "senda_board.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOARD_MAGIC     "senda-bd"
#define BOARD_VERSION   1
#define BOARD_SIZE      4096
#define BOARD_NAME      "board"
#define BOARD_TEMPORARY ".board-" /* and the maker's pid */
#define BOARD_TRIES     4         /* others may make or replace it at the same time */
#define CELLS_ROOM      256
#define DROPPED_ROOM    64

typedef struct {
    char magic[8];
    uint32_t version, cells;
    _Atomic uint32_t passive;
    _Atomic uint64_t died[SENDA_BOARD_DEATHS_MAX]; /* moment + 1, 0: none; in turn */
    _Alignas(64) _Atomic uint64_t cell[CELLS_ROOM];
    _Atomic uint64_t dropped[DROPPED_ROOM]; /* what follows is zero in a board of before */
} board_page_t;

_Static_assert(sizeof(board_page_t) <= BOARD_SIZE, "the board is one page");
_Static_assert(SENDA_BOARD_CELLS <= CELLS_ROOM, "a cell for each row");

struct senda_board_s {
    board_page_t *page;
    int fd; /* to see whether the file is still there */
    bool writable;
};

static const senda_board_row_t rows[SENDA_BOARD_CELLS] = {
    [SENDA_BOARD_DRAIN_PID] = { "drain_pid", false, false, "Process that drains the rings." },
    [SENDA_BOARD_DRAIN_AT] = { "drain_at_milliseconds", false, false,
        "Moment of the drain's last tick, in milliseconds since 1970." },
    [SENDA_BOARD_JOURNAL_HEAD] = { "journal_head", false, true,
        "Sequence of the last visit journalled." },
    [SENDA_BOARD_JOURNAL_BYTES] = { "journal_bytes", false, false, "Bytes that the journal uses." },
    [SENDA_BOARD_JOURNAL_FIRST] = { "journal_first_seconds", false, false,
        "Moment of the oldest visit kept, in seconds since 1970." },
    [SENDA_BOARD_JOURNAL_COMMITS] = { "journal_commits", true, false, "Commits of the journal." },
    [SENDA_BOARD_JOURNAL_RECORDS] = { "journal_records", true, false, "Records journalled." },
    [SENDA_BOARD_JOURNAL_FAILED] = { "journal_failed", true, false,
        "Commits of the journal that failed and were tried again." },
    [SENDA_BOARD_JOURNAL_EXPIRED] = { "journal_expired", true, false,
        "Records of the journal that the retention took away." },
    [SENDA_BOARD_JOURNAL_SYNCS] = { "journal_syncs", true, false,
        "Times the journal was forced to the disk for an answer that promises it." },
    [SENDA_BOARD_COMMIT_US] = { "commit_microseconds", false, false,
        "Time that the journal's last commit took, in microseconds." },
    [SENDA_BOARD_COMMIT_US_MAX] = { "commit_microseconds_max", false, false,
        "The longest time that a commit of the journal took, in microseconds." },
    [SENDA_BOARD_LIVE_APPLIED] = { "live_applied", false, true,
        "Sequence of the last visit that the live store has applied." },
    [SENDA_BOARD_LIVE_BYTES] = { "live_bytes", false, false, "Bytes that the live store uses." },
    [SENDA_BOARD_LIVE_SIZE] = { "live_size_bytes", false, false,
        "Bytes set aside for the live store." },
    [SENDA_BOARD_LIVE_VISITORS] = { "live_visitors", false, false, "Visitors in the live store." },
    [SENDA_BOARD_LIVE_REFUSED_FULL] = { "live_refused_full", true, false,
        "Visits that the live store had no space for." },
    [SENDA_BOARD_LIVE_REFUSED_DAMAGED] = { "live_refused_damaged", true, false,
        "Visits of visitors whose profile cannot be read." },
    [SENDA_BOARD_LIVE_REFUSED_LARGE] = { "live_refused_large", true, false,
        "Visits of visitors whose profile would be too large." },
    [SENDA_BOARD_LIVE_EXPIRED] = { "live_expired", true, false,
        "Visitors of the live store that the retention took away." },
    [SENDA_BOARD_LIVE_REBUILDS] = { "live_rebuilds", true, false,
        "Times the live store was made anew." },
    [SENDA_BOARD_SNAPSHOT_AT] = { "snapshot_at_seconds", false, false,
        "Moment of the live store's last snapshot, in seconds since 1970." },
    [SENDA_BOARD_RINGS] = { "rings_read", false, false, "Rings that the drain reads." },
    [SENDA_BOARD_RINGS_DAMAGED] = { "rings_damaged", true, false,
        "Damaged records of rings that were given up." },
    [SENDA_BOARD_REPEATED] = { "repeated", true, false, "Landings that were known already." },
    [SENDA_BOARD_FLOOD] = { "flood", true, false,
        "Visits of new visitors beyond the number allowed a second." },
    [SENDA_BOARD_FORGOTTEN] = { "forgotten", true, false, "Visitors who withdrew their consent." },
    [SENDA_BOARD_DEATHS] = { "deaths", true, false,
        "Processes that died by signal inside a store." },
    [SENDA_BOARD_JOURNAL_FAILING] = { "journal_failing_since_seconds", false, false,
        "Since when commits of the journal fail, in seconds since 1970; 0 when they do not." },
    [SENDA_BOARD_LIVE_FAILING] = { "live_failing_since_seconds", false, false,
        "Since when the live store cannot be written, in seconds since 1970; 0 when it can." },
    [SENDA_BOARD_LIVE_FULL_AT] = { "live_full_at_seconds", false, false,
        "When the live store last had no space for a visit, in seconds since 1970; 0: never." },
    [SENDA_BOARD_DROPPED_FULL_AT] = { "dropped_full_at_seconds", false, false,
        "When a full ring was last seen to drop a visit, in seconds since 1970; 0: never." },
    [SENDA_BOARD_LIVE_DEATHS] = { "live_deaths", false, false,
        "Processes that died by signal inside the present live store." },
};

const senda_board_row_t *
senda_board_row(senda_board_cell_t cell)
{
    return (unsigned)cell < SENDA_BOARD_CELLS ? &rows[cell] : NULL;
}

/* ---- the file ---- */

static bool
page_is_possible(const board_page_t *page, const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_size == BOARD_SIZE &&
        memcmp(page->magic, BOARD_MAGIC, sizeof(page->magic)) == 0 &&
        page->version == BOARD_VERSION && page->cells == CELLS_ROOM;
}

/* Takes fd over. SENDA_BAD: no board of ours. */
static senda_rc_t
map_file(senda_board_t **out, int fd, bool writable, const char *dir, senda_err_t *err)
{
    board_page_t head;
    struct stat st;
    senda_board_t *b = NULL;
    void *map;
    senda_rc_t rc;

    if (fstat(fd, &st) != 0 || pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
        !page_is_possible(&head, &st)) {
        rc = senda_fail(err, SENDA_BAD, "%s/" BOARD_NAME ": not a board of version %d", dir,
            BOARD_VERSION);
        goto failed;
    }
    b = calloc(1, sizeof(*b));
    if (b == NULL) {
        rc = senda_fail(err, SENDA_SYS, "%s/" BOARD_NAME ": no memory", dir);
        goto failed;
    }
    map = mmap(NULL, BOARD_SIZE, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        rc = senda_fail(err, SENDA_SYS, "%s/" BOARD_NAME ": cannot map: %s", dir, strerror(errno));
        goto failed;
    }
    *b = (senda_board_t){ .page = map, .fd = fd, .writable = writable };
    *out = b;
    return SENDA_OK;

failed:
    free(b);
    (void)close(fd);
    return rc;
}

static senda_rc_t
look(senda_board_t **out, int dir, const char *where, senda_err_t *err)
{
    const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    bool writable = true;
    int fd = openat(dir, BOARD_NAME, O_RDWR | flags);

    if (fd < 0 && (errno == EACCES || errno == EROFS)) {
        writable = false;
        fd = openat(dir, BOARD_NAME, O_RDONLY | flags);
    }
    if (fd < 0) {
        return senda_fail(err, errno == ENOENT ? SENDA_NONE : SENDA_BAD,
            "%s/" BOARD_NAME ": cannot open: %s", where, strerror(errno));
    }
    return map_file(out, fd, writable, where, err);
}

/* Removes what others were making when they died. */
static void
clear_leftovers(int dir)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    int pid;

    if (d == NULL) {
        if (copy >= 0) {
            (void)close(copy);
        }
        return;
    }
    while ((entry = readdir(d)) != NULL) {
        if (sscanf(entry->d_name, BOARD_TEMPORARY "%d", &pid) == 1 && pid > 0 &&
            kill(pid, 0) != 0 && errno == ESRCH) {
            (void)unlinkat(dir, entry->d_name, 0);
        }
    }
    (void)closedir(d);
}

/* A new board's space and head; its group is the directory's, where that is allowed. */
static senda_rc_t
fill(int fd, int dir, const char *where, senda_err_t *err)
{
    board_page_t page;
    struct stat st;
    bool shared;
    int code = posix_fallocate(fd, 0, BOARD_SIZE);

    if (code != 0) {
        return senda_fail(err, code == ENOSPC || code == EDQUOT ? SENDA_FULL : SENDA_SYS,
            "%s: cannot set %d bytes aside: %s", where, BOARD_SIZE, strerror(code));
    }
    memset(&page, 0, sizeof(page));
    memcpy(page.magic, BOARD_MAGIC, sizeof(page.magic));
    page.version = BOARD_VERSION;
    page.cells = CELLS_ROOM;
    shared = fstat(dir, &st) == 0 && fchown(fd, (uid_t)-1, st.st_gid) == 0;
    if (fchmod(fd, shared ? 0660 : 0600) != 0 ||
        pwrite(fd, &page, sizeof(page), 0) != (ssize_t)sizeof(page)) {
        return senda_fail(err, SENDA_SYS, "%s: cannot write: %s", where, strerror(errno));
    }
    return SENDA_OK;
}

/* Makes a board; replace: also where there is one. SENDA_NONE: another was quicker. */
static senda_rc_t
make(int dir, const char *where, bool replace, senda_err_t *err)
{
    char temporary[sizeof(BOARD_TEMPORARY) + 16];
    senda_rc_t rc;
    int fd, code;

    clear_leftovers(dir);
    (void)snprintf(temporary, sizeof(temporary), BOARD_TEMPORARY "%ld", (long)getpid());
    (void)unlinkat(dir, temporary, 0); /* ours alone, by its name */
    fd = openat(dir, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return senda_fail(err, errno == ENOSPC || errno == EDQUOT ? SENDA_FULL : SENDA_SYS,
            "%s: cannot make a board: %s", where, strerror(errno));
    }
    rc = fill(fd, dir, where, err);
    (void)close(fd);
    if (rc == SENDA_OK) {
        code = replace ? renameat(dir, temporary, dir, BOARD_NAME)
                       : linkat(dir, temporary, dir, BOARD_NAME, 0);
        if (code != 0) {
            rc = senda_fail(err, errno == EEXIST && !replace ? SENDA_NONE : SENDA_SYS,
                "%s/" BOARD_NAME ": cannot put it there: %s", where, strerror(errno));
        }
    }
    (void)unlinkat(dir, temporary, 0);
    return rc;
}

static senda_rc_t
open_either(senda_board_t **out, const char *dir, bool make_it, senda_err_t *err)
{
    senda_rc_t rc = SENDA_NONE;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *out = NULL;
    if (fd < 0) {
        return senda_fail(err, errno == ENOENT && !make_it ? SENDA_NONE : SENDA_SYS,
            "%s: cannot open: %s", dir, strerror(errno));
    }
    for (unsigned i = 0;; i++) {
        rc = look(out, fd, dir, err);
        if (rc == SENDA_OK && make_it && *out != NULL && !(*out)->writable) {
            senda_board_close(*out);
            *out = NULL;
            rc = senda_fail(err, SENDA_BAD, "%s/" BOARD_NAME ": may not be written", dir);
        }
        if ((rc != SENDA_NONE && rc != SENDA_BAD) || !make_it || i == BOARD_TRIES) {
            break;
        }
        rc = make(fd, dir, rc == SENDA_BAD, err);
        if (rc != SENDA_OK && rc != SENDA_NONE) {
            break;
        }
    }
    (void)close(fd);
    return make_it && (rc == SENDA_NONE || rc == SENDA_BAD) ? SENDA_SYS : rc;
}

senda_rc_t
senda_board_open(senda_board_t **out, const char *dir, senda_err_t *err)
{
    return open_either(out, dir, true, err);
}

senda_rc_t
senda_board_look(senda_board_t **out, const char *dir, senda_err_t *err)
{
    return open_either(out, dir, false, err);
}

void
senda_board_close(senda_board_t *b)
{
    if (b != NULL) {
        (void)munmap(b->page, BOARD_SIZE);
        (void)close(b->fd);
        free(b);
    }
}

bool
senda_board_is_gone(const senda_board_t *b)
{
    struct stat st;

    return fstat(b->fd, &st) == 0 && st.st_nlink == 0;
}

/* ---- cells ---- */

uint64_t
senda_board_get(const senda_board_t *b, senda_board_cell_t cell)
{
    return (unsigned)cell < SENDA_BOARD_CELLS
        ? atomic_load_explicit(&b->page->cell[cell], memory_order_relaxed)
        : 0;
}

void
senda_board_set(senda_board_t *b, senda_board_cell_t cell, uint64_t value)
{
    if ((unsigned)cell < SENDA_BOARD_CELLS && b->writable) {
        atomic_store_explicit(&b->page->cell[cell], value, memory_order_relaxed);
    }
}

void
senda_board_add(senda_board_t *b, senda_board_cell_t cell, uint64_t n)
{
    senda_board_set(b, cell, senda_board_get(b, cell) + n);
}

uint64_t
senda_board_dropped(const senda_board_t *b, unsigned reason)
{
    return reason < DROPPED_ROOM
        ? atomic_load_explicit(&b->page->dropped[reason], memory_order_relaxed)
        : 0;
}

void
senda_board_add_dropped(senda_board_t *b, unsigned reason, uint64_t n)
{
    if (reason < DROPPED_ROOM && b->writable) {
        atomic_store_explicit(&b->page->dropped[reason], senda_board_dropped(b, reason) + n,
            memory_order_relaxed);
    }
}

/* ---- deaths ---- */

/* Several may die at once: each takes a place of its own, in turn. */
void
senda_board_death(senda_board_t *b, uint64_t now)
{
    uint64_t turn, died;

    if (!b->writable) {
        return;
    }
    turn = atomic_fetch_add(&b->page->cell[SENDA_BOARD_DEATHS], 1);
    atomic_store(&b->page->died[turn % SENDA_BOARD_DEATHS_MAX], now + 1);
    for (unsigned i = 0; i < SENDA_BOARD_DEATHS_MAX; i++) {
        died = atomic_load(&b->page->died[i]);
        if (died == 0 || died > now + 1 || now + 1 - died > SENDA_BOARD_WITHIN) {
            return;
        }
    }
    atomic_store(&b->page->passive, 1);
}

bool
senda_board_passive(const senda_board_t *b)
{
    return atomic_load_explicit(&b->page->passive, memory_order_acquire) != 0;
}

void
senda_board_trust(senda_board_t *b)
{
    if (!b->writable) {
        return;
    }
    for (unsigned i = 0; i < SENDA_BOARD_DEATHS_MAX; i++) {
        atomic_store(&b->page->died[i], 0);
    }
    atomic_store(&b->page->passive, 0);
}
