/*
 * What the sidecar tells nginx of a visitor, for the tests:
 *
 *     tool_known set STORE VISITOR [WORD...]   VISITOR in hex; a tag's name, "personal", "score=N",
 *                                              "stage=NAME", "segment=NAME", "show=BLOCK:POSITION"
 *     tool_known get STORE VISITOR             what is told, a line each; VISITOR in hex, or a name
 */

#include "senda_known.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static senda_err_t err;

static void
die(const char *what)
{
    fprintf(stderr, "tool_known: %s: %s\n", what, err.text);
    exit(2);
}

static void
need(senda_rc_t rc, const char *what)
{
    if (rc != SENDA_OK) {
        die(what);
    }
}

/* 32 hex digits, else the bytes of a name. */
static senda_visitor_t
visitor_of(const char *text)
{
    senda_visitor_t v = { { 0 } };
    size_t len = strlen(text);
    unsigned byte;

    if (len != (size_t)2 * SENDA_VISITOR_LEN) {
        memcpy(v.b, text, len < SENDA_VISITOR_LEN ? len : SENDA_VISITOR_LEN);
        return v;
    }
    for (size_t i = 0; i < SENDA_VISITOR_LEN; i++) {
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) {
            die(text);
        }
        v.b[i] = (uint8_t)byte;
    }
    return v;
}

static void
tell(senda_published_t *p, senda_known_t *k, char *word)
{
    char *value = strchr(word, '='), *position;

    if (value != NULL) {
        *value++ = '\0';
    }
    if (strcmp(word, "personal") == 0) {
        k->personal = true;
    } else if (value == NULL) {
        need(senda_published_id(p, SENDA_NAME_TAG, 1, senda_cstr(word), &k->tags[k->ntags++], &err),
            word);
    } else if (strcmp(word, "score") == 0) {
        k->has_score = true;
        k->score = strtoll(value, NULL, 10);
    } else if (strcmp(word, "stage") == 0) {
        k->stage = senda_cstr(value);
    } else if (strcmp(word, "segment") == 0) {
        k->segments[k->nsegments++] = senda_cstr(value);
    } else if (strcmp(word, "show") == 0 && (position = strchr(value, ':')) != NULL) {
        k->shows[k->nshows++] = (senda_show_t){ senda_cstr(position + 1),
            { value, (size_t)(position - value) } };
    } else {
        die(word);
    }
}

static int
set(const char *dir, const senda_visitor_t *v, char **words, int n)
{
    static senda_known_t known;
    senda_published_t *p;

    need(senda_published_open_write(&p, dir, &err), dir);
    need(senda_published_begin(p, &err), "begin");
    for (int i = 0; i < n && i < SENDA_SEGMENTS_MAX; i++) {
        tell(p, &known, words[i]);
    }
    need(senda_known_set(p, v, &known, &err), "known");
    need(senda_published_commit(p, &err), "commit");
    senda_published_close(p);
    return 0;
}

static void
print(const char *what, senda_str_t name)
{
    printf("%s %.*s\n", what, (int)name.n, name.p);
}

static int
get(const char *dir, const senda_visitor_t *v)
{
    static senda_known_t known;
    static char buf[SENDA_KNOWN_MAX];
    senda_published_t *p;

    need(senda_published_open_read(&p, dir, &err), dir);
    (void)senda_known_get(p, v, &known, buf);
    if (known.personal) {
        printf("personal\n");
    }
    if (known.has_score) {
        printf("score %lld\n", (long long)known.score);
    }
    if (known.stage.n > 0) {
        print("stage", known.stage);
    }
    for (unsigned i = 0; i < known.ntags; i++) {
        printf("tag %u\n", known.tags[i]);
    }
    for (unsigned i = 0; i < known.nsegments; i++) {
        print("segment", known.segments[i]);
    }
    for (unsigned i = 0; i < known.nshows; i++) {
        printf("block %.*s position %.*s\n", (int)known.shows[i].block.n, known.shows[i].block.p,
            (int)known.shows[i].position.n, known.shows[i].position.p);
    }
    senda_published_close(p);
    return 0;
}

int
main(int argc, char **argv)
{
    char dir[PATH_MAX];
    senda_visitor_t v;

    if (argc >= 4) {
        (void)snprintf(dir, sizeof(dir), "%s/published", argv[2]);
        v = visitor_of(argv[3]);
        if (strcmp(argv[1], "set") == 0) {
            return set(dir, &v, argv + 4, argc - 4);
        }
        if (strcmp(argv[1], "get") == 0) {
            return get(dir, &v);
        }
    }
    fprintf(stderr, "tool_known: set|get STORE VISITOR …\n");
    return 2;
}
