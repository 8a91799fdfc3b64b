/*
 * senda_store: where the stores are, how large, how long things are kept. A
 * folder on which a store would be damaged is refused here, so that `nginx -t`
 * says so; what nginx's user may not write to is a warning, because nothing
 * that can be mended later may keep nginx from starting.
 */

#include "ngx_http_senda.h"

#include "senda_place.h"

#define NGX_HTTP_SENDA_DAY (24 * 60 * 60)

/* Settings that nobody has set. */
#define NGX_HTTP_SENDA_KEEP     (400 * NGX_HTTP_SENDA_DAY)
#define NGX_HTTP_SENDA_NEW      1000
#define NGX_HTTP_SENDA_SNAPSHOT 3600
#define NGX_HTTP_SENDA_RINGS    60

/* A full path without closing slash, NUL-terminated. */
static ngx_int_t
ngx_http_senda_full_path(ngx_conf_t *cf, ngx_str_t *path)
{
    if (path->len == 0) {
        return NGX_ERROR;
    }

    if (ngx_conf_full_name(cf->cycle, path, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    while (path->len > 1 && path->data[path->len - 1] == '/') {
        path->data[--path->len] = '\0';
    }

    return NGX_OK;
}

/* ---- checks ---- */

/* The folder that `senda init` makes has a journal in it. */
static char *
ngx_http_senda_check_store(ngx_conf_t *cf, ngx_http_senda_main_conf_t *mcf)
{
    ngx_file_info_t fi;
    u_char journal[NGX_MAX_PATH];

    if (mcf->store.len + sizeof("/published/data.mdb") > NGX_MAX_PATH) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the path \"%V\" is too long", &mcf->store);
        return NGX_CONF_ERROR;
    }

    if (ngx_file_info(mcf->store.data, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
            "cannot use store \"%V\", make it with \"senda init %V\"", &mcf->store, &mcf->store);
        return NGX_CONF_ERROR;
    }

    ngx_sprintf(journal, "%V/journal%Z", &mcf->store);

    if (!ngx_is_dir(&fi) || ngx_file_info(journal, &fi) == NGX_FILE_ERROR || !ngx_is_dir(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"%V\" is no store, make one with \"senda init %V\"", &mcf->store, &mcf->store);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}

/* live/ has files of the same names as the store's other parts. */
static char *
ngx_http_senda_check_live(ngx_conf_t *cf, ngx_http_senda_main_conf_t *mcf)
{
    static const char *const parts[] = { "", "/journal", "/published", "/state" };
    ngx_uint_t i;
    size_t n;

    if (mcf->live.len + sizeof("/restore.mdb") > NGX_MAX_PATH) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the path \"%V\" is too long", &mcf->live);
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < 4; i++) {
        n = ngx_strlen(parts[i]);

        if (mcf->live.len == mcf->store.len + n &&
            ngx_strncmp(mcf->live.data, mcf->store.data, mcf->store.len) == 0 &&
            ngx_strcmp(mcf->live.data + mcf->store.len, parts[i]) == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                "\"live=%V\" is a folder of the store itself, it needs one of its own", &mcf->live);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}

