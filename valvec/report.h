#pragma once
/* How findings are printed: for people, for editors, for machines, for code hosting. One format is
 * one file report_<name>.c and one line of report_formats.def. */

#include "diag.h"
#include "base/buf.h"

enum report_format {
#define REPORT_FORMAT(name, text) REPORT_##name,
#include "report_formats.def"
#undef REPORT_FORMAT
    REPORT_FORMAT_COUNT,
};

extern const char *const report_format_names[]; /* by enum report_format, then NULL */

struct report {
    enum report_format format;
    bool colour; /* of PRETTY */
    struct buf *out;
    uint32_t error_count, warning_count, note_count;
    bool used[DIAGNOSTIC_COUNT]; /* which ids were printed */
};

/* Prints to `out`, which is borrowed: report_begin once, report_add for each finding in the order
 * of files and positions, report_end once. */
void report_begin(struct report *report, enum report_format format, bool colour, struct buf *out);
void report_add(struct report *report, const struct diagnostic *diagnostic);
void report_end(struct report *report);

/* "error", "warning" or "note". */
const char *report_severity_name(enum severity severity);

/* ---- the formats ---- */

#define REPORT_FORMAT(name, text)                                                                  \
    void report_begin_##name(struct report *report);                                               \
    void report_add_##name(struct report *report, const struct diagnostic *diagnostic);            \
    void report_end_##name(struct report *report);
#include "report_formats.def"
#undef REPORT_FORMAT
