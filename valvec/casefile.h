#pragma once
/* Test files: questions about rules, and the answers that are expected. TESTING.md describes the
 * format for those who write them. One test may ask for several names and users; each pair is a
 * case with a request of its own. */

#include "diag.h"
#include "request.h"
#include "base/vec.h"

#define CASEFILE_MAX_BYTES (16u << 20)
#define CASEFILE_MAX_CASES 100000u
#define CASEFILE_MAX_JSON_BYTES                                                                    \
    (64u << 20) /* of all values of a file, with what aliases repeat                               \
                 */

struct case_user {
    slice name; /* as the file calls them */
    struct valve_user *user;
};

/* One entry of `tests`. */
struct case_test {
    slice name;
    slice because; /* part of the error message that is expected; empty: any */
    uint32_t line; /* of the test in its file */
};

struct test_case {
    const struct case_test *test;
    const struct case_user *user;
    struct request request; /* its user is that of the file */
    enum valve_decision expected;
};

struct casefile {
    struct arena arena; /* of everything below */
    struct source source;
    struct diagnostics diagnostics;
    slice rules_path; /* ended by a zero byte; as seen from where the file's own path is seen */
    VEC(struct case_user) users;
    VEC(struct test_case) cases; /* file order; those of a test stand together */
    uint32_t test_count;
};

/* Reads a test file. path and text are borrowed; now_ms is the time of tests that name none. False
 * when diagnostics, sorted by position, hold errors. Close it in any case. */
bool casefile_open(struct casefile *file, slice path, slice text, double now_ms);
void casefile_close(struct casefile *file);
