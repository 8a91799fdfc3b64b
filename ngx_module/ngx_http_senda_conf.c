/*
 * Directives and settings: read, checked, merged. A mistake is an [emerg] in
 * nginx's own words, with the command that mends it where there is one.
 *
 * Under `nginx -t` the key file is read and the store's folder looked at; no
 * store is opened and nothing is written.
 */

#include "ngx_http_senda.h"

char *
ngx_http_senda_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_senda_main_conf_t *mcf = conf;

    ngx_str_t *value = cf->args->elts;
    ngx_file_info_t fi;
    senda_err_t err;

    if (mcf->keys) {
        return "is duplicate";
    }

    mcf->key_file = value[1];
    if (ngx_conf_full_name(cf->cycle, &mcf->key_file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_file_info(mcf->key_file.data, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
            "cannot read key \"%V\", make it with \"senda keygen\"", &mcf->key_file);
        return NGX_CONF_ERROR;
    }

    if (fi.st_mode & (S_IRWXG | S_IRWXO)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "key \"%V\" may be read by others than its owner, say \"chmod 600 %V\"", &mcf->key_file,
            &mcf->key_file);
        return NGX_CONF_ERROR;
    }

    mcf->keys = ngx_pcalloc(cf->pool, sizeof(senda_keys_t));
    if (mcf->keys == NULL) {
        return NGX_CONF_ERROR;
    }

    if (senda_keys_read(mcf->keys, (char *)mcf->key_file.data, &err) != SENDA_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", err.text);
        return NGX_CONF_ERROR;
    }

    if (mcf->keys->ncookie == 0 || !mcf->keys->has_seal_public) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "key \"%V\" is not nginx's: it has no cookie or seal-public line", &mcf->key_file);
        return NGX_CONF_ERROR;
    }

    mcf->cookies = ngx_palloc(cf->pool, sizeof(senda_cookies_t));
    if (mcf->cookies == NULL) {
        return NGX_CONF_ERROR;
    }

    senda_cookies_init(mcf->cookies, mcf->keys);

    return NGX_CONF_OK;
}

char *
ngx_http_senda_site(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_senda_srv_conf_t *scf = conf;

    ngx_str_t *value = cf->args->elts;

    if (scf->site.data) {
        return "is duplicate";
    }

    if (value[1].len == 0 || value[1].len > SENDA_NAME_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid site name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    scf->site = value[1];

    return NGX_CONF_OK;
}

/* RFC 6265, 4.1.1: a cookie's name is a token; a domain has no space, comma or semicolon. */
static ngx_uint_t
ngx_http_senda_is_token(ngx_str_t s)
{
    size_t i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] <= ' ' || s.data[i] >= 0x7f || ngx_strchr("()<>@,;:\\\"/[]?={}", s.data[i])) {
            return 0;
        }
    }

    return s.len > 0;
}

char *
ngx_http_senda_cookie(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_senda_srv_conf_t *scf = conf;

    ngx_str_t *value = cf->args->elts;
    ngx_str_t s;
    ngx_uint_t i;

    if (scf->cookie.data) {
        return "is duplicate";
    }

    if (!ngx_http_senda_is_token(value[1]) || value[1].len > SENDA_NAME_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid cookie name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    scf->cookie = value[1];

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&scf->cookie, "senda");
        scf->no_cookie = 1;
        return NGX_CONF_OK;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_strncmp(value[i].data, "domain=", 7) == 0) {
            s.data = value[i].data + 7;
            s.len = value[i].len - 7;

            if (ngx_http_senda_is_token(s)) {
                scf->domain = s;
                continue;
            }

        } else if (ngx_strncmp(value[i].data, "max-age=", 8) == 0) {
            s.data = value[i].data + 8;
            s.len = value[i].len - 8;
            scf->max_age = ngx_parse_time(&s, 1);

            if (scf->max_age > 0) { /* NGX_ERROR is below */
                continue;
            }

        } else if (ngx_strcmp(value[i].data, "private") == 0) {
            scf->make_private = 1;
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", &value[i]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}

char *
ngx_http_senda_consent(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_senda_loc_conf_t *lcf = conf;

    ngx_str_t *value = cf->args->elts;
    ngx_str_t name;

    if (lcf->consent != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    if (ngx_strcmp(value[1].data, "always") == 0) {
        lcf->consent = NGX_HTTP_SENDA_CONSENT_ALWAYS;
        return NGX_CONF_OK;
    }

    if (value[1].len < 2 || value[1].data[0] != '$') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "invalid value \"%V\" in \"senda_consent\" directive, "
            "it must be a variable or \"always\"",
            &value[1]);
        return NGX_CONF_ERROR;
    }

    name.data = value[1].data + 1;
    name.len = value[1].len - 1;
    lcf->consent = ngx_http_get_variable_index(cf, &name);

    return lcf->consent == NGX_ERROR ? NGX_CONF_ERROR : NGX_CONF_OK;
}

