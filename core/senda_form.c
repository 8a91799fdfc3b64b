/*
 * A form's body, walked once. Bounds: SENDA_FORM_PAIRS pairs are looked at, a
 * value has SENDA_ANSWER_MAX bytes when decoded; what goes beyond is refused
 * and counted, and nothing of it is kept. Decoded bytes are wiped.
 */

#include "senda_form.h"

#include "senda_url.h"

#define CARD_MIN   13
#define CARD_MAX   19
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define FOLDED_MAX (2 * SENDA_NAME_MAX) /* letters and digits of a name */

bool
senda_form_next(senda_str_t *rest, senda_str_t *name, senda_str_t *value)
{
    const char *end, *eq;
    senda_str_t pair;

    while (rest->n > 0 && *rest->p == '&') {
        rest->p++;
        rest->n--;
    }
    if (rest->n == 0) {
        return false;
    }
    end = memchr(rest->p, '&', rest->n);
    pair = (senda_str_t){ rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n };
    rest->p += pair.n;
    rest->n -= pair.n;
    eq = memchr(pair.p, '=', pair.n);
    *name = (senda_str_t){ pair.p, eq != NULL ? (size_t)(eq - pair.p) : pair.n };
    *value = eq != NULL ? (senda_str_t){ eq + 1, pair.n - name->n - 1 }
                        : (senda_str_t){ pair.p + pair.n, 0 };
    return true;
}

/* ---- what is never kept ---- */

/* Anywhere in a folded name. */
static const char *const secret_parts[] = { "password", "passwd", "passphrase", "passcode",
    "contrasena", "contrasenya", "contrasinal", "creditcard", "debitcard", "cardnumber", "cardno",
    "cardnum", "cardcode", "cardexp", "cardholder", "cardcvc", "cardcvv", "cardpin", "ccnumber",
    "ccnum", "ccname", "cccvc", "cccvv", "cccsc", "ccexp", "cctype", "numerotarjeta", "numtarjeta",
    "tarjetacredito", "tarjetadecredito", "tarjetadebito", "numerodetarjeta", "caducidadtarjeta",
    "securitycode", "codigoseguridad", "codigodeseguridad", "accountnumber", "cuentabancaria",
    "numerocuenta", "numerodecuenta", "bankaccount", "socialsecurity", "seguridadsocial", "csrf",
    "xsrf", "iban", "cvv", "secretkey", "apikey", "accesstoken", "authtoken", "requesttoken",
    "verificationtoken", "oauth", "pincode" };

/* A whole folded name, or one of its words. */
static const char *const secret_words[] = { "pass", "pwd", "pw", "psw", "pswd", "passw", "card",
    "cards", "cc", "cvc", "cvc2", "cvv2", "csc", "pin", "ssn", "nss", "bic", "swift", "token",
    "nonce", "secret", "secreto", "clave", "claves", "tarjeta", "tarjetas", "otp", "session",
    "sessionid", "sesion", "sid", "jwt", "captcha", "viewstate", "dni", "nif", "nie", "passport",
    "pasaporte" };

static const struct {
    const char *bytes; /* UTF-8 */
    char letter;
} accents[] = {
    { "\xc3\xb1", 'n' }, /* ñ */
    { "\xc3\x91", 'n' },
    { "\xc3\xa1", 'a' },
    { "\xc3\x81", 'a' },
    { "\xc3\xa9", 'e' },
    { "\xc3\x89", 'e' },
    { "\xc3\xad", 'i' },
    { "\xc3\x8d", 'i' },
    { "\xc3\xb3", 'o' },
    { "\xc3\x93", 'o' },
    { "\xc3\xba", 'u' },
    { "\xc3\x9a", 'u' },
};

/* A name as words of small letters and digits, one space between them: "cardNumber" is two. */
static size_t
fold(senda_str_t name, char *out, size_t size)
{
    size_t n = 0;
    bool was_small = false;

    for (size_t i = 0; i < name.n && n + 2 < size; i++) {
        char c = name.p[i];
        bool big = c >= 'A' && c <= 'Z';

        for (size_t k = 0; i + 1 < name.n && k < COUNT(accents); k++) {
            if (memcmp(name.p + i, accents[k].bytes, 2) == 0) {
                c = accents[k].letter;
                i++;
                break;
            }
        }
        if (big && was_small) {
            out[n++] = ' ';
        }
        c = big ? (char)(c + ('a' - 'A')) : c;
        was_small = !big && c >= 'a' && c <= 'z';
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            out[n++] = c;
        } else if (n > 0 && out[n - 1] != ' ') {
            out[n++] = ' ';
        }
    }
    while (n > 0 && out[n - 1] == ' ') {
        n--;
    }
    out[n] = '\0';
    return n;
}

static bool
begins(const char *text, const char *with)
{
    return *text == *with && strncmp(text, with, strlen(with)) == 0;
}

static bool
has_secret_part(const char *joined)
{
    for (const char *p = joined; *p != '\0'; p++) {
        for (size_t i = 0; i < COUNT(secret_parts); i++) {
            if (begins(p, secret_parts[i])) {
                return true;
            }
        }
    }
    return false;
}

