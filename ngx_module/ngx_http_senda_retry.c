/*
 * Tries that are repeated ever more rarely, and what is said of them: the same
 * words once a minute, others of the same matter every five seconds, and a
 * line when it is well again. Never waits.
 */

#include "ngx_http_senda.h"

/* Milliseconds. */
#define NGX_HTTP_SENDA_WAIT_MIN  1000 /* before the second try; doubled for each further one, … */
#define NGX_HTTP_SENDA_WAIT_MAX  4000 /* … up to this: well again is soon seen */
#define NGX_HTTP_SENDA_SAY       60000 /* before the same words are logged again … */
#define NGX_HTTP_SENDA_SAY_OTHER 5000  /* … and others of the same matter */

ngx_uint_t
ngx_http_senda_due(ngx_http_senda_retry_t *retry)
{
    return retry->wait == 0 || (ngx_msec_int_t)(ngx_current_msec - retry->next) >= 0;
}

void
ngx_http_senda_failed(ngx_http_senda_retry_t *retry, const char *what, const senda_err_t *err)
{
    ngx_msec_t silent = ngx_current_msec - retry->said;
    ngx_uint_t known = ngx_strcmp(retry->text.text, err->text) == 0;

    if (retry->wait == 0 || silent >= (known ? NGX_HTTP_SENDA_SAY : NGX_HTTP_SENDA_SAY_OTHER)) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "senda: %s: %s", what, err->text);
        retry->text = *err;
        retry->said = ngx_current_msec;
    }

    retry->wait = retry->wait ? ngx_min(retry->wait * 2, NGX_HTTP_SENDA_WAIT_MAX)
                              : NGX_HTTP_SENDA_WAIT_MIN;
    retry->next = ngx_current_msec + retry->wait;
}

void
ngx_http_senda_recovered(ngx_http_senda_retry_t *retry)
{
    if (retry->wait) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "senda: well again after \"%s\"",
            retry->text.text);
    }

    ngx_memzero(retry, sizeof(ngx_http_senda_retry_t));
}
