/* For people: a line for each test, and below it why its cases failed.
 *
 *     rules-examples/chat-rooms/permissions.test.yml
 *       ok    members read the room (8 cases)
 *       FAIL  only the owner changes the members
 *             line 45, bob: write record "room/garden"
 *             expected deny, got allow
 *               ... the explanation ... */

#include "test_report.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

#define REASON_INDENT "          "

static void append_coloured(struct test_report *report, const char *colour, const char *text)
{
    buf_printf(report->out, "%s%s%s", report->colour ? colour : "", text,
               report->colour ? PLAIN : "");
}

static void add_failure(struct test_report *report, const struct case_outcome *outcome)
{
    buf_printf(report->out, "        line %u, ", outcome->test_case->test->line);
    case_describe(outcome->test_case, report->out);
    buf_append_text(report->out, "\n        ");
    outcome_describe(outcome, report->out);
    buf_append_byte(report->out, '\n');
    append_indented(report->out, REASON_INDENT, outcome->reason);
}

/* The cases of one test. */
static void add_test(struct test_report *report, const struct case_outcome *outcomes, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += !outcomes[i].passed;
    buf_append_text(report->out, "  ");
    append_coloured(report, failed == 0 ? GREEN : RED, failed == 0 ? "ok" : "FAIL");
    buf_append_text(report->out, failed == 0 ? "    " : "  ");
    buf_append(report->out, outcomes[0].test_case->test->name);
    if (failed > 0 && count > 1)
        buf_printf(report->out, " (%zu of %zu cases)", failed, count);
    else if (count > 1)
        buf_printf(report->out, " (%zu cases)", count);
    buf_append_byte(report->out, '\n');
    for (size_t i = 0; i < count; i++) {
        if (!outcomes[i].passed)
            add_failure(report, &outcomes[i]);
    }
}

void test_report_begin_PRETTY(struct test_report *report)
{
    (void)report;
}

void test_report_add_PRETTY(struct test_report *report, const struct file_run *file)
{
    if (report->files > 0)
        buf_append_byte(report->out, '\n');
    buf_printf(report->out, "%s" SLICE_FORMAT "%s\n", report->colour ? BOLD : "",
               SLICE_ARGUMENTS(file->path), report->colour ? PLAIN : "");
    size_t start = 0;
    for (size_t i = 1; i <= file->count; i++) {
        if (i == file->count ||
            file->outcomes[i].test_case->test != file->outcomes[start].test_case->test) {
            add_test(report, file->outcomes + start, i - start);
            start = i;
        }
    }
}

static void add_uncovered(void *context, slice text)
{
    struct test_report *report = context;
    buf_printf(report->out, "  " SLICE_FORMAT "\n", SLICE_ARGUMENTS(text));
}

static void add_coverage(struct test_report *report, const struct test_run *run)
{
    struct coverage coverage = test_run_coverage(run);
    buf_printf(report->out, "\n%zu of %zu rules were asked", coverage.asked, coverage.total);
    buf_append_text(report->out, coverage.asked < coverage.total ? ", these were not:\n" : "\n");
    coverage_each(run, add_uncovered, report);
}

void test_report_end_PRETTY(struct test_report *report, const struct test_run *run)
{
    if (report->files == 0)
        return;
    if (report->shows_coverage)
        add_coverage(report, run);
    buf_printf(report->out, "\n%zu passed, ", report->passed);
    struct buf failed = BUF_EMPTY;
    buf_printf(&failed, "%zu failed%c", report->failed, '\0');
    append_coloured(report, report->failed > 0 ? RED : GREEN, failed.at);
    buf_fini(&failed);
    buf_append_byte(report->out, '\n');
}
