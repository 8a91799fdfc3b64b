/*
 * The table of verified cookies: two places for each value, by its last bytes,
 * which are of its MAC. What finds both taken displaces the older one. A
 * forged value gets no place, so it displaces nobody; nothing can fail but the
 * cookie itself.
 */

#include "senda_cookies.h"

#include <openssl/crypto.h>

#define PIECE 16 /* bytes that are compared at once */

_Static_assert((SENDA_COOKIES_KEPT & (SENDA_COOKIES_KEPT - 1)) == 0, "places are found by a mask");
_Static_assert(SENDA_COOKIES_TEXT % PIECE == 0 && SENDA_COOKIES_TEXT <= UINT8_MAX,
    "a value is whole pieces, and its length fits its field");

void
senda_cookies_init(senda_cookies_t *kept, const senda_keys_t *keys)
{
    memset(kept, 0, sizeof(*kept));
    kept->keys = keys;
}

/* Of 36 and of 48 bytes in base64url: whole pieces. */
static bool
may_be_kept(senda_str_t name, senda_str_t value)
{
    return value.n > 0 && value.n <= SENDA_COOKIES_TEXT && value.n % PIECE == 0 && name.n > 0 &&
        name.n <= SENDA_COOKIES_NAME;
}

/* The first of the two places. */
static unsigned
place_of(senda_str_t value)
{
    uint64_t last;

    memcpy(&last, value.p + value.n - sizeof(last), sizeof(last));
    return (unsigned)(last * 0x9e3779b97f4a7c15u >> 32) & (SENDA_COOKIES_KEPT - 2);
}

static inline bool
is_same(const senda_cookies_slot_t *slot, senda_str_t name, senda_str_t value)
{
    int other = 0;

    if (slot->n != value.n || slot->nname != name.n || memcmp(slot->name, name.p, name.n) != 0) {
        return false;
    }
    for (size_t i = 0; i < value.n; i += PIECE) {
        other |= CRYPTO_memcmp(slot->text + i, value.p + i, PIECE);
    }
    return other == 0;
}

static void
keep(senda_cookies_slot_t pair[2], const senda_cookie_t *c, senda_str_t name, senda_str_t value)
{
    if (pair[0].n != 0) {
        pair[1] = pair[0];
    }
    pair[0].n = (uint8_t)value.n;
    pair[0].nname = (uint8_t)name.n;
    pair[0].day = c->day;
    pair[0].visitor = c->visitor;
    memcpy(pair[0].person, c->person, SENDA_PERSON_LEN);
    pair[0].session = c->session;
    memcpy(pair[0].text, value.p, value.n);
    memcpy(pair[0].name, name.p, name.n);
}

senda_rc_t
senda_cookies_read(senda_cookies_t *kept, senda_cookie_t *c, senda_str_t name, senda_str_t value,
    uint16_t today, unsigned max_age_days, char *scratch)
{
    bool short_enough = may_be_kept(name, value), found = false;
    senda_cookies_slot_t *pair = &kept->at[short_enough ? place_of(value) : 0];
    const senda_cookies_slot_t *slot = pair;
    senda_rc_t rc;

    if (short_enough) {
        found = is_same(slot, name, value) || is_same(++slot, name, value);
    }
    if (!found) {
        rc = senda_cookie_read(c, kept->keys, name, value, today, max_age_days, scratch);
        if (rc == SENDA_OK && short_enough && !c->landing) {
            keep(pair, c, name, value);
        }
        return rc;
    }
    memset(c, 0, sizeof(*c));
    if (!senda_cookie_day_is_good(slot->day, today, max_age_days)) {
        return SENDA_BAD;
    }
    c->visitor = slot->visitor;
    c->day = slot->day;
    memcpy(c->person, slot->person, SENDA_PERSON_LEN);
    c->session = slot->session;
    return SENDA_OK;
}
