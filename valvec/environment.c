/* Environment variables are put in before the file is read as YAML, so what is a template literal
 * can only be guessed here: a backtick opens one that ends at the next backtick, at the latest
 * where the next key of the file begins. */

#include "environment.h"

#include "document/text_map.h"
#include "base/buf.h"

#include <stdlib.h>

#define MAX_NAME_BYTES 255
#define MAX_EXPANDED_BYTES (16u << 20)

struct expansion {
    const struct source *source;
    struct diagnostics *diagnostics;
    struct text_map map;
    struct buf out;
    uint32_t kept; /* of the source, up to where it is in `out` already */
    bool in_template;
};

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_word_start(c) || (c >= '0' && c <= '9');
}

/* The NAME of a `${NAME}` at offset i; empty when there is none. */
static slice name_at(slice text, uint32_t i)
{
    if (i + 2 >= text.length || text.at[i + 1] != '{' || !is_word_start(text.at[i + 2]))
        return (slice){0};
    size_t end = i + 2;
    while (end < text.length && is_word(text.at[end]))
        end++;
    bool closed = end < text.length && text.at[end] == '}' && end - i - 2 <= MAX_NAME_BYTES;
    return closed ? slice_part(text, i + 2, end) : (slice){0};
}

static bool is_rule_variable(slice name)
{
    static const char *const NAMES[] = {
#define RULE_NAME(text, symbol) text,
#include "names.def"
#undef RULE_NAME
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (slice_equal(name, slice_of(NAMES[i])))
            return true;
    }
    return false;
}

static const char *value_of(slice name)
{
    char terminated[MAX_NAME_BYTES + 1];
    memcpy(terminated, name.at, name.length);
    terminated[name.length] = '\0';
    return getenv(terminated);
}

static void keep_until(struct expansion *expansion, uint32_t end)
{
    uint32_t length = end - expansion->kept;
    text_map_run(&expansion->map, (uint32_t)expansion->out.length, expansion->kept, length);
    buf_append(&expansion->out, slice_part(expansion->source->text, expansion->kept, end));
    expansion->kept = end;
}

/* Each byte of the value stands at the `$`. */
static void put_value(struct expansion *expansion, uint32_t place, const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        text_map_run(&expansion->map, (uint32_t)expansion->out.length, place, 1);
        buf_append_byte(&expansion->out, *c);
    }
}

static void expand_name(struct expansion *expansion, uint32_t start, slice name)
{
    uint32_t end = start + (uint32_t)name.length + 3;
    if (expansion->in_template && is_rule_variable(name))
        return;
    const char *value = value_of(name);
    if (value == NULL || *value == '\0') {
        if (value != NULL || !expansion->in_template)
            diagnose(expansion->diagnostics,
                     value == NULL ? DIAG_ENVIRONMENT_UNSET : DIAG_ENVIRONMENT_EMPTY,
                     expansion->source, start, end, SLICE_ARGUMENTS(name));
    }
    if (value == NULL)
        return;
    if (strlen(value) > MAX_EXPANDED_BYTES - expansion->out.length) {
        diagnose(expansion->diagnostics, DIAG_FILE_TOO_LARGE, expansion->source, start, end,
                 MAX_EXPANDED_BYTES >> 20);
        return;
    }
    keep_until(expansion, start);
    put_value(expansion, start, value);
    expansion->kept = end;
}

/* Whether a line begins with a key, so that a scalar of an earlier line has ended. */
static bool begins_with_key(slice line)
{
    size_t i = 0;
    while (i < line.length &&
           (line.at[i] == ' ' || line.at[i] == '\t' || line.at[i] == '"' || line.at[i] == '\''))
        i++;
    size_t start = i;
    while (i < line.length && strchr("\"' \t:?`", line.at[i]) == NULL)
        i++;
    if (i < line.length && i > start && (line.at[i] == '"' || line.at[i] == '\''))
        i++;
    return i > start && i < line.length && line.at[i] == ':' &&
           (i + 1 == line.length || line.at[i + 1] == ' ');
}

static bool is_comment(slice line)
{
    size_t i = 0;
    while (i < line.length && (line.at[i] == ' ' || line.at[i] == '\t'))
        i++;
    return i < line.length && line.at[i] == '#';
}

static void expand_line(struct expansion *expansion, slice line)
{
    uint32_t start = (uint32_t)(line.at - expansion->source->text.at);
    if (begins_with_key(line))
        expansion->in_template = false;
    for (uint32_t i = 0; i < line.length; i++) {
        if (line.at[i] == '`') {
            expansion->in_template = !expansion->in_template;
        } else if (line.at[i] == '\\' && expansion->in_template) {
            i++;
        } else if (line.at[i] == '$') {
            slice name = name_at(line, i);
            if (name.length > 0) {
                expand_name(expansion, start + i, name);
                i += (uint32_t)name.length + 2;
            }
        }
    }
}

struct mapped_text environment_expand(const struct source *source, struct arena *arena,
                                      struct diagnostics *diagnostics)
{
    struct mapped_text whole = text_map_whole(source, arena);
    struct expansion expansion = {.source = source, .diagnostics = diagnostics};
    if (source->text.length == 0 || memchr(source->text.at, '$', source->text.length) == NULL)
        return whole;
    text_map_init(&expansion.map, &whole);
    text_map_run(&expansion.map, 0, 0, 0);
    for (uint32_t line = 1; line <= source->line_count; line++) {
        slice text = source_line(source, line);
        if (!is_comment(text))
            expand_line(&expansion, text);
    }
    keep_until(&expansion, (uint32_t)source->text.length);
    slice text = arena_copy(arena, buf_slice(&expansion.out));
    buf_fini(&expansion.out);
    return text_map_finish(&expansion.map, text, arena);
}
