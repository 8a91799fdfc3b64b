/*
 * What a process holds: its ring, its handles on published/ and live/, the
 * rules it matches with, its sealer. All of it is opened after fork, one
 * handle a process and path, and no read transaction is open when a function
 * of this file returns.
 *
 * What cannot be opened is said in the log and tried again, ever more rarely;
 * pages are served all the while. Nothing here waits.
 */

#include "ngx_http_senda.h"

#include "senda_seal.h"

/* Milliseconds. */
#define NGX_HTTP_SENDA_LOOK      500  /* between two looks at published/ and live/ */
#define NGX_HTTP_SENDA_SOON      20   /* before a store is looked for that is not there yet */
#define NGX_HTTP_SENDA_WAIT_MIN  1000 /* before the second try; doubled for each further one, … */
#define NGX_HTTP_SENDA_WAIT_MAX  4000 /* … up to this: well again is soon seen */
#define NGX_HTTP_SENDA_SAY       60000 /* before the same words are logged again … */
#define NGX_HTTP_SENDA_SAY_OTHER 5000  /* … and others of the same matter */

/* Which file a handle was opened on: the store may be made anew behind our back. */
typedef struct {
    dev_t dev;
    ino_t ino;
} ngx_http_senda_file_t;

/* This process's; zero in the master. */
static struct {
    char store[NGX_MAX_PATH];
    char live_dir[NGX_MAX_PATH];
    size_t live_size;

    senda_ring_t *ring;
    ngx_uint_t wants_ring; /* this process serves requests */
    ngx_http_senda_retry_t ring_retry;

    senda_published_t *published;
    ngx_http_senda_file_t published_file;
    ngx_http_senda_retry_t published_retry;

    senda_live_t *live;
    ngx_uint_t live_writes; /* the handle is the drain's */
    ngx_http_senda_file_t live_file;
    ngx_http_senda_retry_t live_retry;

    ngx_http_senda_rules_t *rules;
    uint64_t refused_rules; /* the generation that could not be opened */
    ngx_uint_t other_rules; /* published/ was replaced: its generations are counted anew */
    ngx_msec_t looked;

    senda_sealer_t *sealer;
    uint8_t sealer_key[32];

    senda_profile_t profile;
} ngx_http_senda;

/* ---- tries ---- */

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

/* ---- files ---- */

static ngx_uint_t
ngx_http_senda_same_file(const ngx_http_senda_file_t *file, const char *dir)
{
    char path[NGX_MAX_PATH + sizeof("/data.mdb")];
    ngx_file_info_t fi;

    ngx_sprintf((u_char *)path, "%s/data.mdb%Z", dir);

    return ngx_file_info(path, &fi) != NGX_FILE_ERROR && fi.st_dev == file->dev &&
        fi.st_ino == file->ino;
}

static void
ngx_http_senda_note_file(ngx_http_senda_file_t *file, const char *dir)
{
    char path[NGX_MAX_PATH + sizeof("/data.mdb")];
    ngx_file_info_t fi;

    ngx_memzero(file, sizeof(ngx_http_senda_file_t));
    ngx_sprintf((u_char *)path, "%s/data.mdb%Z", dir);

    if (ngx_file_info(path, &fi) != NGX_FILE_ERROR) {
        file->dev = fi.st_dev;
        file->ino = fi.st_ino;
    }
}

