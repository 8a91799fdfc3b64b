/*
 * Fills pages: one walk, once to measure and once to write. Whatever the text
 * holds, nothing is written beyond what was measured; values are a token of
 * base64url and fixed words, so nothing needs quoting.
 */

#include "senda_page.h"

#define CHECKED " checked"

/* clang-format off */

#define PLAIN(title, body)                                                  \
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"     \
    "<meta name=\"viewport\" content=\"width=device-width\"><title>" title  \
    "</title></head>\n<body><p>" body "</p>\n</body></html>\n"

/* A box, left out for who has no address of that channel. */
#define BOX(has, wanted, value, words)                                           \
    "\x01" has "<label><input type=\"checkbox\" name=\"channel\" value=\"" value \
    "\"\x01" wanted "> " words "</label><br>\n\x01" has

#define BUTTON(value, words) "<button name=\"action\" value=\"" value "\">" words "</button>\n"

static const char *const plain[SENDA_PAGE_KINDS] = {
    [SENDA_PAGE_CHANNELS] = PLAIN("Messages",
        "Choose how we may write to you.</p>\n<form method=\"post\"><p>\n"
        BOX("E", "e", "email", "E-mail")
        BOX("S", "s", "sms", "SMS")
        BOX("P", "p", "push", "App")
        BOX("W", "w", "webpush", "Browser")
        BUTTON("save", "Save")
        BUTTON("leave", "Unsubscribe")
        "</p></form><p>"),
    [SENDA_PAGE_SAVED] = PLAIN("Saved", "Your choice is saved."),
    [SENDA_PAGE_UNKNOWN] = PLAIN("Unknown link", "This link is not valid, or not any more."),
    [SENDA_PAGE_LATER] = PLAIN("Not now",
        "Your choice could not be saved just now. Please try again in a minute."),
};

/* clang-format on */

senda_str_t
senda_page_plain(senda_page_t kind)
{
    return (unsigned)kind < SENDA_PAGE_KINDS && plain[kind] != NULL ? senda_cstr(plain[kind])
                                                                    : SENDA_STR("");
}

static senda_channel_t
channel_of(char letter)
{
    switch (letter) {
    case 'e':
        return SENDA_CHANNEL_EMAIL;
    case 's':
        return SENDA_CHANNEL_SMS;
    case 'p':
        return SENDA_CHANNEL_PUSH;
    case 'w':
        return SENDA_CHANNEL_WEBPUSH;
    default:
        return SENDA_CHANNELS;
    }
}

/* What stands for a mark outside of what is left out. */
static senda_str_t
value_of(char letter, const senda_page_values_t *values)
{
    senda_channel_t channel = channel_of(letter);

    if (letter == 't') {
        return values->token;
    }
    return channel < SENDA_CHANNELS && (values->wishes.wanted >> channel & 1) != 0
        ? SENDA_STR(CHECKED)
        : SENDA_STR("");
}

static size_t
append(char *out, size_t at, senda_str_t s)
{
    if (out != NULL && s.n > 0) {
        memcpy(out + at, s.p, s.n);
    }
    return at + s.n;
}

size_t
senda_page_fill(senda_str_t text, const senda_page_values_t *values, char *out)
{
    const char *p = text.p, *end = text.p + text.n, *mark;
    senda_channel_t channel;
    char hidden = '\0'; /* the letter that has to come again */
    size_t n = 0;

    while (p < end) {
        mark = memchr(p, SENDA_MARK, (size_t)(end - p));
        if (hidden == '\0') {
            n = append(out, n, (senda_str_t){ p, (size_t)((mark != NULL ? mark : end) - p) });
        }
        if (mark == NULL || mark + 1 == end) {
            break;
        }
        p = mark + 2;
        channel = mark[1] >= 'A' && mark[1] <= 'Z' ? channel_of((char)(mark[1] + 32))
                                                   : SENDA_CHANNELS;
        if (hidden != '\0') {
            hidden = mark[1] == hidden ? '\0' : hidden;
        } else if (channel == SENDA_CHANNELS) {
            n = append(out, n, value_of(mark[1], values));
        } else if ((values->wishes.has >> channel & 1) == 0) {
            hidden = mark[1];
        }
    }
    return n;
}
