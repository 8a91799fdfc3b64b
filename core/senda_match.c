/*
 * What an address is: one walk down the trie of the site's patterns, a walk
 * back from the path's end where patterns go on behind a wildcard, and the few
 * patterns left compared piece by piece. Allocates nothing and checks no
 * bounds of the blob: senda_rules_open has. What does not fit is dropped and
 * counted in the result.
 */

#include "senda_rules_layout.h"

#define FOUND_MAX    64  /* pages that match before `except` is asked; further ones are dropped */
#define STEPS_BEFORE 512 /* tries on one pattern before failed places are remembered */

/* The first matching pattern of each page, in order of page. */
typedef struct {
    const senda_rules_t *r;
    const senda_url_t *u;
    unsigned n, dropped;
    uint32_t page[FOUND_MAX], pattern[FOUND_MAX];
} found_t;

/* The part of the value that each token took. */
typedef struct {
    uint16_t start[LAYOUT_TOKENS_MAX], stop[LAYOUT_TOKENS_MAX];
} spans_t;

/* A value against tokens [lo, hi), which have to take exactly [from, end) of it. */
typedef struct {
    const layout_token_t *tokens;
    const char *text; /* the blob's */
    const char *s;
    unsigned lo, hi, from, end;
    bool slash; /* captures may hold a '/' */
    spans_t *spans;
} task_t;

#define SEEN_WORDS ((LAYOUT_TOKENS_MAX + 1) * (SENDA_PATH_MAX + 1) / 64 + 1)

static bool
may_hold(const task_t *k, uint32_t kind, char c)
{
    if (kind == LAYOUT_DIGITS) {
        return c >= '0' && c <= '9';
    }
    return kind == LAYOUT_ANY || k->slash || c != '/';
}

/* Puts token i at p, as short as it can be; false if it does not go there. */
static bool
place(const task_t *k, unsigned i, unsigned *p)
{
    const layout_token_t *t = &k->tokens[i];
    unsigned at = *p;

    if (t->kind == LAYOUT_LITERAL) {
        if (k->end - at < t->text.n || memcmp(k->text + t->text.at, k->s + at, t->text.n) != 0) {
            return false;
        }
        at += t->text.n;
    } else if (t->kind != LAYOUT_ANY) {
        if (at == k->end || !may_hold(k, t->kind, k->s[at])) {
            return false;
        }
        at++;
    }
    if (i + 1 == k->hi && t->kind != LAYOUT_LITERAL) {
        while (at < k->end && may_hold(k, t->kind, k->s[at])) {
            at++;
        }
    }
    k->spans->start[i] = (uint16_t)*p;
    k->spans->stop[i] = (uint16_t)at;
    *p = at;
    return true;
}

/* Makes token i one byte longer; false if it cannot be. */
static bool
stretch(const task_t *k, unsigned i, unsigned *p)
{
    unsigned at = k->spans->stop[i];
    uint32_t kind = k->tokens[i].kind;

    if (kind == LAYOUT_LITERAL || at == k->end || !may_hold(k, kind, k->s[at])) {
        return false;
    }
    k->spans->stop[i] = (uint16_t)(at + 1);
    *p = at + 1;
    return true;
}

/*
 * Tries tokens in order, each as short as the rest allows. seen, unless NULL,
 * remembers each (token, place) once tried: the second try would fail like the
 * first, so work is bounded by tokens times bytes. Without it the work is
 * bounded by STEPS_BEFORE: SENDA_FULL says that it was not enough.
 */
static senda_rc_t
solve(const task_t *k, uint64_t *seen)
{
    unsigned i = k->lo, p = k->from, steps = 0;

    for (;;) {
        bool ok;

        if (seen != NULL) {
            unsigned bit = i * (SENDA_PATH_MAX + 1) + p;

            ok = (seen[bit / 64] >> bit % 64 & 1) == 0;
            seen[bit / 64] |= 1ull << bit % 64;
        } else if (++steps > STEPS_BEFORE) {
            return SENDA_FULL;
        } else {
            ok = true;
        }
        if (ok && i == k->hi) {
            if (p == k->end) {
                return SENDA_OK;
            }
            ok = false;
        }
        if (ok && place(k, i, &p)) {
            i++;
            continue;
        }
        do {
            if (i == k->lo) {
                return SENDA_NONE;
            }
            i--;
        } while (!stretch(k, i, &p));
        i++;
    }
}

