/*
 * Every bound of what nginx and the sidecar share, in one list. What meets a
 * bound is refused or cut as its comment says, and counted.
 */

#ifndef SENDA_LIMITS_H
#define SENDA_LIMITS_H

/* One request. */
#define SENDA_PATH_MAX     2048 /* bytes of decoded path or arguments; longer: no page matches */
#define SENDA_PATH_KEPT    512  /* bytes of path in a visit record; longer is cut */
#define SENDA_ARGS_MAX     64   /* query arguments looked at; the rest are ignored */
#define SENDA_KEYS_MAX     24   /* pages and events of one request; the rest are dropped */
#define SENDA_CAPTURES_MAX 16   /* captures of one request; the rest are dropped */
#define SENDA_CAPTURE_KEPT 256  /* bytes of one captured value; longer is cut */
#define SENDA_HEADER_MAX   4096 /* bytes of one X-Senda-* header; longer is refused */
#define SENDA_EMAIL_MAX    256 /* bytes of an e-mail that tells one person from another; longer: cut */
#define SENDA_FORM_MAX     65536 /* bytes of a form's body; a longer one is not read */
#define SENDA_FORM_PAIRS   512   /* answers of a form looked at; the rest are ignored */
#define SENDA_FORM_INPUTS \
    64 /* answers that the pages of one request name; further ones are ignored */
#define SENDA_ANSWER_MAX  1024 /* bytes of one answer, decoded; a longer one is refused */
#define SENDA_LANDING_MAX 400  /* bytes of the landing address in a cookie; longer: path only */
#define SENDA_AGENTS_KEPT 256  /* user agents whose verdict a process keeps, a power of two */
#define SENDA_COOKIES_KEPT \
    4096 /* verified cookies that a worker keeps (senda_cookies.h), a power of two */
#define SENDA_AGENT_KEPT 252 /* bytes of such a one; a longer one is looked at each time */

/* Records and rings. */
#define SENDA_SEALED_MAX (3 * SENDA_HEADER_MAX + 128)
#define SENDA_RECORD_MAX 24576          /* bytes of one packed visit */
#define SENDA_RING_SIZE  (8u << 20)     /* bytes of a worker's ring, a power of two */
#define SENDA_RING_MIN   (64u << 10)    /* the smallest ring: a pad and a record always fit */
#define SENDA_RING_MAX   (1u << 30)     /* the largest ring that is believed */
#define SENDA_RINGS_MAX  1024           /* ring files that the drain looks at */
#define SENDA_CHUNK_MAX  32768          /* bytes of visits under one journal key */
#define SENDA_BATCH_MAX  8192           /* visits in one commit of the drain */
#ifndef SENDA_JOURNAL_MAP               /* a tool may have less address space */
#define SENDA_JOURNAL_MAP (64ull << 30) /* bytes of address space for journal/ */
#endif
#define SENDA_PUBLISHED_MAP (16ull << 30)  /* the same for published/ */
#define SENDA_LIVE_SIZE     (256ull << 20) /* bytes of live/ unless size= says otherwise */
#define SENDA_STORE_READERS 1024

/* What the sidecar tells of messages and people. */
#define SENDA_LINKS_MAX    200  /* links of one message; further ones are left as they are */
#define SENDA_LINK_MAX     2048 /* bytes of a link's address; a longer one is left as it is */
#define SENDA_SEGMENTS_MAX 64   /* segments told of one visitor; further ones are not */
#define SENDA_PAGE_MAX     (256u << 10) /* bytes of a page of the endpoint */
#define SENDA_KNOWN_MAX    32768        /* bytes of what is told of one visitor */

/* One visitor in live/. */
#define SENDA_COUNTERS_MAX 256 /* pages and events counted; further ones are refused */
#define SENDA_MOMENTS_MAX  100 /* moments kept for each; a rule asking for more is an error */
#define SENDA_TAGS_MAX     128 /* tags of one visitor; further ones are refused */
#define SENDA_SHOWS_MAX    64  /* blocks shown to one visitor; further ones are refused */

/* One set of rules. */
#define SENDA_RULES_MAX  (64u << 20) /* bytes of the compiled blob */
#define SENDA_SITES_MAX  256
#define SENDA_HOSTS_MAX  256 /* hosts of a site */
#define SENDA_PAGES_MAX  200000
#define SENDA_RULE_SHOWS 4096 /* blocks that all rules show */
#define SENDA_NAME_MAX   128  /* bytes of a name: page, tag, flow, capture */
#define SENDA_ZONE_STEPS 512  /* offset changes kept of a time zone */

#endif
