#pragma once
/* A borrowed run of bytes: pointer and length, no terminator. Whoever made the bytes keeps them. */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct slice {
    const char *at;
    size_t length;
} slice;

#define SLICE(literal) ((slice){("" literal ""), sizeof(literal) - 1})
#define SLICE_FORMAT "%.*s"
#define SLICE_ARGUMENTS(s) (int)(s).length, (s).at

static inline slice slice_of(const char *text)
{
    return (slice){text, strlen(text)};
}

static inline bool slice_equal(slice a, slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline bool slice_starts_with(slice s, slice prefix)
{
    return s.length >= prefix.length &&
           (prefix.length == 0 || memcmp(s.at, prefix.at, prefix.length) == 0);
}

/* The part from `start` up to, not including, `end`; start <= end <= s.length. */
static inline slice slice_part(slice s, size_t start, size_t end)
{
    return (slice){s.at + start, end - start};
}
