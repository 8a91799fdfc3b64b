/*
 * Reads, and unpacks with GIO's decompressor, the one file that uses GIO. A
 * packed file that is damaged or cut ends with an error that names it.
 */

#include "log_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER 262144

struct log_bytes_s {
    int fd;
    const char *name;
    bool at_end, begun;
    bool between;         /* two packed files: what follows is the head of the next, or the end */
    GConverter *unpacker; /* NULL: plain */
    uint64_t taken, size;
    size_t from, to; /* what of buf was not yet used */
    char buf[BUFFER];
};

log_bytes_t *
log_bytes_open(const char *file, senda_err_t *err)
{
    bool input = strcmp(file, "-") == 0;
    int fd = input ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    log_bytes_t *b;
    struct stat st;

    if (fd < 0) {
        senda_fail(err, SENDA_SYS, "%s: %s", file, strerror(errno));
        return NULL;
    }
    b = g_malloc(sizeof(*b));
    *b = (log_bytes_t){ .fd = fd, .name = file };
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        b->size = (uint64_t)st.st_size;
    return b;
}

void
log_bytes_close(log_bytes_t *b)
{
    if (b == NULL)
        return;
    if (b->unpacker != NULL)
        g_object_unref(b->unpacker);
    if (b->fd != STDIN_FILENO)
        close(b->fd);
    g_free(b);
}

uint64_t
log_bytes_taken(const log_bytes_t *b)
{
    return b->taken;
}

uint64_t
log_bytes_size(const log_bytes_t *b)
{
    return b->size;
}

static senda_rc_t
take(log_bytes_t *b, char *buf, size_t size, size_t *got, senda_err_t *err)
{
    ssize_t n;

    do
        n = read(b->fd, buf, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return senda_fail(err, SENDA_SYS, "%s: %s", b->name, strerror(errno));
    b->at_end = n == 0;
    b->taken += (uint64_t)n;
    *got = (size_t)n;
    return SENDA_OK;
}

/* More bytes behind those that are left, which go to the front first. */
static senda_rc_t
fill(log_bytes_t *b, senda_err_t *err)
{
    size_t n = 0;
    senda_rc_t rc;

    memmove(b->buf, b->buf + b->from, b->to - b->from);
    b->to -= b->from;
    b->from = 0;
    rc = take(b, b->buf + b->to, sizeof(b->buf) - b->to, &n, err);
    if (rc == SENDA_OK)
        b->to += n;
    return rc;
}

static bool
is_packed(const log_bytes_t *b)
{
    return b->to - b->from >= 2 && b->buf[b->from] == '\x1f' && b->buf[b->from + 1] == '\x8b';
}

/* The first two bytes say what it is. */
static senda_rc_t
begin(log_bytes_t *b, senda_err_t *err)
{
    while (b->to < 2 && !b->at_end) {
        if (fill(b, err) != SENDA_OK)
            return SENDA_SYS;
    }
    b->begun = true;
    if (is_packed(b))
        b->unpacker = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    return SENDA_OK;
}

static senda_rc_t
read_plain(log_bytes_t *b, char *buf, size_t size, size_t *n, senda_err_t *err)
{
    if (b->from == b->to)
        return b->at_end ? SENDA_OK : take(b, buf, size, n, err);
    *n = MIN(size, b->to - b->from);
    memcpy(buf, b->buf + b->from, *n);
    b->from += *n;
    return SENDA_OK;
}

/* Behind a packed file: another, zeros that fill up a block, or the end. SENDA_NONE: the end. */
static senda_rc_t
next_file(log_bytes_t *b, senda_err_t *err)
{
    for (;;) {
        while (b->from < b->to && b->buf[b->from] == '\0')
            b->from++;
        if (is_packed(b))
            break;
        if (b->at_end && b->from == b->to)
            return SENDA_NONE;
        if (b->at_end || b->to - b->from >= 2)
            return senda_fail(err, SENDA_SYS, "%s: what follows the packed log is not packed",
                b->name);
        if (fill(b, err) != SENDA_OK)
            return SENDA_SYS;
    }
    g_converter_reset(b->unpacker);
    b->between = false;
    return SENDA_OK;
}

/* One step of the unpacker; it may come to nothing but the wish for more bytes. */
static senda_rc_t
unpack(log_bytes_t *b, char *buf, size_t size, size_t *n, senda_err_t *err)
{
    GError *error = NULL;
    gsize used = 0, made = 0;
    GConverterResult result = g_converter_convert(b->unpacker, b->buf + b->from, b->to - b->from,
        buf, size, G_CONVERTER_NO_FLAGS, &used, &made, &error);
    bool hungry = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT);

    b->from += used;
    *n = made;
    b->between = result == G_CONVERTER_FINISHED;
    if (error == NULL)
        return SENDA_OK;
    if (!hungry)
        senda_fail(err, SENDA_SYS, "%s: %s", b->name, error->message);
    else if (b->at_end)
        senda_fail(err, SENDA_SYS, "%s: the packed log ends in the middle", b->name);
    g_error_free(error);
    return hungry && !b->at_end ? fill(b, err) : SENDA_SYS;
}

static senda_rc_t
read_packed(log_bytes_t *b, char *buf, size_t size, size_t *n, senda_err_t *err)
{
    senda_rc_t rc = SENDA_OK;

    while (rc == SENDA_OK && *n == 0) {
        if (b->between)
            rc = next_file(b, err);
        if (rc == SENDA_OK && b->from == b->to && !b->at_end)
            rc = fill(b, err);
        if (rc == SENDA_OK)
            rc = unpack(b, buf, size, n, err);
    }
    return rc == SENDA_NONE ? SENDA_OK : rc;
}

senda_rc_t
log_bytes_read(log_bytes_t *b, char *buf, size_t size, size_t *n, senda_err_t *err)
{
    *n = 0;
    if (!b->begun && begin(b, err) != SENDA_OK)
        return SENDA_SYS;
    return b->unpacker == NULL ? read_plain(b, buf, size, n, err)
                               : read_packed(b, buf, size, n, err);
}
