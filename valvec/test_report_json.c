/* One object: {"files": [{"file", "rules", "cases": [...]}], "passed": n, "failed": n}. */

#include "test_report.h"

#include "decide.h"
#include "json.h"

static void append_text(struct buf *out, const char *key, slice text)
{
    buf_printf(out, "\"%s\":", key);
    json_write_text(out, text);
}

void test_report_begin_JSON(struct test_report *report)
{
    buf_append_text(report->out, "{\"files\":[");
}

static void append_request(struct buf *out, const struct test_case *test_case)
{
    const struct valve_request *asked = &test_case->request.valve;
    const struct valve_rule_kind_info *info = valve_rule_kind_info(asked->kind);
    append_text(out, "user", test_case->user->name);
    buf_printf(out, ",\"section\":\"%s\",\"rule\":\"%s\",\"action\":%u", info->section_name,
               info->type, asked->action);
    if (asked->has_name) {
        buf_append_byte(out, ',');
        append_text(out, "name", asked->name);
    }
}

static void append_case(struct buf *out, const struct case_outcome *outcome)
{
    const struct test_case *test_case = outcome->test_case;
    buf_append_byte(out, '{');
    append_text(out, "test", test_case->test->name);
    buf_printf(out, ",\"line\":%u,", test_case->test->line);
    append_request(out, test_case);
    buf_printf(out, ",\"expected\":\"%s\",\"decision\":\"%s\",\"passed\":%s",
               decision_name(test_case->expected), decision_name(outcome->decision),
               outcome->passed ? "true" : "false");
    if (outcome->decision == VALVE_ERROR) {
        buf_append_byte(out, ',');
        append_text(out, "message", outcome->message);
    }
    if (!outcome->passed) {
        buf_append_byte(out, ',');
        append_text(out, "reason", outcome->reason);
    }
    buf_append_byte(out, '}');
}

void test_report_add_JSON(struct test_report *report, const struct file_run *file)
{
    struct buf *out = report->out;
    buf_append_text(out, report->files > 0 ? ",\n{" : "\n{");
    append_text(out, "file", file->path);
    buf_append_byte(out, ',');
    append_text(out, "rules", file->rules->path);
    buf_append_text(out, ",\"cases\":[");
    for (size_t i = 0; i < file->count; i++) {
        buf_append_text(out, i > 0 ? ",\n" : "\n");
        append_case(out, &file->outcomes[i]);
    }
    buf_append_text(out, "]}");
}

struct list {
    struct buf *out;
    bool begun;
};

static void add_uncovered(void *context, slice text)
{
    struct list *list = context;
    buf_append_text(list->out, list->begun ? ",\n" : "\n");
    json_write_text(list->out, text);
    list->begun = true;
}

void test_report_end_JSON(struct test_report *report, const struct test_run *run)
{
    buf_append_text(report->out, "],\n");
    if (report->shows_coverage) {
        struct coverage coverage = test_run_coverage(run);
        struct list list = {report->out, false};
        buf_printf(report->out, "\"coverage\":{\"asked\":%zu,\"rules\":%zu,\"notAsked\":[",
                   coverage.asked, coverage.total);
        coverage_each(run, add_uncovered, &list);
        buf_append_text(report->out, "]},\n");
    }
    buf_printf(report->out, "\"passed\":%zu,\"failed\":%zu}\n", report->passed, report->failed);
}
