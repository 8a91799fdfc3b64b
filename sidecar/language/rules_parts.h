/*
 * What the three files that make a blob of rules share: growing arrays, the
 * parsed form of a pattern, and the trie under construction. Nobody else
 * includes this.
 */

#ifndef SENDA_RULES_PARTS_H
#define SENDA_RULES_PARTS_H

#include "rules_build.h"
#include "senda_rules_layout.h"

/* Records one after the other; moves when it grows, so keep positions, not pointers. */
typedef struct {
    void *data;
    uint32_t n, room;
} rules_vec_t;

/* count more records of size bytes, zeroed; the first of them, NULL without memory. */
void *rules_vec_add(rules_vec_t *v, size_t size, uint32_t count);
void rules_vec_free(rules_vec_t *v);

/* What patterns are made of. */
typedef struct {
    rules_vec_t text;   /* char */
    rules_vec_t tokens; /* layout_token_t */
    rules_vec_t args;   /* layout_arg_t */
} rules_parts_t;

static inline const char *
rules_text(const rules_parts_t *parts, layout_text_t t)
{
    return (const char *)parts->text.data + t.at;
}

/* Adds a text; false without memory. */
bool rules_text_add(rules_parts_t *parts, senda_str_t s, layout_text_t *out);

/* Bytes first, then length. */
int rules_text_compare(const rules_parts_t *parts, layout_text_t a, layout_text_t b);

/*
 * Parses a pattern into parts and *out (methods and page are left alone).
 * After a fault parts are as before, and *at is its byte offset in text.
 */
rules_fault_t rules_pattern_parse(rules_parts_t *parts, senda_str_t text, layout_pattern_t *out,
    size_t *at);

/* The fault in English. */
const char *rules_fault_text(rules_fault_t fault);

/* What was collected, until rules_build_finish puts it in order. */
typedef struct {
    layout_site_t out;
    uint32_t seen; /* order of arrival */
} build_site_t;

typedef struct {
    layout_text_t name;
    uint32_t site; /* id */
} build_host_t;

typedef struct {
    uint32_t site; /* id */
    uint32_t seen;
    layout_page_t out;
} build_page_t;

typedef struct {
    uint32_t site; /* id */
    layout_event_t out;
} build_event_t;

typedef struct {
    uint32_t seen;
    layout_input_t out;
} build_input_t;

typedef struct {
    uint32_t seen;
    layout_show_t out;
} build_show_t;

typedef struct {
    uint32_t seen;
    bool except;
    layout_pattern_t out; /* page: order of arrival, then position */
} build_pattern_t;

struct rules_build_s {
    rules_parts_t parts;
    rules_vec_t sites, hosts, steps, pages, events, tags, tag_rules, patterns, inputs, shows;
    uint32_t *slots; /* hosts by hash: position plus 1 */
    uint32_t page;   /* the last one that a pattern was given for */
    rules_fault_t fault;
    bool failed;
    senda_err_t err;
};

/* The tries of all sites. */
typedef struct {
    rules_vec_t nodes; /* layout_node_t */
    rules_vec_t first; /* uint8_t */
    rules_vec_t lists; /* uint32_t */
} rules_trie_t;

/*
 * Adds the trie of n patterns, those at the positions that `which` lists;
 * *root is its node. Those of `except` are not to be among them. False without
 * memory.
 */
bool rules_trie_add(rules_trie_t *t, rules_parts_t *parts, const layout_pattern_t *patterns,
    const uint32_t *which, uint32_t n, uint32_t *root);

#endif