/* Makes sure that the live directory is there and ours. SENDA_OK or SENDA_SYS. */
static senda_rc_t
ngx_http_senda_make_live_dir(senda_err_t *err)
{
    const char *dir = ngx_http_senda.live_dir;
    struct stat st;

    if (mkdir(dir, 02770) == 0) {
        if (chmod(dir, 02770) != 0) { /* the umask took some */
            return senda_fail(err, SENDA_SYS, "cannot set the mode of \"%s\": %m", dir);
        }

    } else if (ngx_errno != NGX_EEXIST) {
        return senda_fail(err, SENDA_SYS, "cannot make \"%s\": %m", dir);
    }

    if (lstat(dir, &st) != 0) {
        return senda_fail(err, SENDA_SYS, "cannot look at \"%s\": %m", dir);
    }

    if (!S_ISDIR(st.st_mode)) {
        return senda_fail(err, SENDA_SYS, "\"%s\" is no directory", dir);
    }

    if (st.st_uid != geteuid()) {
        return senda_fail(err, SENDA_SYS, "\"%s\" belongs to user %u, not to nginx's user %u", dir,
            (unsigned)st.st_uid, (unsigned)geteuid());
    }

    return SENDA_OK;
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

    rc = senda_published_rules(ngx_http_senda.published, &rules->blob, &len, &rules->generation,
        err);
    if (rc == SENDA_OK) {
        rc = senda_rules_open(&rules->rules, rules->blob, len, err);
        if (rc == SENDA_BAD) {
            ngx_http_senda.refused_rules = rules->generation;
        }
    }

    if (rc != SENDA_OK) {
        free(rules->blob);
        ngx_free(rules);
        return rc;
    }

    if (ngx_http_senda.rules) {
        ngx_http_senda_rules_release(ngx_http_senda.rules);
    }

    rules->refs = 1;
    ngx_http_senda.rules = rules;
    ngx_http_senda.other_rules = 0;

    return SENDA_OK;
}

static void
ngx_http_senda_close_published(void)
{
    senda_published_close(ngx_http_senda.published);
    ngx_http_senda.published = NULL;
}

static senda_rc_t
ngx_http_senda_open_published(senda_err_t *err)
{
    char dir[NGX_MAX_PATH + sizeof("/published")];
    senda_rc_t rc;

    ngx_sprintf((u_char *)dir, "%s/published%Z", ngx_http_senda.store);

    if (ngx_http_senda.published) {
        if (ngx_http_senda_same_file(&ngx_http_senda.published_file, dir)) {
            return SENDA_OK;
        }
        ngx_http_senda_close_published();
        ngx_http_senda.other_rules = 1;
        ngx_http_senda.refused_rules = 0;
    }

    ngx_http_senda_note_file(&ngx_http_senda.published_file, dir);

    rc = senda_published_open_read(&ngx_http_senda.published, dir, err);
    if (rc != SENDA_OK) {
        ngx_http_senda.published = NULL;
    }

    return rc;
}

static void
ngx_http_senda_look_for_rules(void)
{
    uint64_t generation;
    senda_err_t err;
    senda_rc_t rc;

    if (!ngx_http_senda_due(&ngx_http_senda.published_retry)) {
        return;
    }

    rc = ngx_http_senda_open_published(&err);

    if (rc == SENDA_OK) {
        generation = senda_published_generation(ngx_http_senda.published);

        if (generation != 0 && generation != ngx_http_senda.refused_rules &&
            (ngx_http_senda.rules == NULL || ngx_http_senda.other_rules ||
                generation != ngx_http_senda.rules->generation)) {
            rc = ngx_http_senda_load_rules(&err);
        }
    }

    if (rc == SENDA_OK || rc == SENDA_NONE) {
        ngx_http_senda_recovered(&ngx_http_senda.published_retry);
    } else {
        ngx_http_senda_failed(&ngx_http_senda.published_retry, "published rules", &err);
    }
}

/* Claims a ring when there is none, also when the file of ours was removed. */
static void
ngx_http_senda_look_for_ring(void)
{
    senda_err_t err;
    senda_rc_t rc;

    if (ngx_http_senda.ring && senda_ring_is_gone(ngx_http_senda.ring)) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
            "senda: this worker's ring was removed from \"%s\", another one is claimed",
            ngx_http_senda.live_dir);
        senda_ring_close(ngx_http_senda.ring);
        ngx_http_senda.ring = NULL;
    }

    if (ngx_http_senda.ring || !ngx_http_senda_due(&ngx_http_senda.ring_retry)) {
        return;
    }

    rc = ngx_http_senda_make_live_dir(&err);
    if (rc == SENDA_OK) {
        rc = senda_ring_claim(&ngx_http_senda.ring, ngx_http_senda.live_dir, SENDA_RING_SIZE, &err);
    }

    if (rc != SENDA_OK) {
        ngx_http_senda.ring = NULL;
        ngx_http_senda_failed(&ngx_http_senda.ring_retry, "this worker records nothing", &err);
    } else {
        ngx_http_senda_recovered(&ngx_http_senda.ring_retry);
    }
}

