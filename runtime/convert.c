/* Values to numbers and texts. Nested arrays are walked with frames in the arena. */

#include "convert.h"

#include "text.h"
#include "text_builder.h"

#include <math.h>

static valve_value ascii_text(slice bytes)
{
    valve_value text = value_text(bytes);
    text.flags = VALUE_ASCII;
    return text;
}

static bool append_number(struct text_builder *builder, double number)
{
    char digits[NUMBER_TEXT_BYTES];
    return text_builder_append_ascii(builder, (slice){digits, number_to_text(number, digits)});
}

bool convert_has_text(valve_value object)
{
    return (object.flags & VALUE_BARE) == 0 &&
           value_object_find(object.as.object, SLICE("toString")) == NULL;
}

static bool object_to_text(struct evaluation *evaluation, valve_value object, slice *text)
{
    if (!convert_has_text(object))
        return evaluation_fail(evaluation, "TypeError: Cannot convert object to primitive value");
    *text = SLICE("[object Object]");
    return true;
}

static slice word_of(valve_value v)
{
    if (v.type == VALUE_BOOLEAN)
        return v.as.boolean ? SLICE("true") : SLICE("false");
    return v.type == VALUE_NULL ? SLICE("null") : SLICE("undefined");
}

/* Any value but an array. */
static bool append_single(struct text_builder *builder, valve_value v)
{
    slice text;
    switch ((enum value_type)v.type) {
    case VALUE_TEXT:
        return text_builder_append(builder, v);
    case VALUE_NUMBER:
        return append_number(builder, v.as.number);
    case VALUE_OBJECT:
        return object_to_text(builder->evaluation, v, &text) &&
               text_builder_append_ascii(builder, text);
    default:
        return text_builder_append_ascii(builder, word_of(v));
    }
}

/* An array whose elements are being joined, and the array that it is an element of. */
struct array_frame {
    const struct value_array *array;
    uint32_t next;
    struct array_frame *outer;
};

static struct array_frame *enter_array(struct evaluation *evaluation,
                                       const struct value_array *array, struct array_frame *outer)
{
    if (!evaluation_spend(evaluation, array->count))
        return NULL;
    struct array_frame *frame = evaluation_alloc(evaluation, sizeof *frame);
    if (frame != NULL)
        *frame = (struct array_frame){.array = array, .outer = outer};
    return frame;
}

static bool append_array(struct text_builder *builder, const struct value_array *array)
{
    struct array_frame *frame = enter_array(builder->evaluation, array, NULL);
    if (frame == NULL)
        return false;
    while (frame != NULL) {
        if (frame->next == frame->array->count) {
            frame = frame->outer;
            continue;
        }
        if (frame->next > 0 && !text_builder_append_ascii(builder, SLICE(",")))
            return false;
        valve_value item = frame->array->items[frame->next++];
        if (value_items(item) != NULL) {
            frame = enter_array(builder->evaluation, value_items(item), frame);
            if (frame == NULL)
                return false;
        } else if (!value_is_absent(item) && !append_single(builder, item)) {
            return false;
        }
    }
    return true;
}

static bool append_value(struct text_builder *builder, valve_value v)
{
    const struct value_array *array = value_items(v);
    return array == NULL ? append_single(builder, v) : append_array(builder, array);
}

static bool build_text(struct evaluation *evaluation, valve_value v, valve_value *text)
{
    struct text_builder builder;
    if (!text_builder_init(&builder, evaluation, NUMBER_TEXT_BYTES) || !append_value(&builder, v))
        return false;
    *text = text_builder_take(&builder);
    return true;
}

bool convert_to_text(struct evaluation *evaluation, valve_value v, valve_value *text)
{
    slice words = {0};
    switch ((enum value_type)v.type) {
    case VALUE_TEXT:
        *text = v;
        return true;
    case VALUE_NUMBER:
    case VALUE_ARRAY:
    case VALUE_MATCH:
        return build_text(evaluation, v, text);
    case VALUE_OBJECT:
        if (!object_to_text(evaluation, v, &words))
            return false;
        *text = ascii_text(words);
        return true;
    default:
        *text = ascii_text(word_of(v));
        return true;
    }
}

bool convert_to_number(struct evaluation *evaluation, valve_value v, double *number)
{
    switch ((enum value_type)v.type) {
    case VALUE_UNDEFINED:
        *number = NAN;
        return true;
    case VALUE_NULL:
        *number = 0;
        return true;
    case VALUE_BOOLEAN:
        *number = v.as.boolean;
        return true;
    case VALUE_NUMBER:
        *number = v.as.number;
        return true;
    default:
        break;
    }
    valve_value text;
    if (!convert_to_text(evaluation, v, &text) || !text_spend(evaluation, text.length))
        return false;
    *number = text_to_number(value_slice(text));
    return true;
}

int32_t convert_number_to_int32(double number)
{
    if (number > -2147483649.0 && number < 2147483648.0)
        return (int32_t)number;
    if (!isfinite(number))
        return 0;
    double rest = fmod(trunc(number), 4294967296.0);
    if (rest < 0)
        rest += 4294967296.0;
    uint32_t bits = (uint32_t)rest;
    return bits < 0x80000000u ? (int32_t)bits : (int32_t)(bits - 0x80000000u) + INT32_MIN;
}

/* Bytes of those parts that are texts already. */
static size_t length_of_texts(const valve_value *parts, uint32_t count)
{
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].type == VALUE_TEXT)
            length += parts[i].length;
    }
    return length;
}

bool operate_join(struct evaluation *evaluation, const valve_value *parts, uint32_t count,
                  valve_value *text)
{
    size_t length = length_of_texts(parts, count);
    struct text_builder builder;
    if (!text_spend(evaluation, length) || !text_builder_init(&builder, evaluation, length))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!append_value(&builder, parts[i]))
            return false;
    }
    *text = text_builder_take(&builder);
    return true;
}
