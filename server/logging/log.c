/* Lines are formatted and escaped on the C stack, so that logging never calls the heap; what is
 * longer than a line may be is cut. */

#include "logging/log.h"

#include "base/check.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define LINE_BYTES 8192
#define EVENT_BYTES 128
#define CUT "..."

slice log_event_name(enum log_event event)
{
    static const slice NAMES[] = {
#define EVENT(name) {#name, sizeof #name - 1},
#include "events.def"
#undef EVENT
    };
    CHECK(event < LOG_EVENT_COUNT);
    return NAMES[event];
}

/* What could end a line, steer a terminal or turn its text around. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

static bool is_plain(slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x20 || c >= 0x7F)
            return false;
    }
    return true;
}

/* Writes one character as it may be shown, at most 8 bytes; returns how many. */
static size_t show(slice character, uint32_t c, char *out)
{
    static const char SHORT[] = {['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r'};
    if (c < sizeof SHORT && SHORT[c] != 0) {
        out[0] = '\\';
        out[1] = SHORT[c];
        return 2;
    }
    if (!is_control(c) && utf8_valid(character, false)) {
        memcpy(out, character.at, character.length);
        return character.length;
    }
    bool is_byte = character.length == 1;
    unsigned shown = is_byte ? (unsigned char)character.at[0] : c;
    return (size_t)snprintf(out, 9, is_byte ? "\\x%02X" : "\\u%04X", shown);
}

/* text with controls and what is no UTF-8 escaped, in `out` unless it may stay as it is; cut where
 * `size` bytes do not hold it. */
static slice escaped(slice text, char *out, size_t size)
{
    if (is_plain(text) && text.length <= size)
        return text;
    size_t length = 0, at = 0;
    while (at < text.length) {
        char shown[16];
        size_t start = at;
        uint32_t c = utf8_next(text, &at);
        size_t width = show(slice_part(text, start, at), c, shown);
        if (length + width + sizeof CUT > size) {
            memcpy(out + length, CUT, sizeof CUT - 1);
            return (slice){out, length + sizeof CUT - 1};
        }
        memcpy(out + length, shown, width);
        length += width;
    }
    return (slice){out, length};
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1000 + (double)(now.tv_nsec / 1000000);
}

static void hand_on(struct log *log, enum ds_log_level level, slice event, slice text)
{
    char event_bytes[EVENT_BYTES], text_bytes[LINE_BYTES];
    if (log->operations == NULL)
        return;
    struct ds_log_line line = {
        .level = level,
        .event = escaped(event, event_bytes, sizeof event_bytes),
        .text = escaped(text, text_bytes, sizeof text_bytes),
        .time_ms = now_ms(),
    };
    log->operations->write(log->logger, &line);
}

void log_line(struct log *log, enum ds_log_level level, enum log_event event, const char *format,
              ...)
{
    char text[LINE_BYTES];
    slice name = log_event_name(event);
    log->counts[event]++;
    if (!log_wants(log, level))
        return;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    if ((size_t)length < sizeof text) {
        hand_on(log, level, name, (slice){text, (size_t)length});
        return;
    }
    size_t kept = sizeof text - sizeof CUT;
    while (kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80)
        kept--;
    memcpy(text + kept, CUT, sizeof CUT - 1);
    hand_on(log, level, name, (slice){text, kept + sizeof CUT - 1});
}

static void count_named(struct log *log, slice event)
{
    for (enum log_event i = 0; i < LOG_EVENT_COUNT; i++) {
        if (slice_equal(log_event_name(i), event)) {
            log->counts[i]++;
            return;
        }
    }
}

void log_named(struct log *log, enum ds_log_level level, slice event, slice text)
{
    count_named(log, event);
    if (log_wants(log, level))
        hand_on(log, level, event, text);
}
