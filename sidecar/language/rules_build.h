/*
 * Builds the flat blob that core/senda_rules.h reads. The dump half of that
 * load; the only other file that knows the blob's layout
 * (core/senda_rules_layout.h holds it).
 */

#ifndef SENDA_RULES_BUILD_H
#define SENDA_RULES_BUILD_H

#include "senda_rules.h"

typedef struct rules_build_s rules_build_t;

rules_build_t *rules_build_new(void);
void rules_build_free(rules_build_t *b);

/* Every text is copied. Names: UTF-8, at most SENDA_NAME_MAX bytes. */

/* A site: id, zone, then its hosts one by one (SENDA_NONE if another site has it already). */
void rules_build_site(rules_build_t *b, uint32_t site, const senda_zone_t *zone);
senda_rc_t rules_build_host(rules_build_t *b, uint32_t site, senda_str_t host);

/* A page: event is 0 if it stands for none. Pages of a site in file order. */
void rules_build_page(rules_build_t *b, uint32_t site, senda_key_t page, senda_str_t name,
    senda_key_t event);

/* An answer of the page's form that is kept, by the form's own name for it. */
void rules_build_input(rules_build_t *b, senda_key_t page, senda_str_t input);

/* A block and where it is shown; those of a site in file order. */
void rules_build_show(rules_build_t *b, uint32_t site, const senda_rule_show_t *show);

/* A custom event's name. */
void rules_build_event(rules_build_t *b, uint32_t site, senda_key_t event, senda_str_t name);

/* What can be wrong with a pattern; err has the same in English words. */
typedef enum {
    RULES_FAULT_NONE,
    RULES_FAULT_NO_SLASH, /* neither a path nor an address */
    RULES_FAULT_HOST,     /* a character that no host has, or no host behind "://" */
    RULES_FAULT_UNCLOSED, /* '{' without '}' */
    RULES_FAULT_NO_NAME,  /* "{}", "{#}" */
    RULES_FAULT_NAME,     /* a character that no name has, or a name too long */
    RULES_FAULT_TWICE,    /* one name captured twice */
    RULES_FAULT_CAPTURES, /* more than SENDA_CAPTURES_MAX */
    RULES_FAULT_ARG_NAME, /* an argument's name that is empty or holds '*' or '{' */
    RULES_FAULT_ARGS,     /* more than 16 arguments */
    RULES_FAULT_PIECES,   /* more than 64 pieces in a path or a value */
    RULES_FAULT_LONG,     /* more than SENDA_PATH_MAX bytes */
    RULES_FAULT_CONTROL,  /* a control character, perhaps as %XX */
    RULES_FAULT_OTHER, /* unknown page, no memory, a bound reached: the builder's, not the text's */
} rules_fault_t;

/*
 * A pattern of a page in the language's dialect ("/tacon*", "/p/{#id}-*.html?c={c}",
 * "https://shop.example.com/x*"). methods: SENDA_METHOD_* bits. except: takes
 * away what it matches from the whole page, whatever the method (methods is
 * then not read). A pattern with a host also matches an address whose host is
 * unknown. SENDA_OK; SENDA_BAD, and err says what is wrong at which byte
 * offset (*at).
 */
senda_rc_t rules_build_pattern(rules_build_t *b, senda_key_t page, unsigned methods, bool except,
    senda_str_t pattern, size_t *at, senda_err_t *err);

/* What was wrong with the last pattern given, for words in other languages. */
rules_fault_t rules_build_fault(const rules_build_t *b);

/* A tag's name, and the lines by which nginx itself gives it. */
void rules_build_tag(rules_build_t *b, uint32_t site, uint32_t tag, senda_str_t name);
void rules_build_tag_rule(rules_build_t *b, const senda_tag_rule_t *rule);

/* The blob, malloc'ed and checked by senda_rules_open; NULL with the reason. */
void *rules_build_finish(rules_build_t *b, uint64_t generation, size_t *len, senda_err_t *err);

#endif
