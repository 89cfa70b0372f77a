/* The two sets of units that plain patterns are made of. */

#include "pattern/pattern_internal.h"

#define BIT(character) ((uint64_t)1 << (character))

static const struct regex_range not_slash_ranges[] = {{0, '/' - 1}, {'/' + 1, REGEX_MAX_UNIT}};

static const struct regex_range not_terminator_ranges[] = {
    {0, '\n' - 1}, {'\n' + 1, '\r' - 1}, {'\r' + 1, 0x2027}, {0x202A, REGEX_MAX_UNIT}};

const struct regex_set pattern_set_not_slash = {
    .ascii = {~BIT('/'), UINT64_MAX},
    .count = 2,
    .ranges = not_slash_ranges,
};

const struct regex_set pattern_set_not_terminator = {
    .ascii = {~(BIT('\n') | BIT('\r')), UINT64_MAX},
    .count = 4,
    .ranges = not_terminator_ranges,
};
