/* Hands findings to the format that was chosen, and counts them. */

#include "report.h"

#include "base/check.h"

static const struct {
    void (*begin)(struct report *);
    void (*add)(struct report *, const struct diagnostic *);
    void (*end)(struct report *);
} FORMATS[REPORT_FORMAT_COUNT] = {
#define REPORT_FORMAT(name, text) {report_begin_##name, report_add_##name, report_end_##name},
#include "report_formats.def"
#undef REPORT_FORMAT
};

const char *const report_format_names[] = {
#define REPORT_FORMAT(name, text) text,
#include "report_formats.def"
#undef REPORT_FORMAT
    NULL,
};

const char *report_severity_name(enum severity severity)
{
    static const char *const NAMES[] = {
        [SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "note"};
    return NAMES[severity];
}

void report_begin(struct report *report, enum report_format format, bool colour, struct buf *out)
{
    CHECK(format < REPORT_FORMAT_COUNT);
    *report = (struct report){.format = format, .colour = colour, .out = out};
    FORMATS[format].begin(report);
}

void report_add(struct report *report, const struct diagnostic *diagnostic)
{
    FORMATS[report->format].add(report, diagnostic);
    report->used[diagnostic->id] = true;
    switch (diagnostic_info(diagnostic->id)->severity) {
    case SEVERITY_ERROR:
        report->error_count++;
        break;
    case SEVERITY_WARNING:
        report->warning_count++;
        break;
    case SEVERITY_NOTE:
        report->note_count++;
        break;
    }
}

void report_end(struct report *report)
{
    FORMATS[report->format].end(report);
}
