/* Names of groups: identifiers of JavaScript, in which escapes and pairs of surrogates are allowed
 * with and without flag u. */

#include "base/utf8.h"
#include "regex/regex_parser.h"

#include <unictype.h>

static bool next_name_character(struct parser *parser, uint32_t *character)
{
    uint32_t c = parser_peek(parser);
    if (c == END_OF_PATTERN)
        return false;
    parser->position++;
    if (c == '\\')
        return parser_accept(parser, 'u') && parse_unicode_escape(parser, true, character);
    uint32_t low = parser_peek(parser);
    if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
        parser->position++;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    *character = c;
    return true;
}

static bool is_name_character(uint32_t c, bool first)
{
    if (c == '$' || c == '_' || uc_is_property_id_start(c))
        return true;
    return !first && (uc_is_property_id_continue(c) || c == 0x200C || c == 0x200D);
}

bool parse_name(struct parser *parser, slice *name)
{
    uint32_t start = parser->position, c;
    char *bytes = arena_try_alloc(parser->arena, 16);
    size_t length = 0, capacity = 16;
    while (!parser_accept(parser, '>')) {
        if (!next_name_character(parser, &c) || !is_name_character(c, length == 0))
            return parser_fail(parser, start, "invalid capture group name");
        if (bytes != NULL && length + 4 > capacity) {
            char *grown = arena_try_alloc(parser->arena, capacity *= 2);
            bytes = grown == NULL ? NULL : memcpy(grown, bytes, length);
        }
        if (bytes == NULL)
            return parser_fail_exhausted(parser);
        length += utf8_encode(c, bytes + length);
    }
    *name = (slice){bytes, length};
    return length > 0 || parser_fail(parser, start, "invalid capture group name");
}

static const struct regex_name *find_name(const struct parser *parser, slice text)
{
    for (size_t i = 0; i < parser->names.count; i++)
        if (slice_equal(parser->names.items[i].text, text))
            return &parser->names.items[i];
    return NULL;
}

bool declare_name(struct parser *parser, slice name, uint32_t group, uint32_t position)
{
    if (find_name(parser, name) != NULL)
        return parser_fail(parser, position, "duplicate capture group name");
    struct regex_name declared = {name, group};
    return VEC_TRY_PUSH(&parser->names, parser->arena, declared) || parser_fail_exhausted(parser);
}

bool resolve_references(struct parser *parser)
{
    for (size_t i = 0; i < parser->references.count; i++) {
        struct regex_node *node = parser->references.items[i].node;
        const struct regex_name *name = find_name(parser, parser->references.items[i].name);
        if (name == NULL)
            return regex_fail(parser->error, node->offset, "invalid named capture referenced");
        node->as.group = name->group;
    }
    return true;
}
