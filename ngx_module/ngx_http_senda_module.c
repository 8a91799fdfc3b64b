/*
 * The module: the table of directives, and where nginx calls us. What a
 * directive means is read in ngx_http_senda_conf.c; rules are no settings, so
 * that no rule file can keep nginx from starting.
 */

#include "ngx_http_senda.h"

static ngx_int_t ngx_http_senda_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_senda_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_senda_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_senda_init_process(ngx_cycle_t *cycle);
static void ngx_http_senda_exit_process(ngx_cycle_t *cycle);

static ngx_conf_enum_t ngx_http_senda_enable[] = {
    { ngx_string("off"), NGX_HTTP_SENDA_OFF },
    { ngx_string("on"), NGX_HTTP_SENDA_ON },
    { ngx_string("dry_run"), NGX_HTTP_SENDA_DRY_RUN },
    { ngx_null_string, 0 },
};

static ngx_command_t ngx_http_senda_commands[] = {

    { ngx_string("senda_store"), NGX_HTTP_MAIN_CONF | NGX_CONF_1MORE, ngx_http_senda_store,
        NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_key"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_http_senda_key,
        NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("senda"),
        NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_HTTP_LIF_CONF |
            NGX_CONF_TAKE1,
        ngx_conf_set_enum_slot, NGX_HTTP_LOC_CONF_OFFSET,
        offsetof(ngx_http_senda_loc_conf_t, enable), &ngx_http_senda_enable },

    { ngx_string("senda_site"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_CONF_TAKE1,
        ngx_http_senda_site, NGX_HTTP_SRV_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_cookie"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_CONF_1MORE,
        ngx_http_senda_cookie, NGX_HTTP_SRV_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_consent"),
        NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
        ngx_http_senda_consent, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_trust_upstream"),
        NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG,
        ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
        offsetof(ngx_http_senda_loc_conf_t, trust), NULL },

    { ngx_string("senda_endpoint"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, ngx_http_senda_endpoint,
        NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("senda_status"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1,
        ngx_http_senda_status, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    ngx_null_command
};

static const struct {
    ngx_http_phases phase;
    ngx_http_handler_pt handler;
} ngx_http_senda_phases[] = {
    { NGX_HTTP_POST_READ_PHASE, ngx_http_senda_incoming_handler },
    { NGX_HTTP_SERVER_REWRITE_PHASE, ngx_http_senda_refused_handler },
    { NGX_HTTP_REWRITE_PHASE, ngx_http_senda_refused_handler }, /* a named location begins there */
    { NGX_HTTP_PREACCESS_PHASE, ngx_http_senda_redirect_handler },
    { NGX_HTTP_LOG_PHASE, ngx_http_senda_log_handler },
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
    ngx_uint_t i;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_senda_module);
    if (mcf->store.len == 0) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    for (i = 0; i < sizeof(ngx_http_senda_phases) / sizeof(ngx_http_senda_phases[0]); i++) {
        h = ngx_array_push(&cmcf->phases[ngx_http_senda_phases[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = ngx_http_senda_phases[i].handler;
    }

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

    if (mcf == NULL) {
        return NGX_OK;
    }

    ngx_http_senda_warn_of_rights(cycle, mcf);

    if (!ngx_test_config) {
        ngx_http_senda_trust(cycle, mcf);
        ngx_http_senda_rings_remember(mcf);
    }

    return ngx_http_senda_drain_register(cycle, mcf);
}

static ngx_int_t
ngx_http_senda_init_process(ngx_cycle_t *cycle)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_senda_main_conf(cycle);

    if (mcf == NULL) {
        return NGX_OK;
    }

    ngx_http_senda_passive_watch();

    if (ngx_process == NGX_PROCESS_WORKER) {
        ngx_http_senda_stores_start(mcf, 1);
        ngx_http_senda_leave_watch(cycle, mcf);

    } else if (ngx_process == NGX_PROCESS_SINGLE) {
        ngx_http_senda_stores_start(mcf, 1);
        ngx_http_senda_drain_start_timer(cycle, mcf);
    }

    return NGX_OK;
}

static void
ngx_http_senda_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_senda_main_conf(cycle);

    if (mcf) {
        ngx_http_senda_leave(mcf);
    }

    ngx_http_senda_drain_stop();
    ngx_http_senda_stores_stop();
}
