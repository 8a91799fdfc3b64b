/*
 * A worker's ring in a mapped file: a page of header, then size bytes in which
 * records lie one after another. Positions only grow; a position's place is
 * its value modulo size.
 *
 * A record is its length, a checksum, its bytes and padding to 8. None
 * straddles the end: a pad mark sends the reader to the start. The checksum
 * takes the position in, so that what an earlier lap left never passes for a
 * record. head moves, with release, when a record is complete; a producer
 * killed before that leaves nothing. The file is made under another name and
 * linked when whole, so that no half-made ring is ever seen.
 *
 * Never waits, never takes a lock, never deletes a ring. A header that cannot
 * be is refused when the file is opened; a damaged record is SENDA_BAD.
 */

#include "senda_ring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define RING_MAGIC     "senda-rg"
#define RING_VERSION   1
#define RING_HEADER    4096
#define RING_TEMPORARY ".ring-"
#define RECORD_HEAD    8
#define PAD_MARK       UINT32_MAX
#define DROPS_ROOM     64

/* Cells of producer and consumer lie in cache lines of their own. */
typedef struct {
    char magic[8];
    uint32_t version, header;
    uint64_t size, id;
    _Atomic uint64_t owner; /* pid << 32 | start time's low half; 0: nobody */
    _Alignas(64) _Atomic uint64_t head;
    _Alignas(64) _Atomic uint64_t tail;
    _Alignas(64) _Atomic uint64_t drops[DROPS_ROOM];
    _Alignas(64) _Atomic uint64_t wanted; /* what follows is zero in a file of before */
    _Alignas(64) _Atomic uint64_t durable;
} ring_header_t;

_Static_assert(sizeof(ring_header_t) <= RING_HEADER, "the header is one page");
_Static_assert(SENDA_DROP_REASONS <= DROPS_ROOM, "a cell for each reason");

struct senda_ring_s {
    ring_header_t *h;
    char *data;
    uint64_t mask, size;
    uint64_t tail_seen; /* producer: the tail as it was last looked at */
    uint64_t owner;     /* what this handle wrote as owner; 0 for the consumer */
    int fd;             /* producer: the file, to see whether it is still there; else -1 */
};

static const char *const drop_names[SENDA_DROP_REASONS] = {
    [SENDA_DROP_FULL] = "full",
    [SENDA_DROP_TOO_LARGE] = "too_large",
    [SENDA_DROP_LONG_URL] = "long_url",
    [SENDA_DROP_HEADER] = "header",
    [SENDA_DROP_BOT] = "bot",
    [SENDA_DROP_PREFETCH] = "prefetch",
    [SENDA_DROP_STATUS] = "status",
    [SENDA_DROP_ASSET] = "asset",
    [SENDA_DROP_CONSENT] = "consent",
    [SENDA_DROP_COOKIE] = "cookie",
    [SENDA_DROP_FIT] = "fit",
    [SENDA_DROP_FORM] = "form",
    [SENDA_DROP_FIELD] = "field",
    [SENDA_DROP_TOKEN] = "token",
    [SENDA_DROP_DURABLE] = "durable",
};

const char *
senda_drop_name(senda_drop_t reason)
{
    return (unsigned)reason < SENDA_DROP_REASONS ? drop_names[reason] : "unknown";
}

/* ---- who owns a ring ---- */

typedef enum {
    PROCESS_RUNS,
    PROCESS_DEAD,    /* it only waits for its parent */
    PROCESS_UNKNOWN, /* /proc does not say */
} process_t;

/*
 * A process's state and start time, fields 3 and 22 of its stat; the name
 * before them is in parentheses and may hold any byte.
 */
static process_t
look_at(unsigned pid, uint64_t *start)
{
    char path[64], buf[1024], *p;
    unsigned long long ticks;
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return PROCESS_UNKNOWN;
    }
    n = read(fd, buf, sizeof(buf) - 1);
    (void)close(fd);
    buf[n > 0 ? n : 0] = '\0';
    p = strrchr(buf, ')');
    if (p == NULL || p[1] != ' ') {
        return PROCESS_UNKNOWN;
    }
    if (p[2] == 'Z' || p[2] == 'X') {
        return PROCESS_DEAD;
    }
    p++; /* on the space before field 3 */
    for (int field = 3; p != NULL && field < 22; field++) {
        p = strchr(p + 1, ' ');
    }
    if (p == NULL || sscanf(p, " %llu", &ticks) != 1) {
        return PROCESS_UNKNOWN;
    }
    *start = ticks;
    return PROCESS_RUNS;
}