/* At most every half second: are there newer rules, is the ring still there? */
static void
ngx_http_senda_look(void)
{
    ngx_http_senda.looked = ngx_current_msec;

    if (ngx_http_senda.wants_ring) {
        ngx_http_senda_look_for_ring();
    }

    ngx_http_senda_look_for_rules();
}

ngx_http_senda_rules_t *
ngx_http_senda_rules_hold(void)
{
    if (ngx_current_msec - ngx_http_senda.looked >= NGX_HTTP_SENDA_LOOK) {
        ngx_http_senda_look();
    }

    if (ngx_http_senda.rules) {
        ngx_http_senda.rules->refs++;
    }

    return ngx_http_senda.rules;
}

/* ---- live/ ---- */

static void
ngx_http_senda_close_live(void)
{
    senda_live_close(ngx_http_senda.live);
    ngx_http_senda.live = NULL;
    ngx_http_senda.live_writes = 0;
}

/* A handle for reading, or NULL while there is none to be had. */
static senda_live_t *
ngx_http_senda_live_reader(void)
{
    ngx_http_senda_retry_t *retry = &ngx_http_senda.live_retry;
    senda_err_t err;
    senda_rc_t rc;

    if (ngx_http_senda.live_writes) {
        return ngx_http_senda.live;
    }

    if (retry->next && (ngx_msec_int_t)(ngx_current_msec - retry->next) < 0) {
        return ngx_http_senda.live;
    }

    retry->next = ngx_current_msec + NGX_HTTP_SENDA_LOOK;

    if (ngx_http_senda.live) {
        if (ngx_http_senda_same_file(&ngx_http_senda.live_file, ngx_http_senda.live_dir)) {
            return ngx_http_senda.live;
        }
        ngx_http_senda_close_live();
    }

    ngx_http_senda_note_file(&ngx_http_senda.live_file, ngx_http_senda.live_dir);

    rc = senda_live_open_read(&ngx_http_senda.live, ngx_http_senda.live_dir,
        ngx_http_senda.live_size, &err);

    if (rc == SENDA_OK) {
        ngx_http_senda_recovered(retry);
        retry->next = ngx_current_msec + NGX_HTTP_SENDA_LOOK;
        return ngx_http_senda.live;
    }

    ngx_http_senda.live = NULL;

    if (rc == SENDA_NONE) {
        retry->next = ngx_current_msec + NGX_HTTP_SENDA_SOON; /* the drain is about to make it */
    } else {
        ngx_http_senda_failed(retry, "live store", &err);
    }

    return NULL;
}

senda_rc_t
ngx_http_senda_live_profile(const senda_visitor_t *visitor, senda_profile_t *p)
{
    senda_live_t *live = ngx_http_senda_live_reader();

    if (live == NULL) {
        return SENDA_NONE;
    }

    if (p == NULL) {
        p = &ngx_http_senda.profile;
    }

    return senda_live_get(live, visitor, p, NULL) == SENDA_OK ? SENDA_OK : SENDA_NONE;
}

unsigned
ngx_http_senda_published_tags(const senda_visitor_t *visitor, uint32_t *tags, unsigned max)
{
    return ngx_http_senda.published
        ? senda_published_tags(ngx_http_senda.published, visitor, tags, max)
        : 0;
}

senda_rc_t
ngx_http_senda_live_writer(ngx_http_senda_main_conf_t *mcf, senda_live_t **live, senda_err_t *err)
{
    senda_rc_t rc;

    if (!ngx_http_senda.live_writes) {
        ngx_http_senda_close_live();

        rc = ngx_http_senda_make_live_dir(err);
        if (rc == SENDA_OK) {
            rc = senda_live_open_write(&ngx_http_senda.live, ngx_http_senda.live_dir,
                ngx_http_senda.live_size, err);
        }
        if (rc != SENDA_OK) {
            ngx_http_senda.live = NULL;
            return rc;
        }

        ngx_http_senda.live_writes = 1;
        ngx_http_senda_note_file(&ngx_http_senda.live_file, ngx_http_senda.live_dir);
    }

    *live = ngx_http_senda.live;

    return SENDA_OK;
}