static __attribute__((noinline)) bool
solve_long(const task_t *k)
{
    uint64_t seen[SEEN_WORDS];

    memset(seen, 0, sizeof(seen));
    return solve(k, seen) == SENDA_OK;
}

/* Literal ends are compared first: most candidates fail there. */
static bool
match_tokens(const senda_rules_t *r, uint32_t first, unsigned n, senda_str_t s, bool slash,
    spans_t *spans)
{
    const layout_token_t *t = r->tokens + first;
    task_t k = { t, r->text, s.p, 0, n, 0, (unsigned)s.n, slash, NULL };
    senda_rc_t rc;

    k.spans = spans;
    if (s.n > SENDA_PATH_MAX) {
        return false;
    }
    if (n != 0 && t[0].kind == LAYOUT_LITERAL) {
        if (!place(&k, 0, &k.from)) {
            return false;
        }
        k.lo = 1;
    }
    if (k.hi > k.lo && t[n - 1].kind == LAYOUT_LITERAL) {
        layout_text_t x = t[n - 1].text;

        if (k.end - k.from < x.n || memcmp(s.p + k.end - x.n, r->text + x.at, x.n) != 0) {
            return false;
        }
        k.end -= x.n;
        k.hi--;
    }
    if (k.lo == k.hi) {
        return k.from == k.end;
    }
    rc = solve(&k, NULL);
    return rc == SENDA_FULL ? solve_long(&k) : rc == SENDA_OK;
}

void
senda_match_capture(senda_match_t *m, senda_capture_t c)
{
    unsigned k = 0;

    while (k < m->ncaptures && !senda_str_eq(m->captures[k].name, c.name)) {
        k++;
    }
    if (k < m->ncaptures) {
        return;
    }
    if (k == SENDA_CAPTURES_MAX) {
        m->dropped++;
    } else {
        m->captures[m->ncaptures++] = c;
    }
}

static void
capture(const senda_rules_t *r, uint32_t first, unsigned n, senda_str_t s, const spans_t *spans,
    senda_match_t *m)
{
    for (unsigned i = 0; i < n; i++) {
        const layout_token_t *t = &r->tokens[first + i];
        senda_capture_t c;

        if (t->kind != LAYOUT_SEGMENT && t->kind != LAYOUT_DIGITS) {
            continue;
        }
        c.name = layout_str(r, t->text);
        c.value = (senda_str_t){ s.p + spans->start[i],
            (size_t)(spans->stop[i] - spans->start[i]) };
        senda_match_capture(m, c);
    }
}

/* The first argument of that name whose value fits; m, unless NULL, gets what it captures. */
static bool
match_arg(const senda_rules_t *r, const layout_arg_t *a, const senda_url_t *u, senda_match_t *m)
{
    senda_str_t name = layout_str(r, a->name);
    spans_t spans = { { 0 }, { 0 } };

    for (unsigned i = 0; i < u->nargs; i++) {
        if (senda_str_eq(u->args[i].name, name) &&
            match_tokens(r, a->token, a->ntokens, u->args[i].value, true, &spans)) {
            if (m != NULL) {
                capture(r, a->token, a->ntokens, u->args[i].value, &spans, m);
            }
            return true;
        }
    }
    return false;
}

static bool
match_host_and_args(const senda_rules_t *r, const layout_pattern_t *p, const senda_url_t *u)
{
    if (p->host.at != LAYOUT_NO_HOST && u->host.n != 0 &&
        !senda_str_eq(u->host, layout_str(r, p->host))) {
        return false;
    }
    for (unsigned i = 0; i < p->nargs; i++) {
        if (!match_arg(r, &r->args[p->arg + i], u, NULL)) {
            return false;
        }
    }
    return true;
}

