/*
 * Log lines. Never fails: a line that cannot be written is lost, the sidecar
 * goes on.
 */

#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define LINE_MAX_BYTES 1024

void
run_log_time(const senda_zone_t *zone, senda_ms_t at, char *buf, size_t size)
{
    int32_t offset = 0;
    senda_local_t l = senda_zone_local(zone, run_clock_sec(at), &offset);
    int32_t a = offset < 0 ? -offset : offset;

    (void)snprintf(buf, size, "%04d-%02d-%02d %02d:%02d:%02d %c%02d:%02d", (int)l.year,
        (int)l.month, (int)l.day, (int)l.hour, (int)l.minute, (int)l.second, offset < 0 ? '-' : '+',
        (int)(a / 3600), (int)(a / 60 % 60));
}

const char *
run_log_words(const run_log_t *log, const char *words, char *buf, size_t size)
{
    size_t n = 0;

    while (*words != '\0' && n + 1 < size) {
        size_t word = strcspn(words, " "), room = size - 1 - n;
        bool hidden = !log->show && memchr(words, '@', word) != NULL;
        const char *text = hidden ? "(address)" : words;
        size_t len = hidden ? strlen(text) : word > 0 ? word : 1;

        memcpy(buf + n, text, len < room ? len : room);
        n += len < room ? len : room;
        words += word > 0 ? word : 1;
    }
    buf[n] = '\0';
    return buf;
}

void
run_log(const run_log_t *log, senda_ms_t at, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES + 2];
    size_t n;
    va_list args;
    int more;

    run_log_time(log->zone, at, line, sizeof(line));
    n = strlen(line);
    line[n++] = ' ';
    line[n++] = ' ';
    va_start(args, fmt);
    more = vsnprintf(line + n, LINE_MAX_BYTES - n, fmt, args);
    va_end(args);
    if (more > 0) {
        size_t room = LINE_MAX_BYTES - n - 1;

        n += (size_t)more < room ? (size_t)more : room;
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) {
        return;
    }
}
