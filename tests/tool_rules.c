/*
 * Rules and stores for the tests of the nginx module, without the language:
 *
 *     tool_rules init STORE            folders and key files
 *     tool_rules publish STORE <RULES  a new generation
 *     tool_rules live STORE LIVE       "VISITOR page NAME COUNT", "VISITOR tag NAME"
 *     tool_rules journal STORE         a line a visit, what was sealed in the open
 *     tool_rules rings LIVE            "drop REASON COUNT" over all rings, "backlog BYTES"
 *     tool_rules damage STORE          a generation that cannot be opened
 *     tool_rules cookie STORE DAYS     a cookie "senda" that was made so many days ago
 *     tool_rules person STORE EMAIL MINUTES    the same, made today, of a login so long ago
 *
 * RULES, a line each: site HOST…, page NAME [EVENT], match METHODS PATTERN,
 * except METHODS PATTERN, input NAME, event NAME, tag NAME PAGE TIMES [SECONDS],
 * show BLOCK POSITION [if].
 */

#include "rules_build.h"
#include "senda_journal.h"
#include "senda_keys.h"
#include "senda_cookie.h"
#include "senda_live.h"
#include "senda_published.h"
#include "senda_ring.h"
#include "senda_seal.h"
#include "senda_visit.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define WORDS_MAX 16

typedef struct {
    char name[SENDA_NAME_MAX + 1];
    senda_key_t key;
} named_t;

static senda_err_t err;

static void
die(const char *what)
{
    fprintf(stderr, "tool_rules: %s: %s\n", what, err.text);
    exit(2);
}

static void
need(senda_rc_t rc, const char *what)
{
    if (rc != SENDA_OK) {
        die(what);
    }
}

static const char *
join(char *buf, const char *dir, const char *name)
{
    snprintf(buf, PATH_MAX, "%s/%s", dir, name);
    return buf;
}

/* ---- init ---- */

static void
write_keys(const char *path, const senda_keys_t *keys)
{
    char text[4096];
    size_t n = senda_keys_print(keys, text, sizeof(text));
    FILE *f = fopen(path, "w");

    if (f == NULL || fwrite(text, 1, n, f) != n || fclose(f) != 0 || chmod(path, 0600) != 0) {
        die(path);
    }
}

static int
init(const char *store)
{
    static const char *const dirs[] = { "journal", "published", "state" };
    senda_keys_t nginx, sidecar;
    char path[PATH_MAX];

    mkdir(store, 0755);
    for (unsigned i = 0; i < 3; i++) {
        if (mkdir(join(path, store, dirs[i]), 0700) != 0 && errno != EEXIST) {
            die(path);
        }
    }
    need(senda_keys_make(&nginx, &sidecar, &err), "keys");
    write_keys(join(path, store, "nginx.key"), &nginx);
    write_keys(join(path, store, "sidecar.key"), &sidecar);
    return 0;
}

static int
make_cookie(const char *store, unsigned days, const char *email, unsigned minutes)
{
    senda_cookie_t c = { .day = (uint16_t)(time(NULL) / 86400 - days) };
    char path[PATH_MAX], value[SENDA_COOKIE_MAX], hex[33];
    senda_keys_t keys;
    size_t n;

    need(senda_keys_read(&keys, join(path, store, "nginx.key"), &err), path);
    need(senda_visitor_make(&c.visitor), "randomness");
    senda_visitor_print(&c.visitor, hex);
    if (email != NULL && senda_person_mark(&keys, senda_cstr(email), c.person)) {
        c.session = time(NULL) - (senda_sec_t)minutes * 60;
    }
    n = senda_cookie_make(&c, &keys, SENDA_STR("senda"), value, sizeof(value));
    printf("%s %.*s\n", hex, (int)n, value);
    return 0;
}

/* ---- publish ---- */

typedef struct {
    senda_published_t *store;
    rules_build_t *build;
    uint32_t site;
    senda_key_t page;
    named_t pages[1024];
    unsigned npages;
} rules_t;

static unsigned
split(char *line, char **words)
{
    unsigned n = 0;
    char *save = NULL;

    for (char *w = strtok_r(line, " \t\r\n", &save); w != NULL && n < WORDS_MAX;
         w = strtok_r(NULL, " \t\r\n", &save)) {
        words[n++] = w;
    }
    return n;
}

static uint32_t
id_of(rules_t *r, senda_name_kind_t kind, const char *name)
{
    uint32_t id;

    need(senda_published_id(r->store, kind, kind == SENDA_NAME_SITE ? 0 : r->site, senda_cstr(name),
             &id, &err),
        name);
    return id;
}