static bool
match_path(const senda_rules_t *r, const layout_pattern_t *p, const senda_url_t *u)
{
    spans_t spans;

    return match_tokens(r, p->token, p->ntokens, u->path, false, &spans);
}

static void
keep(found_t *f, uint32_t page, uint32_t pattern)
{
    unsigned i = f->n;

    while (i > 0 && f->page[i - 1] > page) {
        i--;
    }
    if (i > 0 && f->page[i - 1] == page) {
        if (pattern < f->pattern[i - 1]) {
            f->pattern[i - 1] = pattern;
        }
        return;
    }
    if (f->n == FOUND_MAX) {
        f->dropped++;
        if (i == FOUND_MAX) {
            return;
        }
        f->n--;
    }
    memmove(f->page + i + 1, f->page + i, (f->n - i) * sizeof(f->page[0]));
    memmove(f->pattern + i + 1, f->pattern + i, (f->n - i) * sizeof(f->pattern[0]));
    f->page[i] = page;
    f->pattern[i] = pattern;
    f->n++;
}

static inline void
consider_one(found_t *f, uint32_t pattern, bool whole)
{
    const layout_pattern_t *p = &f->r->patterns[pattern];

    if ((p->methods & f->u->method) != 0 && (!whole || match_path(f->r, p, f->u)) &&
        ((p->flags & LAYOUT_NARROW) == 0 || match_host_and_args(f->r, p, f->u))) {
        keep(f, p->page, pattern);
    }
}

/* A node's patterns; whole: the trie has not compared all of their path. */
static inline void
consider(found_t *f, uint32_t list, bool whole)
{
    const uint32_t *at = f->r->lists + list - 1;
    uint32_t entry;

    if (list == 0) {
        return;
    }
    if ((list & LAYOUT_LAST) != 0) {
        consider_one(f, list & ~LAYOUT_LAST, whole);
        return;
    }
    do {
        entry = *at++;
        consider_one(f, entry & ~LAYOUT_LAST, whole);
    } while ((entry & LAYOUT_LAST) == 0);
}

static inline const char *
label_of(const senda_rules_t *r, const layout_node_t *n)
{
    return n->label_len > LAYOUT_LABEL_MAX ? r->text + n->label_at : n->label;
}

/* The position of byte c among 8, 8 or more if it is not there (little-endian). */
static inline unsigned
find_in_word(const uint8_t *bytes, uint8_t c)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t x;

    memcpy(&x, bytes, 8);
    x ^= ones * c;
    x = (x - ones) & ~x & (ones << 7);
    return x != 0 ? (unsigned)__builtin_ctzll(x) / 8 : 64;
}

static inline const layout_node_t *
child_of(const senda_rules_t *r, const layout_node_t *n, char c)
{
    const uint8_t *hit;
    unsigned i;

    if (n->nchildren > LAYOUT_FIRST_MAX) {
        hit = memchr(r->first + n->child, (unsigned char)c, n->nchildren);
        return hit != NULL ? r->nodes + (hit - r->first) : NULL;
    }
    i = find_in_word(n->first, (uint8_t)c);
    if (i >= 8 && n->nchildren > 8) {
        i = 8 + find_in_word(n->first + 8, (uint8_t)c);
    }
    return i < n->nchildren ? r->nodes + n->child + i : NULL;
}

/* Whether path goes on with the node's label, whose first byte is known to be equal. */
static inline bool
goes_on(const senda_rules_t *r, const layout_node_t *n, const char *path)
{
    const char *label = n->label;
    unsigned len = n->label_len, i = 1;

    if (len > LAYOUT_LABEL_MAX) {
        return memcmp(r->text + n->label_at, path, len) == 0;
    }
    for (; i + 8 <= len; i += 8) {
        uint64_t a, b;

        memcpy(&a, label + i, 8);
        memcpy(&b, path + i, 8);
        if (a != b) {
            return false;
        }
    }
    while (i < len && label[i] == path[i]) {
        i++;
    }
    return i >= len;
}

