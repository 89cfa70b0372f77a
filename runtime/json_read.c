/* One pass, one stack. Values that are read are pushed; a container in progress is a frame on the
 * same stack, below its elements (or its keys and values in turn):
 *
 *     [ frame | item item [ frame | key value key
 *
 * When a container closes, what is above its frame moves to its final place in the arena, and the
 * frame becomes the value. The stack is in the arena as well, so that an outermost object, the last
 * to close, stays where it is. */

#include "json.h"

#include "json_simple.h"
#include "json_text.h"

/* Room of the stack: for payloads as they are, about one value in eight bytes. */
#define LEAST_STACK 8
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
static inline bool open_container(struct reader *reader, enum value_type type)
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

static bool copy_members(struct arena *arena, struct value_member **members, uint32_t count)
{
    size_t size = count * sizeof **members;
    struct value_member *copy = arena_try_alloc(arena, size);
    if (copy != NULL)
        *members = memcpy(copy, *members, size);
    return copy != NULL;
}

static bool finish_object(struct reader *reader, valve_value *object)
{
    struct value_member *members = (struct value_member *)(reader->stack + reader->base);
    uint32_t count = (reader->count - reader->base) / 2;
    if (reader->depth > 1 && !copy_members(reader->cursor.arena, &members, count))
        return false;
    *object = value_object(value_object_new(reader->cursor.arena, members, count));
    return object->as.object != NULL;
}

static inline bool close_container(struct reader *reader)
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
    if (at < end && (unsigned char)*at > ' ')
        return (unsigned char)*at;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    cursor->at = at;
    return at < end ? (unsigned char)*at : NO_BYTE;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (json_is_digit(at, end))
        at++;
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

/* Reads a number that is not simple. */
static bool read_long_number(struct reader *reader, valve_value *number)
{
    const char *start = reader->cursor.at, *end = reader->cursor.end;
    const char *digits = start + (*start == '-');
    const char *at =
        json_is_digit(digits, end) && *digits == '0' ? digits + 1 : skip_digits(digits, end);
    reader->cursor.at = at;
    if (at == digits)
        return fail(reader, "expected a digit");
    if (at < end && *at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction, end);
        reader->cursor.at = at;
        if (at == fraction)
            return fail(reader, "expected a digit");
    }
    if (!skip_exponent(reader, &at))
        return false;
    reader->cursor.at = at;
    *number = value_number(numeral_decimal((slice){start, (size_t)(at - start)}));
    return true;
}

static bool read_number(struct reader *reader, valve_value *number)
{
    const char *after = json_simple_number(reader->cursor.at, reader->cursor.end, number);
    if (after == NULL)
        return read_long_number(reader, number);
    reader->cursor.at = after;
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

/* What the text goes on with inside an object. */
enum place { AT_KEY, AT_VALUE, AFTER_VALUE };

/* Reads members, each with the comma after it, as long as they are simple and without white space,
 * which most are; the rest is for those who look more closely. */
static enum place read_simple_members(struct reader *reader)
{
    const char *at = reader->cursor.at, *const end = reader->cursor.end;
    valve_value *next = reader->stack + reader->count;
    const valve_value *last = reader->stack + reader->capacity;
    enum place place = AT_KEY;
    while (last - next >= 2) {
        const char *value = json_simple_key(at, end, next);
        if (value == NULL)
            break;
        at = json_simple_value(value, end, next + 1);
        if (at == NULL) {
            at = value;
            next++;
            place = AT_VALUE;
            break;
        }
        next += 2;
        if (at == end || *at != ',') {
            place = AFTER_VALUE;
            break;
        }
        at++;
    }
    reader->cursor.at = at;
    reader->count = (uint32_t)(next - reader->stack);
    return place;
}

/* From the place of a key on. *has_value: a member was read whole, else its value is next. */
static bool read_members(struct reader *reader, bool *has_value)
{
    enum place place = read_simple_members(reader);
    *has_value = place == AFTER_VALUE;
    return place != AT_KEY || read_key(reader);
}

/* Reads a scalar or an empty container, or opens a container. *complete: the newest value is read;
 * else one of the container that was opened is next. */
static bool read_value(struct reader *reader, bool *complete)
{
    struct json_cursor *cursor = &reader->cursor;
    *complete = true;
    switch (next_byte(cursor)) {
    case '"':
        return read_text_value(reader);
    case '{':
        if (!open_container(reader, VALUE_OBJECT))
            return false;
        if (next_byte(cursor) == '}')
            return close_container(reader);
        return read_members(reader, complete);
    case '[':
        if (!open_container(reader, VALUE_ARRAY))
            return false;
        if (next_byte(cursor) == ']')
            return close_container(reader);
        *complete = false;
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

/* After a value: closes containers that end here, up to the place of the next value. */
static bool finish_value(struct reader *reader)
{
    struct json_cursor *cursor = &reader->cursor;
    bool complete = true;
    while (complete && reader->base != 0) {
        bool is_array = container_type(reader) == VALUE_ARRAY;
        int byte = next_byte(cursor);
        if (byte == ',') {
            cursor->at++;
            complete = false;
            if (!is_array && !read_members(reader, &complete))
                return false;
        } else if (byte != (is_array ? ']' : '}')) {
            return fail(reader, is_array ? "expected , or ]" : "expected , or }");
        } else if (!close_container(reader)) {
            return false;
        }
    }
    return true;
}

static bool read_document(struct reader *reader)
{
    do {
        bool complete;
        if (!read_value(reader, &complete) || (complete && !finish_value(reader)))
            return false;
    } while (reader->base != 0);

    return next_byte(&reader->cursor) == NO_BYTE || fail(reader, "expected the end");
}

static bool begin(struct reader *reader, size_t length)
{
    if (length > UINT32_MAX)
        return fail(reader, "too large");
    uint32_t capacity = LEAST_STACK + (uint32_t)length / 8;
    reader->capacity = capacity < FIRST_STACK ? capacity : FIRST_STACK;
    reader->stack = arena_try_alloc(reader->cursor.arena, reader->capacity * sizeof *reader->stack);
    return reader->stack != NULL || fail(reader, "out of memory");
}

bool json_read(slice text, struct json_limits limits, struct arena *arena, valve_value *value,
               struct json_error *error)
{
    const char *start = text.length > 0 ? text.at : "";
    struct reader reader = {
        .cursor = {.at = start, .end = start + text.length, .arena = arena},
        .max_depth = limits.max_depth,
    };
    bool done = begin(&reader, text.length) && read_document(&reader);
    if (done)
        *value = reader.stack[0];
    else if (error != NULL)
        *error = (struct json_error){(size_t)(reader.cursor.at - start), reader.cursor.message};
    return done;
}