/* Only a place known to be wrong is refused: one that cannot be looked at shows itself later. */
static char *
ngx_http_senda_check_places(ngx_conf_t *cf, ngx_http_senda_main_conf_t *mcf)
{
    senda_err_t err;

    if (senda_place_check((char *)mcf->store.data, &err) == SENDA_BAD ||
        senda_place_check((char *)mcf->live.data, &err) == SENDA_BAD) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", err.text);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}

void
ngx_http_senda_warn_of_rights(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf)
{
    static const char *const parts[] = { "journal", "published" };
    char dir[NGX_MAX_PATH + sizeof("/published")];
    ngx_core_conf_t *ccf;
    senda_err_t err;
    ngx_uint_t i;

    ccf = (ngx_core_conf_t *)ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (geteuid() != 0) {
        return; /* workers are this very user, who sees it by trying */
    }

    for (i = 0; i < 2; i++) {
        ngx_sprintf((u_char *)dir, "%V/%s%Z", &mcf->store, parts[i]);

        if (senda_place_rights(dir, ccf->user, ccf->group, &err) == SENDA_BAD) {
            ngx_log_error(NGX_LOG_WARN, cycle->log, 0, "senda: nothing is recorded: %s", err.text);
        }
    }
}

/* ---- the directive ---- */

static ngx_uint_t
ngx_http_senda_is_option(ngx_str_t *value, const char *name, ngx_str_t *rest)
{
    size_t n = ngx_strlen(name);

    if (value->len < n || ngx_strncmp(value->data, name, n) != 0) {
        return 0;
    }

    rest->data = value->data + n;
    rest->len = value->len - n;

    return 1;
}

/* Given once, and something that can be. */
static ngx_uint_t
ngx_http_senda_set_time(time_t *t, ngx_str_t *s)
{
    if (*t != NGX_CONF_UNSET) {
        return 0;
    }

    *t = ngx_parse_time(s, 1);

    return *t != (time_t)NGX_ERROR;
}

static char *
ngx_http_senda_store_option(ngx_conf_t *cf, ngx_http_senda_main_conf_t *mcf, ngx_str_t *value)
{
    ngx_uint_t valid = 0;
    ngx_str_t s;
    off_t size;

    if (ngx_http_senda_is_option(value, "live=", &s)) {
        if (mcf->live.len == 0) {
            mcf->live = s;
            valid = ngx_http_senda_full_path(cf, &mcf->live) == NGX_OK;
        }

    } else if (ngx_http_senda_is_option(value, "size=", &s)) {
        size = ngx_parse_offset(&s);
        valid = mcf->live_size == 0 && size != NGX_ERROR;

        if (valid && size < 1024 * 1024) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "live store is too small: \"%V\"", value);
            return NGX_CONF_ERROR;
        }

        mcf->live_size = size;

    } else if (ngx_http_senda_is_option(value, "journal=", &s)) {
        valid = ngx_http_senda_set_time(&mcf->journal_keep, &s);

    } else if (ngx_http_senda_is_option(value, "visitors=", &s)) {
        valid = ngx_http_senda_set_time(&mcf->visitors_keep, &s);

    } else if (ngx_http_senda_is_option(value, "snapshot=", &s)) {
        valid = ngx_http_senda_set_time(&mcf->snapshot, &s);

    } else if (ngx_http_senda_is_option(value, "rings=", &s)) {
        valid = ngx_http_senda_set_time(&mcf->rings_keep, &s);

    } else if (ngx_http_senda_is_option(value, "new_visitors=", &s)) {
        if (mcf->new_visitors == NGX_CONF_UNSET) {
            mcf->new_visitors = ngx_atoi(s.data, s.len);
            valid = mcf->new_visitors != NGX_ERROR && mcf->new_visitors <= 1000000;
        }
    }

    if (valid) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", value);
    return NGX_CONF_ERROR;
}

static char *
ngx_http_senda_set_defaults(ngx_conf_t *cf, ngx_http_senda_main_conf_t *mcf)
{
    char dir[NGX_MAX_PATH];

    if (mcf->live.len == 0) {
        senda_live_default_dir((char *)mcf->store.data, dir, sizeof(dir));
        mcf->live.len = ngx_strlen(dir);
        mcf->live.data = ngx_pnalloc(cf->pool, mcf->live.len + 1);
        if (mcf->live.data == NULL) {
            return NGX_CONF_ERROR;
        }
        ngx_memcpy(mcf->live.data, dir, mcf->live.len + 1);
    }

    if (mcf->live_size == 0) {
        mcf->live_size = SENDA_LIVE_SIZE;
    }

    ngx_conf_init_value(mcf->journal_keep, NGX_HTTP_SENDA_KEEP);
    ngx_conf_init_value(mcf->visitors_keep, NGX_HTTP_SENDA_KEEP);
    ngx_conf_init_value(mcf->new_visitors, NGX_HTTP_SENDA_NEW);
    ngx_conf_init_value(mcf->snapshot, NGX_HTTP_SENDA_SNAPSHOT);
    ngx_conf_init_value(mcf->rings_keep, NGX_HTTP_SENDA_RINGS);

    return NGX_CONF_OK;
}

char *
ngx_http_senda_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_senda_main_conf_t *mcf = conf;

    ngx_str_t *value = cf->args->elts;
    ngx_uint_t i;

    if (mcf->store.len) {
        return "is duplicate";
    }

    mcf->journal_keep = NGX_CONF_UNSET;
    mcf->visitors_keep = NGX_CONF_UNSET;
    mcf->new_visitors = NGX_CONF_UNSET;
    mcf->snapshot = NGX_CONF_UNSET;
    mcf->rings_keep = NGX_CONF_UNSET;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_senda_store_option(cf, mcf, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    mcf->store = value[1];
    if (ngx_http_senda_full_path(cf, &mcf->store) != NGX_OK) {
        return "has an empty path";
    }

    if (ngx_http_senda_set_defaults(cf, mcf) != NGX_CONF_OK ||
        ngx_http_senda_check_store(cf, mcf) != NGX_CONF_OK ||
        ngx_http_senda_check_live(cf, mcf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_senda_check_places(cf, mcf);
}
