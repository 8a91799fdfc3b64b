/*
 * Tokens of messages: what was made is read, whatever differs from it in one
 * bit is not. The million altered ones are random, of a fixed seed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "senda_message.h"
#include "senda_sign.h"

#define RAW_LEN   32
#define ALTERED   1000000
#define LINKS     40
#define MAC_BYTES 12

static senda_keys_t keys;
static char made[LINKS + 2][SENDA_TOKEN_LEN + 1];
static uint64_t seed = 20221122;

static uint32_t
draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % below);
}

static senda_secret_t
secret_of(uint8_t number)
{
    senda_secret_t s = { .number = number };

    for (unsigned i = 0; i < SENDA_SECRET_LEN; i++) {
        s.key[i] = (uint8_t)(number * 91 + i * 13);
    }
    return s;
}

static senda_token_t
token_of(unsigned i)
{
    senda_token_t t = { .kind = i < LINKS ? SENDA_TOKEN_CLICK
            : i == LINKS                  ? SENDA_TOKEN_OPEN
                                          : SENDA_TOKEN_UNSUBSCRIBE,
        .link = (uint16_t)(i < LINKS ? i : 0) };

    memcpy(t.message.b, "a message's name", SENDA_MESSAGE_LEN);
    return t;
}

static senda_rc_t
read_token(const char *text, size_t n, senda_token_t *t)
{
    return senda_token_read(t, &keys, (senda_str_t){ text, n });
}

static int
make_all(void **state)
{
    (void)state;
    keys.nlinks = 2;
    keys.links[0] = secret_of(3);
    keys.links[1] = secret_of(7);
    for (unsigned i = 0; i < LINKS + 2; i++) {
        senda_token_t t = token_of(i);

        if (!senda_token_make(&t, &keys, made[i])) {
            return -1;
        }
    }
    return 0;
}

static void
test_comes_back(void **state)
{
    senda_token_t t, expected;

    (void)state;
    for (unsigned i = 0; i < LINKS + 2; i++) {
        expected = token_of(i);
        assert_int_equal(strlen(made[i]), SENDA_TOKEN_LEN);
        assert_int_equal(read_token(made[i], SENDA_TOKEN_LEN, &t), SENDA_OK);
        assert_int_equal(t.kind, expected.kind);
        assert_int_equal(t.link, expected.link);
        assert_memory_equal(&t.message, &expected.message, sizeof(t.message));
    }
}

/* Nothing is handed out of what is refused. */
static void
refuse(const char *text, size_t n)
{
    static const senda_token_t nothing;
    senda_token_t t;

    memset(&t, 0xa5, sizeof(t));
    if (read_token(text, n, &t) != SENDA_BAD) {
        fail_msg("taken: %.*s", (int)n, text);
    }
    assert_int_equal(t.kind, 0);
    assert_int_equal(t.link, 0);
    assert_memory_equal(&t.message, &nothing.message, sizeof(t.message));
}

