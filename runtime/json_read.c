/* One pass, one stack. Values that are read are pushed; a container in progress is a frame on the
 * same stack, below its elements (or its keys and values in turn):
 *
 *     [ frame | item item [ frame | key value key
 *
 * When a container closes, what is above its frame moves to its final place in the arena, and the
 * frame becomes the value. The stack starts in the caller's C stack and moves to the arena when it
 * grows. */

#include "json.h"

#include "json_text.h"

#include "base/numeral.h"

#define FIRST_STACK 128

struct reader {
    struct json_cursor cursor;
    valve_value *stack;
    uint32_t count, capacity;
    uint32_t base; /* of the innermost container: number of its first element; 0 outside */
    uint32_t depth, max_depth;
};

static bool fail(struct reader *reader, const char *message)
{
    reader->cursor.message = message;
    return false;
}

/* ---- the stack ---- */

static bool grow(struct reader *reader)
{
    uint64_t capacity = (uint64_t)reader->capacity * 2;
    valve_value *stack = NULL;
    if (capacity <= UINT32_MAX)
        stack = arena_try_alloc(reader->cursor.arena, (size_t)capacity * sizeof *stack);
    if (stack == NULL)
        return fail(reader, "out of memory");
    memcpy(stack, reader->stack, reader->count * sizeof *stack);
    reader->stack = stack;
    reader->capacity = (uint32_t)capacity;
    return true;
}

/* The place of the next value, or NULL. Values are made in their place: a copy of a value that was
 * made in parts a moment ago waits until all of them are in the cache. */
static inline valve_value *next_place(struct reader *reader)
{
    if (__builtin_expect(reader->count == reader->capacity, 0) && !grow(reader))
        return NULL;
    return &reader->stack[reader->count];
}

/* A frame has the type of its container and remembers the base of the one around it. */
static bool open_container(struct reader *reader, enum value_type type)
{
    if (reader->depth == reader->max_depth)
        return fail(reader, "nested too deeply");
    reader->depth++;
    reader->cursor.at++;
    valve_value *frame = next_place(reader);
    if (frame == NULL)
        return false;
    *frame = (valve_value){.type = (uint8_t)type, .length = reader->base};
    reader->base = ++reader->count;
    return true;
}

static enum value_type container_type(const struct reader *reader)
{
    return (enum value_type)reader->stack[reader->base - 1].type;
}

static bool finish_array(struct reader *reader, valve_value *array)
{
    const struct value_array *made = value_array_new(
        reader->cursor.arena, reader->stack + reader->base, reader->count - reader->base);
    *array = (valve_value){.as.array = made, .type = VALUE_ARRAY};
    return made != NULL;
}

static bool finish_object(struct reader *reader, valve_value *object)
{
    uint32_t count = (reader->count - reader->base) / 2;
    size_t size = count * sizeof(struct value_member);
    struct value_member *members = arena_try_alloc(reader->cursor.arena, size);
    if (members == NULL)
        return false;
    memcpy(members, reader->stack + reader->base, size);
    *object = value_object(value_object_new(reader->cursor.arena, members, count));
    return object->as.object != NULL;
}

static bool close_container(struct reader *reader)
{
    valve_value *frame = &reader->stack[reader->base - 1];
    uint32_t base = frame->length;
    bool is_array = frame->type == VALUE_ARRAY;
    if (!(is_array ? finish_array(reader, frame) : finish_object(reader, frame)))
        return fail(reader, "out of memory");
    reader->count = reader->base;
    reader->base = base;
    reader->depth--;
    reader->cursor.at++;
    return true;
}

/* ---- tokens ---- */

#define NO_BYTE (-1)

/* Moves past white space to a byte that is none, and returns it; NO_BYTE at the end. */
static inline int next_byte(struct json_cursor *cursor)
{
    const char *at = cursor->at, *end = cursor->end;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    cursor->at = at;
    return at < end ? (unsigned char)*at : NO_BYTE;
}

