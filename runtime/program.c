/* What reader, writer and users of a program share. */

#include "program.h"

#include "base/check.h"
#include "base/utf8.h"
#include "program_format.h"

#include <openssl/sha.h>

_Static_assert(PROGRAM_CHECKSUM_BYTES == SHA256_DIGEST_LENGTH, "the checksum is a SHA-256");

void program_checksum(slice body, uint8_t out[PROGRAM_CHECKSUM_BYTES])
{
    CHECK(SHA256((const unsigned char *)body.at, body.length, out) != NULL);
}

static const struct text_position *position_before(const struct program_rule *rule, uint32_t offset)
{
    uint32_t low = 0, high = rule->position_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (rule->positions[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return &rule->positions[low];
}

void program_rule_position(const struct program_rule *rule, uint32_t offset, uint32_t *line,
                           uint32_t *column)
{
    *line = rule->line;
    *column = rule->column;
    if (rule->position_count == 0)
        return;
    CHECK(offset <= rule->source.length);
    const struct text_position *position = position_before(rule, offset);
    *line = position->line;
    *column =
        position->column + (uint32_t)utf8_count(slice_part(rule->source, position->offset, offset));
}
