/*
 * The mapped file. Its bytes are the memory's, in this machine's order: nobody
 * else reads them, and they mean nothing once the machine has stopped. Never
 * waits for a disk. A slot's stage is written last, with all that it says in
 * place before; whoever dies in between leaves the stage that was.
 */

#include "flights.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLIGHTS_VERSION 1
#define SLOT_SIZE       512

/* Far apart, so that no damaged bit makes one of another. */
#define WORD_ALLOWED  UINT64_C(0x416c6c6f77656421)
#define WORD_LEAVING  UINT64_C(0x9ad31e27b5c04f68)
#define WORD_ANSWERED UINT64_C(0x63b8f0915d2ea7c4)

typedef struct {
    out_id_t id;
    uint32_t tries;
} name_t;

typedef struct {
    uint32_t class, dead_address;
    int64_t retry_after;
    char answer[sizeof(((sent_t *)NULL)->answer)];
} words_t;

typedef struct {
    _Alignas(SLOT_SIZE) _Atomic uint64_t stage;
    uint64_t name_sum, words_sum;
    name_t name;
    words_t words;
} slot_t;

typedef struct {
    _Alignas(SLOT_SIZE) char magic[8];
    uint32_t version, slots, slot_size, unused;
    char boot[FLIGHTS_BOOT_MAX];
    uint64_t device, inode; /* a copy of the file is none of its notes */
    uint64_t sum;           /* of all above */
} head_t;

#define HEAD_BYTES (offsetof(head_t, sum) + sizeof(uint64_t)) /* there are no gaps in them */

typedef struct {
    head_t head;
    slot_t slots[FLIGHTS_SLOTS];
} notes_t;

