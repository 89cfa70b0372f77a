/* The bytes are checked, and the reader for the notation chosen. */

#include "document/document.h"

#include "document/readers.h"
#include "document/text_map.h"
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

/* Reports the first byte that no file may hold. */
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

bool document_check(const struct source *source, struct diagnostics *diagnostics)
{
    if (source->text.length > DOCUMENT_MAX_BYTES) {
        diagnose(diagnostics, DIAG_FILE_TOO_LARGE, source, 0, 0, DOCUMENT_MAX_BYTES >> 20);
        return false;
    }
    return check_bytes(source, diagnostics);
}

struct tree_document document_read(const struct mapped_text *text, struct arena *arena,
                                   struct diagnostics *diagnostics)
{
    struct mapped_text *kept = arena_alloc(arena, sizeof *kept);
    *kept = without_byte_order_mark(text, arena);
    return looks_like_json(kept->text) ? read_json_or_yaml(kept, arena, diagnostics)
                                       : yaml_tree_read(kept, arena, diagnostics);
}