static uint64_t
own_word(void)
{
    uint64_t start = 0;
    unsigned pid = (unsigned)getpid();

    (void)look_at(pid, &start);
    return (uint64_t)pid << 32 | (uint32_t)start;
}

/* In doubt it lives: a ring with two producers would be worse than a ring unused. */
static bool
word_alive(uint64_t owner)
{
    unsigned pid = (unsigned)(owner >> 32);
    uint64_t start;

    if (pid == 0 || pid > INT32_MAX || (kill((pid_t)pid, 0) != 0 && errno == ESRCH)) {
        return false;
    }
    switch (look_at(pid, &start)) {
    case PROCESS_RUNS:
        return (uint32_t)start == (uint32_t)owner;
    case PROCESS_DEAD:
        return false;
    case PROCESS_UNKNOWN:
    default:
        return true;
    }
}

bool
senda_ring_owner_alive(const senda_ring_t *r)
{
    return word_alive(atomic_load_explicit(&r->h->owner, memory_order_acquire));
}

/* ---- the file ---- */

static bool
size_is_possible(uint64_t size)
{
    return size >= SENDA_RING_MIN && size <= SENDA_RING_MAX && (size & (size - 1)) == 0;
}

static bool
header_is_possible(const ring_header_t *h, uint64_t file_size)
{
    return memcmp(h->magic, RING_MAGIC, sizeof(h->magic)) == 0 && h->version == RING_VERSION &&
        h->header == RING_HEADER && size_is_possible(h->size) && file_size >= RING_HEADER + h->size;
}

static bool
positions_are_possible(const senda_ring_t *r)
{
    uint64_t head = senda_ring_head(r), tail = senda_ring_tail(r);

    return head % 8 == 0 && tail % 8 == 0 && head - tail <= r->size;
}

/* Maps fd, whose file has a whole header; takes nothing over. */
static senda_rc_t
map_file(senda_ring_t **out, int fd, bool populate, const char *name, senda_err_t *err)
{
    senda_ring_t *r;
    ring_header_t head;
    struct stat st;
    void *map;

    *out = NULL;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)senda_fail(err, SENDA_BAD, "%s: not a ring: no file", name);
        return SENDA_BAD;
    }
    if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
        !header_is_possible(&head, (uint64_t)st.st_size)) {
        (void)senda_fail(err, SENDA_BAD, "%s: not a ring of version %d", name, RING_VERSION);
        return SENDA_BAD;
    }
    r = calloc(1, sizeof(*r));
    if (r == NULL) {
        (void)senda_fail(err, SENDA_SYS, "%s: no memory", name);
        return SENDA_SYS;
    }
    map = mmap(NULL, RING_HEADER + head.size, PROT_READ | PROT_WRITE,
        MAP_SHARED | (populate ? MAP_POPULATE : 0), fd, 0);
    if (map == MAP_FAILED) {
        free(r);
        (void)senda_fail(err, SENDA_SYS, "%s: cannot map: %s", name, strerror(errno));
        return SENDA_SYS;
    }
    r->h = map;
    r->data = (char *)map + RING_HEADER;
    r->size = head.size;
    r->mask = head.size - 1;
    r->fd = -1;
    *out = r;
    return SENDA_OK;
}

senda_rc_t
senda_ring_facts(senda_ring_facts_t *out, int dir, const char *name)
{
    ring_header_t h;
    struct stat st;
    uint64_t owner, head, tail, wanted, durable;
    bool read_all;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

    memset(out, 0, sizeof(*out));
    if (fd < 0) {
        return SENDA_SYS;
    }
    read_all = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h);
    (void)close(fd);
    if (!read_all || !header_is_possible(&h, (uint64_t)st.st_size)) {
        return SENDA_BAD;
    }
    owner = atomic_load(&h.owner);
    head = atomic_load(&h.head);
    tail = atomic_load(&h.tail);
    wanted = atomic_load(&h.wanted);
    durable = atomic_load(&h.durable);
    out->id = h.id;
    out->size = h.size;
    out->used = head - tail <= h.size ? head - tail : 0; /* tail may be of a moment later */
    out->unsynced = wanted > durable ? wanted - durable : 0;
    out->pid = (unsigned)(owner >> 32);
    out->alive = word_alive(owner);
    for (unsigned i = 0; i < SENDA_DROP_REASONS; i++) {
        out->dropped[i] = atomic_load(&h.drops[i]);
    }
    return SENDA_OK;
}

senda_rc_t
senda_ring_open(senda_ring_t **out, const char *path, senda_err_t *err)
{
    senda_rc_t rc;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

    *out = NULL;
    if (fd < 0) {
        return senda_fail(err, SENDA_SYS, "%s: cannot open: %s", path, strerror(errno));
    }
    rc = map_file(out, fd, false, path, err);
    (void)close(fd);
    return rc;
}

