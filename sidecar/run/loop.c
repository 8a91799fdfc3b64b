/*
 * The run. Starts everything in the order in which it depends on one another,
 * turns until told to stop. A mistake in the rules never stops it; a full disk
 * makes it wait; anything that leaves the engines ahead of the store ends the
 * process, and the next start builds them anew.
 */

#include "loop.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "control.h"
#include "loop_parts.h"

#define FOLLOW_ROUNDS 16 /* batches of the journal before anything else gets its turn */

/* ---- one turn ---- */

static senda_rc_t
stall(loop_t *l, senda_rc_t rc, const senda_err_t *err)
{
    if (rc != SENDA_FULL) {
        return rc;
    }
    if (l->stalled_until == 0) {
        run_log(&l->log, run_clock_now(&l->clock),
            "no space to write: %s; everything waits until there is", err->text);
    }
    l->stalled_until = run_clock_steady() + LOOP_STALL_MS;
    return SENDA_OK;
}

static senda_rc_t
work(loop_t *l, senda_err_t *err)
{
    senda_rc_t rc = SENDA_OK;

    if (sender_settle(l->sender) || state_changes(l->state) > 0) {
        rc = world_settle(l->world, false, err);
    }
    for (unsigned i = 0; rc == SENDA_OK && !l->stopping && i < FOLLOW_ROUNDS; i++) {
        rc = world_follow(l->world, &l->more, err);
        if (!l->more) {
            break;
        }
    }
    if (rc == SENDA_OK && !l->stopping && !l->more) {
        rc = world_advance(l->world, err);
    }
    if (rc == SENDA_OK && !l->stopping && l->next_config == NULL) {
        rc = sender_pump(l->sender, err);
    }
    if (rc == SENDA_OK) {
        rc = world_settle(l->world, true, err);
    }
    return rc == SENDA_OK && !l->stopping ? world_tend(l->world, err) : rc;
}

static senda_rc_t
turn(loop_t *l, senda_err_t *err)
{
    senda_rc_t rc;

    if (l->failed != SENDA_OK) {
        *err = l->failure;
        return l->failed;
    }
    if (l->stalled_until != 0) {
        if (run_clock_steady() < l->stalled_until) {
            return SENDA_OK;
        }
        rc = world_settle(l->world, false, err);
        if (rc != SENDA_OK) {
            return stall(l, rc, err);
        }
        l->stalled_until = 0;
        run_log(&l->log, run_clock_now(&l->clock), "there is space again, everything goes on");
    }
    if (l->next_config != NULL) {
        loop_take_config(l);
    }
    if (l->rules_at != 0 && run_clock_steady() >= l->rules_at && !l->stopping) {
        l->rules_at = 0;
        rc = loop_reload(l, NULL, err);
        if (rc != SENDA_OK) {
            l->rules_at = run_clock_steady() + LOOP_STALL_MS;
            return stall(l, rc, err);
        }
    }
    return stall(l, work(l, err), err);
}

