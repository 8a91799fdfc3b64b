/*
 * Edit distance with swaps of neighbours, on folded words: what fingers do
 * wrong. How far is near depends on the word's length. Never fails.
 */

#include "near.h"

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

bool
near_offer(near_t *n, const char *folded, const char *say)
{
    size_t len = strlen(n->wanted);
    unsigned limit, d;

    if (n->looked++ >= LANG_NEAR_MAX || n->distance == 0 || len == 0) {
        return false;
    }
    limit = limit_of(len) + (len > 4 && n->wanted[0] == folded[0] ? 1 : 0);
    limit = limit < n->distance ? limit : n->distance - 1;
    d = near_distance(n->wanted, folded, limit);
    if (d > limit || d >= len) {
        return false;
    }
    n->distance = d;
    n->best = say;
    return true;
}
