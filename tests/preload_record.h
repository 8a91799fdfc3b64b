/*
 * What preload_record.c writes and tool_power.c reads: a head, then its bytes.
 */

#ifndef PRELOAD_RECORD_H
#define PRELOAD_RECORD_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum {
    RECORD_WRITE = 1, /* may be lost until the next sync */
    RECORD_DURABLE,   /* durable when it returned (O_DSYNC) */
    RECORD_SYNC,      /* everything before it is durable */
};

typedef struct {
    uint32_t kind;
    uint32_t len;
    uint64_t offset;
} record_t;

#endif