static inline bool is_digit(const char *at, const char *end)
{
    return at < end && (unsigned)(*at - '0') < 10;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

/* Reads digits into a mantissa that is exact as long as there are at most 19 of them. */
static inline const char *read_digits(const char *at, const char *end, uint64_t *mantissa)
{
    for (; is_digit(at, end); at++)
        *mantissa = *mantissa * 10 + (uint64_t)(*at - '0');
    return at;
}

/* Moves past the exponent, if there is one. */
static bool skip_exponent(struct reader *reader, const char **at)
{
    const char *end = reader->cursor.end, *digits = *at + 1;
    if (*at == end || (**at | 0x20) != 'e')
        return true;
    if (digits < end && (*digits == '-' || *digits == '+'))
        digits++;
    *at = skip_digits(digits, end);
    reader->cursor.at = *at;
    return *at > digits || fail(reader, "expected a digit");
}

static bool read_number(struct reader *reader, valve_value *number)
{
    const char *start = reader->cursor.at, *end = reader->cursor.end;
    bool negative = *start == '-';
    const char *digits = start + negative;
    if (!is_digit(digits, end)) {
        reader->cursor.at = digits;
        return fail(reader, "expected a digit");
    }
    uint64_t mantissa = 0;
    const char *at = *digits == '0' ? digits + 1 : read_digits(digits, end, &mantissa);
    ptrdiff_t count = at - digits, places = 0;
    if (at < end && *at == '.') {
        const char *fraction = at + 1;
        at = read_digits(fraction, end, &mantissa);
        places = at - fraction;
        if (places == 0) {
            reader->cursor.at = at;
            return fail(reader, "expected a digit");
        }
    }
    const char *mantissa_end = at;
    if (!skip_exponent(reader, &at))
        return false;
    reader->cursor.at = at;

    double value;
    if (at != mantissa_end || count + places > 19 || !numeral_small(mantissa, -places, &value))
        *number = value_number(numeral_decimal((slice){start, (size_t)(at - start)}));
    else
        *number = value_number(negative ? -value : value);
    return true;
}

static bool read_word(struct reader *reader, slice word, valve_value v)
{
    struct json_cursor *cursor = &reader->cursor;
    if (!slice_starts_with((slice){cursor->at, (size_t)(cursor->end - cursor->at)}, word))
        return fail(reader, "expected a value");
    cursor->at += word.length;
    valve_value *place = next_place(reader);
    if (place == NULL)
        return false;
    *place = v;
    reader->count++;
    return true;
}

static bool read_number_value(struct reader *reader)
{
    valve_value *place = next_place(reader);
    if (place == NULL || !read_number(reader, place))
        return false;
    reader->count++;
    return true;
}

static inline bool read_text_value(struct reader *reader)
{
    valve_value *place = next_place(reader);
    if (place == NULL || !json_read_string(&reader->cursor, place))
        return false;
    reader->count++;
    return true;
}

/* ---- the grammar ---- */

/* A key and its colon. */
static bool read_key(struct reader *reader)
{
    struct json_cursor *cursor = &reader->cursor;
    if (next_byte(cursor) != '"')
        return fail(reader, "expected a key");
    if (!read_text_value(reader))
        return false;
    if (next_byte(cursor) != ':')
        return fail(reader, "expected a colon");
    cursor->at++;
    return true;
}

/* Reads a scalar or an empty container. *opened: instead a container was opened, and the next value
 * is its first. */
static bool read_value(struct reader *reader, bool *opened)
{
    struct json_cursor *cursor = &reader->cursor;
    *opened = false;
    switch (next_byte(cursor)) {
    case '"':
        return read_text_value(reader);
    case '{':
        if (!open_container(reader, VALUE_OBJECT))
            return false;
        if (next_byte(cursor) == '}')
            return close_container(reader);
        *opened = true;
        return read_key(reader);
    case '[':
        if (!open_container(reader, VALUE_ARRAY))
            return false;
        if (next_byte(cursor) == ']')
            return close_container(reader);
        *opened = true;
        return true;
    case 't':
        return read_word(reader, SLICE("true"), value_boolean(true));
    case 'f':
        return read_word(reader, SLICE("false"), value_boolean(false));
    case 'n':
        return read_word(reader, SLICE("null"), value_null());
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number_value(reader);
    default:
        return fail(reader, "expected a value");
    }
}

/* After a value: closes containers that end here, up to the comma before the next value. */
static bool finish_value(struct reader *reader)
{
    struct json_cursor *cursor = &reader->cursor;
    while (reader->base != 0) {
        bool is_array = container_type(reader) == VALUE_ARRAY;
        int byte = next_byte(cursor);
        if (byte == ',') {
            cursor->at++;
            return is_array || read_key(reader);
        }
        if (byte != (is_array ? ']' : '}'))
            return fail(reader, is_array ? "expected , or ]" : "expected , or }");
        if (!close_container(reader))
            return false;
    }
    return true;
}

static bool read_document(struct reader *reader)
{
    do {
        bool opened;
        if (!read_value(reader, &opened) || (!opened && !finish_value(reader)))
            return false;
    } while (reader->base != 0);

    return next_byte(&reader->cursor) == NO_BYTE || fail(reader, "expected the end");
}

bool json_read(slice text, struct json_limits limits, struct arena *arena, valve_value *value,
               struct json_error *error)
{
    valve_value first_stack[FIRST_STACK];
    const char *start = text.length > 0 ? text.at : "";
    struct reader reader = {
        .cursor = {.at = start, .end = start + text.length, .arena = arena},
        .stack = first_stack,
        .capacity = FIRST_STACK,
        .max_depth = limits.max_depth,
    };
    bool done = text.length <= UINT32_MAX ? read_document(&reader) : fail(&reader, "too large");
    if (done)
        *value = reader.stack[0];
    else if (error != NULL)
        *error = (struct json_error){(size_t)(reader.cursor.at - start), reader.cursor.message};
    return done;
}
