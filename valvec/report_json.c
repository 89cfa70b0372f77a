/* One object: {"findings": [...], "errors": n, "warnings": n, "notes": n}. Lines and columns count
 * from 1, columns in characters; the end is the place after the last character. */

#include "report.h"

#include "json.h"

static void append_text(struct buf *out, const char *key, slice text)
{
    buf_printf(out, "\"%s\":", key);
    json_write_text(out, text);
}

void report_begin_JSON(struct report *report)
{
    buf_append_text(report->out, "{\"findings\":[");
}

void report_add_JSON(struct report *report, const struct diagnostic *diagnostic)
{
    const struct diagnostic_info *info = diagnostic_info(diagnostic->id);
    struct source_position start = source_position(diagnostic->source, diagnostic->start);
    struct source_position end = source_position(diagnostic->source, diagnostic->end);
    bool first = report->error_count + report->warning_count + report->note_count == 0;
    struct buf *out = report->out;
    buf_append_text(out, first ? "\n{" : ",\n{");
    append_text(out, "file", diagnostic->source->name);
    buf_printf(out, ",\"line\":%u,\"column\":%u,\"endLine\":%u,\"endColumn\":%u,", start.line,
               start.column, end.line, end.column);
    append_text(out, "severity", slice_of(report_severity_name(info->severity)));
    buf_append_byte(out, ',');
    append_text(out, "id", slice_of(info->id));
    buf_append_byte(out, ',');
    append_text(out, "message", diagnostic->message);
    buf_append_byte(out, ',');
    append_text(out, "hint", diagnostic->hint);
    buf_append_byte(out, '}');
}

void report_end_JSON(struct report *report)
{
    buf_printf(report->out, "],\n\"errors\":%u,\"warnings\":%u,\"notes\":%u}\n",
               report->error_count, report->warning_count, report->note_count);
}
