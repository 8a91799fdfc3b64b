/*
 * Edit distance with swaps of neighbours, on folded words: what fingers do
 * wrong. How far is near depends on the word's length. Never fails.
 */

#include "near.h"

#include "fold.h"
#include "lang_limits.h"

#define NEAR_LEN 40 /* bytes; longer words are compared by their beginning */

static unsigned
limit_of(size_t n)
{
    return n <= 5 ? 1 : n <= 10 ? 2 : 3;
}

void
near_start(near_t *n, const char *wanted)
{
    n->wanted = wanted;
    n->best = NULL;
    n->distance = limit_of(strlen(wanted)) + 2;
    n->looked = 0;
    n->swapped = false;
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;

    return m < c ? m : c;
}

unsigned
near_distance(const char *a, const char *b, unsigned limit)
{
    unsigned rows[3][NEAR_LEN + 1];
    unsigned *before = rows[0], *prev = rows[1], *now = rows[2];
    size_t na = strnlen(a, NEAR_LEN), nb = strnlen(b, NEAR_LEN);

    if ((na > nb ? na - nb : nb - na) > limit) {
        return limit + 1;
    }
    for (size_t j = 0; j <= nb; j++) {
        prev[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= na; i++) {
        unsigned *spare = before;

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = least(prev[j] + 1, now[j - 1] + 1, prev[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < now[j]) {
                now[j] = before[j - 2] + 1;
            }
        }
        before = prev;
        prev = now;
        now = spare;
    }
    return prev[nb] > limit ? limit + 1 : prev[nb];
}

/* The same letters in another order: fingers that were too fast. */
static bool
same_letters(const char *a, const char *b)
{
    unsigned char count[256] = { 0 };
    size_t n = strlen(a);

    if (n > NEAR_LEN || strlen(b) != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        count[(unsigned char)a[i]]++;
    }
    for (size_t i = 0; i < n; i++) {
        if (count[(unsigned char)b[i]]-- == 0) {
            return false;
        }
    }
    return true;
}

bool
near_offer(near_t *n, const char *folded, const char *say)
{
    size_t len = strlen(n->wanted);
    unsigned limit, d;
    bool swapped;

    if (n->looked++ >= LANG_NEAR_MAX || n->distance == 0 || len == 0) {
        return false;
    }
    limit = limit_of(len) + (len > 4 && n->wanted[0] == folded[0] ? 1 : 0);
    limit = limit < n->distance ? limit : n->distance;
    d = near_distance(n->wanted, folded, limit);
    swapped = d <= limit && !n->swapped && same_letters(n->wanted, folded);
    if (d > limit || d >= len || (d == n->distance && !swapped)) {
        return false;
    }
    n->distance = d;
    n->swapped = swapped;
    n->best = say;
    return true;
}

/* "bestsellers" for "best sellers". */
static bool
offer_joined(near_t *n, arena_t *a, const char *phrase, size_t len)
{
    char *folded = arena_get(a, len + 1);
    size_t k = 0;

    fold_text(phrase, len, folded, len + 1);
    for (size_t i = 0; folded[i] != '\0'; i++) {
        if (folded[i] != ' ') {
            folded[k++] = folded[i];
        }
    }
    folded[k] = '\0';
    return near_offer(n, folded, arena_text(a, phrase, len));
}

void
near_words(near_t *n, arena_t *a, unsigned roles, lang_id_t lang, word_t *found)
{
    const char *phrases;
    word_t w;

    for (unsigned i = 0; (phrases = words_phrase(roles, lang, i, &w)) != NULL; i++) {
        while (*phrases != '\0') {
            size_t len = strcspn(phrases, "|"), first = strcspn(phrases, " |");
            char *folded = arena_get(a, len + 1);

            fold_text(phrases, first, folded, len + 1);
            if (near_offer(n, folded, arena_text(a, phrases, len)) ||
                (first < len && offer_joined(n, a, phrases, len))) {
                *found = w;
            }
            phrases += len + (phrases[len] == '|' ? 1 : 0);
        }
    }
}