static senda_key_t
event_of(rules_t *r, const char *name)
{
    uint32_t number = senda_event_number(senda_cstr(name));

    return senda_key_event(number != 0 ? number : id_of(r, SENDA_NAME_EVENT, name));
}

static senda_key_t
page_of(const rules_t *r, const char *name)
{
    for (unsigned i = 0; i < r->npages; i++) {
        if (strcmp(r->pages[i].name, name) == 0) {
            return r->pages[i].key;
        }
    }
    return SENDA_KEY_ANY;
}

static void
add_page(rules_t *r, char **w, unsigned n)
{
    named_t *p = &r->pages[r->npages++];

    snprintf(p->name, sizeof(p->name), "%s", w[1]);
    p->key = r->page = id_of(r, SENDA_NAME_PAGE, w[1]);
    rules_build_page(r->build, r->site, r->page, senda_cstr(w[1]), n > 2 ? event_of(r, w[2]) : 0);
}

static void
add_pattern(rules_t *r, char **w, bool except)
{
    unsigned methods = 0;
    size_t at;

    if (strstr(w[1], "GET") != NULL) {
        methods |= SENDA_METHOD_GET;
    }
    if (strstr(w[1], "POST") != NULL) {
        methods |= SENDA_METHOD_POST;
    }
    need(rules_build_pattern(r->build, r->page, methods, except, senda_cstr(w[2]), &at, &err),
        w[2]);
}

static void
add_tag(rules_t *r, char **w, unsigned n)
{
    senda_tag_rule_t rule = { 0 };

    rule.tag = id_of(r, SENDA_NAME_TAG, w[1]);
    rule.name = senda_cstr(w[1]);
    rule.site = r->site;
    rules_build_tag(r->build, r->site, rule.tag, rule.name);
    if (n > 3) {
        rule.key = page_of(r, w[2]);
        rule.times = (uint32_t)strtoul(w[3], NULL, 10);
        rule.within.secs = n > 4 ? strtol(w[4], NULL, 10) : 0;
        rules_build_tag_rule(r->build, &rule);
    }
}

static void
add_line(rules_t *r, char **w, unsigned n)
{
    senda_key_t key;

    if (strcmp(w[0], "site") == 0 && n > 1) {
        r->site = id_of(r, SENDA_NAME_SITE, w[1]);
        r->npages = 0;
        rules_build_site(r->build, r->site, &senda_zone_utc);
        for (unsigned i = 1; i < n; i++) {
            need(rules_build_host(r->build, r->site, senda_cstr(w[i])), w[i]);
        }
    } else if (strcmp(w[0], "page") == 0 && n > 1) {
        add_page(r, w, n);
    } else if (strcmp(w[0], "match") == 0 && n == 3) {
        add_pattern(r, w, false);
    } else if (strcmp(w[0], "except") == 0 && n == 3) {
        add_pattern(r, w, true);
    } else if (strcmp(w[0], "event") == 0 && n == 2) {
        key = event_of(r, w[1]);
        rules_build_event(r->build, r->site, key, senda_cstr(w[1]));
    } else if (strcmp(w[0], "tag") == 0 && n > 1) {
        add_tag(r, w, n);
    } else if (strcmp(w[0], "input") == 0 && n == 2) {
        rules_build_input(r->build, r->page, senda_cstr(w[1]));
    } else if (strcmp(w[0], "show") == 0 && n > 2) {
        rules_build_show(r->build, r->site,
            &(senda_rule_show_t){ senda_cstr(w[1]), senda_cstr(w[2]), n > 3 });
    } else {
        snprintf(err.text, sizeof(err.text), "no such line");
        die(w[0]);
    }
}

static int
publish(const char *store)
{
    static rules_t r;
    char path[PATH_MAX], line[1024], *words[WORDS_MAX];
    uint64_t generation;
    unsigned n;
    size_t len;
    void *blob;

    need(senda_published_open_write(&r.store, join(path, store, "published"), &err), path);
    need(senda_published_begin(r.store, &err), "begin");
    r.build = rules_build_new();
    while (fgets(line, sizeof(line), stdin) != NULL) {
        n = split(line, words);
        if (n > 0 && words[0][0] != '#') {
            add_line(&r, words, n);
        }
    }
    generation = senda_published_generation(r.store) + 1;
    blob = rules_build_finish(r.build, generation, &len, &err);
    if (blob == NULL) {
        die("rules");
    }
    need(senda_published_set_rules(r.store, generation, (senda_str_t){ blob, len }, &err), "set");
    need(senda_published_commit(r.store, &err), "commit");
    printf("%llu\n", (unsigned long long)generation);
    free(blob);
    rules_build_free(r.build);
    senda_published_close(r.store);
    return 0;
}

