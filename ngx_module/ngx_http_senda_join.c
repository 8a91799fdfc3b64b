/*
 * Those who use a store must see one another's processes: rings, readers and
 * locks go by process number. Each process of nginx joins those who use the
 * store before it opens anything of it; from another PID namespace it is
 * refused, said in the log, and tried again. Whether it can be told at all is
 * another matter: a folder that cannot be written now shows itself elsewhere.
 */

#include "ngx_http_senda.h"

#include "senda_place.h"

static struct {
    char dir[NGX_MAX_PATH + sizeof("/journal")];
    int fd; /* + 1, 0: not joined */
    ngx_uint_t refused;
    ngx_http_senda_retry_t retry;
} ngx_http_senda_users;

ngx_uint_t
ngx_http_senda_joined(void)
{
    senda_err_t err;
    senda_rc_t rc;
    int fd;

    if (ngx_http_senda_users.fd || !ngx_http_senda_due(&ngx_http_senda_users.retry)) {
        return !ngx_http_senda_users.refused;
    }

    rc = senda_place_join(&fd, ngx_http_senda_users.dir, &err);
    ngx_http_senda_users.refused = rc == SENDA_BAD;

    if (rc == SENDA_OK) {
        ngx_http_senda_users.fd = fd + 1;
        ngx_http_senda_recovered(&ngx_http_senda_users.retry);
    } else {
        ngx_http_senda_failed(&ngx_http_senda_users.retry, "store", &err);
    }

    return !ngx_http_senda_users.refused;
}

void
ngx_http_senda_join_start(ngx_http_senda_main_conf_t *mcf)
{
    ngx_sprintf((u_char *)ngx_http_senda_users.dir, "%V/journal%Z", &mcf->store);
}

void
ngx_http_senda_join_stop(void)
{
    if (ngx_http_senda_users.fd) {
        (void)close(ngx_http_senda_users.fd - 1);
    }

    ngx_http_senda_users.fd = 0;
    ngx_http_senda_users.refused = 0;
}
