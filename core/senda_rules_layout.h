/*
 * The rules' blob, byte for byte: what sidecar/language/rules_build.c writes
 * and senda_rules.c checks and reads in place. Nobody else includes this.
 *
 * A header, then arrays of plain records, each at a multiple of 64. Records
 * name one another by their position in an array, texts by place and length
 * in the text section. Numbers are little-endian, as the machines are that
 * this is built for; the version is read wrongly, and refused, by any other.
 *
 * Each site has a trie over the literal beginnings of its pages' patterns.
 * A node holds the patterns whose beginning ends there: `exact` ones end
 * there wholly, `open` ones go on with a closing '*', and all others stand in
 * a second trie, over their literal endings read backwards, whose root is
 * `suffix`. So a path is walked once forwards and, where patterns go on, once
 * backwards, however many patterns there are.
 */

#ifndef SENDA_RULES_LAYOUT_H
#define SENDA_RULES_LAYOUT_H

#include "senda_rules.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the rules' blob is little-endian and read in place"
#endif

#define LAYOUT_MAGIC   0x73656c7561646e73ull /* "sndaules" */
#define LAYOUT_VERSION 2u

#define LAYOUT_TOKENS_MAX 64          /* pieces of one pattern's path or argument */
#define LAYOUT_ARGS_MAX   16          /* arguments that one pattern names */
#define LAYOUT_LABEL_MAX  24          /* bytes of a node's label kept in the node itself */
#define LAYOUT_FIRST_MAX  16          /* children whose first bytes are kept in the node itself */
#define LAYOUT_LAST       0x80000000u /* on the last entry of a list, on a node's only pattern */
#define LAYOUT_ALIGN      64          /* of a section in the blob: a cache line */
#define LAYOUT_NO_HOST    0xffffffffu

enum {
    LAYOUT_SITES,
    LAYOUT_HOSTS,     /* in order of text */
    LAYOUT_STEPS,     /* offset changes of all sites' zones */
    LAYOUT_PAGES,     /* site after site, in file order */
    LAYOUT_BY_NAME,   /* uint32_t: pages of a site in order of name */
    LAYOUT_EVENTS,    /* custom ones, site after site */
    LAYOUT_TAGS,      /* in order of id */
    LAYOUT_TAG_RULES, /* in order of key */
    LAYOUT_PATTERNS,  /* page after page: those that match, then those that take away */
    LAYOUT_ARGS,
    LAYOUT_TOKENS,
    LAYOUT_NODES,  /* a node's children stand together, behind it, in order of first byte */
    LAYOUT_FIRST,  /* uint8_t: the first byte of each node's label */
    LAYOUT_LISTS,  /* uint32_t: patterns, each matching one once */
    LAYOUT_INPUTS, /* answers of pages' forms, in order of the page's key */
    LAYOUT_SHOWS,  /* site after site, in file order */
    LAYOUT_TEXT,   /* char */
    LAYOUT_SECTIONS
};

typedef struct {
    uint32_t at, n; /* in the text section */
} layout_text_t;

typedef struct {
    uint32_t at, n; /* byte offset from the blob's start, number of records */
} layout_section_t;

typedef struct {
    uint64_t magic;
    uint32_t version;
    uint32_t len;
    uint64_t checksum; /* layout_checksum of all behind this field */
    uint64_t generation;
    layout_section_t sections[LAYOUT_SECTIONS];
} layout_header_t;

typedef struct {
    uint32_t id;
    uint32_t nhosts;
    int32_t first_offset;
    uint32_t step, nsteps;
    uint32_t page, npages;
    uint32_t event, nevents;
    uint32_t root; /* node */
} layout_site_t;

typedef struct {
    layout_text_t name;
    uint32_t site; /* position */
} layout_host_t;

typedef struct {
    senda_key_t key, event; /* event 0: none */
    layout_text_t name;
    uint32_t pattern, nmatch, nexcept;
} layout_page_t;

typedef struct {
    senda_key_t key;
    layout_text_t name;
} layout_event_t;

typedef struct {
    uint32_t id;
    layout_text_t name;
} layout_tag_t;

typedef struct {
    uint32_t tag, site;
    senda_key_t key;
    uint32_t times;
    int32_t months, days;
    int64_t secs;
} layout_tag_rule_t;

typedef struct {
    senda_key_t page;
    layout_text_t name;
} layout_input_t;

typedef struct {
    uint32_t site; /* id */
    uint32_t conditional;
    layout_text_t block, position;
} layout_show_t;

typedef struct {
    uint32_t page; /* position */
    uint8_t methods;
    uint8_t ntokens; /* of the path, at least 1 */
    uint8_t nargs;
    uint8_t flags;
    uint32_t token, arg;
    layout_text_t host;     /* at is LAYOUT_NO_HOST: any */
    senda_key_t key, event; /* the page's, so that a match need not look at it */
} layout_pattern_t;

enum {
    LAYOUT_CAPTURES = 1, /* of a pattern: it has some */
    LAYOUT_EXCEPTS = 2,  /* its page has `except` */
    LAYOUT_NARROW = 4,   /* it names a host or arguments */
};

/* Tokens that match a value: none: the empty one; one LAYOUT_ANY: any. */
typedef struct {
    layout_text_t name;
    uint32_t token, ntokens;
} layout_arg_t;

