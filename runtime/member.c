/* Reading members and asking for them. Only what a value has of its own counts (valve.md 5.4). */

#include "convert.h"

#include "text.h"

#include <math.h>

/* The text of a property key. A number's goes to digits, which holds NUMBER_TEXT_BYTES. */
static bool key_to_text(struct evaluation *evaluation, valve_value key, char *digits, slice *name)
{
    if (key.type == VALUE_NUMBER) {
        *name = (slice){digits, number_to_text(key.as.number, digits)};
        return true;
    }
    valve_value text;
    if (!convert_to_text(evaluation, key, &text))
        return false;
    *name = value_slice(text);
    return true;
}

static bool number_is_index(double number, uint32_t *index)
{
    if (!(number >= 0 && number < UINT32_MAX) || number != trunc(number))
        return false;
    *index = (uint32_t)number;
    return true;
}

/* A key of something that is numbered: an index, or a name. */
struct list_key {
    bool is_index;
    uint32_t index;
    slice name; /* empty when is_index or when no list has such a member */
};

static bool read_list_key(struct evaluation *evaluation, valve_value key, struct list_key *out)
{
    *out = (struct list_key){0};
    if (key.type == VALUE_NUMBER) {
        out->is_index = number_is_index(key.as.number, &out->index);
        return true;
    }
    valve_value text;
    if (!convert_to_text(evaluation, key, &text))
        return false;
    out->is_index = value_array_index(value_slice(text), &out->index);
    if (!out->is_index)
        out->name = value_slice(text);
    return true;
}

static bool is_length(const struct list_key *key)
{
    return slice_equal(key->name, SLICE("length"));
}

/* The key that a match result has besides those of an array; NULL for others. With flag g it has
 * none of them. */
static const valve_value *match_extra(valve_value v, slice name)
{
    if (v.type != VALUE_MATCH || v.as.match->index.type == VALUE_UNDEFINED)
        return NULL;
    if (slice_equal(name, SLICE("index")))
        return &v.as.match->index;
    if (slice_equal(name, SLICE("input")))
        return &v.as.match->input;
    return slice_equal(name, SLICE("groups")) ? &v.as.match->groups : NULL;
}

/* ---- v[key] ---- */

static bool get_of_array(struct evaluation *evaluation, valve_value v, valve_value key,
                         valve_value *member)
{
    const struct value_array *array = value_items(v);
    struct list_key at;
    if (!read_list_key(evaluation, key, &at))
        return false;
    const valve_value *extra = match_extra(v, at.name);
    if (at.is_index)
        *member = at.index < array->count ? array->items[at.index] : value_undefined();
    else if (is_length(&at))
        *member = value_number(array->count);
    else
        *member = extra != NULL ? *extra : value_undefined();
    return true;
}

static bool get_of_text(struct evaluation *evaluation, valve_value v, valve_value key,
                        valve_value *member)
{
    struct list_key at;
    if (!read_list_key(evaluation, key, &at))
        return false;
    if (at.is_index)
        return text_unit_at(evaluation, v, at.index, member);
    if (!is_length(&at)) {
        *member = value_undefined();
        return true;
    }
    *member = value_number(text_length(v));
    return (v.flags & VALUE_ASCII) != 0 || text_spend(evaluation, v.length);
}

static bool get_of_object(struct evaluation *evaluation, valve_value v, valve_value key,
                          valve_value *member)
{
    char digits[NUMBER_TEXT_BYTES];
    slice name;
    if (!key_to_text(evaluation, key, digits, &name))
        return false;
    const valve_value *found = value_object_find(v.as.object, name);
    *member = found == NULL ? value_undefined() : *found;
    return true;
}

static bool get_of_scalar(struct evaluation *evaluation, valve_value key, valve_value *member)
{
    valve_value text;
    *member = value_undefined();
    return convert_to_text(evaluation, key, &text);
}

/* How much of a text an error message quotes. */
#define QUOTED_BYTES 1024

