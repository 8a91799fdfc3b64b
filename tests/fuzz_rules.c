/*
 * Fuzzes the rules blob: a sound one with bytes overwritten at will. It must be
 * refused whole or match anything without leaving its bounds.
 *
 * Input: one byte of how many patches, then patches of three bytes' place and
 * one of value, then an address to match.
 */

#include "rules_build.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t *blob;
static size_t blob_len;

static void
pattern(rules_build_t *b, senda_key_t page, unsigned methods, bool except, const char *text)
{
    senda_err_t err;
    size_t at;

    if (rules_build_pattern(b, page, methods, except, senda_cstr(text), &at, &err) != SENDA_OK) {
        abort();
    }
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const senda_zone_step_t steps[] = { { 1000000000, 3600 }, { 1100000000, 7200 } };
    static const senda_zone_t zone = { 0, 2, steps };
    rules_build_t *b = rules_build_new();
    senda_tag_rule_t tag = { 1, SENDA_STR("vestir"), 1, 2, 4, { 0, 0, 0 } };
    const senda_rule_show_t show = { SENDA_STR("vip"), SENDA_STR("header"), true };
    senda_err_t err;
    void *made;

    (void)argc;
    (void)argv;
    rules_build_site(b, 1, &zone);
    (void)rules_build_host(b, 1, SENDA_STR("shop.example.com"));
    rules_build_page(b, 1, 1, SENDA_STR("cesta"), senda_key_event(SENDA_EV_VIEW_CART));
    pattern(b, 1, SENDA_METHOD_GET, false, "/mi_cesta");
    rules_build_page(b, 1, 2, SENDA_STR("tacon"), 0);
    pattern(b, 2, SENDA_METHOD_GET, false, "/tacon*");
    pattern(b, 2, SENDA_METHOD_GET, true, "/tacon/*/opiniones");
    rules_build_page(b, 1, 3, SENDA_STR("ficha"), senda_key_event(SENDA_EV_VIEW_ITEM));
    pattern(b, 3, SENDA_METHOD_GET, false, "/{cat}/{#id}-*.html?color={color}");
    rules_build_event(b, 1, senda_key_event(SENDA_EVENT_CUSTOM), SENDA_STR("entrega"));
    rules_build_tag(b, 1, 1, tag.name);
    rules_build_tag_rule(b, &tag);
    rules_build_input(b, 2, SENDA_STR("email"));
    rules_build_show(b, 1, &show);
    made = rules_build_finish(b, 7, &blob_len, &err);
    if (made == NULL) {
        abort();
    }
    blob = made;
    rules_build_free(b);
    return 0;
}

static void
match_all(const senda_rules_t *r, const uint8_t *data, size_t size)
{
    static senda_url_t url;
    senda_match_t m;
    senda_tag_rule_t tag;
    senda_rule_show_t show;
    senda_str_t input;
    uint32_t site = senda_rules_site(r, SENDA_STR("www.shop.example.com"));
    senda_str_t address = { (const char *)data, size };

    (void)senda_zone_local(senda_rules_zone(r, site), 1050000000, NULL);
    if (senda_url_parse(&url, SENDA_METHOD_GET, address) != SENDA_OK &&
        senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("/zapatos/12-rojo.html?color=1")) !=
            SENDA_OK) {
        abort();
    }
    senda_rules_match(r, site, &url, &m);
    for (unsigned i = 0; senda_rules_show(r, site, i, &show) == SENDA_OK; i++) {
    }
    if (m.nkeys > SENDA_KEYS_MAX || m.ncaptures > SENDA_CAPTURES_MAX) {
        abort();
    }
    for (unsigned i = 0; i < m.nkeys; i++) {
        (void)senda_rules_moments(r, m.keys[i]);
        for (unsigned j = 0; senda_rules_input(r, m.keys[i], j, &input) == SENDA_OK; j++) {
        }
        for (unsigned j = 0; senda_rules_tag_by_key(r, m.keys[i], j, &tag) == SENDA_OK; j++) {
            (void)senda_rules_tag_name(r, tag.tag);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t *copy = malloc(blob_len + 8);
    size_t len = blob_len;
    senda_rules_t *r = NULL;
    senda_err_t err;

    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, blob, blob_len);
    for (size_t n = size > 0 ? data[0] : 0; n > 0 && size >= 5; n--) {
        ((uint8_t *)copy)[(data[1] << 16 | data[2] << 8 | data[3]) % blob_len] = data[4];
        data += 4;
        size -= 4;
    }
    if (senda_rules_open(&r, copy, len, &err) == SENDA_OK) {
        match_all(r, data, size);
        senda_rules_close(r);
    }
    free(copy);
    return 0;
}