void
senda_ring_close(senda_ring_t *r)
{
    uint64_t mine;

    if (r == NULL) {
        return;
    }
    mine = r->owner;
    if (mine != 0) {
        (void)atomic_compare_exchange_strong(&r->h->owner, &mine, 0);
    }
    if (r->fd >= 0) {
        (void)close(r->fd);
    }
    (void)munmap(r->h, RING_HEADER + r->size);
    free(r);
}

bool
senda_ring_is_gone(const senda_ring_t *r)
{
    struct stat st;

    return r->fd >= 0 && fstat(r->fd, &st) == 0 && st.st_nlink == 0;
}

/* Takes the ring name over if nobody alive owns it. SENDA_NONE: not to be had. */
static senda_rc_t
take_over(senda_ring_t **out, int dir, const char *name, size_t size, uint64_t me)
{
    senda_ring_t *r = NULL;
    uint64_t owner;
    senda_rc_t rc;
    int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

    if (fd < 0) {
        return SENDA_NONE;
    }
    rc = map_file(&r, fd, true, name, NULL);
    if (rc != SENDA_OK) {
        (void)close(fd);
        return SENDA_NONE;
    }
    r->fd = fd;
    owner = atomic_load_explicit(&r->h->owner, memory_order_acquire);
    if (r->size != size || word_alive(owner) ||
        !atomic_compare_exchange_strong(&r->h->owner, &owner, me)) {
        senda_ring_close(r);
        return SENDA_NONE;
    }
    r->owner = me;
    if (!positions_are_possible(r)) { /* damaged: it would never have room */
        senda_ring_close(r);
        return SENDA_NONE;
    }
    r->tail_seen = senda_ring_tail(r);
    *out = r;
    return SENDA_OK;
}

/* Writes a new ring's space and header into fd. SENDA_FULL: no room for it. */
static senda_rc_t
fill(int fd, size_t size, uint64_t me, const char *name, senda_err_t *err)
{
    ring_header_t h;
    int code = posix_fallocate(fd, 0, (off_t)(RING_HEADER + size));

    if (code != 0) {
        return senda_fail(err, code == ENOSPC || code == EDQUOT ? SENDA_FULL : SENDA_SYS,
            "%s: cannot set %zu bytes aside: %s", name, RING_HEADER + size, strerror(code));
    }
    memset(&h, 0, sizeof(h));
    memcpy(h.magic, RING_MAGIC, sizeof(h.magic));
    h.version = RING_VERSION;
    h.header = RING_HEADER;
    h.size = size;
    atomic_init(&h.owner, me);
    while (h.id == 0) {
        if (getrandom(&h.id, sizeof(h.id), 0) != (ssize_t)sizeof(h.id)) {
            return senda_fail(err, SENDA_SYS, "%s: no randomness: %s", name, strerror(errno));
        }
    }
    if (fchmod(fd, 0660) != 0 || pwrite(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h)) {
        return senda_fail(err, SENDA_SYS, "%s: cannot write: %s", name, strerror(errno));
    }
    return SENDA_OK;
}

/* Gives the finished file the first free name. */
static senda_rc_t
link_free_name(int dir, const char *temporary, const char *where, senda_err_t *err)
{
    char name[32];

    for (unsigned i = 0; i < SENDA_RINGS_MAX; i++) {
        (void)snprintf(name, sizeof(name), SENDA_RING_PREFIX "%u", i);
        if (linkat(dir, temporary, dir, name, 0) == 0) {
            return SENDA_OK;
        }
        if (errno != EEXIST) {
            return senda_fail(err, SENDA_SYS, "%s/%s: cannot link: %s", where, name,
                strerror(errno));
        }
    }
    return senda_fail(err, SENDA_FULL, "%s: %d rings already", where, SENDA_RINGS_MAX);
}

static senda_rc_t
create(senda_ring_t **out, int dir, const char *where, size_t size, uint64_t me, senda_err_t *err)
{
    char temporary[64];
    senda_rc_t rc;
    int fd;

    (void)snprintf(temporary, sizeof(temporary), RING_TEMPORARY "%016llx", (unsigned long long)me);
    (void)unlinkat(dir, temporary, 0); /* ours alone, by its name */
    fd = openat(dir, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return senda_fail(err, errno == ENOSPC ? SENDA_FULL : SENDA_SYS,
            "%s: cannot make a ring: %s", where, strerror(errno));
    }
    rc = fill(fd, size, me, where, err);
    if (rc == SENDA_OK) {
        rc = map_file(out, fd, true, where, err);
    }
    if (rc != SENDA_OK) {
        (void)close(fd);
    } else {
        (*out)->fd = fd;
        (*out)->owner = me;
        rc = link_free_name(dir, temporary, where, err);
        if (rc != SENDA_OK) {
            senda_ring_close(*out);
            *out = NULL;
        }
    }
    (void)unlinkat(dir, temporary, 0);
    return rc;
}

