/*
 * Messages, links, wishes and pages in published/, as the endpoint asks for
 * them. Tables: "messages" (message → receiver, language, numbers of links),
 * "links" (number → day, address), "wishes" (contact → channels), "pages"
 * (kind, site, language → text; of no language: the site's own).
 *
 * Never holds an address of a person, never hands out an address that could
 * end a header line. What it cannot read is to it as if it were not there.
 */

#include "senda_sent.h"

#include "senda_bytes.h"
#include "senda_pack.h"
#include "senda_published_parts.h"

#include <stdlib.h>
#include <strings.h>

#include <openssl/evp.h>

#define SENT_VERSION   1
#define LINK_VERSION   1
#define WISHES_VERSION 1
#define LINK_LEN       8 /* bytes of a link's number */
#define LANGUAGE_MAX   sizeof(((senda_sent_t *)0)->language)
#define SENT_MAX       (64 + LANGUAGE_MAX + LINK_LEN * SENDA_LINKS_MAX) /* bytes of a packed message */
#define LINK_PACKED    (SENDA_LINK_MAX + 32)
#define PAGE_HEAD      5 /* kind, site */
#define PAGE_KEY       (PAGE_HEAD + LANGUAGE_MAX)
#define DAY            86400

/* What a read goes through: the writing transaction, else one of its own. */
static senda_txn_t *
read_begin(senda_published_t *p)
{
    senda_txn_t *t = p->txn;

    if (t == NULL && senda_txn_begin(&t, p->store, false, NULL) != SENDA_OK) {
        return NULL;
    }
    return t;
}

static void
read_end(senda_published_t *p, senda_txn_t *t)
{
    if (t != p->txn) {
        senda_txn_abort(t);
    }
}

static senda_str_t
message_key(const senda_message_t *id)
{
    return (senda_str_t){ (const char *)id->b, SENDA_MESSAGE_LEN };
}

senda_rc_t
senda_sent_set(senda_published_t *p, const senda_message_t *id, const senda_sent_t *m,
    senda_err_t *err)
{
    char buf[SENT_MAX], links[LINK_LEN * SENDA_LINKS_MAX];
    senda_packer_t pk;

    if (m->nlinks > SENDA_LINKS_MAX) {
        return senda_fail(err, SENDA_FULL, "published: %u links in a message, at most %d",
            m->nlinks, SENDA_LINKS_MAX);
    }
    for (unsigned i = 0; i < m->nlinks; i++) {
        senda_put_be64(links + (size_t)i * LINK_LEN, m->links[i]);
    }
    senda_pack_init(&pk, buf, sizeof(buf));
    senda_pack_array(&pk, 7);
    senda_pack_uint(&pk, SENT_VERSION);
    senda_pack_uint(&pk, m->site);
    senda_pack_uint(&pk, m->contact);
    senda_pack_uint(&pk, m->channel);
    senda_pack_str(&pk, (senda_str_t){ m->language, strnlen(m->language, LANGUAGE_MAX - 1) });
    senda_pack_int(&pk, m->at);
    senda_pack_bin(&pk, links, (size_t)m->nlinks * LINK_LEN);
    return senda_put(p->txn, PUBLISHED_MESSAGES, message_key(id),
        (senda_str_t){ buf, senda_pack_len(&pk) }, false, err);
}

static bool
load_sent(senda_sent_t *m, senda_str_t packed)
{
    senda_str_t language, links;
    senda_unpacker_t u;

    memset(m, 0, sizeof(*m));
    senda_unpack_init(&u, packed.p, packed.n);
    if (senda_unpack_array(&u) != 7 || senda_unpack_uint(&u) != SENT_VERSION) {
        return false;
    }
    m->site = (uint32_t)senda_unpack_uint(&u);
    m->contact = senda_unpack_uint(&u);
    m->channel = (senda_channel_t)senda_unpack_uint(&u);
    language = senda_unpack_str(&u);
    m->at = senda_unpack_int(&u);
    links = senda_unpack_bin(&u);
    if (!senda_unpack_at_end(&u) || m->channel >= SENDA_CHANNELS || language.n >= LANGUAGE_MAX ||
        links.n % LINK_LEN != 0 || links.n / LINK_LEN > SENDA_LINKS_MAX) {
        return false;
    }
    memcpy(m->language, language.p, language.n);
    m->nlinks = (unsigned)(links.n / LINK_LEN);
    for (unsigned i = 0; i < m->nlinks; i++) {
        m->links[i] = senda_get_be64(links.p + (size_t)i * LINK_LEN);
    }
    return true;
}