ngx_uint_t
ngx_http_senda_live_gone(void)
{
    if (!ngx_http_senda.live_writes ||
        ngx_http_senda_same_file(&ngx_http_senda.live_file, ngx_http_senda.live_dir)) {
        return 0;
    }

    ngx_http_senda_close_live();

    return 1;
}

senda_rc_t
ngx_http_senda_live_reset(ngx_http_senda_main_conf_t *mcf, senda_live_t **live, senda_err_t *err)
{
    static const char *const files[] = { "data.mdb", "lock.mdb" };
    char path[NGX_MAX_PATH + sizeof("/data.mdb")];
    ngx_uint_t i;

    ngx_http_senda_close_live();

    for (i = 0; i < 2; i++) {
        ngx_sprintf((u_char *)path, "%s/%s%Z", ngx_http_senda.live_dir, files[i]);

        if (unlink(path) != 0 && ngx_errno != NGX_ENOENT) {
            return senda_fail(err, SENDA_SYS, "cannot remove \"%s\": %m", path);
        }
    }

    return ngx_http_senda_live_writer(mcf, live, err);
}

/* ---- sealing ---- */

size_t
ngx_http_senda_seal(const senda_keys_t *keys, senda_str_t data, void *out, size_t size)
{
    senda_err_t err;

    if (ngx_http_senda.sealer &&
        ngx_memcmp(ngx_http_senda.sealer_key, keys->seal_public, sizeof(keys->seal_public)) != 0) {
        senda_sealer_free(ngx_http_senda.sealer);
        ngx_http_senda.sealer = NULL;
    }

    if (ngx_http_senda.sealer == NULL) {
        if (senda_sealer_new(&ngx_http_senda.sealer, keys->seal_public, &err) != SENDA_OK) {
            ngx_http_senda.sealer = NULL;
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "senda: cannot seal: %s", err.text);
            return 0;
        }
        ngx_memcpy(ngx_http_senda.sealer_key, keys->seal_public, sizeof(keys->seal_public));
    }

    return senda_seal(ngx_http_senda.sealer, data, out, size);
}

/* ---- the process ---- */

senda_ring_t *
ngx_http_senda_ring(void)
{
    return ngx_http_senda.ring;
}

static void
ngx_http_senda_set_paths(ngx_http_senda_main_conf_t *mcf)
{
    ngx_cpystrn((u_char *)ngx_http_senda.store, mcf->store.data, sizeof(ngx_http_senda.store));
    ngx_cpystrn((u_char *)ngx_http_senda.live_dir, mcf->live.data, sizeof(ngx_http_senda.live_dir));
    ngx_http_senda.live_size = mcf->live_size;
    ngx_http_senda.looked = ngx_current_msec - NGX_HTTP_SENDA_LOOK;
}

void
ngx_http_senda_stores_start(ngx_http_senda_main_conf_t *mcf, ngx_uint_t with_ring)
{
    ngx_http_senda_set_paths(mcf);
    ngx_http_senda.wants_ring = with_ring;

    if (with_ring) {
        ngx_http_senda_look();
    }
}

void
ngx_http_senda_stores_stop(void)
{
    senda_ring_close(ngx_http_senda.ring);
    ngx_http_senda.ring = NULL;

    ngx_http_senda_close_live();
    ngx_http_senda_close_published();

    if (ngx_http_senda.sealer) {
        senda_sealer_free(ngx_http_senda.sealer);
        ngx_http_senda.sealer = NULL;
    }

    if (ngx_http_senda.rules) {
        ngx_http_senda_rules_release(ngx_http_senda.rules);
        ngx_http_senda.rules = NULL;
    }

    ngx_http_senda.wants_ring = 0;
    ngx_http_senda.refused_rules = 0;
}
