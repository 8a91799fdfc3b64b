/*
 * The module: directives, settings and their checks, the hooks of nginx.
 *
 * Under `nginx -t` it reads the key file and looks whether the store's folder
 * is there; it opens no store and writes nothing. A mistake in the settings is
 * an [emerg] in nginx's own words; rules are no settings and cannot fail here.
 */

#include "ngx_http_senda.h"

static void *ngx_http_senda_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_senda_create_srv_conf(ngx_conf_t *cf);
static char *ngx_http_senda_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child);
static void *ngx_http_senda_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_senda_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);
static ngx_int_t ngx_http_senda_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_senda_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_senda_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_senda_init_process(ngx_cycle_t *cycle);
static void ngx_http_senda_exit_process(ngx_cycle_t *cycle);
static char *ngx_http_senda_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_senda_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_senda_site(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_senda_cookie(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_senda_consent(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

static ngx_conf_enum_t ngx_http_senda_enable[] = {
    { ngx_string("off"), NGX_HTTP_SENDA_OFF },
    { ngx_string("on"), NGX_HTTP_SENDA_ON },
    { ngx_string("dry_run"), NGX_HTTP_SENDA_DRY_RUN },
    { ngx_null_string, 0 },
};

static ngx_command_t ngx_http_senda_commands[] = {

    { ngx_string("senda_store"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE123, ngx_http_senda_store,
        NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_key"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_http_senda_key,
        NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("senda"),
        NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_HTTP_LIF_CONF |
            NGX_CONF_TAKE1,
        ngx_conf_set_enum_slot, NGX_HTTP_LOC_CONF_OFFSET,
        offsetof(ngx_http_senda_loc_conf_t, enable), &ngx_http_senda_enable },

    { ngx_string("senda_site"), NGX_HTTP_SRV_CONF | NGX_CONF_TAKE1, ngx_http_senda_site,
        NGX_HTTP_SRV_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_cookie"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_CONF_TAKE123,
        ngx_http_senda_cookie, NGX_HTTP_SRV_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_consent"),
        NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
        ngx_http_senda_consent, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_trust_upstream"),
        NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG,
        ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
        offsetof(ngx_http_senda_loc_conf_t, trust), NULL },

    ngx_null_command
};

static ngx_http_module_t ngx_http_senda_module_ctx = {
    ngx_http_senda_preconfiguration,
    ngx_http_senda_postconfiguration,
    ngx_http_senda_create_main_conf,
    NULL, /* init main configuration */
    ngx_http_senda_create_srv_conf,
    ngx_http_senda_merge_srv_conf,
    ngx_http_senda_create_loc_conf,
    ngx_http_senda_merge_loc_conf,
};

ngx_module_t ngx_http_senda_module = {
    NGX_MODULE_V1,
    &ngx_http_senda_module_ctx,
    ngx_http_senda_commands,
    NGX_HTTP_MODULE,
    NULL, /* init master */
    ngx_http_senda_init_module,
    ngx_http_senda_init_process,
    NULL, /* init thread */
    NULL, /* exit thread */
    ngx_http_senda_exit_process,
    NULL, /* exit master */
    NGX_MODULE_V1_PADDING,
};

/* ---- directives ---- */

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

/* The folder that `senda init` makes has a journal in it. */
static char *
ngx_http_senda_check_store(ngx_conf_t *cf, ngx_http_senda_main_conf_t *mcf)
{
    ngx_file_info_t fi;
    u_char journal[NGX_MAX_PATH];

    if (mcf->store.len + sizeof("/journal") > NGX_MAX_PATH) {
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

static char *
ngx_http_senda_store_option(ngx_conf_t *cf, ngx_http_senda_main_conf_t *mcf, ngx_str_t *value)
{
    ngx_str_t s;
    ssize_t size;

    if (ngx_strncmp(value->data, "live=", 5) == 0 && mcf->live.len == 0) {
        mcf->live.data = value->data + 5;
        mcf->live.len = value->len - 5;

        if (ngx_http_senda_full_path(cf, &mcf->live) == NGX_OK) {
            return NGX_CONF_OK;
        }

    } else if (ngx_strncmp(value->data, "size=", 5) == 0 && mcf->live_size == 0) {
        s.data = value->data + 5;
        s.len = value->len - 5;
        size = ngx_parse_size(&s);

        if (size != NGX_ERROR && size >= 1024 * 1024) {
            mcf->live_size = size;
            return NGX_CONF_OK;
        }

        if (size != NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "live store is too small: \"%V\"", value);
            return NGX_CONF_ERROR;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", value);
    return NGX_CONF_ERROR;
}

static char *
ngx_http_senda_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_senda_main_conf_t *mcf = conf;

    ngx_str_t *value = cf->args->elts;
    ngx_uint_t i;
    char dir[NGX_MAX_PATH];

    if (mcf->store.len) {
        return "is duplicate";
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_senda_store_option(cf, mcf, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    mcf->store = value[1];
    if (ngx_http_senda_full_path(cf, &mcf->store) != NGX_OK) {
        return "has an empty path";
    }

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

    return ngx_http_senda_check_store(cf, mcf);
}

static char *
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

    return NGX_CONF_OK;
}

static char *
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

static char *
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
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", &value[i]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}

static char *
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

static void *
ngx_http_senda_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_senda_main_conf_t));
}

static void *
ngx_http_senda_create_srv_conf(ngx_conf_t *cf)
{
    ngx_http_senda_srv_conf_t *scf;

    scf = ngx_pcalloc(cf->pool, sizeof(ngx_http_senda_srv_conf_t));
    if (scf) {
        scf->max_age = NGX_CONF_UNSET;
    }

    return scf;
}

static char *
ngx_http_senda_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_senda_srv_conf_t *prev = parent;
    ngx_http_senda_srv_conf_t *conf = child;

    if (conf->cookie.data == NULL) {
        conf->cookie = prev->cookie;
        conf->domain = prev->domain;
        conf->max_age = prev->max_age;
    }

    if (conf->cookie.data == NULL) {
        ngx_str_set(&conf->cookie, "senda");
    }

    if (conf->max_age == NGX_CONF_UNSET) {
        conf->max_age = 365 * 24 * 60 * 60;
    }

    return NGX_CONF_OK;
}

static void *
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

static char *
ngx_http_senda_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_senda_loc_conf_t *prev = parent;
    ngx_http_senda_loc_conf_t *conf = child;
    ngx_http_senda_main_conf_t *mcf;

    ngx_conf_merge_uint_value(conf->enable, prev->enable, NGX_HTTP_SENDA_OFF);
    ngx_conf_merge_value(conf->consent, prev->consent, NGX_HTTP_SENDA_CONSENT_NONE);
    ngx_conf_merge_value(conf->trust, prev->trust, 0);

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_senda_module);

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

static ngx_int_t
ngx_http_senda_preconfiguration(ngx_conf_t *cf)
{
    return ngx_http_senda_add_variables(cf);
}

static ngx_int_t
ngx_http_senda_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_core_main_conf_t *cmcf;
    ngx_http_senda_main_conf_t *mcf;
    ngx_http_handler_pt *h;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_senda_module);
    if (mcf->store.len == 0) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_senda_log_handler;

    return ngx_http_senda_header_init(cf);
}

/* ---- processes ---- */

static ngx_http_senda_main_conf_t *
ngx_http_senda_main_conf(ngx_cycle_t *cycle)
{
    ngx_http_senda_main_conf_t *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_senda_module);

    return mcf && mcf->store.len ? mcf : NULL;
}

static ngx_int_t
ngx_http_senda_init_module(ngx_cycle_t *cycle)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_senda_main_conf(cycle);

    return mcf ? ngx_http_senda_drain_register(cycle, mcf) : NGX_OK;
}

static ngx_int_t
ngx_http_senda_init_process(ngx_cycle_t *cycle)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_senda_main_conf(cycle);

    if (mcf == NULL) {
        return NGX_OK;
    }

    if (ngx_process == NGX_PROCESS_WORKER) {
        ngx_http_senda_stores_start(mcf, 1);

    } else if (ngx_process == NGX_PROCESS_SINGLE) {
        ngx_http_senda_stores_start(mcf, 1);
        ngx_http_senda_drain_start_timer(cycle, mcf);
    }

    return NGX_OK;
}

static void
ngx_http_senda_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_senda_drain_stop();
    ngx_http_senda_stores_stop();
}