senda_rc_t
senda_sent_get(senda_published_t *p, const senda_message_t *id, senda_sent_t *m)
{
    senda_txn_t *t = read_begin(p);
    senda_rc_t rc = SENDA_NONE;
    senda_str_t value;

    if (t != NULL) {
        if (senda_get(t, PUBLISHED_MESSAGES, message_key(id), &value) == SENDA_OK &&
            load_sent(m, value)) {
            rc = SENDA_OK;
        }
        read_end(p, t);
    }
    if (rc != SENDA_OK) {
        memset(m, 0, sizeof(*m));
    }
    return rc;
}

/* What a Location header and an attribute bear without any quoting. */
bool
senda_link_is_address(senda_str_t a)
{
    size_t scheme = a.n > 8 && strncasecmp(a.p, "https://", 8) == 0 ? 8
        : a.n > 7 && strncasecmp(a.p, "http://", 7) == 0            ? 7
                                                                    : 0;

    if (scheme == 0 || a.n > SENDA_LINK_MAX || strchr("/?#", a.p[scheme]) != NULL) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (a.p[i] <= ' ' || a.p[i] > '~' || strchr("\"'<>\\", a.p[i]) != NULL) {
            return false;
        }
    }
    return true;
}

static bool
load_link(senda_str_t packed, uint32_t *day, senda_str_t *address)
{
    senda_unpacker_t u;

    senda_unpack_init(&u, packed.p, packed.n);
    if (senda_unpack_array(&u) != 3 || senda_unpack_uint(&u) != LINK_VERSION) {
        return false;
    }
    *day = (uint32_t)senda_unpack_uint(&u);
    *address = senda_unpack_str(&u);
    return senda_unpack_at_end(&u);
}

senda_rc_t
senda_link_set(senda_published_t *p, senda_str_t address, uint32_t day, senda_link_t *link,
    senda_err_t *err)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    char buf[LINK_PACKED];
    senda_str_t key = { (const char *)hash, LINK_LEN }, value, kept;
    senda_packer_t pk;
    uint32_t last;

    *link = 0;
    if (!senda_link_is_address(address)) {
        return senda_fail(err, SENDA_BAD, "published: no address for a link: %.*s",
            (int)(address.n < 100 ? address.n : 100), address.p);
    }
    if (EVP_Digest(address.p, address.n, hash, NULL, EVP_sha256(), NULL) != 1) {
        return senda_fail(err, SENDA_SYS, "published: no SHA-256");
    }
    if (senda_get(p->txn, PUBLISHED_LINKS, key, &value) == SENDA_OK &&
        load_link(value, &last, &kept)) {
        if (!senda_str_eq(kept, address)) {
            return senda_fail(err, SENDA_BAD, "published: two addresses of one number: %.*s",
                (int)(address.n < 100 ? address.n : 100), address.p);
        }
        if (last >= day) { /* one write a day, however many messages hold it */
            *link = senda_get_be64(hash);
            return SENDA_OK;
        }
    }
    *link = senda_get_be64(hash);
    senda_pack_init(&pk, buf, sizeof(buf));
    senda_pack_array(&pk, 3);
    senda_pack_uint(&pk, LINK_VERSION);
    senda_pack_uint(&pk, day);
    senda_pack_str(&pk, address);
    return senda_put(p->txn, PUBLISHED_LINKS, key, (senda_str_t){ buf, senda_pack_len(&pk) }, false,
        err);
}

senda_rc_t
senda_link_get(senda_published_t *p, senda_link_t link, char *buf, size_t *len)
{
    char key[LINK_LEN];
    senda_txn_t *t = read_begin(p);
    senda_rc_t rc = SENDA_NONE;
    senda_str_t value, address;
    uint32_t day;

    *len = 0;
    if (t == NULL) {
        return SENDA_NONE;
    }
    senda_put_be64(key, link);
    if (senda_get(t, PUBLISHED_LINKS, (senda_str_t){ key, LINK_LEN }, &value) == SENDA_OK &&
        load_link(value, &day, &address) && senda_link_is_address(address)) {
        memcpy(buf, address.p, address.n);
        *len = address.n;
        rc = SENDA_OK;
    }
    read_end(p, t);
    return rc;
}