/* Whether a word of it, up to a space or the end, is one of them. */
static bool
has_secret_word(const char *folded)
{
    for (const char *p = folded; *p != '\0'; p += strcspn(p, " "), p += *p == ' ') {
        for (size_t i = 0; i < COUNT(secret_words); i++) {
            char end = begins(p, secret_words[i]) ? p[strlen(secret_words[i])] : 'x';

            if (end == ' ' || end == '\0') {
                return true;
            }
        }
    }
    return false;
}

bool
senda_form_is_secret_name(senda_str_t name)
{
    char folded[FOLDED_MAX], joined[FOLDED_MAX];
    size_t n = fold(name, folded, sizeof(folded)), k = 0;

    for (size_t i = 0; i < n; i++) {
        if (folded[i] != ' ') {
            joined[k++] = folded[i];
        }
    }
    joined[k] = '\0';
    return has_secret_part(joined) || has_secret_word(folded) || has_secret_word(joined);
}

/* The check digit makes the sum of all digits, every second one from the right doubled, end in 0. */
static bool
is_checked(const uint8_t *digits, size_t n)
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned d = digits[n - 1 - i];

        d = i % 2 == 1 ? 2 * d : d;
        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether groups of digits that begin at i, with at most three signs between two, are a card's number. */
static bool
is_card_at(senda_str_t s, size_t i)
{
    uint8_t digits[CARD_MAX];
    size_t n = 0, gap = 0;

    for (; i < s.n && gap <= 3; i++) {
        if (is_digit(s.p[i])) {
            if (n == CARD_MAX) {
                return false;
            }
            digits[n++] = (uint8_t)(s.p[i] - '0');
            gap = 0;
            if (n >= CARD_MIN && (i + 1 == s.n || !is_digit(s.p[i + 1])) && is_checked(digits, n)) {
                return true;
            }
        } else if (s.p[i] == ' ' || s.p[i] == '-' || s.p[i] == '.' || s.p[i] == '\t') {
            gap++;
        } else {
            return false;
        }
    }
    return false;
}

bool
senda_form_is_secret_value(senda_str_t value)
{
    for (size_t i = 0; i < value.n; i++) {
        if (is_digit(value.p[i]) && (i == 0 || !is_digit(value.p[i - 1])) && is_card_at(value, i)) {
            return true;
        }
    }
    return false;
}

/* ---- what is kept ---- */

typedef struct {
    char *p;
    size_t n, size;
} out_t;

/* Letters, digits and "-._*" stand for themselves, a space is '+' (WHATWG URL standard, 5.2). */
static bool
encode(out_t *o, senda_str_t s)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            c == '-' || c == '.' || c == '_' || c == '*' || c == ' ';

        if (o->size - o->n < (plain ? 1 : 3)) {
            return false;
        }
        if (plain) {
            o->p[o->n++] = c == ' ' ? '+' : (char)c;
        } else {
            o->p[o->n++] = '%';
            o->p[o->n++] = hex[c >> 4];
            o->p[o->n++] = hex[c & 15];
        }
    }
    return true;
}

static bool
put(out_t *o, char c)
{
    if (o->n == o->size) {
        return false;
    }
    o->p[o->n++] = c;
    return true;
}

/* The whole pair or nothing. */
static bool
add(out_t *o, senda_str_t name, senda_str_t value)
{
    size_t before = o->n;

    if ((before == 0 || put(o, '&')) && encode(o, name) && put(o, '=') && encode(o, value)) {
        return true;
    }
    explicit_bzero(o->p + before, o->n - before);
    o->n = before;
    return false;
}

/* An encoded byte is at most three. */
static const senda_str_t *
find(senda_str_t raw, const senda_str_t *inputs, unsigned ninputs)
{
    char buf[3 * SENDA_NAME_MAX];
    senda_str_t name = { buf, 0 };

    if (raw.n == 0 || raw.n > sizeof(buf)) {
        return NULL;
    }
    name.n = senda_percent_decode(buf, raw, true);
    for (unsigned i = 0; i < ninputs; i++) {
        if (senda_str_eq(inputs[i], name)) {
            return &inputs[i];
        }
    }
    return NULL;
}

static void
keep_one(out_t *o, senda_str_t name, senda_str_t raw, senda_form_count_t *count)
{
    char buf[3 * SENDA_ANSWER_MAX];
    senda_str_t value = { buf, 0 };

    if (raw.n > sizeof(buf)) {
        count->refused++;
        return;
    }
    value.n = senda_percent_decode(buf, raw, true);
    if (value.n > SENDA_ANSWER_MAX || senda_form_is_secret_name(name) ||
        senda_form_is_secret_value(value) || !add(o, name, value)) {
        count->refused++;
    } else {
        count->kept++;
    }
    explicit_bzero(buf, value.n);
}

size_t
senda_form_keep(senda_str_t body, const senda_str_t *inputs, unsigned ninputs, char *out,
    size_t size, senda_form_count_t *count)
{
    out_t o = { out, 0, size };
    senda_str_t name, value;

    *count = (senda_form_count_t){ 0, 0 };
    for (unsigned pairs = 0; senda_form_next(&body, &name, &value); pairs++) {
        const senda_str_t *input;

        if (pairs == SENDA_FORM_PAIRS) {
            count->refused++;
            break;
        }
        input = value.n > 0 ? find(name, inputs, ninputs) : NULL;
        if (input != NULL) {
            keep_one(&o, *input, value, count);
        }
    }
    return o.n;
}
