/* The Test Anything Protocol, version 13: a line for each case, the plan at the end. */

#include "test_report.h"

#include "decide.h"
#include "json.h"

void test_report_begin_TAP(struct test_report *report)
{
    buf_append_text(report->out, "TAP version 13\n");
}

/* A `#` would begin a directive, so it is escaped. */
static void append_escaped(struct buf *out, slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '#' || text.at[i] == '\\')
            buf_append_byte(out, '\\');
        buf_append_byte(out, text.at[i] == '\n' ? ' ' : text.at[i]);
    }
}

static void add_details(struct test_report *report, const struct file_run *file,
                        const struct case_outcome *outcome)
{
    struct buf *out = report->out;
    buf_append_text(out, "  ---\n  file: ");
    json_write_text(out, file->path);
    buf_printf(out, "\n  line: %u\n  expected: %s\n  actual: %s\n", outcome->test_case->test->line,
               decision_name(outcome->test_case->expected), decision_name(outcome->decision));
    if (outcome->decision == VALVE_ERROR) {
        buf_append_text(out, "  message: ");
        json_write_text(out, outcome->message);
        buf_append_byte(out, '\n');
    }
    buf_append_text(out, "  reason: |2\n");
    append_indented(out, "    ", outcome->reason);
    buf_append_text(out, "  ...\n");
}

void test_report_add_TAP(struct test_report *report, const struct file_run *file)
{
    size_t before = report->passed + report->failed;
    struct buf label = BUF_EMPTY;
    for (size_t i = 0; i < file->count; i++) {
        const struct case_outcome *outcome = &file->outcomes[i];
        buf_clear(&label);
        buf_append(&label, outcome->test_case->test->name);
        buf_append_text(&label, ", ");
        case_describe(outcome->test_case, &label);
        buf_printf(report->out, "%s %zu - ", outcome->passed ? "ok" : "not ok", before + i + 1);
        append_escaped(report->out, buf_slice(&label));
        buf_append_byte(report->out, '\n');
        if (!outcome->passed)
            add_details(report, file, outcome);
    }
    buf_fini(&label);
}

static void add_uncovered(void *context, slice text)
{
    struct test_report *report = context;
    buf_printf(report->out, "# not asked: " SLICE_FORMAT "\n", SLICE_ARGUMENTS(text));
}

void test_report_end_TAP(struct test_report *report, const struct test_run *run)
{
    buf_printf(report->out, "1..%zu\n", report->passed + report->failed);
    if (!report->shows_coverage)
        return;
    struct coverage coverage = test_run_coverage(run);
    buf_printf(report->out, "# %zu of %zu rules were asked\n", coverage.asked, coverage.total);
    coverage_each(run, add_uncovered, report);
}