senda_rc_t
senda_wishes_set(senda_published_t *p, uint64_t contact, const senda_wishes_t *w, senda_err_t *err)
{
    char key[8], buf[32];
    senda_str_t k = { key, sizeof(key) };
    senda_packer_t pk;
    senda_rc_t rc;

    senda_put_be64(key, contact);
    if (w->has == 0 && w->wanted == 0) {
        rc = senda_del(p->txn, PUBLISHED_WISHES, k, err);
        return rc == SENDA_NONE ? SENDA_OK : rc;
    }
    senda_pack_init(&pk, buf, sizeof(buf));
    senda_pack_array(&pk, 3);
    senda_pack_uint(&pk, WISHES_VERSION);
    senda_pack_uint(&pk, w->has);
    senda_pack_uint(&pk, w->wanted);
    return senda_put(p->txn, PUBLISHED_WISHES, k, (senda_str_t){ buf, senda_pack_len(&pk) }, false,
        err);
}

senda_rc_t
senda_wishes_get(senda_published_t *p, uint64_t contact, senda_wishes_t *w)
{
    char key[8];
    senda_txn_t *t = read_begin(p);
    senda_unpacker_t u;
    senda_str_t value;
    senda_rc_t rc = SENDA_NONE;

    *w = (senda_wishes_t){ 0, 0 };
    if (t == NULL) {
        return SENDA_NONE;
    }
    senda_put_be64(key, contact);
    if (senda_get(t, PUBLISHED_WISHES, (senda_str_t){ key, sizeof(key) }, &value) == SENDA_OK) {
        senda_unpack_init(&u, value.p, value.n);
        if (senda_unpack_array(&u) == 3 && senda_unpack_uint(&u) == WISHES_VERSION) {
            w->has = (uint32_t)senda_unpack_uint(&u);
            w->wanted = (uint32_t)senda_unpack_uint(&u);
            rc = senda_unpack_at_end(&u) ? SENDA_OK : SENDA_NONE;
        }
    }
    read_end(p, t);
    if (rc != SENDA_OK) {
        *w = (senda_wishes_t){ 0, 0 };
    }
    return rc;
}

/* "pt" of "pt-BR". */
static senda_str_t
primary(const char *language)
{
    return (senda_str_t){ language, strcspn(language, "-_") };
}

static senda_str_t
page_key(uint32_t site, senda_str_t language, senda_page_t kind, char buf[PAGE_KEY])
{
    buf[0] = (char)kind;
    senda_put_be32(buf + 1, site);
    if (language.n > 0) {
        memcpy(buf + PAGE_HEAD, language.p, language.n);
    }
    return (senda_str_t){ buf, PAGE_HEAD + language.n };
}

senda_rc_t
senda_page_set(senda_published_t *p, uint32_t site, const char *language, senda_page_t kind,
    senda_str_t text, senda_err_t *err)
{
    senda_str_t lang = primary(language);
    char key[PAGE_KEY];
    senda_rc_t rc;

    if (kind < SENDA_PAGE_CHANNELS || kind >= SENDA_PAGE_KINDS || lang.n >= LANGUAGE_MAX) {
        return senda_fail(err, SENDA_BAD, "published: no page %d in %s", (int)kind, language);
    }
    if (text.n > SENDA_PAGE_MAX) {
        return senda_fail(err, SENDA_FULL, "published: a page of %zu bytes, at most %u", text.n,
            SENDA_PAGE_MAX);
    }
    if (text.n == 0) {
        rc = senda_del(p->txn, PUBLISHED_PAGES, page_key(site, lang, kind, key), err);
        return rc == SENDA_NONE ? SENDA_OK : rc;
    }
    return senda_put(p->txn, PUBLISHED_PAGES, page_key(site, lang, kind, key), text, false, err);
}

