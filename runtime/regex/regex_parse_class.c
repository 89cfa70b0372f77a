/* Character classes such as [^a-z]: their members and ranges, and what flags i and u do to them. */

#include "regex/regex_case.h"
#include "regex/regex_parser.h"

static bool parse_member(struct parser *parser, struct escape *member)
{
    if (parser_accept(parser, '\\')) {
        if (parser_peek(parser) == 'b') {
            parser->position++;
            *member = (struct escape){ESCAPE_CHARACTER, '\b'};
            return true;
        }
        return parse_escape(parser, true, member);
    }
    *member = (struct escape){ESCAPE_CHARACTER, parser->characters[parser->position++]};
    return true;
}

static void add_member(struct parser *parser, struct escape member)
{
    if (member.kind == ESCAPE_CHARACTER)
        set_builder_add(&parser->builder, member.character, member.character);
}

static bool add_range(struct parser *parser, struct escape low, struct escape high, uint32_t start)
{
    if (low.kind == ESCAPE_CLASS || high.kind == ESCAPE_CLASS) {
        if (parser->tree->flags.unicode)
            return parser_fail(parser, start, "invalid character class");
        add_member(parser, low);
        add_member(parser, high);
        set_builder_add(&parser->builder, '-', '-');
        return true;
    }
    if (low.character > high.character)
        return parser_fail(parser, start, "range out of order in character class");
    set_builder_add(&parser->builder, low.character, high.character);
    return true;
}

static bool parse_members(struct parser *parser)
{
    while (parser_peek(parser) != ']' && parser_peek(parser) != END_OF_PATTERN) {
        struct escape low, high;
        uint32_t start = parser->position;
        if (!parse_member(parser, &low))
            return false;
        uint32_t after = parser_peek_at(parser, 1);
        if (parser_peek(parser) != '-' || after == ']' || after == END_OF_PATTERN) {
            add_member(parser, low);
            continue;
        }
        parser->position++;
        if (!parse_member(parser, &high) || !add_range(parser, low, high, start))
            return false;
    }
    return true;
}

bool parse_class(struct parser *parser)
{
    struct regex_flags flags = parser->tree->flags;
    uint32_t start = parser->position - 1;
    bool negative = parser_accept(parser, '^');
    if (!parse_members(parser))
        return false;
    if (!parser_accept(parser, ']'))
        return parser_fail(parser, start, "unterminated character class");
    if (flags.ignore_case)
        regex_case_close(&parser->builder, flags.unicode);
    if (negative)
        set_builder_invert(&parser->builder, flags.unicode ? REGEX_MAX_CODE_POINT : REGEX_MAX_UNIT);
    return parser_append_built(parser, start) != NULL;
}
