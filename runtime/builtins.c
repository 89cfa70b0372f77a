/* The methods, one function each, and the table that finds them. Arguments that are absent are
 * undefined; those that are too many are ignored. */

#include "builtins.h"

#include "builtins_match.h"
#include "convert.h"
#include "text.h"

#include <math.h>

struct call {
    valve_value receiver;
    const valve_value *arguments;
    uint32_t count;
};

typedef bool builtin_function(struct evaluation *evaluation, const struct call *call,
                              valve_value *result);

static valve_value argument(const struct call *call, uint32_t i)
{
    return i < call->count ? call->arguments[i] : value_undefined();
}

/* To an integer or an infinity. */
static bool to_integer(struct evaluation *evaluation, valve_value v, double *integer)
{
    if (!convert_to_number(evaluation, v, integer))
        return false;
    *integer = isnan(*integer) ? 0 : trunc(*integer);
    return true;
}

static uint32_t clamp(double number, uint32_t most)
{
    if (!(number > 0))
        return 0;
    return number < most ? (uint32_t)number : most;
}

/* ---- on texts ---- */

static bool convert_search_arguments(struct evaluation *evaluation, const struct call *call,
                                     valve_value *needle, uint32_t *from)
{
    double position;
    if (!convert_to_text(evaluation, argument(call, 0), needle) ||
        !to_integer(evaluation, argument(call, 1), &position))
        return false;
    *from = clamp(position, call->receiver.length);
    return true;
}

/* The first argument as a text and the second as a position in the receiver. */
static inline bool search_arguments(struct evaluation *evaluation, const struct call *call,
                                    valve_value *needle, uint32_t *from)
{
    if (call->count != 1 || call->arguments->type != VALUE_TEXT)
        return convert_search_arguments(evaluation, call, needle, from);
    *needle = *call->arguments;
    *from = 0;
    return true;
}

static bool starts_with(struct evaluation *evaluation, const struct call *call, valve_value *result)
{
    valve_value needle;
    uint32_t from;
    if (!search_arguments(evaluation, call, &needle, &from) ||
        !text_spend(evaluation, (size_t)from + needle.length))
        return false;
    *result = value_boolean(text_has_at(call->receiver, needle, from));
    return true;
}

static bool ends_with(struct evaluation *evaluation, const struct call *call, valve_value *result)
{
    valve_value text = call->receiver, needle;
    if (!convert_to_text(evaluation, argument(call, 0), &needle) ||
        !text_spend(evaluation, (size_t)text.length + needle.length))
        return false;
    uint32_t length = text_length(text), wanted = text_length(needle);
    double end = length;
    if (argument(call, 1).type != VALUE_UNDEFINED &&
        !to_integer(evaluation, argument(call, 1), &end))
        return false;
    uint32_t last = clamp(end, length);
    *result = value_boolean(wanted <= last && text_has_at(text, needle, last - wanted));
    return true;
}

static bool find_in_text(struct evaluation *evaluation, const struct call *call, double *index)
{
    valve_value needle;
    uint32_t from;
    return search_arguments(evaluation, call, &needle, &from) &&
           text_index_of(evaluation, call->receiver, needle, from, index);
}

static bool to_upper_case(struct evaluation *evaluation, const struct call *call,
                          valve_value *result)
{
    return text_to_upper(evaluation, call->receiver, result);
}

static bool to_lower_case(struct evaluation *evaluation, const struct call *call,
                          valve_value *result)
{
    return text_to_lower(evaluation, call->receiver, result);
}

static bool trim(struct evaluation *evaluation, const struct call *call, valve_value *result)
{
    *result = text_trim(call->receiver);
    return text_spend(evaluation, call->receiver.length);
}

static bool match(struct evaluation *evaluation, const struct call *call, valve_value *result)
{
    return builtin_match_computed(evaluation, call->receiver, argument(call, 0), result);
}

/* ---- on arrays ---- */

static bool same_value(valve_value a, valve_value b)
{
    if (a.type == VALUE_NUMBER && b.type == VALUE_NUMBER && isnan(a.as.number))
        return isnan(b.as.number);
    return operate_strict_equal(a, b);
}

typedef bool equality(valve_value a, valve_value b);

/* The index of the first element, from the position in the second argument on, that equals the
 * first argument; -1 when there is none. A negative position counts from the end. */
