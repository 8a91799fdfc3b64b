/* Links of a message, found in any HTML and any text. */

#include <glib.h>
#include <stdlib.h>

#include "message_links.h"
#include "senda_sent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
numbered(void *ctx, unsigned link)
{
    (void)ctx;
    return g_strdup_printf("https://e/%u", link);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const message_linker_t how = { "https://e/", numbered, NULL, NULL };
    message_links_t links = { .n = 0 }, again = { .n = 0 };
    char *in = g_utf8_make_valid((const char *)data, (gssize)size);
    char *html = message_links_html(in, &how, &links);
    char *text = message_links_text(in, &how, &links);
    char *same = message_links_html(html, &how, &again);

    for (unsigned i = 0; i < links.n; i++) {
        if (!senda_link_is_address((senda_str_t){ links.address[i], strlen(links.address[i]) })) {
            abort();
        }
    }
    /* what was put in is ours, and stays; over the bound there may be others */
    if (links.n < SENDA_LINKS_MAX && links.ndirect == 0 && again.n > 0) {
        abort();
    }
    g_free(same);
    g_free(text);
    g_free(html);
    g_free(in);
    message_links_free(&links);
    message_links_free(&again);
    return 0;
}
