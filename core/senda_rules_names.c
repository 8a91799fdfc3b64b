/*
 * Names of what the rules have numbers for, for people to read. Walks the
 * blob; nothing here can fail.
 */

#include "senda_rules_layout.h"

senda_str_t
senda_rules_site_name(const senda_rules_t *r, uint32_t site)
{
    const layout_site_t *s = layout_site(r, site);

    for (uint32_t i = 0; s != NULL && i < r->n[LAYOUT_HOSTS]; i++) {
        if (&r->sites[r->hosts[i].site] == s) {
            return layout_str(r, r->hosts[i].name);
        }
    }
    return (senda_str_t){ "", 0 };
}

void
senda_rules_names(const senda_rules_t *r, senda_rules_name_pt each, void *ctx)
{
    for (uint32_t i = 0; i < r->n[LAYOUT_SITES]; i++) {
        const layout_site_t *s = &r->sites[i];

        for (uint32_t k = 0; k < s->npages; k++) {
            const layout_page_t *p = &r->pages[s->page + k];

            each(ctx, s->id, p->key, layout_str(r, p->name));
        }
        for (uint32_t k = 0; k < s->nevents; k++) {
            const layout_event_t *e = &r->events[s->event + k];

            each(ctx, s->id, e->key, layout_str(r, e->name));
        }
    }
}
