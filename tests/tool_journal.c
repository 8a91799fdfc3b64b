/*
 * Plays nginx's drain for tests of the sidecar: visits from a description into
 * the journal, matched with the published rules, contacts sealed with
 * nginx.key's public half.
 *
 *     tool_journal STORE NGINX_KEY <LINES
 *
 * A line is fields with tabs between them: HOST, VISITOR (any text, "-" for
 * none), METHOD, PATH, then any of contact=HEADER, event=HEADER, at=MILLISECONDS,
 * dry, forget (the visitor withdraws consent). A line "commit" commits what came before it and answers "ok SEQUENCE".
 *
 * "hide" takes the last commit from readers' sight, as it is between the
 * moments in which LMDB writes it and lets it be seen; "show" gives it back.
 * Neither changes a file in a way that inotify tells of. Both answer "ok".
 */

#include "senda_journal.h"
#include "senda_keys.h"
#include "senda_published.h"
#include "senda_seal.h"
#include "senda_visit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192

static senda_err_t err;
static senda_journal_t *journal;
static senda_published_t *published;
static senda_sealer_t *sealer;
static senda_rules_t *rules;
static void *blob;
static uint64_t generation;

static void
need(senda_rc_t rc, const char *what)
{
    if (rc != SENDA_OK) {
        fprintf(stderr, "tool_journal: %s: %s\n", what, err.text);
        exit(2);
    }
}

