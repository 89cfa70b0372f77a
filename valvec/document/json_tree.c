/* JSON rule files. libyaml would read most of them, but not tabs, `\/` and surrogate pairs
 * everywhere that JSON has them; so JSON has a reader of its own that keeps positions. Objects and
 * lists are kept on a stack of at most TREE_MAX_DEPTH. Strings may form lone surrogates, as in
 * JavaScript. */

#include "document/readers.h"

#include "document/scalar.h"
#include "document/text_map.h"
#include "base/buf.h"
#include "base/utf8.h"

struct frame {
    struct tree_builder builder;
    struct tree_node *key;
};

struct reader {
    const struct mapped_text *text;
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct json_tree_error *error;
    uint32_t at;
    struct frame frames[TREE_MAX_DEPTH];
    uint32_t depth;
    struct tree_node *root;
};

static bool fail(struct reader *reader, const char *message)
{
    *reader->error = (struct json_tree_error){reader->at, message};
    return false;
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->text->text.length ? reader->text->text.at[reader->at] : '\0';
}

static void skip_space(struct reader *reader)
{
    while (peek(reader) == ' ' || peek(reader) == '\t' || peek(reader) == '\n' ||
           peek(reader) == '\r')
        reader->at++;
}

static struct tree_node *new_node(struct reader *reader, enum tree_kind kind, uint32_t start)
{
    struct tree_node *node = arena_alloc_zeroed(reader->arena, sizeof *node);
    node->kind = kind;
    node->start = mapped_text_file_offset(reader->text, start);
    node->weight = 1;
    return node;
}

