/*
 * Power cuts, from what preload_record.c wrote of the journal's file.
 *
 *     tool_power LOG SCRATCH IMAGES SEED
 *
 * The disk is one of 4 KiB blocks: a block keeps what it had at the last sync,
 * or what any of the writes since then made of it, each for itself, in any
 * order. At random points of the log (in the middle of a write too) such an
 * image is made in SCRATCH and opened. It must open, hold the visits of the
 * journal from its first on without a gap, each as it was, up to the last
 * commit or the one before it; and it must be written on after a new start.
 *
 * Prints "images N bad N whole N behind N commits N visits N": behind are those
 * that lost the last commit. A line "bad …" for each bad one. Status 1 if any.
 */

#include "preload_record.h"
#include "senda_bytes.h"
#include "senda_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK        4096u
#define BLOCKS_MAX   65536u /* 256 MiB of journal */
#define VERSIONS_MAX 64u    /* of one block between two syncs; the oldest are forgotten */
#define NUMBER       ((1ull << 48) - 1)

typedef struct {
    char *durable; /* NULL: never written */
    unsigned n;
    char *version[VERSIONS_MAX];
} block_t;

static block_t *blocks;
static unsigned nblocks, ndirty;
static unsigned *dirty;
static char *text;
static size_t ntext;
static uint64_t *reference, nreference; /* hash of the visit with each number */
static struct {
    senda_seq_t head;
    unsigned record; /* with which it was whole */
} * commits;         /* in order */
static unsigned ncommits;
static char dir[PATH_MAX];
static uint64_t seed;

static uint64_t
draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void
need(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "tool_power: %s: %s\n", what, strerror(errno));
        exit(2);
    }
}

/* p with room for n bytes; ends the program when there is none. */
static void *
more(void *p, size_t n)
{
    void *larger = realloc(p, n);

    need(larger != NULL, "memory");
    return larger;
}

static uint64_t
hash(senda_str_t s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    }
    return h;
}

/* ---- the disk ---- */

static char *
latest(block_t *b)
{
    return b->n > 0 ? b->version[b->n - 1] : b->durable;
}

/* The bytes of one write that fall into a block are one more version of it. */
static void
write_block(unsigned number, size_t at, const char *data, size_t len)
{
    block_t *b = &blocks[number];
    char *made = calloc(1, BLOCK);

    need(number < BLOCKS_MAX && made != NULL, "the file is too large");
    if (latest(b) != NULL) {
        memcpy(made, latest(b), BLOCK);
    }
    memcpy(made + at, data, len);
    if (b->n == 0) {
        dirty[ndirty++] = number;
    } else if (b->n == VERSIONS_MAX) {
        free(b->version[0]);
        memmove(b->version, b->version + 1, (VERSIONS_MAX - 1) * sizeof(char *));
        b->n--;
    }
    b->version[b->n++] = made;
    nblocks = number >= nblocks ? number + 1 : nblocks;
}

static void
write_disk(uint64_t offset, const char *data, size_t len)
{
    while (len > 0) {
        size_t at = offset % BLOCK, n = BLOCK - at < len ? BLOCK - at : len;

        need(offset / BLOCK < BLOCKS_MAX, "the file is too large");
        write_block((unsigned)(offset / BLOCK), at, data, n);
        offset += n;
        data += n;
        len -= n;
    }
}

static void
settle(block_t *b)
{
    if (b->n == 0) {
        return;
    }
    free(b->durable);
    b->durable = b->version[--b->n];
    while (b->n > 0) {
        free(b->version[--b->n]);
    }
}

static void
sync_disk(void)
{
    while (ndirty > 0) {
        settle(&blocks[dirty[--ndirty]]);
    }
}

static void
apply(const record_t *r, const char *data)
{
    if (r->kind == RECORD_SYNC) {
        sync_disk();
        return;
    }
    write_disk(r->offset, data, r->len);
    if (r->kind == RECORD_DURABLE) {
        for (uint64_t i = r->offset / BLOCK; i <= (r->offset + r->len - 1) / BLOCK; i++) {
            settle(&blocks[i]);
        }
        ndirty = 0;
        for (unsigned i = 0; i < nblocks; i++) {
            if (blocks[i].n > 0) {
                dirty[ndirty++] = i;
            }
        }
    }
}

static void
forget_disk(void)
{
    for (unsigned i = 0; i < nblocks; i++) {
        settle(&blocks[i]);
        free(blocks[i].durable);
        blocks[i].durable = NULL;
    }
    nblocks = ndirty = 0;
}

/* ---- an image ---- */

