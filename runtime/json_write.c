/* Values to JSON text. Containers in progress are on an explicit stack. Members come in the order
 * in which JavaScript enumerates them: keys that are array indexes first, by number, then the
 * others as they were made. */

#include "json_text.h"

#include "text.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <math.h>

/* ---- texts ---- */

static char short_escape(uint32_t c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static void write_escape(struct buf *buf, uint32_t c)
{
    char letter = short_escape(c);
    if (letter != 0) {
        buf_append_byte(buf, '\\');
        buf_append_byte(buf, letter);
    } else {
        buf_printf(buf, "\\u%04x", (unsigned)c);
    }
}

static bool needs_escape(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0xD800 && c < 0xE000);
}

void json_write_text(struct buf *buf, slice text)
{
    buf_append_byte(buf, '"');
    size_t plain = 0; /* start of what was not written yet */
    for (size_t i = 0; i < text.length;) {
        const char *at = json_skip_plain_words(text.at + i, text.at + text.length);
        size_t start = i = (size_t)(at - text.at);
        if (start == text.length)
            break;
        uint32_t c = utf8_next(text, &i);
        bool malformed = c == 0xFFFD && i == start + 1;
        if (!needs_escape(c) && !malformed)
            continue;
        buf_append(buf, slice_part(text, plain, start));
        plain = i;
        if (malformed)
            buf_append(buf, SLICE("\xEF\xBF\xBD"));
        else
            write_escape(buf, c);
    }
    if (plain < text.length)
        buf_append(buf, slice_part(text, plain, text.length));
    buf_append_byte(buf, '"');
}

/* ---- what JSON has no word for ---- */

static void write_special(struct buf *buf, const char *name)
{
    buf_append_text(buf, "{\"$\":\"");
    buf_append_text(buf, name);
    buf_append_text(buf, "\"}");
}

static void write_finite(struct buf *buf, double number)
{
    char digits[NUMBER_TEXT_BYTES];
    buf_append(buf, (slice){digits, number_to_text(number, digits)});
}

static void write_number(struct buf *buf, double number)
{
    if (isnan(number))
        write_special(buf, "NaN");
    else if (isinf(number))
        write_special(buf, number < 0 ? "-Infinity" : "Infinity");
    else if (number == 0 && signbit(number))
        write_special(buf, "-0");
    else
        write_finite(buf, number);
}

static void write_plain_scalar(struct buf *buf, valve_value v)
{
    if (v.type == VALUE_NUMBER && isfinite(v.as.number))
        write_finite(buf, v.as.number);
    else
        buf_append_text(buf, "null");
}

static void write_scalar(struct buf *buf, valve_value v, bool is_plain)
{
    if (is_plain && (v.type == VALUE_NUMBER || v.type == VALUE_UNDEFINED)) {
        write_plain_scalar(buf, v);
        return;
    }
    switch ((enum value_type)v.type) {
    case VALUE_NULL:
        buf_append_text(buf, "null");
        break;
    case VALUE_BOOLEAN:
        buf_append_text(buf, v.as.boolean ? "true" : "false");
        break;
    case VALUE_NUMBER:
        write_number(buf, v.as.number);
        break;
    case VALUE_TEXT:
        json_write_text(buf, value_slice(v));
        break;
    default:
        write_special(buf, "undefined");
        break;
    }
}

/* ---- containers ---- */

struct numbered_member {
    uint32_t index; /* the key, as an array index */
    const struct value_member *member;
};

struct frame {
    const struct value_array *array;      /* or NULL */
    const struct value_object *object;    /* or NULL */
    uint32_t next;                        /* elements or members written or passed over */
    VEC(struct numbered_member) numbered; /* members whose keys are indexes, in their order */
    uint32_t numbered_next;
    bool has_written;
};

struct writer {
    struct buf *buf;
    bool is_plain;
    VEC(struct frame) frames;
};

static int by_index(const void *a, const void *b)
{
    uint32_t left = ((const struct numbered_member *)a)->index;
    uint32_t right = ((const struct numbered_member *)b)->index;
    return (left > right) - (left < right);
}

static void find_numbered(struct frame *frame)
{
    for (uint32_t i = 0; i < frame->object->count; i++) {
        struct numbered_member found = {.member = &frame->object->members[i]};
        if (value_array_index(value_slice(found.member->key), &found.index))
            VEC_PUSH(&frame->numbered, found);
    }
    if (frame->numbered.count > 1)
        qsort(frame->numbered.items, frame->numbered.count, sizeof *frame->numbered.items,
              by_index);
}

static void open_container(struct writer *writer, valve_value v)
{
    struct frame frame = {.array = value_items(v)};
    if (frame.array == NULL) {
        frame.object = v.as.object;
        find_numbered(&frame);
    }
    buf_append_byte(writer->buf, frame.array != NULL ? '[' : '{');
    VEC_PUSH(&writer->frames, frame);
}

static const struct value_member *next_member(struct frame *frame)
{
    if (frame->numbered_next < frame->numbered.count)
        return frame->numbered.items[frame->numbered_next++].member;
    while (frame->next < frame->object->count) {
        const struct value_member *member = &frame->object->members[frame->next++];
        uint32_t index;
        if (frame->numbered.count == 0 || !value_array_index(value_slice(member->key), &index))
            return member;
    }
    return NULL;
}

/* Writes what stands before the next value of the container, and finds that value; false at its
 * end. */
static bool next_value(struct buf *buf, struct frame *frame, valve_value *v)
{
    const struct value_member *member = NULL;
    if (frame->array != NULL) {
        if (frame->next == frame->array->count)
            return false;
        *v = frame->array->items[frame->next++];
    } else {
        member = next_member(frame);
        if (member == NULL)
            return false;
        *v = member->value;
    }
    if (frame->has_written)
        buf_append_byte(buf, ',');
    frame->has_written = true;
    if (member != NULL) {
        json_write_text(buf, value_slice(member->key));
        buf_append_byte(buf, ':');
    }
    return true;
}

static void close_container(struct writer *writer, struct frame *frame)
{
    buf_append_byte(writer->buf, frame->array != NULL ? ']' : '}');
    VEC_FREE(&frame->numbered);
    writer->frames.count--;
}

static void write_value(struct writer *writer, valve_value v)
{
    if (v.type >= VALUE_ARRAY)
        open_container(writer, v);
    else
        write_scalar(writer->buf, v, writer->is_plain);
}

static void write_all(struct writer *writer, valve_value value)
{
    write_value(writer, value);
    while (writer->frames.count > 0) {
        struct frame *frame = &writer->frames.items[writer->frames.count - 1];
        valve_value next;
        if (next_value(writer->buf, frame, &next))
            write_value(writer, next);
        else
            close_container(writer, frame);
    }
    VEC_FREE(&writer->frames);
}

void json_write(struct buf *buf, valve_value value)
{
    write_all(&(struct writer){.buf = buf}, value);
}

void json_write_plain(struct buf *buf, valve_value value)
{
    write_all(&(struct writer){.buf = buf, .is_plain = true}, value);
}
