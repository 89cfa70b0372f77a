#pragma once
/* An arena for the tests of patterns, and paths parsed into it. */

#include "pattern/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena arena;

static inline int begin(void **unused)
{
    (void)unused;
    arena_init(&arena, 0);
    return 0;
}

static inline int end(void **unused)
{
    (void)unused;
    arena_fini(&arena);
    return 0;
}

static inline struct pattern *parse(const char *text)
{
    struct pattern_error error;
    struct pattern *pattern = pattern_parse(slice_of(text), &arena, &error);
    assert_non_null(pattern);
    return pattern;
}
