/*
 * Texts as comparable numbers. Texts of fields are compared as people read
 * them: without accents, case and outer space; numbers are read as shops write
 * them, in either habit. Pure. What is no such value is refused, never guessed.
 */

#include "value.h"
#include "hash.h"
#include "program.h"

#include <glib.h>

#define DIGITS_MAX 14 /* before the point: what still fits in ten-thousandths */
#define YEAR_MIN   1800
#define YEAR_MAX   2999

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static senda_str_t
trim(senda_str_t s)
{
    while (s.n > 0 && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* ---- text ---- */

static bool
is_ascii(senda_str_t s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] & 0x80) != 0)
            return false;
    }
    return true;
}

static int64_t
hash_of(senda_str_t s)
{
    int64_t value;
    uint64_t h = engine_hash(s);

    memcpy(&value, &h, sizeof(value));
    return value;
}

/* Lower case for what needs no tables. */
static int64_t
fold_ascii(senda_str_t s)
{
    char buf[256], *folded = s.n <= sizeof(buf) ? buf : g_malloc(s.n);
    int64_t value;

    for (size_t i = 0; i < s.n; i++)
        folded[i] = g_ascii_tolower(s.p[i]);
    value = hash_of((senda_str_t){ folded, s.n });
    if (folded != buf)
        g_free(folded);
    return value;
}

static int64_t
fold_unicode(senda_str_t s)
{
    char *valid = g_utf8_make_valid(s.p, (gssize)s.n), *lower = g_utf8_casefold(valid, -1);
    char *apart = g_utf8_normalize(lower, -1, G_NORMALIZE_ALL), *to = apart;
    int64_t value;

    for (const char *from = apart; *from != '\0'; from = g_utf8_next_char(from)) {
        size_t n = (size_t)(g_utf8_next_char(from) - from);

        if (g_unichar_ismark(g_utf8_get_char(from)))
            continue;
        memmove(to, from, n);
        to += n;
    }
    value = hash_of(trim((senda_str_t){ apart, (size_t)(to - apart) }));
    g_free(apart);
    g_free(lower);
    g_free(valid);
    return value;
}

/* ---- numbers ---- */

/* Takes an outer currency off: "1,50 EUR", "$ 3", "12 €"; false: something else stands there. */
static bool
strip_currency(senda_str_t *s)
{
    static const char *const signs[] = { "$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5" };
    size_t letters = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        size_t n = strlen(signs[i]);

        if (s->n > n && memcmp(s->p, signs[i], n) == 0)
            *s = trim((senda_str_t){ s->p + n, s->n - n });
        else if (s->n > n && memcmp(s->p + s->n - n, signs[i], n) == 0)
            *s = trim((senda_str_t){ s->p, s->n - n });
    }
    while (letters < s->n && g_ascii_isalpha(s->p[s->n - 1 - letters]))
        letters++;
    if (letters == 3)
        *s = trim((senda_str_t){ s->p, s->n - 3 });
    return s->n > 0 && is_digit(s->p[s->n - 1]);
}

/*
 * Where the decimal point stands, s.n if nowhere. Of two kinds of separators
 * the last is the point; one kind that stands several times, or once before
 * exactly three digits, groups thousands ("1.234", but "0.125").
 */
static size_t
find_point(senda_str_t s)
{
    size_t last = s.n, seps = 0, kinds = 0;
    char kind = '\0';

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '.' && s.p[i] != ',')
            continue;
        kinds += s.p[i] != kind;
        kind = s.p[i];
        last = i;
        seps++;
    }
    if (seps == 0 || kinds > 1)
        return last;
    if (seps > 1 || (s.n - last == 4 && last >= 1 && last <= 3 && s.p[0] != '0'))
        return s.n;
    return last;
}

/* The digits before the point; every separator stands before a group of three. */
static bool
read_whole(senda_str_t s, int64_t *value)
{
    size_t digits = 0, group = 0;
    bool grouped = false;

    *value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (is_digit(s.p[i])) {
            *value = *value * 10 + (s.p[i] - '0');
            digits++;
            group++;
        } else if (s.p[i] != '.' && s.p[i] != ',' && s.p[i] != '\'' && s.p[i] != ' ') {
            return false;
        } else {
            if (grouped ? group != 3 : group == 0 || group > 3)
                return false;
            grouped = true;
            group = 0;
        }
        if (digits > DIGITS_MAX)
            return false;
    }
    return !grouped || group == 3;
}

static bool
read_number(senda_str_t s, int64_t *value)
{
    int64_t whole, part = 0, unit = VALUE_ONE;
    bool negative = false;
    size_t point;

    if (!strip_currency(&s))
        return false;
    if (s.p[0] == '-' || s.p[0] == '+') {
        negative = s.p[0] == '-';
        s = (senda_str_t){ s.p + 1, s.n - 1 };
        if (!strip_currency(&s))
            return false;
    }
    point = find_point(s);
    if (!read_whole((senda_str_t){ s.p, point }, &whole))
        return false;
    for (size_t i = point + 1; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        unit /= 10;
        part += (s.p[i] - '0') * unit;
    }
    *value = whole * VALUE_ONE + part;
    *value = negative ? -*value : *value;
    return true;
}

/* ---- dates ---- */

static int
days_in(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] +
        (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0));
}

static bool
read_date(senda_str_t s, int64_t *value)
{
    int parts[3] = { 0 }, digits[3] = { 0 }, n = 0, year, month, day;
    char sep = '\0';
    senda_local_t local = { 0 };

    for (size_t i = 0; i < s.n; i++) {
        if (is_digit(s.p[i]) && digits[n] < 4) {
            parts[n] = parts[n] * 10 + (s.p[i] - '0');
            digits[n]++;
        } else if ((s.p[i] == '-' || s.p[i] == '/' || s.p[i] == '.') && n < 2 && digits[n] > 0 &&
            (n == 0 || s.p[i] == sep)) {
            sep = s.p[i];
            n++;
        } else {
            return false;
        }
    }
    if (n != 2 || digits[2] == 0)
        return false;
    if (digits[0] == 4 && sep == '-') {
        year = parts[0];
        day = parts[2];
    } else if (digits[2] == 4) {
        year = parts[2];
        day = parts[0];
    } else {
        return false;
    }
    month = parts[1];
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > days_in(year, month))
        return false;
    local = (senda_local_t){ .year = year, .month = month, .day = day };
    *value = senda_zone_utc_of(NULL, local) / 86400;
    return true;
}

bool
value_read(value_type_t type, senda_str_t text, int64_t *value)
{
    text = trim(text);
    if (text.n == 0)
        return false;
    switch (type) {
    case VALUE_TEXT:
        *value = is_ascii(text) ? fold_ascii(text) : fold_unicode(text);
        return true;
    case VALUE_NUMBER:
        return read_number(text, value);
    case VALUE_DATE:
        return read_date(text, value);
    }
    return false;
}

bool
value_compare(int64_t value, int cmp, int64_t other)
{
    switch ((prog_cmp_t)cmp) {
    case CMP_EQ:
        return value == other;
    case CMP_LT:
        return value < other;
    case CMP_LE:
        return value <= other;
    case CMP_GT:
        return value > other;
    case CMP_GE:
        return value >= other;
    }
    return false;
}
