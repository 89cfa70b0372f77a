#include "regex/regex_text.h"

#include "base/utf8.h"

static bool is_ascii(slice bytes)
{
    size_t i = 0;
    for (; i + 8 <= bytes.length; i += 8) {
        uint64_t word;
        memcpy(&word, bytes.at + i, 8);
        if (word & 0x8080808080808080u)
            return false;
    }
    for (; i < bytes.length; i++)
        if ((unsigned char)bytes.at[i] >= 0x80)
            return false;
    return true;
}

static uint32_t decode_units(slice bytes, uint16_t *units, uint32_t *offsets)
{
    uint32_t count = 0;
    for (size_t i = 0; i < bytes.length;) {
        uint32_t offset = (uint32_t)i, c = utf8_next(bytes, &i);
        offsets[count] = offset;
        if (c > REGEX_MAX_UNIT) {
            units[count++] = (uint16_t)(0xD7C0 + (c >> 10));
            offsets[count] = offset + 1;
            c = 0xDC00 + (c & 0x3FF);
        }
        units[count++] = (uint16_t)c;
    }
    offsets[count] = (uint32_t)bytes.length;
    return count;
}

static uint32_t decode_code_points(slice bytes, uint32_t *code_points, uint32_t *offsets)
{
    uint32_t count = 0;
    for (size_t i = 0; i < bytes.length; count++) {
        offsets[count] = (uint32_t)i;
        code_points[count] = utf8_next(bytes, &i);
    }
    offsets[count] = (uint32_t)bytes.length;
    return count;
}

bool regex_text_init(struct regex_text *text, valve_value value, bool unicode, struct arena *arena)
{
    slice bytes = value_slice(value);
    *text = (struct regex_text){.bytes = bytes};
    text->ascii = (value.flags & VALUE_ASCII) != 0 || is_ascii(bytes);
    if (text->ascii) {
        text->subject = (struct regex_subject){bytes.at, (uint32_t)bytes.length, 1};
        return true;
    }
    uint8_t width = unicode ? 4 : 2;
    void *elements = arena_try_alloc(arena, (bytes.length + 1) * width);
    uint32_t *offsets = arena_try_alloc(arena, (bytes.length + 1) * sizeof *offsets);
    if (elements == NULL || offsets == NULL)
        return false;
    uint32_t count = unicode ? decode_code_points(bytes, elements, offsets)
                             : decode_units(bytes, elements, offsets);
    text->subject = (struct regex_subject){elements, count, width};
    text->offsets = offsets;
    return true;
}

static bool cuts_a_pair(const struct regex_text *text, uint32_t place)
{
    return place < text->bytes.length && ((unsigned char)text->bytes.at[place] & 0xC0) == 0x80;
}

/* The character whose first byte is before place. */
static uint32_t character_cut(const struct regex_text *text, uint32_t place)
{
    size_t start = place - 1;
    return utf8_next(text->bytes, &start);
}

static valve_value text_value(slice bytes, bool ascii)
{
    valve_value value = value_text(bytes);
    if (ascii)
        value.flags = VALUE_ASCII;
    return value;
}

bool regex_text_between(const struct regex_text *text, uint32_t start, uint32_t end,
                        struct arena *arena, valve_value *part)
{
    bool cut_start = cuts_a_pair(text, start), cut_end = cuts_a_pair(text, end);
    if (start == end || (!cut_start && !cut_end)) {
        *part = text_value(slice_part(text->bytes, start, end), text->ascii || start == end);
        return true;
    }
    char *bytes = arena_try_alloc(arena, (size_t)(end - start) + 8);
    size_t length = 0;
    if (bytes == NULL)
        return false;
    if (cut_start) {
        length = utf8_encode(0xDC00 + (character_cut(text, start) & 0x3FF), bytes);
        start += 3;
    }
    uint32_t whole = cut_end ? end - 1 : end;
    memcpy(bytes + length, text->bytes.at + start, whole - start);
    length += whole - start;
    if (cut_end)
        length += utf8_encode(0xD7C0 + (character_cut(text, end) >> 10), bytes + length);
    *part = text_value((slice){bytes, length}, false);
    return true;
}

uint32_t regex_text_index(const struct regex_text *text, uint32_t place)
{
    if (text->ascii)
        return place;
    uint32_t index = 0;
    for (uint32_t i = 0; i < place; i++) {
        unsigned char byte = (unsigned char)text->bytes.at[i];
        index += (byte & 0xC0) != 0x80;
        index += byte >= 0xF0 && i + 1 < place;
    }
    return index;
}