enum { LAYOUT_LITERAL, LAYOUT_ANY, LAYOUT_SEGMENT, LAYOUT_DIGITS, LAYOUT_KINDS };

typedef struct {
    uint32_t kind;
    layout_text_t text; /* the literal's bytes, the capture's name */
} layout_token_t;

/* 64 bytes: a cache line, what every step needs in front. */
typedef struct {
    uint32_t child;
    uint16_t nchildren;
    uint16_t label_len;              /* 0: a root */
    uint8_t first[LAYOUT_FIRST_MAX]; /* of the children's labels, as in LAYOUT_FIRST */
    uint32_t exact,
        open;          /* 0: none; LAYOUT_LAST | pattern: one; else a list's first entry, plus 1 */
    uint32_t suffix;   /* node; 0: none */
    uint32_t label_at; /* of a label longer than LAYOUT_LABEL_MAX: in the text section */
    char label[LAYOUT_LABEL_MAX]; /* of a shorter one */
} layout_node_t;

_Static_assert(sizeof(layout_node_t) == 64, "a node is a cache line");
_Static_assert(sizeof(layout_tag_rule_t) == 32 && sizeof(senda_zone_step_t) == 16, "no other size");
_Static_assert(sizeof(layout_pattern_t) == 32, "half a cache line");

/* The size of a section's record, 0 for a number that is no section. */
static inline size_t
layout_record_size(unsigned section)
{
    static const uint8_t sizes[LAYOUT_SECTIONS] = {
        [LAYOUT_SITES] = sizeof(layout_site_t),
        [LAYOUT_HOSTS] = sizeof(layout_host_t),
        [LAYOUT_STEPS] = sizeof(senda_zone_step_t),
        [LAYOUT_PAGES] = sizeof(layout_page_t),
        [LAYOUT_BY_NAME] = sizeof(uint32_t),
        [LAYOUT_EVENTS] = sizeof(layout_event_t),
        [LAYOUT_TAGS] = sizeof(layout_tag_t),
        [LAYOUT_TAG_RULES] = sizeof(layout_tag_rule_t),
        [LAYOUT_PATTERNS] = sizeof(layout_pattern_t),
        [LAYOUT_ARGS] = sizeof(layout_arg_t),
        [LAYOUT_TOKENS] = sizeof(layout_token_t),
        [LAYOUT_NODES] = sizeof(layout_node_t),
        [LAYOUT_FIRST] = 1,
        [LAYOUT_LISTS] = sizeof(uint32_t),
        [LAYOUT_INPUTS] = sizeof(layout_input_t),
        [LAYOUT_SHOWS] = sizeof(layout_show_t),
        [LAYOUT_TEXT] = 1,
    };

    return section < LAYOUT_SECTIONS ? sizes[section] : 0;
}

/* Of n bytes, a multiple of 8, at an address that is one: a mix of each word, order included. */
static inline uint64_t
layout_checksum(const void *data, size_t n)
{
    const uint64_t *words = data;
    uint64_t h = 0x9e3779b97f4a7c15ull;

    for (size_t i = 0; i < n / 8; i++) {
        h = (h ^ words[i]) * 0xff51afd7ed558ccdull;
        h ^= h >> 32;
    }
    return h;
}

/* An argument that a page of a site names; site 0: a free place. */
typedef struct {
    uint32_t site; /* id */
    layout_text_t name;
} layout_named_t;

/* The blob with its sections as pointers: what senda_rules_open has checked. */
struct senda_rules_s {
    uint64_t generation;
    const layout_site_t *sites;
    const layout_host_t *hosts;
    const layout_page_t *pages;
    const uint32_t *by_name;
    const layout_event_t *events;
    const layout_tag_t *tags;
    const layout_tag_rule_t *tag_rules;
    const layout_pattern_t *patterns;
    const layout_arg_t *args;
    const layout_token_t *tokens;
    const layout_node_t *nodes;
    const uint8_t *first;
    const uint32_t *lists;
    const layout_input_t *inputs;
    const layout_show_t *shows;
    const char *text;
    const senda_zone_step_t *steps;
    uint32_t n[LAYOUT_SECTIONS];
    layout_named_t *named; /* a table of places, a power of two of them; NULL: nothing is named */
    uint32_t nnamed;
    senda_zone_t zones[]; /* one a site */
};

static inline senda_str_t
layout_str(const senda_rules_t *r, layout_text_t t)
{
    return (senda_str_t){ r->text + t.at, t.n };
}

/* The site with this id, NULL if there is none. Sites are in order of id. */
static inline const layout_site_t *
layout_site(const senda_rules_t *r, uint32_t id)
{
    uint32_t lo = 0, hi = r->n[LAYOUT_SITES];

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (r->sites[mid].id < id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < r->n[LAYOUT_SITES] && r->sites[lo].id == id ? &r->sites[lo] : NULL;
}

/* Makes the table of named arguments of a blob that is checked. SENDA_OK or SENDA_SYS. */
senda_rc_t senda_rules_index_args(senda_rules_t *r);

/* Every position, order and text of a blob whose sections are in place. SENDA_OK or SENDA_BAD. */
senda_rc_t senda_rules_check(const senda_rules_t *r, senda_err_t *err);

#endif