static int
damage(const char *store)
{
    static const char blob[4096] = "these are no rules";
    senda_published_t *p;
    char path[PATH_MAX];

    need(senda_published_open_write(&p, join(path, store, "published"), &err), path);
    need(senda_published_begin(p, &err), "begin");
    need(senda_published_set_rules(p, senda_published_generation(p) + 1,
             (senda_str_t){ blob, sizeof(blob) }, &err),
        "set");
    need(senda_published_commit(p, &err), "commit");
    senda_published_close(p);
    return 0;
}

/* ---- reading ---- */

/* Names of pages are not listed by the rules: those that a test's ids can have are asked for. */
static void
print_key(const senda_rules_t *rules, senda_key_t key)
{
    static const char *const names[] = { "home", "heels", "cart", "product", "checkout", "thanks",
        "search", "add", "signup", "login", "guide", "one", "two", "three", "four", "old" };
    const char *event;
    senda_key_t found;

    if (key == SENDA_KEY_ANY) {
        printf("any");
        return;
    }
    if (key == senda_key_event(SENDA_EV_MESSAGE_CLICK)) {
        printf("message_click");
        return;
    }
    if (senda_key_is_event(key)) {
        event = senda_event_name(key & ~SENDA_KEY_EVENT);
        if (event != NULL) {
            printf("%s", event);
            return;
        }
    }
    for (unsigned i = 0; !senda_key_is_event(key) && i < sizeof(names) / sizeof(names[0]); i++) {
        if (senda_rules_page(rules, 1, senda_cstr(names[i]), &found) == SENDA_OK && found == key) {
            printf("%s", names[i]);
            return;
        }
    }
    printf("key%lx", (unsigned long)key);
}

static senda_rules_t *
load_rules(const char *store)
{
    senda_published_t *p;
    static senda_rules_t *rules; /* as long as the program, as its blob */
    static void *blob;
    char path[PATH_MAX];
    uint64_t generation;
    size_t len;

    need(senda_published_open_read(&p, join(path, store, "published"), &err), path);
    need(senda_published_rules(p, &blob, &len, &generation, &err), "rules");
    need(senda_rules_open(&rules, blob, len, &err), "rules");
    senda_published_close(p);
    return rules;
}

static senda_rc_t
print_profile(void *ctx, const senda_visitor_t *visitor, const senda_profile_t *p)
{
    senda_str_t name;
    char hex[33];

    senda_visitor_print(visitor, hex);
    for (unsigned i = 0; i < p->ncounters; i++) {
        printf("%s page ", hex);
        print_key(ctx, p->counters[i].key);
        printf(" %u\n", (unsigned)p->counters[i].count);
    }
    for (unsigned i = 0; i < p->ntags; i++) {
        name = senda_rules_tag_name(ctx, p->tags[i].tag);
        printf("%s tag %.*s\n", hex, (int)name.n, name.p);
    }
    return SENDA_OK;
}

static int
show_live(const char *store, const char *dir)
{
    senda_rules_t *rules = load_rules(store);
    senda_live_t *live;
    senda_rc_t rc = senda_live_open_read(&live, dir, SENDA_LIVE_SIZE, &err);

    if (rc == SENDA_NONE) {
        return 0;
    }
    need(rc, dir);
    need(senda_live_each(live, print_profile, rules, &err), "live");
    senda_live_close(live);
    return 0;
}

typedef struct {
    senda_rules_t *rules;
    senda_keys_t keys;
} reader_t;

static void
print_sealed(const reader_t *rd, senda_str_t sealed)
{
    static char plain[SENDA_SEALED_MAX];
    senda_private_t said;
    size_t n;

    if (sealed.n == 0) {
        return;
    }
    if (!rd->keys.has_seal_secret ||
        senda_unseal(rd->keys.seal_secret, sealed, plain, sizeof(plain), &n) != SENDA_OK ||
        senda_private_load(&said, plain, n) != SENDA_OK) {
        printf(" sealed=unreadable");
        return;
    }
    printf(" contact=<%.*s> event=<%.*s>", (int)said.contact.n, said.contact.p, (int)said.event.n,
        said.event.p);
    if (said.form.n > 0) {
        printf(" form=<%.*s>", (int)said.form.n, said.form.p);
    }
}

