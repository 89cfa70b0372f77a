#pragma once
/* A borrowed run of bytes: pointer and length, no terminator. Whoever made the bytes keeps them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef SLICE_TYPE /* plugin.h of the server, which stands alone, has the same type */
#define SLICE_TYPE
typedef struct slice {
    const char *at;
    size_t length;
} slice;
#endif

#define SLICE(literal) ((slice){("" literal ""), sizeof(literal) - 1})
#define SLICE_FORMAT "%.*s"
#define SLICE_ARGUMENTS(s) (int)(s).length, (s).at

static inline slice slice_of(const char *text)
{
    return (slice){text, strlen(text)};
}

/* Of a text of one to eight bytes: a word made of all of them, some twice, in no special order; for
 * asking whether there is a byte of some kind. */
static inline uint64_t bytes_of_short(const char *at, size_t length)
{
    uint32_t first = 0, last = 0;
    if (length >= 4) {
        memcpy(&first, at, 4);
        memcpy(&last, at + length - 4, 4);
    } else {
        unsigned char a = (unsigned char)at[0], b = (unsigned char)at[length / 2],
                      c = (unsigned char)at[length - 1];
        first = last = (uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)b << 8 | c;
    }
    return (uint64_t)last << 32 | first;
}

/* For what is shorter than a call of it. */
#define SLICE_INLINE static inline __attribute__((always_inline))

/* The bits in which `width` bytes, at most eight, differ. */
SLICE_INLINE uint64_t bytes_difference(const char *a, const char *b, size_t width)
{
    uint64_t in_a = 0, in_b = 0;
    memcpy(&in_a, a, width);
    memcpy(&in_b, b, width);
    return in_a ^ in_b;
}

#define BYTES_SHORT 16

/* As memcmp(a, b, length) == 0, of at most BYTES_SHORT bytes. Two words that overlap cover each
 * length. */
SLICE_INLINE bool bytes_equal_short(const char *a, const char *b, size_t length)
{
    if (length >= 8)
        return (bytes_difference(a, b, 8) | bytes_difference(a + length - 8, b + length - 8, 8)) ==
               0;
    if (length >= 4)
        return (bytes_difference(a, b, 4) | bytes_difference(a + length - 4, b + length - 4, 4)) ==
               0;
    return length == 0 || bytes_of_short(a, length) == bytes_of_short(b, length);
}

/* As memcmp(a, b, length) == 0; without a call when they are short, as keys and names are. */
static inline bool bytes_equal(const char *a, const char *b, size_t length)
{
    return length <= BYTES_SHORT ? bytes_equal_short(a, b, length) : memcmp(a, b, length) == 0;
}

static inline bool slice_equal(slice a, slice b)
{
    return a.length == b.length && bytes_equal(a.at, b.at, a.length);
}

static inline bool slice_starts_with(slice s, slice prefix)
{
    return s.length >= prefix.length && bytes_equal(s.at, prefix.at, prefix.length);
}

/* A copy on the heap, with a zero byte behind it that does not count. */
slice slice_copy(slice s);
/* Frees a copy, and clears it. One that is empty by being cleared stays so. */
void slice_free(slice *s);
/* The same as a text of C, which is given back by free(). */
char *slice_to_text(slice s);

/* The part from `start` up to, not including, `end`; start <= end <= s.length. */
static inline slice slice_part(slice s, size_t start, size_t end)
{
    return (slice){s.at + start, end - start};
}
