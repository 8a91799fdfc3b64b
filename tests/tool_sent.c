/*
 * Messages for the tests of the endpoint, as the sidecar would publish them:
 *
 *     tool_sent put STORE <LINES     what is said below, then "NAME KIND LINK TOKEN" of each message
 *     tool_sent token STORE KIND NAME LINK     one token, of whatever name; KIND is c, o or u
 *
 * LINES: message NAME SITE CONTACT CHANNEL LANGUAGE, then link ADDRESS for each
 * of its links; wishes CONTACT HAS WANTED (bits); page SITE LANGUAGE KIND TEXT,
 * whose language "-" is none and in whose text "^" stands for a mark. A NAME has
 * at most 16 bytes.
 */

#include "senda_sent.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    char name[SENDA_MESSAGE_LEN + 1];
    senda_sent_t sent;
} named_t;

static senda_err_t err;
static senda_keys_t keys;
static named_t messages[1024];
static unsigned nmessages;

static void
need(senda_rc_t rc, const char *what)
{
    if (rc != SENDA_OK) {
        fprintf(stderr, "tool_sent: %s: %s\n", what, err.text);
        exit(2);
    }
}

static void
print_token(senda_token_kind_t kind, const char *name, unsigned link)
{
    senda_token_t t = { .kind = kind, .link = (uint16_t)link };
    char text[SENDA_TOKEN_LEN + 1];

    memcpy(t.message.b, name, strnlen(name, SENDA_MESSAGE_LEN));
    if (!senda_token_make(&t, &keys, text)) {
        need(SENDA_SYS, "token");
    }
    printf("%s %c %u %s\n", name, (char)kind, link, text);
}

static void
print_tokens(const named_t *m)
{
    print_token(SENDA_TOKEN_UNSUBSCRIBE, m->name, 0);
    print_token(SENDA_TOKEN_OPEN, m->name, 0);
    for (unsigned i = 0; i < m->sent.nlinks; i++) {
        print_token(SENDA_TOKEN_CLICK, m->name, i);
    }
}

static void
add_message(char *args)
{
    char channel[16], language[8];
    unsigned long contact = 0;
    unsigned site = 0;
    named_t *m = &messages[nmessages++];

    if (nmessages == sizeof(messages) / sizeof(messages[0]) ||
        sscanf(args, "%16s %u %lu %15s %7s", m->name, &site, &contact, channel, language) != 5) {
        need(SENDA_BAD, args);
    }
    m->sent.site = site;
    m->sent.contact = contact;
    m->sent.channel = senda_channel_of(senda_cstr(channel));
    m->sent.at = time(NULL);
    snprintf(m->sent.language, sizeof(m->sent.language), "%s", language);
}

static void
add_link(senda_published_t *p, const char *address)
{
    senda_sent_t *s = &messages[nmessages - 1].sent;

    need(senda_link_set(p, senda_cstr(address), (uint32_t)(time(NULL) / 86400),
             &s->links[s->nlinks], &err),
        address);
    s->nlinks++;
}

static void
set_page(senda_published_t *p, char *args)
{
    char language[8];
    unsigned site, kind;
    int at;

    if (sscanf(args, "%u %7s %u %n", &site, language, &kind, &at) != 3) {
        need(SENDA_BAD, args);
    }
    for (char *c = args + at; *c != '\0'; c++) {
        *c = *c == '^' ? SENDA_MARK : *c;
    }
    need(senda_page_set(p, site, strcmp(language, "-") == 0 ? "" : language, (senda_page_t)kind,
             senda_cstr(args + at), &err),
        "page");
}

static void
put_line(senda_published_t *p, char *line)
{
    senda_wishes_t w;
    unsigned long contact;
    char *args = strchr(line, ' ');

    if (args == NULL) {
        need(SENDA_BAD, line);
        return;
    }
    *args++ = '\0';
    if (strcmp(line, "message") == 0) {
        add_message(args);
    } else if (strcmp(line, "link") == 0 && nmessages > 0) {
        add_link(p, args);
    } else if (strcmp(line, "page") == 0) {
        set_page(p, args);
    } else if (strcmp(line, "wishes") == 0 &&
        sscanf(args, "%lu %u %u", &contact, &w.has, &w.wanted) == 3) {
        need(senda_wishes_set(p, contact, &w, &err), args);
    } else {
        need(SENDA_BAD, line);
    }
}

static int
put(const char *dir)
{
    static char line[SENDA_PAGE_MAX];
    senda_message_t id;
    senda_published_t *p;

    need(senda_published_open_write(&p, dir, &err), dir);
    need(senda_published_begin(p, &err), "begin");
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0') {
            put_line(p, line);
        }
    }
    for (unsigned i = 0; i < nmessages; i++) {
        memset(&id, 0, sizeof(id));
        memcpy(id.b, messages[i].name, strlen(messages[i].name));
        need(senda_sent_set(p, &id, &messages[i].sent, &err), messages[i].name);
    }
    need(senda_published_commit(p, &err), "commit");
    senda_published_close(p);
    for (unsigned i = 0; i < nmessages; i++) {
        print_tokens(&messages[i]);
    }
    return 0;
}

int
main(int argc, char **argv)
{
    char path[PATH_MAX];

    if (argc >= 3) {
        snprintf(path, sizeof(path), "%s/sidecar.key", argv[2]);
        need(senda_keys_read(&keys, path, &err), path);
    }
    if (argc == 3 && strcmp(argv[1], "put") == 0) {
        snprintf(path, sizeof(path), "%s/published", argv[2]);
        return put(path);
    }
    if (argc == 6 && strcmp(argv[1], "token") == 0) {
        print_token((senda_token_kind_t)argv[3][0], argv[4], (unsigned)strtoul(argv[5], NULL, 10));
        return 0;
    }
    fprintf(stderr, "tool_sent: put STORE | token STORE KIND NAME LINK\n");
    return 2;
}