/* A file that was being made when its maker died. */
static void
clear_leftover(int dir, const char *name)
{
    unsigned long long owner;

    if (sscanf(name, RING_TEMPORARY "%16llx", &owner) == 1 && !word_alive(owner)) {
        (void)unlinkat(dir, name, 0);
    }
}

senda_rc_t
senda_ring_claim(senda_ring_t **out, const char *dir, size_t size, senda_err_t *err)
{
    senda_rc_t rc = SENDA_NONE;
    uint64_t me = own_word();
    struct dirent *entry;
    DIR *d;

    *out = NULL;
    if (!size_is_possible(size)) {
        return senda_fail(err, SENDA_SYS,
            "a ring has a power of two of bytes between %u and %u, not %zu", SENDA_RING_MIN,
            SENDA_RING_MAX, size);
    }
    d = opendir(dir);
    if (d == NULL) {
        return senda_fail(err, SENDA_SYS, "%s: cannot open: %s", dir, strerror(errno));
    }
    while (rc == SENDA_NONE && (entry = readdir(d)) != NULL) {
        if (strncmp(entry->d_name, SENDA_RING_PREFIX, sizeof(SENDA_RING_PREFIX) - 1) == 0) {
            rc = take_over(out, dirfd(d), entry->d_name, size, me);
        } else if (strncmp(entry->d_name, RING_TEMPORARY, sizeof(RING_TEMPORARY) - 1) == 0) {
            clear_leftover(dirfd(d), entry->d_name);
        }
    }
    if (rc == SENDA_NONE) {
        rc = create(out, dirfd(d), dir, size, me, err);
    }
    (void)closedir(d);
    return rc;
}

/*
 * The owner word stays this process's when the file is gone: who had opened it
 * just before finds it owned by somebody alive. Were that process to die at
 * this very moment, a claim could still succeed; senda_ring_is_gone tells then.
 */
senda_rc_t
senda_ring_remove(const char *dir, const char *name, uint64_t id)
{
    senda_ring_t *r = NULL;
    senda_rc_t rc = SENDA_NONE;
    uint64_t owner, me = own_word();
    int fd, d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (d < 0) {
        return SENDA_NONE;
    }
    fd = openat(d, name, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 || map_file(&r, fd, false, name, NULL) != SENDA_OK) {
        goto done;
    }
    owner = atomic_load_explicit(&r->h->owner, memory_order_acquire);
    if (r->h->id != id || word_alive(owner) ||
        !atomic_compare_exchange_strong(&r->h->owner, &owner, me)) {
        goto done;
    }
    if (senda_ring_head(r) == senda_ring_tail(r) && unlinkat(d, name, 0) == 0) {
        rc = SENDA_OK;
    } else {
        atomic_store_explicit(&r->h->owner, 0, memory_order_release);
    }

done:
    senda_ring_close(r);
    if (fd >= 0) {
        (void)close(fd);
    }
    (void)close(d);
    return rc;
}

uint64_t
senda_ring_size(const senda_ring_t *r)
{
    return r->size;
}

/* ---- records ---- */

uint64_t
senda_ring_id(const senda_ring_t *r)
{
    return r->h->id;
}

uint64_t
senda_ring_tail(const senda_ring_t *r)
{
    return atomic_load_explicit(&r->h->tail, memory_order_acquire);
}

uint64_t
senda_ring_head(const senda_ring_t *r)
{
    return atomic_load_explicit(&r->h->head, memory_order_acquire);
}

void
senda_ring_release(senda_ring_t *r, uint64_t pos)
{
    atomic_store_explicit(&r->h->tail, pos, memory_order_release);
}

uint64_t
senda_ring_want_durable(senda_ring_t *r)
{
    uint64_t head = atomic_load_explicit(&r->h->head, memory_order_relaxed);

    atomic_store_explicit(&r->h->wanted, head, memory_order_release);
    return head;
}

uint64_t
senda_ring_wanted(const senda_ring_t *r)
{
    return atomic_load_explicit(&r->h->wanted, memory_order_acquire);
}

uint64_t
senda_ring_durable(const senda_ring_t *r)
{
    return atomic_load_explicit(&r->h->durable, memory_order_acquire);
}