static slice quoted(slice text)
{
    if (text.length <= QUOTED_BYTES)
        return text;
    size_t end = QUOTED_BYTES;
    while (end > 0 && ((unsigned char)text.at[end] & 0xC0) == 0x80)
        end--;
    return slice_part(text, 0, end);
}

/* A key or a receiver as V8's messages name it, which is without converting it. */
static slice name_in_message(valve_value v, struct evaluation *evaluation)
{
    valve_value text = value_undefined();
    if (v.type == VALUE_OBJECT)
        return convert_has_text(v) ? SLICE("#<Object>") : SLICE("[object Object]");
    if (v.type == VALUE_ARRAY || v.type == VALUE_MATCH)
        return SLICE("[object Array]");
    return convert_to_text(evaluation, v, &text) ? quoted(value_slice(text)) : SLICE("");
}

/* Fails with the parts joined; unlike a format, this keeps every character of a key. */
static bool fail_with(struct evaluation *evaluation, const valve_value *parts, uint32_t count)
{
    valve_value message;
    if (operate_join(evaluation, parts, count, &message) && evaluation->error.length == 0)
        evaluation->error = value_slice(message);
    return false;
}

static bool fail_to_read(struct evaluation *evaluation, valve_value v, valve_value key)
{
    const char *what = v.type == VALUE_NULL ? "null" : "undefined";
    bool is_named = key.type < VALUE_ARRAY || (key.type == VALUE_OBJECT && convert_has_text(key));
    if (!is_named)
        return evaluation_fail(evaluation, "TypeError: Cannot read properties of %s", what);
    valve_value parts[] = {
        value_text(SLICE("TypeError: Cannot read properties of ")),
        value_text(slice_of(what)),
        value_text(SLICE(" (reading '")),
        value_text(name_in_message(key, evaluation)),
        value_text(SLICE("')")),
    };
    return fail_with(evaluation, parts, 5);
}

bool operate_get(struct evaluation *evaluation, valve_value v, valve_value key, valve_value *member)
{
    switch ((enum value_type)v.type) {
    case VALUE_OBJECT:
        return get_of_object(evaluation, v, key, member);
    case VALUE_ARRAY:
    case VALUE_MATCH:
        return get_of_array(evaluation, v, key, member);
    case VALUE_TEXT:
        return get_of_text(evaluation, v, key, member);
    case VALUE_BOOLEAN:
    case VALUE_NUMBER:
        return get_of_scalar(evaluation, key, member);
    case VALUE_UNDEFINED:
    case VALUE_NULL:
        break;
    }
    return fail_to_read(evaluation, v, key);
}

/* ---- key in v ---- */

static bool is_in_array(struct evaluation *evaluation, valve_value key, valve_value v, bool *has)
{
    struct list_key at;
    if (!read_list_key(evaluation, key, &at))
        return false;
    *has = at.is_index ? at.index < value_items(v)->count
                       : is_length(&at) || match_extra(v, at.name) != NULL;
    return true;
}

static bool is_in_object(struct evaluation *evaluation, valve_value key, valve_value v, bool *has)
{
    char digits[NUMBER_TEXT_BYTES];
    slice name;
    if (!key_to_text(evaluation, key, digits, &name))
        return false;
    *has = value_object_find(v.as.object, name) != NULL;
    return true;
}

bool operate_in(struct evaluation *evaluation, valve_value key, valve_value v, bool *has)
{
    if (v.type == VALUE_OBJECT)
        return is_in_object(evaluation, key, v, has);
    if (value_items(v) != NULL)
        return is_in_array(evaluation, key, v, has);
    valve_value parts[] = {
        value_text(SLICE("TypeError: Cannot use 'in' operator to search for '")),
        value_text(name_in_message(key, evaluation)),
        value_text(SLICE("' in ")),
        value_text(name_in_message(v, evaluation)),
    };
    return fail_with(evaluation, parts, 4);
}