struct flights_s {
    notes_t *notes;
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a stage is published in one piece");
_Static_assert(sizeof(slot_t) == SLOT_SIZE && sizeof(head_t) == SLOT_SIZE, "a slot has its size");

/* FNV-1a, of anything but nothing. */
static uint64_t
sum(const void *data, size_t n)
{
    const uint8_t *p = data;
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++) {
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static void
publish(slot_t *s, uint64_t word)
{
    atomic_store(&s->stage, word);
    atomic_thread_fence(memory_order_seq_cst); /* what follows stays behind it */
}

static void
make_head(head_t *h, const char *boot, const struct stat *st)
{
    memset(h, 0, sizeof(*h));
    memcpy(h->magic, "SENDAFLY", sizeof(h->magic));
    h->version = FLIGHTS_VERSION;
    h->slots = FLIGHTS_SLOTS;
    h->slot_size = SLOT_SIZE;
    g_strlcpy(h->boot, boot, sizeof(h->boot));
    h->device = (uint64_t)st->st_dev;
    h->inode = (uint64_t)st->st_ino;
    h->sum = sum(h, offsetof(head_t, sum));
}

/* Notes of this file and this start of the machine stay, all else goes. */
static void
take_over(notes_t *n, const char *boot, const struct stat *st)
{
    bool whole = st->st_size == (off_t)sizeof(*n);
    head_t want;
    const uint8_t *is = (const uint8_t *)&n->head, *should;

    make_head(&want, boot, st);
    should = (const uint8_t *)&want;
    if (boot[0] != '\0' && whole && memcmp(is, should, HEAD_BYTES) == 0) {
        return;
    }
    memset(&n->head, 0, sizeof(n->head));
    atomic_thread_fence(memory_order_seq_cst);
    memset((void *)n->slots, 0, sizeof(n->slots));
    atomic_thread_fence(memory_order_seq_cst);
    n->head = want;
}

senda_rc_t
flights_open(flights_t **out, const char *file, const char *boot, senda_err_t *err)
{
    int fd = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), code = 0;
    void *map = MAP_FAILED;
    struct stat st = { .st_size = 0 };

    *out = NULL;
    if (fd < 0 || fstat(fd, &st) != 0) {
        code = errno;
    } else if (!S_ISREG(st.st_mode)) {
        code = EINVAL;
    } else if (fchmod(fd, 0600) != 0 || ftruncate(fd, sizeof(notes_t)) != 0) {
        code = errno;
    } else {
        code = posix_fallocate(fd, 0, sizeof(notes_t)); /* or a full disk would kill by SIGBUS */
    }
    if (code == 0) {
        map = mmap(NULL, sizeof(notes_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        code = errno;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (map == MAP_FAILED) {
        return senda_fail(err, code == ENOSPC || code == EDQUOT ? SENDA_FULL : SENDA_SYS,
            "cannot keep notes in %s: %s", file, g_strerror(code));
    }
    take_over(map, boot, &st);
    *out = g_new0(flights_t, 1);
    (*out)->notes = map;
    return SENDA_OK;
}

void
flights_close(flights_t *f)
{
    if (f != NULL) {
        (void)munmap(f->notes, sizeof(notes_t));
        g_free(f);
    }
}

void
flights_boot(char boot[FLIGHTS_BOOT_MAX])
{
    FILE *in = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (in == NULL || fgets(boot, FLIGHTS_BOOT_MAX, in) == NULL) {
        boot[0] = '\0';
    }
    boot[strcspn(boot, "\n")] = '\0';
    if (in != NULL) {
        (void)fclose(in);
    }
}

void
flights_clear(flights_t *f, unsigned slot)
{
    if (f != NULL) {
        publish(&f->notes->slots[slot], 0);
    }
}

void
flights_allow(flights_t *f, unsigned slot, const out_id_t *id, uint32_t tries)
{
    slot_t *s;

    if (f == NULL) {
        return;
    }
    s = &f->notes->slots[slot];
    for (unsigned i = 0; i < FLIGHTS_SLOTS; i++) {
        slot_t *other = &f->notes->slots[i];

        if (other == s || memcmp(&other->name.id, id, sizeof(*id)) == 0) {
            publish(other, 0);
        }
    }
    memset(&s->name, 0, sizeof(s->name));
    s->name.id = *id;
    s->name.tries = tries;
    s->name_sum = sum(&s->name, sizeof(s->name));
    publish(s, WORD_ALLOWED);
}

void
flights_leave(flights_t *f, unsigned slot)
{
    if (f != NULL && atomic_load(&f->notes->slots[slot].stage) == WORD_ALLOWED) {
        publish(&f->notes->slots[slot], WORD_LEAVING);
    }
}

/* Of the answer and of whose it is. */
static uint64_t
sum_of_words(const slot_t *s)
{
    return sum(&s->words, sizeof(s->words)) ^ s->name_sum;
}

void
flights_answer(flights_t *f, unsigned slot, const sent_t *answer)
{
    slot_t *s = f != NULL ? &f->notes->slots[slot] : NULL;
    uint64_t stage = s != NULL ? atomic_load(&s->stage) : 0;

    if (stage != WORD_ALLOWED && stage != WORD_LEAVING) {
        return;
    }
    memset(&s->words, 0, sizeof(s->words));
    s->words.class = (uint32_t)answer->class;
    s->words.dead_address = answer->dead_address;
    s->words.retry_after = answer->retry_after;
    g_strlcpy(s->words.answer, answer->answer, sizeof(s->words.answer));
    s->words_sum = sum_of_words(s);
    publish(s, WORD_ANSWERED);
}

static flight_stage_t
read_slot(const slot_t *s, sent_t *answer)
{
    if (s->name_sum != sum(&s->name, sizeof(s->name))) {
        return FLIGHT_NONE;
    }
    switch (atomic_load(&s->stage)) {
    case WORD_ALLOWED:
        return FLIGHT_ALLOWED;
    case WORD_LEAVING:
        return FLIGHT_LEAVING;
    case WORD_ANSWERED:
        break;
    default:
        return FLIGHT_NONE;
    }
    if (s->words_sum != sum_of_words(s) || s->words.class > SENT_HALT) {
        return FLIGHT_NONE;
    }
    memset(answer, 0, sizeof(*answer));
    answer->class = (sent_class_t)s->words.class;
    answer->dead_address = s->words.dead_address != 0;
    answer->retry_after = (long)s->words.retry_after;
    memcpy(answer->answer, s->words.answer, sizeof(answer->answer));
    return FLIGHT_ANSWERED;
}

flight_stage_t
flights_find(const flights_t *f, const out_id_t *id, uint32_t tries, sent_t *answer)
{
    for (unsigned i = 0; f != NULL && i < FLIGHTS_SLOTS; i++) {
        const slot_t *s = &f->notes->slots[i];

        if (s->name.tries == tries && memcmp(&s->name.id, id, sizeof(*id)) == 0) {
            flight_stage_t stage = read_slot(s, answer);

            if (stage != FLIGHT_NONE) {
                return stage;
            }
        }
    }
    return FLIGHT_NONE;
}
