/*
 * Deaths in store code. LMDB does not notice every damage of a file: some kill
 * by signal. A handler for those signals notes on the board that this process
 * was inside store code, and lets the signal go on to whoever had it before (a
 * sanitizer, or the system, which ends the process and has nginx start another
 * one). After three such deaths within a minute the module is passive: no
 * process opens or uses a store, nothing is recorded, pages are only passed
 * on, until nginx is reloaded or started.
 *
 * Signals sent by others (kill) and SIGKILL never count. Without a board no
 * store is opened either: nobody could count what would happen then.
 */

#include "ngx_http_senda.h"

#include <time.h>

#define NGX_HTTP_SENDA_SIGNALS 3
#define NGX_HTTP_SENDA_STACK   65536 /* bytes for a handler whose process has run out of stack */

static const int ngx_http_senda_signals[NGX_HTTP_SENDA_SIGNALS] = { SIGSEGV, SIGBUS, SIGABRT };

static struct {
    senda_board_t *board;
    ngx_msec_t looked; /* at the board's file */
    ngx_uint_t said;   /* that the module is passive */
    ngx_uint_t watched;
    ngx_http_senda_retry_t retry;
    struct sigaction before[NGX_HTTP_SENDA_SIGNALS];
} ngx_http_senda_deaths;

static char ngx_http_senda_stack[NGX_HTTP_SENDA_STACK];

/* ---- the board ---- */

senda_board_t *
ngx_http_senda_board(void)
{
    senda_board_t *board = NULL, *before;
    senda_err_t err;
    senda_rc_t rc;

    if (ngx_http_senda_deaths.board) {
        if (ngx_current_msec - ngx_http_senda_deaths.looked < NGX_HTTP_SENDA_LOOK) {
            return ngx_http_senda_deaths.board;
        }

        ngx_http_senda_deaths.looked = ngx_current_msec; /* a system call: not at every question */

        if (!senda_board_is_gone(ngx_http_senda_deaths.board)) {
            return ngx_http_senda_deaths.board;
        }
    }

    if (!ngx_http_senda_due(&ngx_http_senda_deaths.retry)) {
        return ngx_http_senda_deaths.board;
    }

    ngx_http_senda_deaths.looked = ngx_current_msec;

    rc = ngx_http_senda_make_live_dir(&err);
    if (rc == SENDA_OK) {
        rc = senda_board_open(&board, ngx_http_senda_live_dir(), &err);
    }

    if (rc != SENDA_OK) {
        ngx_http_senda_failed(&ngx_http_senda_deaths.retry, "nothing is recorded", &err);
        return ngx_http_senda_deaths.board;
    }

    ngx_http_senda_recovered(&ngx_http_senda_deaths.retry);
    before = ngx_http_senda_deaths.board;
    ngx_http_senda_deaths.board = board; /* a signal may come at any moment */
    senda_board_close(before);

    return board;
}

void
ngx_http_senda_board_stop(void)
{
    senda_board_t *board = ngx_http_senda_deaths.board;

    ngx_http_senda_deaths.board = NULL;
    senda_board_close(board);
}

/* Said once each time that it becomes so. */
static ngx_uint_t
ngx_http_senda_is_passive(senda_board_t *board)
{
    if (!senda_board_passive(board)) {
        ngx_http_senda_deaths.said = 0;
        return 0;
    }

    if (!ngx_http_senda_deaths.said) {
        ngx_http_senda_deaths.said = 1;
        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, 0,
            "senda: %d processes died in store code within %d seconds: a store is damaged; "
            "nothing is recorded or shown until nginx is reloaded, pages are served",
            SENDA_BOARD_DEATHS_MAX, SENDA_BOARD_WITHIN);
    }

    return 1;
}

ngx_uint_t
ngx_http_senda_passive(void)
{
    senda_board_t *board = ngx_http_senda_board();

    return board && ngx_http_senda_is_passive(board);
}

ngx_uint_t
ngx_http_senda_usable(void)
{
    senda_board_t *board;

    if (!ngx_http_senda_joined()) {
        return 0;
    }

    board = ngx_http_senda_board();

    return board && !ngx_http_senda_is_passive(board);
}

void
ngx_http_senda_trust(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf)
{
    ngx_core_conf_t *ccf = (ngx_core_conf_t *)ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    senda_board_t *board;
    struct stat st;

    /* The master maps nothing out of a folder that somebody else has put there. */
    if (lstat((char *)mcf->live.data, &st) != 0 ||
        st.st_uid != (geteuid() == 0 ? (uid_t)ccf->user : geteuid())) {
        return;
    }

    if (senda_board_look(&board, (const char *)mcf->live.data, NULL) == SENDA_OK) {
        senda_board_trust(board);
        senda_board_close(board);
    }
}

/* ---- signals ---- */

/*
 * What the processor raised happens again on return, under the action of
 * before; what was sent, abort's own included, is sent again.
 */
static void
ngx_http_senda_signal(int signo, siginfo_t *info, void *context)
{
    struct timespec now;
    ngx_uint_t i, sent;

    sent = info == NULL || info->si_code <= 0;

    if (senda_store_inside && ngx_http_senda_deaths.board &&
        (!sent || (info && info->si_pid == getpid())) &&
        clock_gettime(CLOCK_MONOTONIC, &now) == 0) {
        senda_board_death(ngx_http_senda_deaths.board, (uint64_t)now.tv_sec);

        if (senda_store_dir && strcmp(senda_store_dir, ngx_http_senda_live_dir()) == 0) {
            senda_board_add(ngx_http_senda_deaths.board, SENDA_BOARD_LIVE_DEATHS, 1);
        }
    }

    for (i = 0; i < NGX_HTTP_SENDA_SIGNALS; i++) {
        if (ngx_http_senda_signals[i] == signo) {
            (void)sigaction(signo, &ngx_http_senda_deaths.before[i], NULL);
        }
    }

    if (sent) {
        (void)raise(signo); /* blocked until this handler returns */
    }
}

void
ngx_http_senda_passive_watch(void)
{
    struct sigaction action;
    stack_t stack;
    ngx_uint_t i;

    if (ngx_http_senda_deaths.watched) {
        return;
    }

    ngx_http_senda_deaths.watched = 1;

    if (sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_DISABLE)) {
        ngx_memzero(&stack, sizeof(stack_t));
        stack.ss_sp = ngx_http_senda_stack;
        stack.ss_size = sizeof(ngx_http_senda_stack);
        (void)sigaltstack(&stack, NULL);
    }

    ngx_memzero(&action, sizeof(struct sigaction));
    action.sa_sigaction = ngx_http_senda_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    (void)sigemptyset(&action.sa_mask);

    for (i = 0; i < NGX_HTTP_SENDA_SIGNALS; i++) {
        if (sigaction(ngx_http_senda_signals[i], &action, &ngx_http_senda_deaths.before[i]) != 0) {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno, "sigaction(%d) failed",
                ngx_http_senda_signals[i]);
        }
    }
}
