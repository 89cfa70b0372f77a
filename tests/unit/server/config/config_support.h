#pragma once
/* Configurations made of texts, and their problems as one text. */

#include "node/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static inline struct config *load_text(const char *text)
{
    struct config_request request = {.text_name = "config.yml", .text = slice_of(text)};
    return config_load(&request);
}

/* A configuration that must be valid and without a warning. */
static inline struct config *load_valid(const char *text)
{
    struct config *config = load_text(text);
    struct buf problems = BUF_EMPTY;
    config_print_problems(config, &problems, false);
    buf_append_byte(&problems, '\0');
    assert_string_equal(problems.at, "");
    buf_fini(&problems);
    assert_true(config_is_valid(config));
    return config;
}

/* "error 2:3 /rpc: type must be object\n", one line for each problem but what was loaded. */
static inline void append_problems(const struct config *config, struct buf *out)
{
    static const char *const LEVELS[] = {[DS_WARN] = "warning", [DS_ERROR] = "error"};
    slice name = SLICE("config.yml:");
    for (size_t i = 0; i < config_problem_count(config); i++) {
        const struct config_problem *problem = config_problem(config, i);
        slice place = problem->place;
        if (problem->level < DS_WARN)
            continue;
        if (slice_starts_with(place, name))
            place = slice_part(place, name.length, place.length);
        buf_printf(out, "%s " SLICE_FORMAT " " SLICE_FORMAT "\n", LEVELS[problem->level],
                   SLICE_ARGUMENTS(place), SLICE_ARGUMENTS(problem->message));
    }
    buf_append_byte(out, '\0');
}

static inline void expect_problems_of(struct config *config, const char *expected)
{
    struct buf problems = BUF_EMPTY;
    append_problems(config, &problems);
    assert_string_equal(problems.at, expected);
    buf_fini(&problems);
    config_free(&config);
}

static inline void expect_problems(const char *text, const char *expected)
{
    expect_problems_of(load_text(text), expected);
}

#define assert_slice_equal(actual, expected)                                                       \
    do {                                                                                           \
        slice actual_slice = (actual), expected_slice = slice_of(expected);                        \
        assert_int_equal(actual_slice.length, expected_slice.length);                              \
        assert_memory_equal(actual_slice.at, expected_slice.at, expected_slice.length);            \
    } while (0)
