/* Capacity doubles, so the memory left behind in the arena is at most that of the final text. */

#include "text_builder.h"

#include "text_units.h"

#define LEAST_CAPACITY 64

bool text_builder_init(struct text_builder *builder, struct evaluation *evaluation, size_t capacity)
{
    *builder = (struct text_builder){.evaluation = evaluation, .ascii = true};
    return text_builder_reserve(builder, capacity);
}

static bool grow(struct text_builder *builder, size_t needed)
{
    size_t capacity = builder->capacity * 2;
    if (capacity < needed)
        capacity = needed < LEAST_CAPACITY ? LEAST_CAPACITY : needed;
    char *at = evaluation_alloc(builder->evaluation, capacity);
    if (at == NULL)
        return false;
    if (builder->length > 0)
        memcpy(at, builder->at, builder->length);
    builder->at = at;
    builder->capacity = capacity;
    return true;
}

bool text_builder_reserve(struct text_builder *builder, size_t size)
{
    uint32_t max = builder->evaluation->options->max_text_bytes;
    if (builder->length > max || size > max - builder->length)
        return evaluation_fail(builder->evaluation, "RangeError: Invalid string length");
    size_t needed = builder->length + size;
    return needed <= builder->capacity || grow(builder, needed);
}

static void append_bytes(struct text_builder *builder, slice bytes)
{
    if (bytes.length > 0)
        memcpy(builder->at + builder->length, bytes.at, bytes.length);
    builder->length += bytes.length;
}

/* Replaces the first half at the end of the builder by the whole character. */
static void join_pair(struct text_builder *builder, slice text)
{
    size_t high_at = builder->length - 3, low_at = 0;
    uint32_t high = utf8_next((slice){builder->at, builder->length}, &high_at);
    uint32_t low = utf8_next(text, &low_at);
    builder->length -= 3;
    builder->length += utf8_encode(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00),
                                   builder->at + builder->length);
}

bool text_builder_append(struct text_builder *builder, valve_value text)
{
    slice bytes = value_slice(text);
    if (!text_builder_reserve(builder, bytes.length))
        return false;
    if ((text.flags & VALUE_ASCII) == 0) {
        if (unit_starts_low(bytes) && unit_ends_high((slice){builder->at, builder->length})) {
            join_pair(builder, bytes);
            bytes = slice_part(bytes, 3, bytes.length);
        }
        builder->ascii = false;
    }
    append_bytes(builder, bytes);
    return true;
}

bool text_builder_append_ascii(struct text_builder *builder, slice bytes)
{
    if (!text_builder_reserve(builder, bytes.length))
        return false;
    append_bytes(builder, bytes);
    return true;
}

valve_value text_builder_take(const struct text_builder *builder)
{
    valve_value text = value_text((slice){builder->at, builder->length});
    text.flags = builder->ascii ? VALUE_ASCII : 0;
    return text;
}
