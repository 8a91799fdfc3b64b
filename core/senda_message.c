/*
 * Tokens of messages, made and read; the names of channels. A token that
 * differs in one bit from what was made is refused, and nothing of it is
 * handed out.
 */

#include "senda_message.h"

#include "senda_sign.h"

#define FIXED_LEN (1 + 1 + SENDA_MESSAGE_LEN + 2) /* key number, kind, message, link */
#define MAC_LEN   12
#define RAW_LEN   (FIXED_LEN + MAC_LEN)

_Static_assert(SENDA_BASE64URL_LEN(RAW_LEN) == SENDA_TOKEN_LEN, "a token is as long as said");

static const char *const channels[SENDA_CHANNELS] = {
    [SENDA_CHANNEL_EMAIL] = "email",
    [SENDA_CHANNEL_SMS] = "sms",
    [SENDA_CHANNEL_PUSH] = "push",
    [SENDA_CHANNEL_WEBPUSH] = "webpush",
};

const char *
senda_channel_name(unsigned channel)
{
    return channel < SENDA_CHANNELS ? channels[channel] : NULL;
}

senda_channel_t
senda_channel_of(senda_str_t name)
{
    unsigned i = 0;

    while (i < SENDA_CHANNELS && !senda_str_eq(name, senda_cstr(channels[i]))) {
        i++;
    }
    return (senda_channel_t)i;
}

bool
senda_token_make(const senda_token_t *t, const senda_keys_t *k, char out[SENDA_TOKEN_LEN + 1])
{
    const senda_secret_t *secret;
    uint8_t raw[RAW_LEN];

    if (k->nlinks == 0) {
        return false;
    }
    secret = &k->links[k->nlinks - 1];
    raw[0] = secret->number;
    raw[1] = (uint8_t)t->kind;
    memcpy(raw + 2, t->message.b, SENDA_MESSAGE_LEN);
    raw[FIXED_LEN - 2] = (uint8_t)(t->link >> 8);
    raw[FIXED_LEN - 1] = (uint8_t)t->link;
    if (!senda_sign(secret, SENDA_STR("token:"), raw, FIXED_LEN, raw + FIXED_LEN, MAC_LEN)) {
        return false;
    }
    out[senda_base64url_encode(raw, RAW_LEN, out)] = '\0';
    return true;
}

static bool
is_kind(uint8_t kind)
{
    return kind == SENDA_TOKEN_CLICK || kind == SENDA_TOKEN_OPEN || kind == SENDA_TOKEN_UNSUBSCRIBE;
}

senda_rc_t
senda_token_read(senda_token_t *t, const senda_keys_t *k, senda_str_t token)
{
    uint8_t raw[SENDA_TOKEN_LEN];
    const senda_secret_t *secret;

    memset(t, 0, sizeof(*t));
    if (token.n != SENDA_TOKEN_LEN || senda_base64url_decode(token, raw) != RAW_LEN) {
        return SENDA_BAD;
    }
    secret = senda_secret_find(k->links, k->nlinks, raw[0]);
    if (secret == NULL || !is_kind(raw[1]) ||
        !senda_sign_verify(secret, SENDA_STR("token:"), raw, FIXED_LEN, raw + FIXED_LEN, MAC_LEN)) {
        return SENDA_BAD;
    }
    t->kind = (senda_token_kind_t)raw[1];
    memcpy(t->message.b, raw + 2, SENDA_MESSAGE_LEN);
    t->link = (uint16_t)(raw[FIXED_LEN - 2] << 8 | raw[FIXED_LEN - 1]);
    return SENDA_OK;
}
