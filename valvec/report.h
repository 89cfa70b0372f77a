#pragma once
/* How findings are printed: for people, for editors, for machines, for code hosting. One format is
 * one file report_<name>.c and one line of report_formats.def. */

#include "diag.h"
#include "base/buf.h"

enum report_format {
#define REPORT_FORMAT(name, text, summary) REPORT_##name,
#include "report_formats.def"
#undef REPORT_FORMAT
    REPORT_FORMAT_COUNT,
};

struct report {
    enum report_format format;
    bool colour; /* of PRETTY */
    struct buf *out;
    uint32_t error_count, warning_count, note_count;
    bool used[DIAGNOSTIC_COUNT]; /* which ids were printed */
};

/* Finds a format by name; false when there is none. */
bool report_format_find(slice name, enum report_format *format);
const char *report_format_name(enum report_format format);
const char *report_format_summary(enum report_format format);

/* Prints to `out`, which is borrowed: report_begin once, report_add for each finding in the order
 * of files and positions, report_end once. */
void report_begin(struct report *report, enum report_format format, bool colour, struct buf *out);
void report_add(struct report *report, const struct diagnostic *diagnostic);
void report_end(struct report *report);

/* Adds all of a file. */
void report_add_all(struct report *report, const struct diagnostics *diagnostics);

/* "error", "warning" or "note". */
const char *report_severity_name(enum severity severity);

/* ---- the formats ---- */

#define REPORT_FORMAT(name, text, summary)                                                         \
    void report_begin_##name(struct report *report);                                               \
    void report_add_##name(struct report *report, const struct diagnostic *diagnostic);            \
    void report_end_##name(struct report *report);
#include "report_formats.def"
#undef REPORT_FORMAT