static int
fresh_file(void)
{
    char path[PATH_MAX + 16];
    int fd;

    snprintf(path, sizeof(path), "%s/lock.mdb", dir);
    (void)unlink(path);
    snprintf(path, sizeof(path), "%s/data.mdb", dir);
    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    need(fd >= 0, path);
    return fd;
}

/* keep in 1/256: how likely a block kept a write; 256: all of them their last. */
static void
make_image(unsigned keep)
{
    int fd = fresh_file();

    for (unsigned i = 0; i < nblocks; i++) {
        block_t *b = &blocks[i];
        const char *data = b->durable;

        if (b->n > 0 && draw() % 256 < keep) {
            data = keep == 256 ? latest(b) : b->version[draw() % b->n];
        }
        if (data != NULL) {
            need(pwrite(fd, data, BLOCK, (off_t)i * BLOCK) == BLOCK, "an image");
        }
    }
    (void)close(fd);
}

typedef struct {
    senda_seq_t last;
    bool learn; /* fill the reference instead of comparing */
    const char *bad;
} walk_t;

static senda_rc_t
one_visit(void *ctx, senda_seq_t seq, senda_str_t record)
{
    walk_t *w = ctx;
    uint64_t number = seq & NUMBER;

    if (w->learn) {
        if (number >= nreference) {
            uint64_t n = number * 2 + 1024;

            reference = more(reference, n * sizeof(*reference));
            memset(reference + nreference, 0, (n - nreference) * sizeof(*reference));
            nreference = n;
        }
        reference[number] = hash(record);
    } else if (number >= nreference || reference[number] != hash(record)) {
        w->bad = "a visit that is not the journal's";
        return SENDA_BAD;
    }
    if (w->last != 0 && seq != w->last + 1) {
        w->bad = "a gap between visits";
        return SENDA_BAD;
    }
    w->last = seq;
    return SENDA_OK;
}

/* NULL: the journal can be read from its first visit to its head. */
static const char *
walk(walk_t *w, senda_seq_t *head)
{
    senda_journal_t *j;
    senda_err_t err = { 0 };
    senda_rc_t rc = senda_journal_open_read(&j, dir, &err);

    *head = 0;
    if (rc == SENDA_NONE) {
        return NULL; /* not made yet */
    }
    if (rc != SENDA_OK) {
        fprintf(stderr, "%s\n", err.text);
        return "cannot be opened";
    }
    *head = senda_journal_head(j);
    rc = senda_journal_read(j, 0, UINT_MAX, one_visit, w, &err);
    senda_journal_close(j);
    if (w->bad != NULL || rc != SENDA_OK) {
        return w->bad != NULL ? w->bad : "cannot be read";
    }
    return w->last == *head || w->last == 0 ? NULL : "ends before its head";
}

/* NULL: after a new start of the machine one more visit goes in, behind all others. */
static const char *
write_on(senda_seq_t head)
{
    senda_journal_t *j;
    senda_err_t err = { 0 };
    senda_seq_t seq = 0;
    const char *bad = NULL;

    if (senda_journal_open_write(&j, dir, "another start", &err) != SENDA_OK) {
        fprintf(stderr, "%s\n", err.text);
        return "cannot be opened for writing";
    }
    if (senda_journal_begin(j, &err) != SENDA_OK ||
        senda_journal_add(j, SENDA_STR("one more"), &seq, &err) != SENDA_OK ||
        senda_journal_commit(j, &err) != SENDA_OK || seq <= head || senda_journal_head(j) != seq) {
        bad = "cannot be written on";
    }
    senda_journal_close(j);
    return bad;
}

/* Looks at the image in a process of its own, which a damaged file may kill; 0: it is good. */
static int
look(senda_seq_t *head)
{
    int ends[2], status;
    pid_t pid;

    need(pipe(ends) == 0, "pipe");
    pid = fork();
    need(pid >= 0, "fork");
    if (pid == 0) {
        walk_t w = { 0 };
        const char *bad = walk(&w, head);

        (void)alarm(20);
        bad = bad != NULL ? bad : write_on(*head);
        if (bad != NULL) {
            printf("bad %s\n", bad);
            fflush(stdout);
        }
        _exit(write(ends[1], head, sizeof(*head)) == sizeof(*head) && bad == NULL ? 0 : 1);
    }
    (void)close(ends[1]);
    need(waitpid(pid, &status, 0) == pid, "wait");
    if (read(ends[0], head, sizeof(*head)) != sizeof(*head)) {
        *head = 0;
    }
    (void)close(ends[0]);
    if (WIFSIGNALED(status)) {
        printf("bad signal %d\n", WTERMSIG(status));
    }
    return status;
}

