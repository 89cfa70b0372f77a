#pragma once
/* How the results of tests are printed: for people, for test harnesses, for build servers. */

#include "test_run.h"

enum test_format {
#define TEST_FORMAT(name, text) TEST_FORMAT_##name,
#include "test_report_formats.def"
#undef TEST_FORMAT
    TEST_FORMAT_COUNT,
};

extern const char *const test_format_names[TEST_FORMAT_COUNT + 1]; /* NULL behind the last */

struct test_report {
    enum test_format format;
    bool colour;                  /* of PRETTY */
    bool shows_coverage;          /* which rules no test asked */
    struct buf *out;              /* borrowed */
    size_t files, passed, failed; /* files and cases so far; test_report_add counts */
};

/* test_report_begin once, test_report_add for each file, test_report_end once. */
void test_report_begin(struct test_report *report);
void test_report_add(struct test_report *report, const struct file_run *file);
void test_report_end(struct test_report *report, const struct test_run *run);

/* ---- what formats share ---- */

/* "expected deny, got allow", or what else is wrong with a case that failed; without a line feed.
 */
void outcome_describe(const struct case_outcome *outcome, struct buf *out);

/* Appends each line of text with `indent` before it. */
void append_indented(struct buf *out, const char *indent, slice text);

/* ---- the formats ---- */

#define TEST_FORMAT(name, text)                                                                    \
    void test_report_begin_##name(struct test_report *report);                                     \
    void test_report_add_##name(struct test_report *report, const struct file_run *file);          \
    void test_report_end_##name(struct test_report *report, const struct test_run *run);
#include "test_report_formats.def"
#undef TEST_FORMAT