void
senda_ring_set_durable(senda_ring_t *r, uint64_t pos)
{
    atomic_store_explicit(&r->h->durable, pos, memory_order_release);
}

void
senda_ring_drop(senda_ring_t *r, senda_drop_t reason)
{
    if ((unsigned)reason < SENDA_DROP_REASONS) { /* one writer: no locked addition */
        atomic_store_explicit(&r->h->drops[reason],
            atomic_load_explicit(&r->h->drops[reason], memory_order_relaxed) + 1,
            memory_order_relaxed);
    }
}

uint64_t
senda_ring_dropped(const senda_ring_t *r, senda_drop_t reason)
{
    return (unsigned)reason < SENDA_DROP_REASONS
        ? atomic_load_explicit(&r->h->drops[reason], memory_order_relaxed)
        : 0;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
    a = (a ^ b) * 0x9e3779b97f4a7c15u;
    return a ^ a >> 32;
}

/* Every step is a bijection: what differs in one word never has the same 64 bits. */
static uint32_t
checksum(uint64_t pos, const char *p, size_t n)
{
    uint64_t a = mix(pos, n), b = ~a, w[2];

    for (; n >= 16; p += 16, n -= 16) {
        memcpy(w, p, 16);
        a = mix(a, w[0]);
        b = mix(b, w[1]);
    }
    w[0] = w[1] = 0;
    if (n > 0) {
        memcpy(w, p, n);
    }
    a = mix(mix(a, w[0]), mix(b, w[1]));
    return (uint32_t)(a >> 32 ^ a);
}

static uint64_t
record_room(size_t len)
{
    return RECORD_HEAD + (((uint64_t)len + 7) & ~7ull);
}

senda_rc_t
senda_ring_put(senda_ring_t *r, const void *data, size_t len)
{
    uint64_t head = atomic_load_explicit(&r->h->head, memory_order_relaxed);
    uint64_t room, pad = 0, place = head & r->mask;
    uint32_t words[2];

    if (len > SENDA_RECORD_MAX) {
        senda_ring_drop(r, SENDA_DROP_TOO_LARGE);
        return SENDA_FULL;
    }
    room = record_room(len);
    if (place + room > r->size) {
        pad = r->size - place;
    }
    if (head + pad + room - r->tail_seen > r->size) {
        r->tail_seen = senda_ring_tail(r);
        if (head + pad + room - r->tail_seen > r->size) {
            senda_ring_drop(r, SENDA_DROP_FULL);
            return SENDA_FULL;
        }
    }
    if (pad > 0) {
        words[0] = PAD_MARK;
        memcpy(r->data + place, words, sizeof(words[0]));
        head += pad;
        place = 0;
    }
    words[0] = (uint32_t)len;
    words[1] = checksum(head, data, len);
    memcpy(r->data + place, words, RECORD_HEAD);
    if (len > 0) {
        memcpy(r->data + place + RECORD_HEAD, data, len);
    }
    atomic_store_explicit(&r->h->head, head + room, memory_order_release);
    return SENDA_OK;
}

/* The record at pos, which is before head; SENDA_BAD when it cannot be one. */
static senda_rc_t
read_record(const senda_ring_t *r, uint64_t head, uint64_t *pos, senda_str_t *data)
{
    uint64_t place = *pos & r->mask;
    uint32_t words[2];

    memcpy(words, r->data + place, RECORD_HEAD);
    if (words[0] == PAD_MARK) {
        *pos += r->size - place;
        place = 0;
        if (head - *pos > r->size || head == *pos) {
            return SENDA_BAD;
        }
        memcpy(words, r->data, RECORD_HEAD);
    }
    if (words[0] > SENDA_RECORD_MAX || place + record_room(words[0]) > r->size ||
        record_room(words[0]) > head - *pos ||
        checksum(*pos, r->data + place + RECORD_HEAD, words[0]) != words[1]) {
        return SENDA_BAD;
    }
    *data = (senda_str_t){ r->data + place + RECORD_HEAD, words[0] };
    *pos += record_room(words[0]);
    return SENDA_OK;
}

senda_rc_t
senda_ring_next(senda_ring_t *r, uint64_t *pos, senda_str_t *data)
{
    uint64_t head = senda_ring_head(r);
    senda_rc_t rc = SENDA_BAD;

    *data = (senda_str_t){ NULL, 0 };
    if (*pos == head) {
        return SENDA_NONE;
    }
    if (*pos % 8 == 0 && head % 8 == 0 && head - *pos <= r->size) {
        rc = read_record(r, head, pos, data);
    }
    if (rc != SENDA_OK) {
        *pos = head;
    }
    return rc;
}