/* ---- settings ---- */

void *
ngx_http_senda_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_senda_main_conf_t));
}

void *
ngx_http_senda_create_srv_conf(ngx_conf_t *cf)
{
    ngx_http_senda_srv_conf_t *scf;

    scf = ngx_pcalloc(cf->pool, sizeof(ngx_http_senda_srv_conf_t));
    if (scf) {
        scf->max_age = NGX_CONF_UNSET;
    }

    return scf;
}

char *
ngx_http_senda_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_senda_srv_conf_t *prev = parent;
    ngx_http_senda_srv_conf_t *conf = child;

    if (conf->site.data == NULL) {
        conf->site = prev->site;
    }

    if (conf->cookie.data == NULL) {
        conf->cookie = prev->cookie;
        conf->domain = prev->domain;
        conf->max_age = prev->max_age;
        conf->make_private = prev->make_private;
        conf->no_cookie = prev->no_cookie;
    }

    if (conf->cookie.data == NULL) {
        ngx_str_set(&conf->cookie, "senda");
    }

    if (conf->max_age == NGX_CONF_UNSET) {
        conf->max_age = 365 * 24 * 60 * 60;
    }

    return NGX_CONF_OK;
}

void *
ngx_http_senda_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_senda_loc_conf_t *lcf;

    lcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_senda_loc_conf_t));
    if (lcf) {
        lcf->enable = NGX_CONF_UNSET_UINT;
        lcf->consent = NGX_CONF_UNSET;
        lcf->trust = NGX_CONF_UNSET;
    }

    return lcf;
}

char *
ngx_http_senda_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_senda_loc_conf_t *prev = parent;
    ngx_http_senda_loc_conf_t *conf = child;
    ngx_http_senda_main_conf_t *mcf;

    ngx_conf_merge_uint_value(conf->enable, prev->enable, NGX_HTTP_SENDA_OFF);
    ngx_conf_merge_value(conf->consent, prev->consent, NGX_HTTP_SENDA_CONSENT_NONE);
    ngx_conf_merge_value(conf->trust, prev->trust, 0);

    if (ngx_http_senda_merge_endpoint(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_senda_module);

    if (conf->status) {
        conf->enable = NGX_HTTP_SENDA_OFF; /* who looks at the status is no visitor */

        if (mcf->store.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                "\"senda_status\" is used, but no \"senda_store\" is defined");
            return NGX_CONF_ERROR;
        }
    }

    if (conf->enable == NGX_HTTP_SENDA_OFF) {
        return NGX_CONF_OK;
    }

    if (mcf->store.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"senda\" is on, but no \"senda_store\" is defined");
        return NGX_CONF_ERROR;
    }

    if (mcf->keys == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"senda\" is on, but no \"senda_key\" is defined, make one with \"senda keygen\"");
        return NGX_CONF_ERROR;
    }

    if (conf->consent == NGX_HTTP_SENDA_CONSENT_NONE && !mcf->warned) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
            "\"senda\" is on without \"senda_consent\": no cookie is set, no visitor is recorded");
        mcf->warned = 1;
    }

    return NGX_CONF_OK;
}