/* The patterns whose beginning ended at `from`, by their literal ends. */
static void
walk_back(found_t *f, uint32_t root, size_t from)
{
    const layout_node_t *n = &f->r->nodes[root];
    const char *path = f->u->path.p;
    size_t end = f->u->path.n;

    for (;;) {
        const char *label;

        consider(f, n->exact, true);
        if (end == from) {
            return;
        }
        n = child_of(f->r, n, path[end - 1]);
        if (n == NULL || n->label_len > end - from) {
            return;
        }
        label = label_of(f->r, n);
        for (unsigned i = 0; i < n->label_len; i++) {
            if (path[--end] != label[i]) {
                return;
            }
        }
    }
}

static void
walk(found_t *f, uint32_t root)
{
    const layout_node_t *n = &f->r->nodes[root];
    const char *path = f->u->path.p;
    size_t left = f->u->path.n;

    for (;;) {
        consider(f, n->open, false);
        if (n->suffix != 0) {
            walk_back(f, n->suffix, f->u->path.n - left);
        }
        if (left == 0) {
            consider(f, n->exact, false);
            return;
        }
        n = child_of(f->r, n, *path);
        if (n == NULL || n->label_len > left || !goes_on(f->r, n, path)) {
            return;
        }
        path += n->label_len;
        left -= n->label_len;
    }
}

static bool
is_excepted(const senda_rules_t *r, const layout_page_t *page, const senda_url_t *u)
{
    for (uint32_t i = 0; i < page->nexcept; i++) {
        const layout_pattern_t *p = &r->patterns[page->pattern + page->nmatch + i];

        if (match_path(r, p, u) && match_host_and_args(r, p, u)) {
            return true;
        }
    }
    return false;
}

static void
capture_all(const senda_rules_t *r, const layout_pattern_t *p, const senda_url_t *u,
    senda_match_t *m)
{
    spans_t spans = { { 0 }, { 0 } };

    if (match_tokens(r, p->token, p->ntokens, u->path, false, &spans)) {
        capture(r, p->token, p->ntokens, u->path, &spans, m);
    }
    for (unsigned i = 0; i < p->nargs; i++) {
        match_arg(r, &r->args[p->arg + i], u, m);
    }
}

static void
add_key(senda_match_t *m, senda_key_t key)
{
    for (unsigned i = 0; i < m->nkeys; i++) {
        if (m->keys[i] == key) {
            return;
        }
    }
    if (m->nkeys == SENDA_KEYS_MAX) {
        m->dropped++;
    } else {
        m->keys[m->nkeys++] = key;
    }
}

void
senda_rules_match(const senda_rules_t *r, uint32_t site, const senda_url_t *u, senda_match_t *m)
{
    const layout_site_t *s = layout_site(r, site);
    found_t f;
    unsigned kept = 0;

    m->nkeys = m->ncaptures = m->dropped = 0;
    if (s == NULL) {
        return;
    }
    f.r = r;
    f.u = u;
    f.n = f.dropped = 0;
    walk(&f, s->root);
    for (unsigned i = 0; i < f.n; i++) {
        const layout_pattern_t *p = &r->patterns[f.pattern[i]];

        if ((p->flags & LAYOUT_EXCEPTS) != 0 && is_excepted(r, &r->pages[p->page], u)) {
            continue;
        }
        add_key(m, p->key);
        f.pattern[kept++] = f.pattern[i];
        if ((p->flags & LAYOUT_CAPTURES) != 0) {
            capture_all(r, p, u, m);
        }
    }
    for (unsigned i = 0; i < kept; i++) {
        if (r->patterns[f.pattern[i]].event != 0) {
            add_key(m, r->patterns[f.pattern[i]].event);
        }
    }
    m->dropped += f.dropped;
}