static int64_t
sooner(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* New settings wait until nothing is in flight, and what is due waits for them. */
static int64_t
sending_wait(loop_t *l)
{
    if (l->next_config == NULL) {
        return sender_wait(l->sender);
    }
    return sender_in_flight(l->sender) == 0 ? 0 : -1;
}

static int
wait_ms(loop_t *l)
{
    int64_t wait = -1;
    senda_ms_t now = run_clock_steady();

    if (l->stalled_until != 0) {
        wait = l->stalled_until - now;
    } else if (l->more && !l->stopping) {
        wait = 0;
    } else if (!l->stopping) {
        wait = sooner(world_wait(l->world), sending_wait(l));
        if (l->rules_at != 0) {
            wait = sooner(wait, l->rules_at - now > 0 ? l->rules_at - now : 0);
        }
    }
    if (l->stopping) {
        wait = sooner(wait, l->farewell - now);
    }
    wait = sooner(wait, control_wait(l->control));
    if (wait < -1) {
        wait = 0;
    }
    return wait < 0 || wait > LOOP_WAIT_MS ? LOOP_WAIT_MS : (int)wait;
}

/* ---- what wakes it ---- */

static void
stop(loop_t *l, const char *why)
{
    if (!l->stopping) {
        l->stopping = true;
        l->farewell = run_clock_steady() + LOOP_FAREWELL_MS;
        run_log(&l->log, run_clock_now(&l->clock), "stops: %s", why);
    }
}

static void
on_signal(loop_t *l)
{
    struct signalfd_siginfo s;

    while (read(l->signals, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
        if (s.ssi_signo == SIGHUP) {
            loop_read_config(l);
            loop_take_keys(l);
            l->rules_at = run_clock_steady();
        } else {
            stop(l, s.ssi_signo == SIGINT ? "interrupted" : "terminated");
        }
    }
}

static void
on_files(loop_t *l)
{
    unsigned changed = watch_read(l->watch);

    if (changed & WATCH_RULES) {
        l->rules_at = run_clock_steady() + LOOP_SETTLE_MS;
    }
}

static void
on_command(void *ctx, const char *line, control_answer_t *answer)
{
    loop_t *l = ctx;

    if (strcmp(line, "stop") == 0) {
        control_say(answer, "stopping");
        stop(l, "asked to");
    } else {
        loop_command(l, line, answer);
    }
}

static senda_rc_t
wait_and_hear(loop_t *l, senda_err_t *err)
{
    int fds[CONTROL_CLIENTS + 3];
    bool readable[CONTROL_CLIENTS + 3];
    unsigned n;
    senda_rc_t rc;

    fds[0] = l->signals;
    fds[1] = watch_fd(l->watch);
    n = 2 + control_fds(l->control, fds + 2);
    rc = channel_poll(fds, readable, n, wait_ms(l), err);
    if (rc != SENDA_OK) {
        return rc;
    }
    if (readable[0]) {
        on_signal(l);
    }
    if (readable[1]) {
        on_files(l);
    }
    control_ready(l->control, fds + 2, readable + 2, n - 2);
    return SENDA_OK;
}

static bool
finished(loop_t *l)
{
    if (l->stopping) {
        return sender_in_flight(l->sender) == 0 || run_clock_steady() >= l->farewell;
    }
    return l->o->once && !l->more && l->stalled_until == 0 && l->rules_at == 0 &&
        sender_in_flight(l->sender) == 0 && sender_wait(l->sender) != 0;
}

static senda_rc_t
turn_until_told(loop_t *l, senda_err_t *err)
{
    senda_rc_t rc = turn(l, err);

    while (rc == SENDA_OK && !finished(l)) {
        rc = wait_and_hear(l, err);
        if (rc == SENDA_OK) {
            rc = turn(l, err);
        }
    }
    return rc == SENDA_OK ? world_settle(l->world, false, err) : rc;
}

/* ---- starting ---- */

static senda_rc_t
block_signals(loop_t *l, senda_err_t *err)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
        (l->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0) {
        return senda_fail(err, SENDA_SYS, "cannot listen to signals: %s", g_strerror(errno));
    }
    return SENDA_OK;
}

static senda_rc_t
start(loop_t *l, senda_err_t *err)
{
    sender_options_t so;
    senda_rc_t rc = block_signals(l, err);

    if (rc == SENDA_OK) {
        rc = loop_open_store(l, err);
    }
    if (rc == SENDA_OK) {
        rc = loop_set_clock(l, err);
    }
    if (rc == SENDA_OK) {
        world_options_t wo = { l->config->store, l->state, &l->clock, &l->log,
            l->keys.seal_secret };

        rc = world_open(&l->world, &wo, err);
    }
    if (rc == SENDA_OK) {
        world_keys(l->world, &l->keys);
    }
    if (rc == SENDA_OK) {
        rc = watch_open(&l->watch, l->config->store, l->config->rules, err);
    }
    if (rc == SENDA_OK) {
        rc = loop_first_rules(l, err);
    }
    if (rc == SENDA_OK) {
        so = (sender_options_t){ .state = l->state,
            .clock = &l->clock,
            .log = &l->log,
            .program = world_program,
            .ctx = l->world,
            .keys = &l->keys,
            .ready = world_ready,
            .leaving = world_leaving,
            .changed = world_channels_changed };
        rc = sender_open(&l->sender, &so, l->config, err);
    }
    if (rc == SENDA_OK) {
        rc = world_settle(l->world, false, err);
    }
    if (rc == SENDA_OK) {
        rc = control_open(&l->control, l->config->socket, on_command, l, err);
    }
    return rc;
}

static void
close_all(loop_t *l)
{
    control_close(l->control);
    sender_close(l->sender);
    world_close(l->world);
    watch_close(l->watch);
    state_close(l->state);
    lock_release(l->lock);
    if (l->signals >= 0) {
        (void)close(l->signals);
    }
    loop_free_config(l->config);
    loop_free_config(l->next_config);
    explicit_bzero(&l->keys, sizeof(l->keys));
    free(l->mistakes);
}

int
loop_run(const loop_options_t *o)
{
    loop_t l = { .o = o, .lock = -1, .signals = -1, .log = { .show = o->show } };
    senda_err_t err = { "" };
    senda_rc_t rc;

    l.clock = (run_clock_t){ 1, 0 };
    l.config = g_new0(config_t, 1);
    rc = config_read(l.config, o->config, &err);
    if (rc == SENDA_OK) {
        rc = config_complete(l.config, &err);
    }
    if (rc == SENDA_OK) {
        rc = loop_check_addresses(l.config, &err);
    }
    if (rc == SENDA_OK) {
        rc = start(&l, &err);
    }
    if (rc == SENDA_OK) {
        run_log(&l.log, run_clock_now(&l.clock), "runs: %s, %s", l.config->store, l.config->rules);
        rc = turn_until_told(&l, &err);
    }
    if (rc != SENDA_OK) {
        (void)fprintf(stderr, "senda run: %s\n", err.text);
    }
    close_all(&l);
    return rc == SENDA_OK ? 0 : rc == SENDA_BAD ? 1 : 2;
}
