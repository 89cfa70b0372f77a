/* Keys and values. Booleans and rule types are plain, paths and expressions always in quotes, so
 * that neither `: ` nor ` #` in them can surprise: in those quotes that need fewer escapes, double
 * ones when it is the same. What the author wrote on several lines stays on several lines. */

#include "format.h"

#include "base/utf8.h"

#define MAX_COLUMN 100 /* a rule that was folded by quotes is joined when it fits */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static slice trim(slice text)
{
    size_t start = 0, end = text.length;
    while (start < end && is_space(text.at[start]))
        start++;
    while (end > start && is_space(text.at[end - 1]))
        end--;
    return slice_part(text, start, end);
}

/* ---- quotes ---- */

static bool needs_escape(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0) || character == 0x2028 ||
           character == 0x2029 || character == 0xFEFF;
}

static bool has_unprintable(slice text)
{
    for (size_t at = 0; at < text.length;) {
        if (needs_escape(utf8_next(text, &at)))
            return true;
    }
    return false;
}

static void append_escape(struct buf *out, uint32_t character)
{
    if (character == '\n')
        buf_append_text(out, "\\n");
    else if (character == '\t')
        buf_append_text(out, "\\t");
    else if (character < 0x100)
        buf_printf(out, "\\x%02X", (unsigned)character);
    else
        buf_printf(out, "\\u%04X", (unsigned)character);
}

static void append_double_quoted(struct buf *out, slice text)
{
    buf_append_byte(out, '"');
    for (size_t at = 0; at < text.length;) {
        size_t start = at;
        uint32_t character = utf8_next(text, &at);
        if (needs_escape(character)) {
            append_escape(out, character);
            continue;
        }
        if (character == '"' || character == '\\')
            buf_append_byte(out, '\\');
        buf_append(out, slice_part(text, start, at));
    }
    buf_append_byte(out, '"');
}

static void append_single_quoted(struct buf *out, slice text)
{
    buf_append_byte(out, '\'');
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '\'')
            buf_append_byte(out, '\'');
        buf_append_byte(out, text.at[i]);
    }
    buf_append_byte(out, '\'');
}

static size_t count_bytes(slice text, char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.at[i] == byte;
    return count;
}

static void append_quoted(struct buf *out, slice text)
{
    size_t double_escapes = count_bytes(text, '"') + count_bytes(text, '\\');
    if (double_escapes > count_bytes(text, '\'') && !has_unprintable(text))
        append_single_quoted(out, text);
    else
        append_double_quoted(out, text);
}

/* ---- keys ---- */

static void append_properties(const struct layout_node *node, struct buf *out)
{
    if (node->anchor.length > 0)
        buf_printf(out, "&" SLICE_FORMAT " ", SLICE_ARGUMENTS(node->anchor));
    if (node->tag.length > 0)
        buf_printf(out, SLICE_FORMAT " ", SLICE_ARGUMENTS(node->tag));
}

static bool is_word(slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (i > 0 && c >= '0' && c <= '9')))
            return false;
    }
    return text.length > 0;
}

/* Plain words that YAML reads as something else than their text keep their spelling. */
static bool is_other_than_text(const struct layout_node *node)
{
    bool ignored;
    return node->style == SCALAR_PLAIN && scalar_kind(node->value, &ignored) != TREE_TEXT;
}

void format_key(const struct layout_node *key, bool is_path, struct buf *out)
{
    bool is_merge = key->style == SCALAR_PLAIN && slice_equal(key->value, SLICE("<<"));
    bool ignored;
    bool plain = !is_path && is_word(key->value) && scalar_kind(key->value, &ignored) == TREE_TEXT;
    append_properties(key, out);
    if (is_merge || plain || is_other_than_text(key))
        buf_append(out, key->value);
    else
        append_quoted(out, key->value);
}

/* ---- lines of a rule ---- */

struct lines {
    slice rest;
    bool done;
};

static bool next_line(struct lines *lines, slice *line)
{
    if (lines->done)
        return false;
    size_t length = 0;
    while (length < lines->rest.length && lines->rest.at[length] != '\n' &&
           lines->rest.at[length] != '\r')
        length++;
    *line = slice_part(lines->rest, 0, length);
    lines->done = length == lines->rest.length;
    if (!lines->done) {
        bool pair = lines->rest.at[length] == '\r' && length + 1 < lines->rest.length &&
                    lines->rest.at[length + 1] == '\n';
        lines->rest = slice_part(lines->rest, length + (pair ? 2 : 1), lines->rest.length);
    }
    return true;
}

static bool is_block(const struct layout_node *value)
{
    return value->style == SCALAR_LITERAL || value->style == SCALAR_FOLDED;
}

/* The text between the quotes, or of a block below its indicator. */
static slice raw_lines(slice text, const struct layout_node *value)
{
    slice raw = slice_part(text, value->start, value->end);
    size_t start = 0;
    while (start < raw.length && (raw.at[start] == '&' || raw.at[start] == '!')) {
        while (start < raw.length && !is_space(raw.at[start]))
            start++;
        while (start < raw.length && is_space(raw.at[start]))
            start++;
    }
    if (is_block(value)) {
        struct lines lines = {.rest = slice_part(raw, start, raw.length)};
        slice indicator;
        next_line(&lines, &indicator);
        return lines.done ? SLICE("") : lines.rest;
    }
    if (value->style == SCALAR_PLAIN)
        return slice_part(raw, start, raw.length);
    return slice_part(raw, start + 1, raw.length - 1);
}

