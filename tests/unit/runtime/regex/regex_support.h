#pragma once
/* What the tests of regular expressions share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "regex/regex_internal.h"

#define GENEROUS ((struct regex_budget){.max_steps = 1000000, .max_memory_bytes = (size_t)1 << 22})

static inline struct regex *regex_or_fail(const char *pattern, const char *flags)
{
    struct regex_error error;
    struct regex *regex = regex_new(slice_of(pattern), slice_of(flags), &error);
    if (regex == NULL)
        fail_msg("/%s/%s: %s", pattern, flags, error.message);
    return regex;
}

/* The result of one match; the arena holds it. */
static inline valve_value match_in(struct arena *arena, const char *pattern, const char *flags,
                                   slice subject)
{
    struct regex *regex = regex_or_fail(pattern, flags);
    uint64_t steps = 0;
    valve_value result;
    enum regex_status status =
        regex_match(regex, value_text(subject), GENEROUS, arena, &steps, &result);
    regex_free(&regex);
    assert_int_equal(status, REGEX_OK);
    return result;
}

static inline void assert_text(valve_value value, const char *text)
{
    assert_int_equal(value.type, VALUE_TEXT);
    assert_int_equal(value.length, strlen(text));
    assert_memory_equal(value.as.text, text, value.length);
}
