/* The way of a rule file up to its tree: the bytes are checked, environment variables put in, and
 * the reader for its notation chosen. */

#include "rulefile.h"

#include "environment.h"
#include "text_map.h"
#include "base/utf8.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* What YAML calls printable, and so refuses otherwise. */
static bool is_allowed(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c != 0x7F && (c < 0x80 || c >= 0xA0 || c == 0x85) && c != 0xFEFF && c != 0xFFFE &&
           c != 0xFFFF;
}

/* Reports the first byte that no rule file may hold. */
static bool check_bytes(const struct source *source, struct diagnostics *diagnostics)
{
    slice text = source->text;
    size_t at = slice_starts_with(text, SLICE(BYTE_ORDER_MARK)) ? 3 : 0;
    while (at < text.length) {
        size_t start = at;
        uint32_t c = utf8_next(text, &at);
        if (!utf8_valid(slice_part(text, start, at), false)) {
            diagnose(diagnostics, DIAG_FILE_NOT_UTF8, source, (uint32_t)start, (uint32_t)at,
                     (unsigned)(unsigned char)text.at[start]);
            return false;
        }
        if (!is_allowed(c)) {
            diagnose(diagnostics, DIAG_FILE_CONTROL_CHARACTER, source, (uint32_t)start,
                     (uint32_t)at, (unsigned)c);
            return false;
        }
    }
    return true;
}

static struct mapped_text without_byte_order_mark(const struct mapped_text *text,
                                                  struct arena *arena)
{
    struct text_map map;
    uint32_t start = slice_starts_with(text->text, SLICE(BYTE_ORDER_MARK)) ? 3 : 0;
    uint32_t length = (uint32_t)text->text.length - start;
    text_map_init(&map, text);
    text_map_run(&map, 0, start, length);
    return text_map_finish(&map, slice_part(text->text, start, start + length), arena);
}

static bool looks_like_json(slice text)
{
    size_t at = 0;
    while (at < text.length && strchr(" \t\r\n", text.at[at]) != NULL)
        at++;
    return at < text.length && text.at[at] == '{';
}

static bool is_named_json(slice name)
{
    slice end = SLICE(".json");
    return name.length >= end.length &&
           slice_equal(slice_part(name, name.length - end.length, name.length), end);
}

/* Takes back what an attempt reported. */
static void forget_reports(struct diagnostics *diagnostics, size_t list, uint32_t errors)
{
    diagnostics->list.count = list;
    diagnostics->error_count = errors;
}

/* YAML in flow style may begin like JSON and not be it, so what is no JSON is tried as YAML. When
 * it is neither, a file named .json is told what JSON lacks. */
static struct tree_document read_json_or_yaml(const struct mapped_text *text, struct arena *arena,
                                              struct diagnostics *diagnostics)
{
    size_t list = diagnostics->list.count;
    uint32_t errors = diagnostics->error_count;
    struct json_tree_error error;
    struct tree_node *root = json_tree_read(text, arena, diagnostics, &error);
    if (root != NULL)
        return (struct tree_document){root, diagnostics->error_count == errors};
    forget_reports(diagnostics, list, errors);
    struct tree_document document = yaml_tree_read(text, arena, diagnostics);
    if (!document.is_valid && is_named_json(text->source->name)) {
        forget_reports(diagnostics, list, errors);
        uint32_t end = error.offset + (error.offset < text->text.length);
        diagnose_text(diagnostics, DIAG_JSON_SYNTAX, text, error.offset, end, error.message);
    }
    return document;
}

struct tree_document rulefile_read(const struct source *source, bool expand_environment,
                                   struct arena *arena, struct diagnostics *diagnostics)
{
    struct tree_document nothing = {0};
    if (source->text.length > RULEFILE_MAX_BYTES) {
        diagnose(diagnostics, DIAG_FILE_TOO_LARGE, source, 0, 0, RULEFILE_MAX_BYTES >> 20);
        return nothing;
    }
    if (!check_bytes(source, diagnostics))
        return nothing;
    struct mapped_text expanded = expand_environment
                                      ? environment_expand(source, arena, diagnostics)
                                      : environment_keep(source, arena);
    if (diagnostics->error_count > 0)
        return nothing;
    struct mapped_text *text = arena_alloc(arena, sizeof *text);
    *text = without_byte_order_mark(&expanded, arena);
    return looks_like_json(text->text) ? read_json_or_yaml(text, arena, diagnostics)
                                       : yaml_tree_read(text, arena, diagnostics);
}
