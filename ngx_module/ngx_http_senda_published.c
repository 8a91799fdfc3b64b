/*
 * published/ as a process of nginx reads it: the handle, and the rules that
 * requests are matched with. Looked at at most every half second; rules that
 * cannot be read leave those of before in use.
 *
 * No read transaction is open when a function of this file returns, so the
 * handle may be closed and opened anew between two requests. Nothing here
 * waits, and nothing is opened while the module is passive.
 */

#include "ngx_http_senda.h"

/* This process's; zero in the master. */
static struct {
    char dir[NGX_MAX_PATH + sizeof("/published")];
    senda_published_t *handle;
    ngx_http_senda_file_t file;
    ngx_http_senda_retry_t retry;
    uint64_t version; /* of a store without some tables: a newer one may have them */

    ngx_http_senda_rules_t *rules;
    ngx_uint_t opened; /* rules until now */
    uint64_t refused;  /* the generation that could not be opened */
    ngx_uint_t other;  /* the store was replaced: its generations are counted anew */
} ngx_http_senda_pub;

static void
ngx_http_senda_close_published(void)
{
    senda_published_close(ngx_http_senda_pub.handle);
    ngx_http_senda_pub.handle = NULL;
}

/* One made by an older sidecar lacks tables until the next one writes. */
static ngx_uint_t
ngx_http_senda_is_outgrown(void)
{
    senda_published_t *p = ngx_http_senda_pub.handle;

    return !senda_published_whole(p) &&
        senda_store_version(senda_published_store(p)) != ngx_http_senda_pub.version;
}

static senda_rc_t
ngx_http_senda_open_published(senda_err_t *err)
{
    senda_rc_t rc;

    if (ngx_http_senda_pub.handle) {
        if (!ngx_http_senda_same_file(&ngx_http_senda_pub.file, ngx_http_senda_pub.dir)) {
            ngx_http_senda_pub.other = 1;
            ngx_http_senda_pub.refused = 0;

        } else if (!ngx_http_senda_is_outgrown()) {
            return SENDA_OK;
        }
        ngx_http_senda_close_published();
    }

    ngx_http_senda_note_file(&ngx_http_senda_pub.file, ngx_http_senda_pub.dir);

    rc = senda_published_open_read(&ngx_http_senda_pub.handle, ngx_http_senda_pub.dir, err);

    if (rc == SENDA_OK) {
        ngx_http_senda_pub.version = senda_store_version(
            senda_published_store(ngx_http_senda_pub.handle));
    } else {
        ngx_http_senda_pub.handle = NULL;
    }

    return rc;
}

/* ---- rules ---- */

void
ngx_http_senda_rules_release(ngx_http_senda_rules_t *rules)
{
    if (--rules->refs == 0) {
        senda_rules_close(rules->rules);
        free(rules->blob);
        ngx_free(rules);
    }
}

/* Takes over the published rules; those of before stay when these cannot be read. */
static senda_rc_t
ngx_http_senda_load_rules(senda_err_t *err)
{
    ngx_http_senda_rules_t *rules;
    senda_rc_t rc;
    size_t len;

    rules = ngx_calloc(sizeof(ngx_http_senda_rules_t), ngx_cycle->log);
    if (rules == NULL) {
        return senda_fail(err, SENDA_SYS, "no memory");
    }

    rc = senda_published_rules(ngx_http_senda_pub.handle, &rules->blob, &len, &rules->generation,
        err);
    if (rc == SENDA_OK) {
        rc = senda_rules_open(&rules->rules, rules->blob, len, err);
        if (rc == SENDA_BAD) {
            ngx_http_senda_pub.refused = rules->generation;
        }
    }

    if (rc != SENDA_OK) {
        free(rules->blob);
        ngx_free(rules);
        return rc;
    }

    if (ngx_http_senda_pub.rules) {
        ngx_http_senda_rules_release(ngx_http_senda_pub.rules);
    }

    rules->refs = 1;
    rules->serial = ++ngx_http_senda_pub.opened;
    ngx_http_senda_pub.rules = rules;
    ngx_http_senda_pub.other = 0;

    return SENDA_OK;
}

void
ngx_http_senda_published_look(void)
{
    uint64_t generation;
    senda_err_t err;
    senda_rc_t rc;

    if (!ngx_http_senda_usable() || !ngx_http_senda_due(&ngx_http_senda_pub.retry)) {
        return;
    }

    rc = ngx_http_senda_open_published(&err);

    if (rc == SENDA_OK) {
        generation = senda_published_generation(ngx_http_senda_pub.handle);

        if (generation != 0 && generation != ngx_http_senda_pub.refused &&
            (ngx_http_senda_pub.rules == NULL || ngx_http_senda_pub.other ||
                generation != ngx_http_senda_pub.rules->generation)) {
            rc = ngx_http_senda_load_rules(&err);
        }
    }

    if (rc == SENDA_OK || rc == SENDA_NONE) {
        ngx_http_senda_recovered(&ngx_http_senda_pub.retry);
    } else {
        ngx_http_senda_failed(&ngx_http_senda_pub.retry, "published rules", &err);
    }
}

ngx_http_senda_rules_t *
ngx_http_senda_rules_hold(void)
{
    ngx_http_senda_look();

    if (ngx_http_senda_pub.rules == NULL || !ngx_http_senda_usable()) {
        return NULL;
    }

    ngx_http_senda_pub.rules->refs++;

    return ngx_http_senda_pub.rules;
}

/* ---- the rest of it ---- */

senda_published_t *
ngx_http_senda_published(void)
{
    ngx_http_senda_look();

    return ngx_http_senda_usable() ? ngx_http_senda_pub.handle : NULL;
}

void
ngx_http_senda_published_start(ngx_http_senda_main_conf_t *mcf)
{
    ngx_sprintf((u_char *)ngx_http_senda_pub.dir, "%V/published%Z", &mcf->store);
}

void
ngx_http_senda_published_stop(void)
{
    ngx_http_senda_close_published();

    if (ngx_http_senda_pub.rules) {
        ngx_http_senda_rules_release(ngx_http_senda_pub.rules);
        ngx_http_senda_pub.rules = NULL;
    }

    ngx_http_senda_pub.refused = 0;
}