static void end_node(struct reader *reader, struct tree_node *node)
{
    node->end = mapped_text_file_offset(reader->text, reader->at);
}

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The unit of the `\uXXXX` that starts at `at`, or -1. */
static int32_t unit_at(const struct reader *reader, uint32_t at)
{
    slice text = reader->text->text;
    if (text.length - at < 6 || text.at[at] != '\\' || text.at[at + 1] != 'u')
        return -1;
    int32_t unit = 0;
    for (uint32_t i = 2; i < 6; i++) {
        int digit = hex_digit(text.at[at + i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool read_unit_escape(struct reader *reader, struct buf *out)
{
    int32_t unit = unit_at(reader, reader->at);
    if (unit < 0)
        return fail(reader, "expected four hexadecimal digits after \\u");
    uint32_t code_point = (uint32_t)unit;
    reader->at += 6;
    if (unit >= 0xD800 && unit < 0xDC00 && reader->at < reader->text->text.length) {
        int32_t low = unit_at(reader, reader->at);
        if (low >= 0xDC00 && low < 0xE000) {
            code_point = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
            reader->at += 6;
        }
    }
    char bytes[4];
    buf_append(out, (slice){bytes, utf8_encode(code_point, bytes)});
    return true;
}

static bool read_escape(struct reader *reader, struct buf *out)
{
    static const char NAMES[] = "\"\\/bfnrt", BYTES[] = "\"\\/\b\f\n\r\t";
    slice text = reader->text->text;
    if (reader->at + 1 >= text.length)
        return fail(reader, "the string does not end");
    char kind = text.at[reader->at + 1];
    if (kind == 'u')
        return read_unit_escape(reader, out);
    const char *found = kind == '\0' ? NULL : strchr(NAMES, kind);
    if (found == NULL)
        return fail(reader, "unknown escape in a string");
    buf_append_byte(out, BYTES[found - NAMES]);
    reader->at += 2;
    return true;
}

/* Takes the bytes up to the next quote, escape or control character as they are. */
static void read_plain_run(struct reader *reader, struct text_map *map, struct buf *out)
{
    slice text = reader->text->text;
    uint32_t start = reader->at;
    while (reader->at < text.length && text.at[reader->at] != '"' && text.at[reader->at] != '\\' &&
           (unsigned char)text.at[reader->at] >= ' ')
        reader->at++;
    text_map_run(map, (uint32_t)out->length, start, reader->at - start);
    buf_append(out, slice_part(text, start, reader->at));
}

static bool read_string_parts(struct reader *reader, struct text_map *map, struct buf *out)
{
    for (;;) {
        read_plain_run(reader, map, out);
        if (reader->at >= reader->text->text.length)
            return fail(reader, "the string does not end");
        char c = peek(reader);
        if (c == '"')
            return true;
        if (c != '\\')
            return fail(reader, "control character in a string");
        text_map_run(map, (uint32_t)out->length, reader->at, 1);
        if (!read_escape(reader, out))
            return false;
    }
}

static struct tree_node *read_string(struct reader *reader)
{
    struct tree_node *node = new_node(reader, TREE_TEXT, reader->at);
    struct text_map map;
    struct buf out = BUF_EMPTY;
    reader->at++;
    text_map_init(&map, reader->text);
    bool complete = read_string_parts(reader, &map, &out);
    node->text = text_map_finish(&map, arena_copy(reader->arena, buf_slice(&out)), reader->arena);
    buf_fini(&out);
    reader->at++;
    end_node(reader, node);
    return complete ? node : NULL;
}

/* ---- other scalars ---- */

static bool is_word_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
}

/* JSON's numbers are those of YAML that begin as JSON demands. */
static bool is_json_number(slice word)
{
    size_t sign = word.at[0] == '-';
    bool leads_with_digit = word.length > sign && word.at[sign] >= '0' && word.at[sign] <= '9';
    bool leading_zero = word.length > sign + 1 && word.at[sign] == '0' &&
                        strchr("0123456789xob", word.at[sign + 1]) != NULL;
    const char *dot = memchr(word.at, '.', word.length);
    bool bare_dot = dot != NULL && (dot + 1 == word.at + word.length || hex_digit(dot[1]) < 0 ||
                                    hex_digit(dot[1]) > 9);
    return leads_with_digit && !leading_zero && !bare_dot;
}

static struct tree_node *read_word(struct reader *reader)
{
    uint32_t start = reader->at;
    while (is_word_char(peek(reader)))
        reader->at++;
    slice word = slice_part(reader->text->text, start, reader->at);
    struct tree_node *node = new_node(reader, TREE_NULL, start);
    node->kind = scalar_kind(word, &node->boolean);
    node->plain = true;
    node->text = text_map_point(reader->text, start, word, reader->arena);
    end_node(reader, node);
    bool known = slice_equal(word, SLICE("true")) || slice_equal(word, SLICE("false")) ||
                 slice_equal(word, SLICE("null")) ||
                 (node->kind == TREE_NUMBER && is_json_number(word));
    if (!known) {
        reader->at = start;
        fail(reader, "expected a value");
    }
    return known ? node : NULL;
}

/* ---- objects and lists ---- */

static struct frame *top(struct reader *reader)
{
    return &reader->frames[reader->depth - 1];
}

static bool open_node(struct reader *reader, enum tree_kind kind)
{
    if (reader->depth == TREE_MAX_DEPTH)
        return fail(reader, "nested too deeply");
    struct tree_node *node = new_node(reader, kind, reader->at);
    reader->at++;
    reader->frames[reader->depth++] = (struct frame){0};
    tree_builder_init(&top(reader)->builder, node);
    return true;
}

/* Hands a complete value to what it stands in. */
static void attach(struct reader *reader, struct tree_node *node)
{
    if (reader->depth == 0) {
        reader->root = node;
        return;
    }
    struct frame *frame = top(reader);
    if (frame->builder.node->kind == TREE_LIST)
        tree_builder_add_item(&frame->builder, node);
    else
        tree_builder_add_member(&frame->builder, frame->key, frame->key->text, node,
                                reader->diagnostics);
}

static void close_node(struct reader *reader)
{
    struct tree_node *node = top(reader)->builder.node;
    reader->at++;
    end_node(reader, node);
    tree_builder_finish(&top(reader)->builder, reader->arena);
    reader->depth--;
    attach(reader, node);
}

static bool read_key(struct reader *reader)
{
    skip_space(reader);
    if (peek(reader) != '"')
        return fail(reader, "expected a key in double quotes");
    top(reader)->key = read_string(reader);
    if (top(reader)->key == NULL)
        return false;
    skip_space(reader);
    if (peek(reader) != ':')
        return fail(reader, "expected a colon");
    reader->at++;
    return true;
}

/* At the first value of what was just opened; closes what is empty. *closed says so. */
static bool enter(struct reader *reader, bool *closed)
{
    bool is_map = top(reader)->builder.node->kind == TREE_MAP;
    skip_space(reader);
    *closed = peek(reader) == (is_map ? '}' : ']');
    if (*closed)
        close_node(reader);
    return *closed || !is_map || read_key(reader);
}

/* After a value: closes what ends here, and goes to the next value. */
static bool leave_values(struct reader *reader)
{
    while (reader->depth > 0) {
        bool is_map = top(reader)->builder.node->kind == TREE_MAP;
        skip_space(reader);
        if (peek(reader) == ',') {
            reader->at++;
            return !is_map || read_key(reader);
        }
        if (peek(reader) != (is_map ? '}' : ']'))
            return fail(reader, is_map ? "expected , or }" : "expected , or ]");
        close_node(reader);
    }
    return true;
}

static bool read_value(struct reader *reader)
{
    skip_space(reader);
    char c = peek(reader);
    if (c == '{' || c == '[') {
        bool closed;
        if (!open_node(reader, c == '{' ? TREE_MAP : TREE_LIST) || !enter(reader, &closed))
            return false;
        return !closed || leave_values(reader);
    }
    struct tree_node *node = c == '"' ? read_string(reader) : read_word(reader);
    if (node == NULL)
        return false;
    attach(reader, node);
    return leave_values(reader);
}

static bool read_document(struct reader *reader)
{
    do {
        if (!read_value(reader))
            return false;
    } while (reader->depth > 0);
    skip_space(reader);
    return reader->at == reader->text->text.length || fail(reader, "expected the end of the file");
}

struct tree_node *json_tree_read(const struct mapped_text *text, struct arena *arena,
                                 struct diagnostics *diagnostics, struct json_tree_error *error)
{
    struct reader reader = {
        .text = text, .arena = arena, .diagnostics = diagnostics, .error = error};
    bool complete = read_document(&reader);
    while (reader.depth > 0)
        tree_builder_fini(&reader.frames[--reader.depth].builder);
    return complete ? reader.root : NULL;
}
