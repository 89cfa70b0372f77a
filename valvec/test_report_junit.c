/* JUnit's XML, as build servers read it: a suite for each file, a case for each case. */

#include "test_report.h"

#include "base/utf8.h"

/* XML has no way to write control characters and lone surrogates. */
static bool is_xml_character(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xD800) ||
           (c >= 0xE000 && c != 0xFFFE && c != 0xFFFF);
}

static void append_escaped(struct buf *out, slice text)
{
    size_t at = 0;
    while (at < text.length) {
        size_t start = at;
        uint32_t c = utf8_next(text, &at);
        slice bytes = slice_part(text, start, at);
        if (c == '&')
            buf_append_text(out, "&amp;");
        else if (c == '<')
            buf_append_text(out, "&lt;");
        else if (c == '>')
            buf_append_text(out, "&gt;");
        else if (c == '"')
            buf_append_text(out, "&quot;");
        else if (c == '\n')
            buf_append_text(out, "&#10;");
        else if (!is_xml_character(c) || !utf8_valid(bytes, false))
            buf_append_byte(out, '?');
        else
            buf_append(out, bytes);
    }
}

static void append_attribute(struct buf *out, const char *name, slice value)
{
    buf_printf(out, " %s=\"", name);
    append_escaped(out, value);
    buf_append_byte(out, '"');
}

void test_report_begin_JUNIT(struct test_report *report)
{
    buf_append_text(report->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
}

static void add_failure(struct test_report *report, const struct case_outcome *outcome)
{
    struct buf message = BUF_EMPTY;
    outcome_describe(outcome, &message);
    buf_append_text(report->out, ">\n    <failure");
    append_attribute(report->out, "message", buf_slice(&message));
    buf_append_byte(report->out, '>');
    append_escaped(report->out, outcome->reason);
    buf_append_text(report->out, "</failure>\n  </testcase>\n");
    buf_fini(&message);
}

static void add_case(struct test_report *report, const struct file_run *file,
                     const struct case_outcome *outcome, struct buf *label)
{
    buf_clear(label);
    buf_append(label, outcome->test_case->test->name);
    buf_append_text(label, ", ");
    case_describe(outcome->test_case, label);
    buf_append_text(report->out, "  <testcase");
    append_attribute(report->out, "classname", file->path);
    append_attribute(report->out, "name", buf_slice(label));
    if (outcome->passed)
        buf_append_text(report->out, "/>\n");
    else
        add_failure(report, outcome);
}

void test_report_add_JUNIT(struct test_report *report, const struct file_run *file)
{
    struct buf label = BUF_EMPTY;
    buf_append_text(report->out, " <testsuite");
    append_attribute(report->out, "name", file->path);
    buf_printf(report->out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n", file->count,
               file->failed);
    for (size_t i = 0; i < file->count; i++)
        add_case(report, file, &file->outcomes[i], &label);
    buf_append_text(report->out, " </testsuite>\n");
    buf_fini(&label);
}

static void add_uncovered(void *context, slice text)
{
    struct test_report *report = context;
    buf_append_text(report->out, "not asked: ");
    append_escaped(report->out, text);
    buf_append_byte(report->out, '\n');
}

void test_report_end_JUNIT(struct test_report *report, const struct test_run *run)
{
    if (report->shows_coverage) {
        struct coverage coverage = test_run_coverage(run);
        buf_printf(report->out,
                   " <testsuite name=\"coverage\" tests=\"0\" failures=\"0\" errors=\"0\">\n"
                   "  <system-out>%zu of %zu rules were asked\n",
                   coverage.asked, coverage.total);
        coverage_each(run, add_uncovered, report);
        buf_append_text(report->out, "</system-out>\n </testsuite>\n");
    }
    buf_append_text(report->out, "</testsuites>\n");
}