/* ---- the log ---- */

static void
read_log(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    ssize_t n;

    need(size > 0, path);
    text = malloc((size_t)size);
    need(text != NULL, "memory");
    while (ntext < (size_t)size &&
        (n = pread(fd, text + ntext, (size_t)size - ntext, (off_t)ntext)) > 0) {
        ntext += (size_t)n;
    }
    (void)close(fd);
}

/* The record at *at, and *at behind it; false at the end. */
static bool
next_record(size_t *at, record_t *r, const char **data)
{
    if (ntext - *at < sizeof(*r)) {
        return false;
    }
    memcpy(r, text + *at, sizeof(*r));
    if (ntext - *at - sizeof(*r) < r->len) {
        return false;
    }
    *data = text + *at + sizeof(*r);
    *at += sizeof(*r) + r->len;
    return true;
}

/*
 * Goes through the log once, nothing lost: every head in order, and at which
 * record each came (a commit is seen when the file's first blocks are written).
 */
static unsigned
learn(void)
{
    record_t r;
    const char *data;
    size_t at = 0;
    unsigned n = 0;
    senda_journal_t *j;
    senda_seq_t head;
    walk_t w = { .learn = true };
    int fd = fresh_file();

    while (next_record(&at, &r, &data)) {
        n++;
        if (r.kind != RECORD_SYNC) {
            need(pwrite(fd, data, r.len, (off_t)r.offset) == (ssize_t)r.len, "the journal");
        }
        if (r.kind == RECORD_SYNC || r.offset >= 2 * BLOCK ||
            senda_journal_open_read(&j, dir, NULL) != SENDA_OK) {
            continue;
        }
        head = senda_journal_head(j);
        senda_journal_close(j);
        if (head != (ncommits > 0 ? commits[ncommits - 1].head : 0)) {
            commits = more(commits, (ncommits + 1) * sizeof(*commits));
            commits[ncommits].record = n;
            commits[ncommits++].head = head;
        }
    }
    (void)close(fd);
    need(walk(&w, &head) == NULL && ncommits > 1, "the journal as it was left");
    need(n > 0, "a record");
    return n;
}

static int
by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

/* The image after some records: 0 whole, 1 the last commit lost, 2 bad. */
static unsigned
judge(unsigned records)
{
    senda_seq_t head;
    unsigned seen = 0;

    make_image((unsigned)(draw() % 257));
    if (look(&head) != 0) {
        printf("bad after %u records\n", records);
        return 2;
    }
    while (seen < ncommits && commits[seen].record <= records) {
        seen++;
    }
    if (head == (seen > 0 ? commits[seen - 1].head : 0)) {
        return 0;
    }
    if (seen > 0 && head == (seen > 1 ? commits[seen - 2].head : 0)) {
        return 1;
    }
    printf("bad head %llu after %u records, %u commits\n", (unsigned long long)head, records, seen);
    return 2;
}

int
main(int argc, char **argv)
{
    unsigned *cut, images, nrecords, n = 0, done = 0, sums[3] = { 0 };
    record_t r;
    const char *data;
    size_t at = 0;
    uint64_t visits = 0;

    if (argc != 5) {
        fprintf(stderr, "tool_power: wrong arguments\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* children print as well */
    snprintf(dir, sizeof(dir), "%s", argv[2]);
    images = (unsigned)strtoul(argv[3], NULL, 10);
    seed = strtoull(argv[4], NULL, 10) * 2654435769u + 88172645463325252u;
    blocks = calloc(BLOCKS_MAX, sizeof(*blocks));
    dirty = calloc(BLOCKS_MAX, sizeof(*dirty));
    cut = calloc(images, sizeof(*cut));
    need(blocks != NULL && dirty != NULL && cut != NULL, "memory");
    read_log(argv[1]);
    nrecords = learn();
    for (unsigned i = 0; i < images; i++) {
        cut[i] = (unsigned)(draw() % nrecords) + 1;
    }
    qsort(cut, images, sizeof(*cut), by_number);
    while (done < images && next_record(&at, &r, &data)) {
        apply(&r, data);
        n++;
        for (; done < images && cut[done] == n; done++) {
            sums[judge(n)]++;
        }
    }
    forget_disk();
    for (uint64_t i = 0; i < nreference; i++) {
        visits += reference[i] != 0;
    }
    printf("images %u bad %u whole %u behind %u commits %u visits %llu\n", done, sums[2], sums[0],
        sums[1], ncommits, (unsigned long long)visits);
    free(cut);
    return sums[2] > 0 || done < images ? 1 : 0;
}
