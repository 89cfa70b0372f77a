/* ::error file=...,line=...,col=...,title=...::MESSAGE, with the escapes that the runner undoes. */

#include "report.h"

void report_begin_GITHUB(struct report *report)
{
    (void)report;
}

static void append_escaped(struct buf *out, slice text, const char *escaped)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] != '\0' && strchr(escaped, text.at[i]) != NULL)
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)text.at[i]);
        else
            buf_append_byte(out, text.at[i]);
    }
}

static void append_property(struct buf *out, slice text)
{
    append_escaped(out, text, "%\r\n:,");
}

static void append_data(struct buf *out, slice text)
{
    append_escaped(out, text, "%\r\n");
}

static const char *command(enum severity severity)
{
    static const char *const COMMANDS[] = {
        [SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "notice"};
    return COMMANDS[severity];
}

/* The end column is only understood within one line. */
void report_add_GITHUB(struct report *report, const struct diagnostic *diagnostic)
{
    const struct diagnostic_info *info = diagnostic_info(diagnostic->id);
    struct source_position start = source_position(diagnostic->source, diagnostic->start);
    struct source_position end = source_position(diagnostic->source, diagnostic->end);
    struct buf *out = report->out;
    buf_printf(out, "::%s file=", command(info->severity));
    append_property(out, diagnostic->source->name);
    buf_printf(out, ",line=%u,col=%u", start.line, start.column);
    if (end.line == start.line)
        buf_printf(out, ",endColumn=%u", end.column);
    else
        buf_printf(out, ",endLine=%u", end.line);
    buf_append_text(out, ",title=");
    append_property(out, slice_of(info->id));
    buf_append_text(out, "::");
    append_data(out, diagnostic->message);
    if (diagnostic->hint.length > 0) {
        buf_append_text(out, "%0A");
        append_data(out, diagnostic->hint);
    }
    buf_append_byte(out, '\n');
}

void report_end_GITHUB(struct report *report)
{
    (void)report;
}
