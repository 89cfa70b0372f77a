/* Path text -> pattern. Nearly every path has no regular-expression characters but `.`; such a path
 * is cut into elements here. The others go to pattern_regex.c. */

#include "pattern/pattern_internal.h"

#include "base/utf8.h"

#include <stdio.h>

bool pattern_fail(struct pattern_error *error, size_t offset, size_t length, const char *message)
{
    *error = (struct pattern_error){.offset = offset, .length = length};
    snprintf(error->message, sizeof error->message, "%s", message);
    return false;
}

static bool is_name_byte(char byte)
{
    unsigned char b = (unsigned char)byte;
    return b < 0x80 && b != '_' && is_word_unit(b);
}

/* The end of the variable that starts with the $ at `start`; start + 1 when it is none. */
static size_t variable_end(slice text, size_t start)
{
    size_t i = start + 1;
    while (i < text.length && is_name_byte(text.at[i]))
        i++;
    return i;
}

static bool fail_variable_name(slice text, size_t dollar, struct pattern_error *error)
{
    size_t end = dollar + 1;
    utf8_next(text, &end);
    size_t shown = end - dollar;
    char message[sizeof error->message];
    snprintf(message, sizeof message, "invalid variable name %.*s", (int)shown, text.at + dollar);
    return pattern_fail(error, dollar, shown, message);
}

static bool find_variables(slice text, struct variable_place *places, uint32_t *count,
                           struct pattern_error *error)
{
    *count = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] != '$')
            continue;
        size_t end = variable_end(text, i);
        if (end == i + 1 && end < text.length)
            return fail_variable_name(text, i, error);
        if (end == i + 1)
            break;
        if (*count == PATTERN_MAX_VARIABLES)
            return pattern_fail(error, i, end - i, "more than 32 variables in a path");
        places[(*count)++] = (struct variable_place){i, end - i};
        i = end - 1;
    }
    return true;
}

/* Whether no character but `*`, `.` and the `$` of variables means more than itself. */
static bool is_plain(slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        bool surrogate =
            byte == 0xED && i + 1 < text.length && (unsigned char)text.at[i + 1] > 0x9F;
        if (surrogate || (byte != '\0' && strchr("+?[]{}()|^\\", byte) != NULL))
            return false;
    }
    return text.at[text.length - 1] != '$';
}

static bool is_literal_byte(char byte)
{
    return byte != '*' && byte != '.' && byte != '$';
}

static struct element next_element(slice text, size_t *position)
{
    size_t start = *position, end = start + 1;
    char first = text.at[start];
    struct element element = {.kind = first == '*'   ? ELEMENT_STAR
                                      : first == '.' ? ELEMENT_DOT
                                      : first == '$' ? ELEMENT_VARIABLE
                                                     : ELEMENT_LITERAL};
    if (element.kind == ELEMENT_VARIABLE)
        end = variable_end(text, start);
    while (element.kind == ELEMENT_STAR && end < text.length && text.at[end] == '*')
        end++;
    while (element.kind == ELEMENT_LITERAL && end < text.length && is_literal_byte(text.at[end]))
        end++;
    if (element.kind == ELEMENT_LITERAL)
        element.text = slice_part(text, start, end);
    *position = end;
    return element;
}

static bool cut(struct pattern *pattern, struct arena *arena)
{
    slice text = pattern->text;
    size_t count = 0;
    for (size_t i = 0; i < text.length; count++)
        next_element(text, &i);
    struct element *elements = arena_try_alloc(arena, count * sizeof *elements);
    if (elements == NULL)
        return false;
    count = 0;
    for (size_t i = 0; i < text.length; count++)
        elements[count] = next_element(text, &i);
    pattern->elements = elements;
    pattern->element_count = (uint32_t)count;
    if (elements[0].kind == ELEMENT_LITERAL)
        pattern->prefix = elements[0].text;
    return true;
}

static bool name_variables(struct pattern *pattern, const struct variable_place *places,
                           struct arena *arena)
{
    slice *names = arena_try_alloc(arena, (pattern->variable_count + 1) * sizeof *names);
    if (names == NULL)
        return false;
    for (uint32_t i = 0; i < pattern->variable_count; i++)
        names[i] =
            slice_part(pattern->text, places[i].offset + 1, places[i].offset + places[i].length);
    pattern->variable_names = names;
    return true;
}

static uint32_t count_units(slice text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.length;)
        count += utf8_next(text, &i) > 0xFFFF ? 2 : 1;
    return count;
}

static bool parse(struct pattern *pattern, struct arena *arena, struct pattern_error *error)
{
    slice text = pattern->text;
    struct variable_place places[PATTERN_MAX_VARIABLES];
    if (text.length == 0)
        return pattern_fail(error, 0, 0, "path can't be empty");
    if (text.at[0] == '/')
        return pattern_fail(error, 0, 1, "path can't start with /");
    if (text.length > PATTERN_MAX_TEXT_BYTES)
        return pattern_fail(error, PATTERN_MAX_TEXT_BYTES, text.length - PATTERN_MAX_TEXT_BYTES,
                            "path longer than 8192 bytes");
    if (!find_variables(text, places, &pattern->variable_count, error))
        return false;
    pattern->utf16_length = count_units(text);
    if (!name_variables(pattern, places, arena))
        return pattern_fail(error, 0, text.length, "out of memory");
    if (!is_plain(text))
        return pattern_parse_regex(pattern, places, arena, error);
    return cut(pattern, arena) || pattern_fail(error, 0, text.length, "out of memory");
}

struct pattern *pattern_parse(slice text, struct arena *arena, struct pattern_error *error)
{
    struct pattern *pattern = arena_try_alloc(arena, sizeof *pattern);
    if (pattern == NULL) {
        pattern_fail(error, 0, text.length, "out of memory");
        return NULL;
    }
    *pattern = (struct pattern){.text = text};
    if (!parse(pattern, arena, error))
        return NULL;
    if (pattern->program == NULL && pattern_leaves_choice(pattern))
        pattern->captures = pattern_program_from_elements(pattern->elements, pattern->element_count,
                                                          pattern->variable_count, arena);
    return pattern;
}

slice pattern_text(const struct pattern *pattern)
{
    return pattern->text;
}

uint32_t pattern_utf16_length(const struct pattern *pattern)
{
    return pattern->utf16_length;
}

uint32_t pattern_variable_count(const struct pattern *pattern)
{
    return pattern->variable_count;
}

slice pattern_variable_name(const struct pattern *pattern, uint32_t i)
{
    return pattern->variable_names[i];
}
