#pragma once
/* Runs the cases of test files against their rules, and keeps account of the rules that were asked.
 * Each rule file is loaded once, however many test files name it. */

#include "casefile.h"
#include "load_rules.h"

struct tested_rules {
    slice path;
    struct rules rules;
    enum exit_status status; /* EXIT_FINE, or why they cannot be used; said on standard error */
    bool *asked;             /* of each rule of the program */
};

struct case_outcome {
    const struct test_case *test_case;
    enum valve_decision decision;
    slice message; /* of an error */
    bool passed;
    slice reason; /* why it was decided so; empty when the case has passed */
};

/* One test file that was run. */
struct file_run {
    slice path;
    const struct tested_rules *rules;
    const struct case_outcome *outcomes; /* those that the filter lets through */
    size_t count;
    size_t failed;
};

struct test_options {
    struct valve_options evaluation;
    slice filter; /* part of the name of a test; empty: all */
    enum colour_choice colour;
    bool colour_reasons;
};

struct test_run {
    const struct test_options *options; /* borrowed */
    VEC(struct tested_rules *) rules;
};

void test_run_init(struct test_run *run, const struct test_options *options);
void test_run_fini(struct test_run *run);

/* Runs a test file. *result lives as long as file and run. Returns what is wrong with its rules, or
 * EXIT_FINE, also when cases have failed. */
enum exit_status test_run_file(struct test_run *run, struct casefile *file,
                               struct file_run *result);

/* Rules of all files. Left out is what says `false` for the path `*`: it denies what would be
 * denied without it, so there is nothing to test. */
struct coverage {
    size_t asked, total;
};

struct coverage test_run_coverage(const struct test_run *run);

/* Calls `line` with the description of each rule that counts and was not asked. */
void coverage_each(const struct test_run *run, void (*line)(void *context, slice text),
                   void *context);

/* "bob: write record \"room/garden\"" */
void case_describe(const struct test_case *test_case, struct buf *out);
