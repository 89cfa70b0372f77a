/* Lines are formatted and escaped on the C stack, so that logging never calls the heap; what is
 * longer than a line may be is cut. */

#include "logging/log.h"

#include "logging/format.h"

#include "base/check.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define LINE_BYTES 8192
#define PLAIN_LINE_BYTES ((size_t)64 * 1024) /* where nothing has to be escaped */
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
 * `size` bytes do not hold it, or most_plain of what may stay. */
static slice escaped(slice text, char *out, size_t size, size_t most_plain)
{
    if (is_plain(text) && text.length <= most_plain)
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

static void tell_trouble(struct log *log, const struct ds_log_line *line)
{
    if (log->on_trouble == NULL || log->is_telling || line->level < DS_WARN)
        return;
    log->is_telling = true;
    log->on_trouble(log->trouble_context, line);
    log->is_telling = false;
}

static void hand_on(struct log *log, bool is_written, slice scope, enum ds_log_level level,
                    slice event, slice text)
{
    char scope_bytes[EVENT_BYTES], event_bytes[EVENT_BYTES], text_bytes[LINE_BYTES];
    struct ds_log_line line = {
        .level = level,
        .scope = escaped(scope, scope_bytes, sizeof scope_bytes, sizeof scope_bytes),
        .event = escaped(event, event_bytes, sizeof event_bytes, sizeof event_bytes),
        .text = escaped(text, text_bytes, sizeof text_bytes, PLAIN_LINE_BYTES),
        .time_ms = now_ms(),
    };
    if (is_written && !log->is_writing) {
        log->is_writing = true;
        log->operations->write(log->logger, &line);
        log->is_writing = false;
    }
    tell_trouble(log, &line);
}

/* ---- at which pace ---- */

static void say_left_out(struct log *log)
{
    for (size_t i = 0; i <= LOG_EVENT_COUNT; i++) {
        char text[128];
        uint32_t left_out = log->paces[i].left_out;
        if (left_out == 0)
            continue;
        log->paces[i].left_out = 0;
        int length = snprintf(text, sizeof text,
                              "%u more lines of this event were left out: it has at most %u in a "
                              "second",
                              left_out, LOG_LINES_PER_SECOND);
        slice name = i < LOG_EVENT_COUNT ? log_event_name((enum log_event)i) : SLICE("OTHER");
        hand_on(log, log_wants(log, DS_WARN), SLICE(""), DS_WARN, name,
                (slice){text, (size_t)length});
    }
}

static void begin_second(struct log *log)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (log->second == now.tv_sec)
        return;
    log->second = now.tv_sec;
    for (size_t i = 0; i <= LOG_EVENT_COUNT; i++)
        log->paces[i].written = 0;
    bool has_left_out = log->has_left_out;
    log->has_left_out = false;
    if (has_left_out)
        say_left_out(log);
}

static bool is_written(struct log *log, enum ds_log_level level, size_t event)
{
    struct log_pace *pace = &log->paces[event];
    if (log->operations == NULL || !log_wants(log, level))
        return false;
    begin_second(log);
    if (level >= DS_ERROR || log->level <= DS_DEBUG)
        return true;
    if (pace->written < LOG_LINES_PER_SECOND) {
        pace->written++;
        return true;
    }
    pace->left_out++;
    log->has_left_out = true;
    return false;
}

/* Whether a line that is not written has to be made all the same. */
static bool is_told(const struct log *log, enum ds_log_level level)
{
    return log->on_trouble != NULL && level >= DS_WARN;
}

static void count(struct log *log, enum ds_log_level level, size_t event)
{
    log->counts[event][level <= DS_FATAL ? level : DS_FATAL]++;
}

void log_line(struct log *log, enum ds_log_level level, enum log_event event, const char *format,
              ...)
{
    char text[LINE_BYTES];
    slice name = log_event_name(event);
    count(log, level, event);
    bool writes = is_written(log, level, event);
    if (!writes && !is_told(log, level))
        return;
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_line(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length <= sizeof text) {
        hand_on(log, writes, SLICE(""), level, name, (slice){text, length});
        return;
    }
    size_t kept = sizeof text - sizeof CUT;
    while (kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80)
        kept--;
    memcpy(text + kept, CUT, sizeof CUT - 1);
    hand_on(log, writes, SLICE(""), level, name, (slice){text, kept + sizeof CUT - 1});
}

static size_t find_event(slice name)
{
    enum log_event event = 0;
    while (event < LOG_EVENT_COUNT && !slice_equal(log_event_name(event), name))
        event++;
    return event;
}

void log_scoped(struct log *log, slice scope, enum ds_log_level level, slice event, slice text)
{
    size_t known = find_event(event);
    count(log, level, known);
    bool writes = is_written(log, level, known);
    if (writes || is_told(log, level))
        hand_on(log, writes, scope, level, event, text);
}

void log_named(struct log *log, enum ds_log_level level, slice event, slice text)
{
    log_scoped(log, SLICE(""), level, event, text);
}
