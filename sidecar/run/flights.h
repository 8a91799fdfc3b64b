/*
 * Flight notes: how far each message on its way has come, in memory that
 * outlives the process. A small mapped file, STATE/flights, with a slot a
 * message. It says nothing after a power cut: it bears the number of the
 * machine's start and of the file itself, and any that differs, another
 * version or a damaged slot count as no note. Without a note nothing is known
 * of a message that was handed over.
 *
 * A slot is one thread's at a time: the owner's up to flights_allow, then the
 * delivering thread's up to flights_answer, then the owner's again. A message
 * has at most one note. Every call takes NULL for "no notes are kept".
 */

#ifndef SENDA_RUN_FLIGHTS_H
#define SENDA_RUN_FLIGHTS_H

#include "channel.h"
#include "outbox.h"

#define FLIGHTS_SLOTS    8  /* messages on their way at once */
#define FLIGHTS_BOOT_MAX 40 /* bytes of the number of the machine's start, with its NUL */

typedef enum {
    FLIGHT_NONE,    /* nothing is known */
    FLIGHT_ALLOWED, /* its last bytes may go: they had not yet been given to the network */
    FLIGHT_LEAVING, /* they were just being given to it: only an answer can tell */
    FLIGHT_ANSWERED
} flight_stage_t;

typedef struct flights_s flights_t;

/*
 * Opens the file, with the notes in it if they are of this start of the
 * machine, else with none; boot: see flights_boot, "" matches nothing.
 * SENDA_OK; SENDA_FULL (no space for it); SENDA_SYS. One process at a time.
 */
senda_rc_t flights_open(flights_t **out, const char *file, const char *boot, senda_err_t *err);
void flights_close(flights_t *f);

/* /proc/sys/kernel/random/boot_id, "" if it cannot be read. */
void flights_boot(char boot[FLIGHTS_BOOT_MAX]);

/* The owner: the slot's last message is settled for good. */
void flights_clear(flights_t *f, unsigned slot);

/* The owner, before it commits HANDED; tries as in the outbox, so that no note speaks of another. */
void flights_allow(flights_t *f, unsigned slot, const out_id_t *id, uint32_t tries);

/* The delivering thread. An answer to a message that was not allowed is not noted. */
void flights_leave(flights_t *f, unsigned slot);
void flights_answer(flights_t *f, unsigned slot, const sent_t *answer);

/* What the notes say of a message; *answer is set with FLIGHT_ANSWERED. */
flight_stage_t flights_find(const flights_t *f, const out_id_t *id, uint32_t tries, sent_t *answer);

#endif
