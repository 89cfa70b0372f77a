/* Each finding with the line it is about, and a last line that counts them. */

#include "report.h"

void report_begin_PRETTY(struct report *report)
{
    (void)report;
}

void report_add_PRETTY(struct report *report, const struct diagnostic *diagnostic)
{
    diagnostic_print(diagnostic, report->out, report->colour);
}

static void append_count(struct buf *out, uint32_t count, const char *what)
{
    buf_printf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

void report_end_PRETTY(struct report *report)
{
    if (report->error_count + report->warning_count + report->note_count == 0)
        return;
    append_count(report->out, report->error_count, "error");
    buf_append_text(report->out, ", ");
    append_count(report->out, report->warning_count, "warning");
    buf_append_text(report->out, ", ");
    append_count(report->out, report->note_count, "note");
    buf_append_byte(report->out, '\n');
}