static senda_ms_t
now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (senda_ms_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* As a worker does: the present generation of the rules. */
static void
take_rules(void)
{
    size_t len;

    if (rules != NULL && senda_published_generation(published) == generation) {
        return;
    }
    if (rules != NULL) {
        senda_rules_close(rules);
        free(blob);
    }
    need(senda_published_rules(published, &blob, &len, &generation, &err), "rules");
    need(senda_rules_open(&rules, blob, len, &err), "rules");
}

static void
seal(senda_visit_t *v, const char *contact, const char *event, char *out, size_t size)
{
    char plain[SENDA_SEALED_MAX];
    senda_private_t p = { { contact, contact != NULL ? strlen(contact) : 0 },
        { event, event != NULL ? strlen(event) : 0 }, { NULL, 0 } };
    size_t n;

    if (contact == NULL && event == NULL) {
        return;
    }
    n = senda_private_dump(&p, plain, sizeof(plain));
    v->sealed.p = out;
    v->sealed.n = senda_seal(sealer, (senda_str_t){ plain, n }, out, size);
    v->flags |= (contact != NULL ? SENDA_VISIT_CONTACT : 0u) |
        (event != NULL ? SENDA_VISIT_EVENT : 0u);
}

static void
add_event_key(senda_visit_t *v, const char *event)
{
    senda_str_t name = { event, strcspn(event, "; ") };
    senda_key_t key;

    if (senda_rules_event(rules, v->site, name, &key) != SENDA_OK) {
        return;
    }
    for (unsigned i = 0; i < v->nkeys; i++) {
        if (v->keys[i] == key) {
            return;
        }
    }
    v->keys[v->nkeys++] = key;
}

static void
add(char **field, unsigned n)
{
    static senda_url_t url;
    static senda_match_t m;
    char record[SENDA_RECORD_MAX], sealed[SENDA_SEALED_MAX];
    const char *contact = NULL, *event = NULL;
    senda_visit_t v = { .at = now(), .flags = SENDA_VISIT_PAGE };
    senda_seq_t seq;

    take_rules();
    v.generation = generation;
    v.site = senda_rules_site(rules, senda_cstr(field[0]));
    if (strcmp(field[1], "-") != 0) {
        size_t len = strlen(field[1]);

        memcpy(v.visitor.b, field[1], len < SENDA_VISITOR_LEN ? len : SENDA_VISITOR_LEN);
    }
    for (unsigned i = 4; i < n; i++) {
        if (strncmp(field[i], "contact=", 8) == 0) {
            contact = field[i] + 8;
        } else if (strncmp(field[i], "event=", 6) == 0) {
            event = field[i] + 6;
        } else if (strncmp(field[i], "at=", 3) == 0) {
            v.at = strtoll(field[i] + 3, NULL, 10);
        } else if (strcmp(field[i], "dry") == 0) {
            v.flags |= SENDA_VISIT_DRY_RUN;
        } else if (strcmp(field[i], "forget") == 0) {
            v.flags = SENDA_VISIT_FORGET;
        }
    }
    need(senda_url_parse(&url, senda_method_of(senda_cstr(field[2])), senda_cstr(field[3])),
        field[3]);
    senda_rules_match(rules, v.site, &url, &m);
    v.nkeys = m.nkeys;
    memcpy(v.keys, m.keys, sizeof(v.keys));
    v.ncaptures = m.ncaptures;
    memcpy(v.captures, m.captures, sizeof(v.captures));
    v.path = url.path;
    if (event != NULL && v.nkeys < SENDA_KEYS_MAX) {
        add_event_key(&v, event);
    }
    seal(&v, contact, event, sealed, sizeof(sealed));
    need(senda_journal_add(journal,
             (senda_str_t){ record, senda_visit_dump(&v, record, sizeof(record)) }, &seq, &err),
        "add");
}

/*
 * The number of the last commit in lock.mdb's head, where new readers take it
 * from: the one word there that has its value.
 */
static void
move_seen(const char *store, int by)
{
    uint64_t version = senda_store_version(senda_journal_store(journal)), *word, *found = NULL;
    char file[PATH_MAX];
    int fd;

    snprintf(file, sizeof(file), "%s/journal/lock.mdb", store);
    fd = open(file, O_RDWR);
    word = mmap(NULL, 128, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (unsigned i = 0; word != MAP_FAILED && i < 16; i++) {
        if (word[i] == (by < 0 ? version : version - 1)) {
            found = found == NULL ? &word[i] : NULL;
        }
    }
    if (found == NULL) {
        fprintf(stderr, "tool_journal: lock.mdb's commit is not found\n");
        exit(2);
    }
    *found += (uint64_t)by;
    munmap(word, 128);
    close(fd);
    printf("ok\n");
    fflush(stdout);
}

static void
read_lines(const char *store)
{
    char line[LINE_MAX_BYTES];
    bool begun = false;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *field[16], *rest = line;
        unsigned n = 0;

        line[strcspn(line, "\n")] = '\0';
        while (n < 16 && (field[n] = strsep(&rest, "\t")) != NULL) {
            n++;
        }
        if (strcmp(field[0], "commit") == 0) {
            if (begun) {
                need(senda_journal_commit(journal, &err), "commit");
            }
            begun = false;
            printf("ok %llx\n", (unsigned long long)senda_journal_head(journal));
            fflush(stdout);
        } else if (strcmp(field[0], "hide") == 0 || strcmp(field[0], "show") == 0) {
            move_seen(store, field[0][0] == 'h' ? -1 : 1);
        } else if (n >= 4) {
            if (!begun) {
                need(senda_journal_begin(journal, &err), "begin");
                begun = true;
            }
            add(field, n);
        }
    }
    if (begun) {
        senda_journal_abort(journal);
    }
}

int
main(int argc, char **argv)
{
    char dir[PATH_MAX];
    senda_keys_t keys;

    if (argc != 3) {
        fprintf(stderr, "tool_journal STORE NGINX_KEY <LINES\n");
        return 2;
    }
    snprintf(dir, sizeof(dir), "%s/journal", argv[1]);
    need(senda_journal_open_write(&journal, dir, "test", &err), "journal");
    snprintf(dir, sizeof(dir), "%s/published", argv[1]);
    need(senda_published_open_read(&published, dir, &err), "published");
    need(senda_keys_read(&keys, argv[2], &err), argv[2]);
    need(senda_sealer_new(&sealer, keys.seal_public, &err), "sealer");
    read_lines(argv[1]);
    senda_sealer_free(sealer);
    if (rules != NULL) {
        senda_rules_close(rules);
        free(blob);
    }
    senda_published_close(published);
    senda_journal_close(journal);
    return 0;
}