/* The first page of a kind, of the site (0: of any), in the language (empty: in any). */
static bool
first_page(senda_txn_t *t, uint32_t site, senda_str_t language, senda_page_t kind,
    senda_str_t *text)
{
    char buf[PAGE_KEY];
    senda_str_t head = page_key(site, (senda_str_t){ "", 0 }, kind, buf), key;
    senda_scan_t *scan;
    bool found = false;

    head.n = site > 0 ? PAGE_HEAD : 1;
    if (senda_scan_begin(&scan, t, PUBLISHED_PAGES, head) != SENDA_OK) {
        return false;
    }
    while (!found && senda_scan_next(scan, &key, text) == SENDA_OK && key.n >= PAGE_HEAD &&
        memcmp(key.p, head.p, head.n) == 0) {
        found = language.n == 0 ||
            senda_str_eq(language, (senda_str_t){ key.p + PAGE_HEAD, key.n - PAGE_HEAD });
    }
    senda_scan_end(scan);
    return found;
}

senda_rc_t
senda_page_get(senda_published_t *p, uint32_t site, const char *language, senda_page_t kind,
    char **text, size_t *len)
{
    senda_str_t lang = primary(language), value;
    senda_rc_t rc = SENDA_NONE;
    senda_txn_t *t;

    *text = NULL;
    *len = 0;
    t = read_begin(p);
    if (t == NULL) {
        return SENDA_NONE;
    }
    if ((lang.n > 0 && first_page(t, site, lang, kind, &value)) ||
        first_page(t, site, (senda_str_t){ "", 0 }, kind, &value)) {
        *text = malloc(value.n > 0 ? value.n : 1);
        rc = *text != NULL ? SENDA_OK : SENDA_SYS;
    }
    if (rc == SENDA_OK) {
        memcpy(*text, value.p, value.n);
        *len = value.n;
    }
    read_end(p, t);
    return rc;
}

/* Whether a record may go: made, or used last, before a second. What cannot be read stays. */
static bool
is_old(unsigned table, senda_str_t value, senda_sec_t before)
{
    senda_str_t address;
    senda_sent_t m;
    uint32_t day;

    if (table == PUBLISHED_MESSAGES) {
        return load_sent(&m, value) && m.at < before;
    }
    return load_link(value, &day, &address) && ((senda_sec_t)day + 1) * DAY <= before;
}

/* Goes on in the table that the sweep is at; leaves it at its end. */
static senda_rc_t
sweep_table(senda_published_t *p, senda_sec_t before, unsigned max, unsigned *looked,
    senda_err_t *err)
{
    senda_str_t key, value;
    senda_scan_t *scan;
    senda_rc_t rc = senda_scan_begin(&scan, p->txn, p->swept_table,
        (senda_str_t){ p->swept, p->nswept });

    if (rc != SENDA_OK) {
        return senda_fail(err, SENDA_SYS, "published: messages cannot be read");
    }
    while (*looked < max && (rc = senda_scan_next(scan, &key, &value)) == SENDA_OK) {
        if (p->nswept > 0 && senda_str_eq(key, (senda_str_t){ p->swept, p->nswept })) {
            continue; /* where it ended last time */
        }
        ++*looked;
        memcpy(p->swept, key.p, key.n);
        p->nswept = key.n;
        if (is_old(p->swept_table, value, before)) {
            rc = senda_del(p->txn, p->swept_table, (senda_str_t){ p->swept, p->nswept }, err);
            if (rc != SENDA_OK) {
                break;
            }
        }
    }
    senda_scan_end(scan);
    if (rc == SENDA_NONE) { /* the end of the table */
        p->nswept = 0;
        p->swept_table = p->swept_table == PUBLISHED_MESSAGES ? PUBLISHED_LINKS : 0;
        return SENDA_OK;
    }
    return rc;
}

senda_rc_t
senda_sent_sweep(senda_published_t *p, senda_sec_t before, unsigned max, unsigned *looked,
    senda_err_t *err)
{
    senda_rc_t rc = SENDA_OK;

    *looked = 0;
    if (p->swept_table == 0) {
        p->swept_table = PUBLISHED_MESSAGES;
    }
    while (rc == SENDA_OK && *looked < max && p->swept_table != 0) {
        rc = sweep_table(p, before, max, looked, err);
    }
    return rc;
}
