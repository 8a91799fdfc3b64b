/*
 * Fuzzes what a stranger sends to the links of messages: a token, a POST's
 * body, and the page that it is filled into. The first byte says which. No
 * token is taken that was not made; a choice is one thing or nothing; a page
 * is as long as was measured.
 */

#include "senda_choice.h"
#include "senda_page.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static senda_keys_t keys = { .nlinks = 1,
    .links = { { .number = 1, .key = { 1, 2, 3, 4, 5, 6, 7, 8, 9 } } } };

static void
fuzz_token(senda_str_t text)
{
    char made[SENDA_TOKEN_LEN + 1];
    senda_token_t t;

    if (senda_token_read(&t, &keys, text) == SENDA_OK) {
        abort();
    }
    memset(&t, 0, sizeof(t));
    t.kind = SENDA_TOKEN_CLICK;
    t.link = (uint16_t)text.n;
    memcpy(t.message.b, text.p, text.n < SENDA_MESSAGE_LEN ? text.n : SENDA_MESSAGE_LEN);
    if (!senda_token_make(&t, &keys, made)) {
        abort();
    }
    if (senda_token_read(&t, &keys, senda_cstr(made)) != SENDA_OK || t.link != (uint16_t)text.n) {
        abort();
    }
    /* one changed letter, and it is a forgery */
    made[text.n % SENDA_TOKEN_LEN] = made[text.n % SENDA_TOKEN_LEN] == 'A' ? 'B' : 'A';
    if (senda_token_read(&t, &keys, senda_cstr(made)) == SENDA_OK) {
        abort();
    }
}

/* The Content-Type is what stands before the first NUL. */
static void
fuzz_choice(senda_str_t text)
{
    const char *end = text.n > 0 ? memchr(text.p, '\0', text.n) : NULL;
    senda_str_t type = { text.p, end != NULL ? (size_t)(end - text.p) : 0 };
    senda_choice_t c;
    senda_rc_t rc;

    if (end != NULL) {
        text.n -= type.n + 1;
        text.p = end + 1;
    }
    rc = senda_choice_read(&c, type, text);
    if ((rc == SENDA_OK) != (c.kind != SENDA_CHOICE_NONE) ||
        (c.kind != SENDA_CHOICE_SAVE && c.channels != 0) || c.channels >> SENDA_CHANNELS != 0) {
        abort();
    }
}

static void
fuzz_page(senda_str_t text)
{
    senda_page_values_t v = { .token = SENDA_STR("TOKEN"),
        .wishes = { (uint32_t)text.n & 15, (uint32_t)text.n >> 4 & 15 } };
    size_t n = senda_page_fill(text, &v, NULL);
    char *out = malloc(n > 0 ? n : 1);

    if (out == NULL || senda_page_fill(text, &v, out) != n ||
        (n > 0 && memchr(out, SENDA_MARK, n) != NULL)) {
        abort();
    }
    free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    senda_str_t text = { (const char *)data + 1, size - 1 };

    if (size == 0) {
        return 0;
    }
    switch (data[0] % 3) {
    case 0:
        fuzz_token(text);
        break;
    case 1:
        fuzz_choice(text);
        break;
    default:
        fuzz_page(text);
        break;
    }
    return 0;
}