static senda_rc_t
print_visit(void *ctx, senda_seq_t seq, senda_str_t record)
{
    const reader_t *rd = ctx;
    senda_visit_t v;
    char hex[33];

    if (senda_visit_load(&v, record.p, record.n) != SENDA_OK) {
        printf("seq=%llu unreadable\n", (unsigned long long)seq);
        return SENDA_OK;
    }
    senda_visitor_print(&v.visitor, hex);
    printf("seq=%llu site=%u generation=%llu at=%lld flags=%u visitor=%s path=%.*s keys=",
        (unsigned long long)seq, (unsigned)v.site, (unsigned long long)v.generation,
        (long long)v.at, (unsigned)v.flags, hex, (int)v.path.n, v.path.p);
    for (unsigned i = 0; i < v.nkeys; i++) {
        printf("%s", i > 0 ? "," : "");
        print_key(rd->rules, v.keys[i]);
    }
    for (unsigned i = 0; i < v.ncaptures; i++) {
        printf(" {%.*s}=%.*s", (int)v.captures[i].name.n, v.captures[i].name.p,
            (int)v.captures[i].value.n, v.captures[i].value.p);
    }
    if (!senda_message_is_none(&v.message)) {
        printf(" message=%.*s link=%u channels=%u", SENDA_MESSAGE_LEN, (const char *)v.message.b,
            (unsigned)v.link, (unsigned)v.channels);
    }
    print_sealed(rd, v.sealed);
    printf("\n");
    return SENDA_OK;
}

static int
show_journal(const char *store)
{
    reader_t rd = { .rules = load_rules(store) };
    senda_journal_t *journal;
    char path[PATH_MAX];
    senda_rc_t rc;

    need(senda_keys_read(&rd.keys, join(path, store, "sidecar.key"), &err), path);
    rc = senda_journal_open_read(&journal, join(path, store, "journal"), &err);
    if (rc == SENDA_NONE) {
        return 0;
    }
    need(rc, path);
    need(senda_journal_read(journal, 0, UINT_MAX, print_visit, &rd, &err), "journal");
    senda_journal_close(journal);
    return 0;
}

static int
show_rings(const char *dir)
{
    uint64_t drops[SENDA_DROP_REASONS] = { 0 }, backlog = 0;
    struct dirent *entry;
    senda_ring_t *ring;
    char path[PATH_MAX];
    DIR *d = opendir(dir);

    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (strncmp(entry->d_name, SENDA_RING_PREFIX, sizeof(SENDA_RING_PREFIX) - 1) != 0) {
            continue;
        }
        need(senda_ring_open(&ring, join(path, dir, entry->d_name), &err), path);
        for (unsigned i = 0; i < SENDA_DROP_REASONS; i++) {
            drops[i] += senda_ring_dropped(ring, (senda_drop_t)i);
        }
        backlog += senda_ring_head(ring) - senda_ring_tail(ring);
        senda_ring_close(ring);
    }
    if (d != NULL) {
        closedir(d);
    }
    for (unsigned i = 0; i < SENDA_DROP_REASONS; i++) {
        printf("drop %s %llu\n", senda_drop_name((senda_drop_t)i), (unsigned long long)drops[i]);
    }
    printf("backlog %llu\n", (unsigned long long)backlog);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "init") == 0) {
        return init(argv[2]);
    }
    if (argc >= 3 && strcmp(argv[1], "publish") == 0) {
        return publish(argv[2]);
    }
    if (argc >= 4 && strcmp(argv[1], "cookie") == 0) {
        return make_cookie(argv[2], (unsigned)strtoul(argv[3], NULL, 10), NULL, 0);
    }
    if (argc >= 5 && strcmp(argv[1], "person") == 0) {
        return make_cookie(argv[2], 0, argv[3], (unsigned)strtoul(argv[4], NULL, 10));
    }
    if (argc >= 3 && strcmp(argv[1], "damage") == 0) {
        return damage(argv[2]);
    }
    if (argc >= 4 && strcmp(argv[1], "live") == 0) {
        return show_live(argv[2], argv[3]);
    }
    if (argc >= 3 && strcmp(argv[1], "journal") == 0) {
        return show_journal(argv[2]);
    }
    if (argc >= 3 && strcmp(argv[1], "rings") == 0) {
        return show_rings(argv[2]);
    }
    fprintf(stderr, "tool_rules: init|publish|live|journal|rings …\n");
    return 2;
}
