/* FILE:LINE:COLUMN: SEVERITY: MESSAGE [ID], one line each. */

#include "report.h"

void report_begin_COMPACT(struct report *report)
{
    (void)report;
}

static void append_escaped(struct buf *out, slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte < 0x20 || byte == 0x7F)
            buf_printf(out, "\\x%02X", byte);
        else
            buf_append_byte(out, text.at[i]);
    }
}

void report_add_COMPACT(struct report *report, const struct diagnostic *diagnostic)
{
    const struct diagnostic_info *info = diagnostic_info(diagnostic->id);
    struct source_position at = source_position(diagnostic->source, diagnostic->start);
    append_escaped(report->out, diagnostic->source->name);
    buf_printf(report->out, ":%u:%u: %s: ", at.line, at.column,
               report_severity_name(info->severity));
    append_escaped(report->out, diagnostic->message);
    buf_printf(report->out, " [%s]\n", info->id);
}

void report_end_COMPACT(struct report *report)
{
    (void)report;
}
