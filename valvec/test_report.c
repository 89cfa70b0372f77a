/* Hands results to the format that was chosen. */

#include "test_report.h"

#include "decide.h"

struct format {
    void (*begin)(struct test_report *report);
    void (*add)(struct test_report *report, const struct file_run *file);
    void (*end)(struct test_report *report, const struct test_run *run);
};

static const struct format FORMATS[TEST_FORMAT_COUNT] = {
#define TEST_FORMAT(name, text)                                                                    \
    {test_report_begin_##name, test_report_add_##name, test_report_end_##name},
#include "test_report_formats.def"
#undef TEST_FORMAT
};

const char *const test_format_names[TEST_FORMAT_COUNT + 1] = {
#define TEST_FORMAT(name, text) text,
#include "test_report_formats.def"
#undef TEST_FORMAT
};

void test_report_begin(struct test_report *report)
{
    FORMATS[report->format].begin(report);
}

void test_report_add(struct test_report *report, const struct file_run *file)
{
    FORMATS[report->format].add(report, file);
    report->files++;
    report->passed += file->count - file->failed;
    report->failed += file->failed;
}

void test_report_end(struct test_report *report, const struct test_run *run)
{
    FORMATS[report->format].end(report, run);
}

void outcome_describe(const struct case_outcome *outcome, struct buf *out)
{
    enum valve_decision expected = outcome->test_case->expected;
    slice because = outcome->test_case->test->because;
    if (outcome->decision == expected)
        buf_printf(out, "expected error because \"" SLICE_FORMAT "\", got error",
                   SLICE_ARGUMENTS(because));
    else
        buf_printf(out, "expected %s, got %s", decision_name(expected),
                   decision_name(outcome->decision));
    if (outcome->decision == VALVE_ERROR)
        buf_printf(out, ": " SLICE_FORMAT, SLICE_ARGUMENTS(outcome->message));
}

void append_indented(struct buf *out, const char *indent, slice text)
{
    size_t at = 0;
    while (at < text.length) {
        const char *end = memchr(text.at + at, '\n', text.length - at);
        size_t next = end == NULL ? text.length : (size_t)(end - text.at);
        buf_append_text(out, next > at ? indent : "");
        buf_append(out, slice_part(text, at, next));
        buf_append_byte(out, '\n');
        at = next + 1;
    }
}
