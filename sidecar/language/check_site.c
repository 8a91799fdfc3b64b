/*
 * A site and what it says of itself, and the lines that guard people's peace:
 * limits, quiet hours, the control group.
 */

#include "check.h"

#include "senda_url.h"

static bool
is_letters(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!g_ascii_isalpha(s[i])) {
            return false;
        }
    }
    return strlen(s) == n;
}

static void
check_setting(check_t *c, const ast_site_t *site, const ast_setting_t *s)
{
    diag_t *d = NULL;

    if (s->head.broken) {
        return;
    }
    for (const ast_head_t *h = site->settings.first; h != &s->head; h = h->next) {
        if (((const ast_setting_t *)h)->what == s->what) {
            d = DIAG(c->ds, s->head.word, MSG_SETTING_TWICE, diag_text(c->ds, s->head.word),
                arena_printf(c->arena, "%u", h->span.line));
            diag_other(d, h->span.line);
            diag_word(c->ds, d, s->what);
            return;
        }
    }
    if (s->value.text == NULL) {
        return;
    }
    if (s->what == W_CURRENCY && !is_letters(s->value.text, 3)) {
        d = DIAG(c->ds, s->value.span, MSG_CURRENCY_BAD, s->value.text);
    } else if (s->what == W_LANGUAGE && !is_letters(s->value.text, 2)) {
        d = DIAG(c->ds, s->value.span, MSG_LANGUAGE_BAD, s->value.text);
    }
    diag_word(c->ds, d, s->what);
}

void
check_site(check_t *c, const ast_site_t *site)
{
    unsigned n = 0;

    for (const ast_names_t *h = site->head.broken ? NULL : site->hosts; h != NULL; h = h->next) {
        char host[256];

        if (senda_host_decode(host, sizeof(host), senda_cstr(h->name.text)) == 0) {
            diag_word(c->ds, DIAG(c->ds, h->name.span, MSG_SITE_HOST, h->name.text), W_SITE);
        }
        if (++n == SENDA_HOSTS_MAX + 1) {
            DIAG(c->ds, h->name.span, MSG_SITE_HOSTS_MAX,
                arena_printf(c->arena, "%d", SENDA_HOSTS_MAX));
        }
    }
    for (const ast_head_t *h = site->settings.first; h != NULL; h = h->next) {
        check_setting(c, site, (const ast_setting_t *)h);
    }
}

/* A line that goes once, and the first of its kind. */
static void
check_twice(check_t *c, const ast_head_t *h, const ast_head_t **first, word_t w)
{
    diag_t *d;

    if (*first == NULL) {
        *first = h;
        return;
    }
    d = DIAG(c->ds, h->word, MSG_STATEMENT_TWICE,
        arena_printf(c->arena, "%u", (*first)->span.line));
    diag_other(d, (*first)->span.line);
    diag_word(c->ds, d, w);
}

void
check_limit(check_t *c, const ast_limit_t *limit)
{
    if (limit->head.broken) {
        return;
    }
    if (limit->times == 0) {
        diag_word(c->ds, DIAG(c->ds, limit->times_span, MSG_LIMIT_ZERO), W_LIMIT);
    }
    check_twice(c, &limit->head, &c->limits[words_table[limit->channel].value][limit->per],
        W_LIMIT);
}

void
check_quiet(check_t *c, const ast_quiet_t *quiet)
{
    if (quiet->head.broken) {
        return;
    }
    if (quiet->from == quiet->to) {
        diag_word(c->ds, DIAG(c->ds, quiet->times_span, MSG_QUIET_EMPTY), W_QUIET);
    }
    check_twice(c, &quiet->head, &c->quiet, W_QUIET);
}

void
check_control(check_t *c, const ast_control_t *control)
{
    if (control->head.broken) {
        return;
    }
    if (control->share > 10000) {
        diag_word(c->ds, DIAG(c->ds, control->share_span, MSG_CONTROL_OVER), W_CONTROL);
    }
    check_twice(c, &control->head, &c->control, W_CONTROL);
}