static void
test_each_bit(void **state)
{
    uint8_t raw[SENDA_TOKEN_LEN];
    char text[SENDA_TOKEN_LEN + 1];

    (void)state;
    for (unsigned i = 0; i < LINKS + 2; i++) {
        assert_int_equal(senda_base64url_decode(senda_cstr(made[i]), raw), RAW_LEN);
        for (unsigned bit = 0; bit < RAW_LEN * 8; bit++) {
            raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(senda_base64url_encode(raw, RAW_LEN, text), SENDA_TOKEN_LEN);
            refuse(text, SENDA_TOKEN_LEN);
            raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (unsigned bit = 0; bit < SENDA_TOKEN_LEN * 8; bit++) {
            memcpy(text, made[i], SENDA_TOKEN_LEN);
            text[bit / 8] ^= (char)(1u << bit % 8);
            refuse(text, SENDA_TOKEN_LEN);
        }
    }
}

static bool
is_made(const char *text)
{
    for (unsigned i = 0; i < LINKS + 2; i++) {
        if (memcmp(text, made[i], SENDA_TOKEN_LEN) == 0) {
            return true;
        }
    }
    return false;
}

static void
test_each_length(void **state)
{
    char text[2 * SENDA_TOKEN_LEN + 1];

    (void)state;
    snprintf(text, sizeof(text), "%s%s", made[0], made[1]);
    for (size_t n = 0; n <= 2 * SENDA_TOKEN_LEN; n++) {
        if (n != SENDA_TOKEN_LEN) {
            refuse(text, n);
        }
        if (n > 0 && n < SENDA_TOKEN_LEN) { /* one's head, another's tail */
            char mixed[SENDA_TOKEN_LEN];

            memcpy(mixed, made[0], n);
            memcpy(mixed + n, made[LINKS + 1] + n, SENDA_TOKEN_LEN - n);
            if (!is_made(mixed)) {
                refuse(mixed, SENDA_TOKEN_LEN);
            }
        }
    }
}

/* A key that signs does not make the kind, and one that is gone makes nothing. */
static void
test_kinds_and_keys(void **state)
{
    senda_keys_t others = { .nlinks = 2, .links = { secret_of(8), secret_of(9) } };
    senda_keys_t alike = { .nlinks = 1, .links = { secret_of(8) } };
    senda_token_t t = token_of(0);
    char text[SENDA_TOKEN_LEN + 1];

    (void)state;
    for (unsigned kind = 0; kind < 256; kind++) {
        t = token_of(0);
        t.kind = (senda_token_kind_t)kind;
        assert_true(senda_token_make(&t, &keys, text));
        if (kind != 'c' && kind != 'o' && kind != 'u') {
            refuse(text, SENDA_TOKEN_LEN);
        }
    }
    t = token_of(0);
    assert_true(senda_token_make(&t, &others, text));
    refuse(text, SENDA_TOKEN_LEN);
    alike.links[0].number = 7;
    assert_true(senda_token_make(&t, &alike, text));
    refuse(text, SENDA_TOKEN_LEN);
    others.nlinks = 0;
    assert_false(senda_token_make(&t, &others, text));
    /* the older key's tokens are read as long as it is there */
    others = keys;
    others.nlinks = 1;
    assert_true(senda_token_make(&t, &others, text));
    assert_int_equal(read_token(text, SENDA_TOKEN_LEN, &t), SENDA_OK);
    keys.links[0].number = 4;
    refuse(text, SENDA_TOKEN_LEN);
    keys.links[0].number = 3;
}

/* What a label signs for another purpose is no token. */
static void
test_other_label(void **state)
{
    uint8_t raw[SENDA_TOKEN_LEN];
    char text[SENDA_TOKEN_LEN + 1];

    (void)state;
    assert_int_equal(senda_base64url_decode(senda_cstr(made[0]), raw), RAW_LEN);
    assert_true(senda_sign(&keys.links[1], SENDA_STR("senda="), raw, RAW_LEN - MAC_BYTES,
        raw + RAW_LEN - MAC_BYTES, MAC_BYTES));
    (void)senda_base64url_encode(raw, RAW_LEN, text);
    refuse(text, SENDA_TOKEN_LEN);
}

static void
alter(char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned changes = 1 + draw(4), at;

    memcpy(text, made[draw(LINKS + 2)], SENDA_TOKEN_LEN);
    for (unsigned i = 0; i < changes; i++) {
        at = draw(SENDA_TOKEN_LEN);
        switch (draw(4)) {
        case 0: /* any letter */
            text[at] = letters[draw(64)];
            break;
        case 1: /* a piece of another */
            memcpy(text + at, made[draw(LINKS + 2)] + at, SENDA_TOKEN_LEN - at);
            break;
        case 2: /* two letters the other way round */
            text[at] = text[draw(SENDA_TOKEN_LEN)];
            break;
        default: /* any byte */
            text[at] = (char)draw(256);
            break;
        }
    }
}

static void
test_a_million(void **state)
{
    char text[SENDA_TOKEN_LEN];
    senda_token_t t;
    unsigned tried = 0, taken = 0, unaltered = 0;

    (void)state;
    while (tried < ALTERED) {
        alter(text);
        if (is_made(text)) {
            unaltered++;
            assert_int_equal(read_token(text, SENDA_TOKEN_LEN, &t), SENDA_OK);
            continue;
        }
        tried++;
        taken += read_token(text, SENDA_TOKEN_LEN, &t) == SENDA_OK;
    }
    printf("# %u altered tokens, %u taken; %u came out unaltered\n", tried, taken, unaltered);
    assert_int_equal(taken, 0);
}

static void
test_channels(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SENDA_CHANNELS; i++) {
        assert_int_equal(senda_channel_of(senda_cstr(senda_channel_name(i))), i);
    }
    assert_null(senda_channel_name(SENDA_CHANNELS));
    assert_int_equal(senda_channel_of(SENDA_STR("")), SENDA_CHANNELS);
    assert_int_equal(senda_channel_of(SENDA_STR("Email")), SENDA_CHANNELS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_each_bit),
        cmocka_unit_test(test_each_length),
        cmocka_unit_test(test_kinds_and_keys),
        cmocka_unit_test(test_other_label),
        cmocka_unit_test(test_a_million),
        cmocka_unit_test(test_channels),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_all, NULL);
}