/* Whether a folded block with the same lines has the same text: no blank lines, no escapes. */
static bool can_be_folded(slice text, const struct layout_node *value)
{
    slice raw = raw_lines(text, value);
    struct lines lines = {.rest = raw};
    slice line;
    if (value->style == SCALAR_DOUBLE_QUOTED && memchr(raw.at, '\\', raw.length) != NULL)
        return false;
    if (value->style == SCALAR_SINGLE_QUOTED && memchr(raw.at, '\'', raw.length) != NULL)
        return false;
    for (bool first = true; next_line(&lines, &line); first = false) {
        if (trim(line).length == 0 && !first && !lines.done)
            return false;
    }
    return true;
}

static bool spans_lines(slice text, const struct layout_node *value)
{
    return memchr(text.at + value->start, '\n', value->end - value->start) != NULL;
}

enum format_shape format_value_shape(slice text, const struct layout_node *value, uint32_t column)
{
    if (value->kind != LAYOUT_SCALAR)
        return FORMAT_LINE;
    if (is_block(value))
        return FORMAT_BLOCK;
    bool fits = column + trim(value->value).length + 2 <= MAX_COLUMN;
    return spans_lines(text, value) && !fits && can_be_folded(text, value) ? FORMAT_BLOCK
                                                                           : FORMAT_LINE;
}

/* ---- values ---- */

static size_t count_indent(slice line)
{
    size_t count = 0;
    while (count < line.length && line.at[count] == ' ')
        count++;
    return count;
}

/* The indentation of a block: what the indicator says is already part of the text's own. */
static size_t block_indent(slice text, const struct layout_node *value)
{
    struct lines lines = {.rest = raw_lines(text, value)};
    slice line;
    size_t least = SIZE_MAX;
    while (next_line(&lines, &line)) {
        size_t indent = count_indent(line);
        if (indent < line.length && indent < least)
            least = indent;
    }
    return least == SIZE_MAX ? 0 : least;
}

static bool starts_indented(slice text, const struct layout_node *value)
{
    struct lines lines = {.rest = raw_lines(text, value)};
    slice line;
    size_t indent = block_indent(text, value);
    while (next_line(&lines, &line)) {
        if (count_indent(line) < line.length)
            return count_indent(line) > indent;
    }
    return false;
}

static void append_indicator(slice text, const struct layout_node *value, struct buf *out)
{
    if (!is_block(value)) {
        buf_append_text(out, ">-");
        return;
    }
    slice raw = slice_part(text, value->start, value->end);
    struct lines lines = {.rest = raw};
    slice indicator;
    next_line(&lines, &indicator);
    buf_append_byte(out, value->style == SCALAR_LITERAL ? '|' : '>');
    if (starts_indented(text, value))
        buf_append_byte(out, '2');
    const char *comment = memchr(indicator.at, '#', indicator.length);
    if (comment != NULL)
        indicator.length = (size_t)(comment - indicator.at);
    if (memchr(indicator.at, '+', indicator.length) != NULL)
        buf_append_byte(out, '+');
    else if (memchr(indicator.at, '-', indicator.length) != NULL)
        buf_append_byte(out, '-');
}

static void append_line_value(const struct layout_node *value, struct buf *out)
{
    bool boolean;
    static const char *const KEPT[] = {"yes", "no", "on", "off"};
    enum tree_kind kind = scalar_kind(value->value, &boolean);
    bool kept = kind != TREE_TEXT;
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++)
        kept = kept || slice_equal(value->value, slice_of(KEPT[i]));
    if (value->style != SCALAR_PLAIN || !kept)
        append_quoted(out, trim(value->value));
    else if (kind == TREE_BOOLEAN)
        buf_append_text(out, boolean ? "true" : "false");
    else
        buf_append(out, value->value);
}

void format_value(slice text, const struct layout_node *value, enum format_shape shape,
                  struct buf *out)
{
    append_properties(value, out);
    if (shape == FORMAT_BLOCK)
        append_indicator(text, value, out);
    else
        append_line_value(value, out);
}

/* Lines of an indented block, less its own indentation; those of others trimmed. */
static slice block_line(const struct layout_node *value, slice line, size_t indent)
{
    if (!is_block(value))
        return trim(line);
    return line.length <= indent ? SLICE("") : slice_part(line, indent, line.length);
}

void format_block_lines(slice text, const struct layout_node *value, uint32_t indent,
                        struct buf *out)
{
    struct lines lines = {.rest = raw_lines(text, value)};
    size_t own_indent = block_indent(text, value), blank = 0;
    bool any = false;
    slice line;
    while (next_line(&lines, &line)) {
        line = block_line(value, line, own_indent);
        if (trim(line).length == 0) {
            blank += any || is_block(value);
            continue;
        }
        for (; blank > 0; blank--)
            buf_append_byte(out, '\n');
        buf_printf(out, "\n%*s", (int)indent, "");
        buf_append(out, line);
        any = true;
    }
}