static bool find_in_array(struct evaluation *evaluation, const struct call *call, equality *equal,
                          double *index)
{
    const struct value_array *array = value_items(call->receiver);
    *index = -1;
    if (array->count == 0)
        return true;
    double position;
    if (!to_integer(evaluation, argument(call, 1), &position) ||
        !evaluation_spend(evaluation, array->count))
        return false;
    if (position < 0)
        position += array->count;
    valve_value wanted = argument(call, 0);
    for (uint32_t i = clamp(position, array->count); i < array->count; i++) {
        if (equal(array->items[i], wanted)) {
            *index = i;
            break;
        }
    }
    return true;
}

/* ---- on both ---- */

static bool includes(struct evaluation *evaluation, const struct call *call, valve_value *result)
{
    double index;
    bool done = call->receiver.type == VALUE_TEXT
                    ? find_in_text(evaluation, call, &index)
                    : find_in_array(evaluation, call, same_value, &index);
    if (done)
        *result = value_boolean(index >= 0);
    return done;
}

static bool index_of(struct evaluation *evaluation, const struct call *call, valve_value *result)
{
    double index;
    bool done = call->receiver.type == VALUE_TEXT
                    ? find_in_text(evaluation, call, &index)
                    : find_in_array(evaluation, call, operate_strict_equal, &index);
    if (done)
        *result = value_number(index);
    return done;
}

/* ---- the table ---- */

static builtin_function *const functions[BUILTIN_COUNT] = {
    [BUILTIN_STARTS_WITH] = starts_with,
    [BUILTIN_ENDS_WITH] = ends_with,
    [BUILTIN_INCLUDES] = includes,
    [BUILTIN_INDEX_OF] = index_of,
    [BUILTIN_MATCH] = match,
    [BUILTIN_TO_UPPER_CASE] = to_upper_case,
    [BUILTIN_TO_LOWER_CASE] = to_lower_case,
    [BUILTIN_TRIM] = trim,
};

struct builtin_info {
    const char *name;
    bool on_text, on_array;
};

static const struct builtin_info infos[BUILTIN_COUNT] = {
#define BUILTIN(enumerator, name, on_text, on_array)                                               \
    [BUILTIN_##enumerator] = {name, on_text, on_array},
#include "builtins.def"
#undef BUILTIN
};

/* Whether receiver has the method by its type. */
static inline bool has_method(enum builtin builtin, valve_value receiver)
{
    if (receiver.type == VALUE_TEXT)
        return infos[builtin].on_text;
    return value_items(receiver) != NULL && infos[builtin].on_array;
}

static bool fail_if_absent(struct evaluation *evaluation, enum builtin builtin,
                           valve_value receiver)
{
    valve_value nothing;
    return !value_is_absent(receiver) ||
           operate_get(evaluation, receiver, value_text(slice_of(infos[builtin].name)), &nothing);
}

bool builtin_fail_missing(struct evaluation *evaluation, enum builtin builtin, valve_value receiver)
{
    return fail_if_absent(evaluation, builtin, receiver) &&
           evaluation_fail(evaluation, "TypeError: %s is not a function", infos[builtin].name);
}

bool builtin_call(struct evaluation *evaluation, enum builtin builtin, valve_value receiver,
                  const valve_value *arguments, uint32_t count, valve_value *result)
{
    if (!has_method(builtin, receiver))
        return builtin_fail_missing(evaluation, builtin, receiver);
    struct call call = {.receiver = receiver, .arguments = arguments, .count = count};
    return functions[builtin](evaluation, &call, result);
}

bool builtin_exists(struct evaluation *evaluation, enum builtin builtin, valve_value receiver,
                    bool *exists)
{
    if (!fail_if_absent(evaluation, builtin, receiver))
        return false;
    const valve_value *own = NULL;
    if (receiver.type == VALUE_OBJECT)
        own = value_object_find(receiver.as.object, slice_of(infos[builtin].name));
    *exists = has_method(builtin, receiver) || (own != NULL && !value_is_absent(*own));
    return true;
}

const char *builtin_name(enum builtin builtin)
{
    return infos[builtin].name;
}

bool builtin_find(slice name, enum builtin *builtin)
{
    for (int i = 0; i < BUILTIN_COUNT; i++) {
        if (slice_equal(name, slice_of(infos[i].name))) {
            *builtin = (enum builtin)i;
            return true;
        }
    }
    return false;
}
