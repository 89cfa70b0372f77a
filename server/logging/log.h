#pragma once
/* Log lines: a level, an event, a text. Where they go is the logger plugin's business.
 *
 *     log_line(log, DS_WARN, LOG_SLOW_RECEIVER, "%zu bytes are waiting for " SLICE_FORMAT, ...);
 *
 * Everything that came from outside may be formatted in: control characters are escaped before the
 * line is handed on (H30). No event has more than LOG_LINES_PER_SECOND lines of INFO or WARN in a
 * second, so that nobody can fill a disk with them; the next line of any kind is then led by one
 * that says how many were left out. At level DEBUG, and of errors, every line is written.
 * One thread: the node's loop. */

#include "deepstream/plugin.h"

enum log_event {
#define EVENT(name) LOG_##name,
#include "events.def"
#undef EVENT
    LOG_EVENT_COUNT,
};

#define LOG_LINES_PER_SECOND 100u

struct log_pace {
    uint32_t written, left_out; /* lines of this second; since it was last said */
};

struct log {
    enum ds_log_level level; /* lines below it are dropped before they are formatted */
    const struct ds_logger_operations *operations; /* NULL: nowhere */
    void *logger;
    bool is_writing; /* what the logger itself logs then goes nowhere, or it would never end */
    /* Lines so far by level, dropped ones too; the last row: of events that are in no list. */
    uint64_t counts[LOG_EVENT_COUNT + 1][DS_FATAL + 1];

    /* Told of lines of WARN and above, also when the level drops them; of none that it causes
     * itself. NULL: nobody. */
    void (*on_trouble)(void *context, const struct ds_log_line *line);
    void *trouble_context;
    bool is_telling;

    struct log_pace paces[LOG_EVENT_COUNT + 1]; /* the last one: of events that are in no list */
    int64_t second;
    bool has_left_out;
};

static inline bool log_wants(const struct log *log, enum ds_log_level level)
{
    return level >= log->level;
}

void log_line(struct log *log, enum ds_log_level level, enum log_event event, const char *format,
              ...) __attribute__((format(printf, 4, 5)));

/* For plugins: an event by its name; and with a namespace before it. */
void log_named(struct log *log, enum ds_log_level level, slice event, slice text);
void log_scoped(struct log *log, slice scope, enum ds_log_level level, slice event, slice text);

slice log_event_name(enum log_event event);
