/* Escapes, inside classes and out. Without flag u, Annex B of ECMAScript applies: what is no escape
 * means its own letter. */

#include "regex/regex_parser.h"
#include "regex/regex_property.h"

#define MAX_PROPERTIES 64 /* distinct ones in a pattern: each costs a scan of all characters */

static uint32_t hex_value(uint32_t c)
{
    if (c - '0' < 10)
        return c - '0';
    if ((c | 0x20) - 'a' < 6)
        return (c | 0x20) - 'a' + 10;
    return 16;
}

static bool parse_hex(struct parser *parser, uint32_t digits, uint32_t *value)
{
    uint32_t result = 0;
    for (uint32_t i = 0; i < digits; i++) {
        uint32_t digit = hex_value(parser_peek_at(parser, i));
        if (digit == 16)
            return false;
        result = result << 4 | digit;
    }
    parser->position += digits;
    *value = result;
    return true;
}

static bool parse_braced_hex(struct parser *parser, uint32_t *value)
{
    uint32_t start = parser->position, result = 0, digit;
    parser->position++;
    while ((digit = hex_value(parser_peek(parser))) < 16 && result <= REGEX_MAX_CODE_POINT) {
        result = result << 4 | digit;
        parser->position++;
    }
    bool any = parser->position > start + 1;
    if (any && result <= REGEX_MAX_CODE_POINT && parser_accept(parser, '}')) {
        *value = result;
        return true;
    }
    parser->position = start;
    return false;
}

bool parse_unicode_escape(struct parser *parser, bool join, uint32_t *character)
{
    if (join && parser_peek(parser) == '{')
        return parse_braced_hex(parser, character);
    if (!parse_hex(parser, 4, character))
        return false;
    bool high = *character >= 0xD800 && *character < 0xDC00;
    if (join && high && parser_peek(parser) == '\\' && parser_peek_at(parser, 1) == 'u') {
        uint32_t after_high = parser->position, low;
        parser->position += 2;
        if (parse_hex(parser, 4, &low) && low >= 0xDC00 && low < 0xE000)
            *character = 0x10000 + ((*character - 0xD800) << 10) + (low - 0xDC00);
        else
            parser->position = after_high;
    }
    return true;
}

bool parse_digits(struct parser *parser, uint32_t *number)
{
    uint32_t start = parser->position;
    uint64_t value = 0;
    for (uint32_t c; (c = parser_peek(parser)) - '0' < 10; parser->position++)
        value = value >= REGEX_INFINITY ? REGEX_INFINITY : value * 10 + (c - '0');
    *number = value >= REGEX_INFINITY ? REGEX_INFINITY : (uint32_t)value;
    return parser->position > start;
}

static const struct regex_range digits[] = {{'0', '9'}};
static const struct regex_range word_characters[] = {
    {'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct regex_range folded_word_characters[] = {
    {'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0x017F, 0x017F}, {0x212A, 0x212A},
};
static const struct regex_range spaces[] = {
    {0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
    {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF},
};

static void add_class(struct set_builder *builder, const struct regex_range *ranges, size_t count,
                      bool negative, struct regex_flags flags)
{
    if (negative)
        set_builder_add_others(builder, ranges, count,
                               flags.unicode ? REGEX_MAX_CODE_POINT : REGEX_MAX_UNIT);
    else
        set_builder_add_ranges(builder, ranges, count);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

void add_class_escape(struct set_builder *builder, uint32_t letter, struct regex_flags flags)
{
    uint32_t lower = letter | 0x20;
    bool negative = letter != lower;
    if (lower == 'd')
        add_class(builder, digits, COUNT(digits), negative, flags);
    else if (lower == 's')
        add_class(builder, spaces, COUNT(spaces), negative, flags);
    else if (flags.unicode && flags.ignore_case)
        add_class(builder, folded_word_characters, COUNT(folded_word_characters), negative, flags);
    else
        add_class(builder, word_characters, COUNT(word_characters), negative, flags);
}

static const struct regex_set *look_up_property(struct parser *parser, slice text, uint32_t start,
                                                const char *invalid)
{
    const char *equals = memchr(text.at, '=', text.length);
    size_t name_length = equals != NULL ? (size_t)(equals - text.at) : text.length;
    slice value = equals != NULL ? slice_part(text, name_length + 1, text.length) : SLICE("");
    struct set_builder members = {.arena = parser->arena};
    if ((equals != NULL && value.length == 0) ||
        !regex_property_add(slice_part(text, 0, name_length), value, &members)) {
        parser_fail(parser, start, invalid);
        return NULL;
    }
    const struct regex_set *set = regex_set_finish(&members);
    if (set == NULL)
        parser_fail_exhausted(parser);
    return set;
}

/* The members; NULL: failed, as unknown with the words of `invalid`. */
static const struct regex_set *find_property(struct parser *parser, slice text, uint32_t start,
                                             const char *invalid)
{
    for (struct property_use *use = parser->properties; use != NULL; use = use->next)
        if (slice_equal(use->text, text))
            return use->set;
    const struct regex_set *set = look_up_property(parser, text, start, invalid);
    if (set == NULL)
        return NULL;
    struct property_use *use = arena_try_alloc(parser->arena, sizeof *use);
    if (use == NULL) {
        parser_fail_exhausted(parser);
        return NULL;
    }
    *use = (struct property_use){text, set, parser->properties};
    parser->properties = use;
    parser->property_count++;
    return set;
}

static bool parse_property(struct parser *parser, bool negative, bool in_class)
{
    const char *invalid =
        in_class ? "invalid property name in character class" : "invalid property name";
    uint32_t start = parser->position;
    if (!parser_accept(parser, '{'))
        return parser_fail(parser, start, invalid);
    while (parser_peek(parser) != '}' && parser_peek(parser) != END_OF_PATTERN)
        parser->position++;
    slice text =
        slice_part(parser->pattern, parser->offsets[start + 1], parser->offsets[parser->position]);
    if (!parser_accept(parser, '}'))
        return parser_fail(parser, start, invalid);
    if (parser->property_count >= MAX_PROPERTIES)
        return parser_fail(parser, start, "too many properties");
    if (regex_property_is_unsupported(text))
        return parser_fail(parser, start, "this property is not supported");
    const struct regex_set *set = find_property(parser, text, start, invalid);
    if (set == NULL)
        return false;
    add_class(&parser->builder, set->ranges, set->count, negative, parser->tree->flags);
    return true;
}

/* \0 to \377: up to three digits, below 256. */
static uint32_t parse_octal(struct parser *parser)
{
    uint32_t value = 0;
    for (int i = 0; i < 3 && value < 32; i++) {
        uint32_t digit = parser_peek(parser) - '0';
        if (digit > 7)
            break;
        value = value * 8 + digit;
        parser->position++;
    }
    return value;
}

static bool parse_number_escape(struct parser *parser, bool in_class, uint32_t *character)
{
    uint32_t first = parser_peek(parser), start = parser->position - 1;
    if (parser->tree->flags.unicode) {
        bool alone = parser_peek_at(parser, 1) - '0' >= 10;
        if (first == '0' && alone) {
            parser->position++;
            *character = 0;
            return true;
        }
        if (first > '7' || (first != '0' && !in_class))
            return parser_fail(parser, start, "invalid escape");
        return parser_fail(parser, start,
                           in_class ? "invalid class escape" : "invalid decimal escape");
    }
    if (first > '7')
        *character = parser->characters[parser->position++];
    else
        *character = parse_octal(parser);
    return true;
}

static bool is_letter(uint32_t c)
{
    return (c | 0x20) - 'a' < 26 && c < 128;
}

static bool parse_control(struct parser *parser, bool in_class, uint32_t *character)
{
    uint32_t letter = parser_peek_at(parser, 1);
    bool unicode = parser->tree->flags.unicode;
    if (is_letter(letter) || (!unicode && in_class && (letter - '0' < 10 || letter == '_'))) {
        parser->position += 2;
        *character = letter & 31;
        return true;
    }
    if (unicode)
        return parser_fail(parser, parser->position - 1, "invalid unicode escape");
    *character = '\\'; /* and the c stays to be read */
    return true;
}

static bool parse_code_escape(struct parser *parser, uint32_t letter, uint32_t *character)
{
    bool unicode = parser->tree->flags.unicode;
    uint32_t start = parser->position - 1;
    parser->position++;
    bool found = letter == 'x' ? parse_hex(parser, 2, character)
                               : parse_unicode_escape(parser, unicode, character);
    if (!found && unicode)
        return parser_fail(parser, start,
                           letter == 'x' ? "invalid escape" : "invalid unicode escape");
    if (!found)
        *character = letter;
    return true;
}

static bool parse_identity(struct parser *parser, bool in_class, uint32_t *character)
{
    uint32_t c = parser_peek(parser);
    bool syntax = c < 128 && c != 0 && strchr("^$\\.*+?()[]{}|/", (int)c) != NULL;
    bool allowed = parser->tree->flags.unicode ? syntax || (in_class && c == '-')
                                               : c != 'k' || !parser->has_names;
    if (!allowed)
        return parser_fail(parser, parser->position - 1, "invalid escape");
    parser->position++;
    *character = c;
    return true;
}

static bool is_control_letter(uint32_t c, uint32_t *character)
{
    static const char letters[] = "fnrtv", meanings[] = "\f\n\r\t\v";
    const char *found = c != 0 && c < 128 ? strchr(letters, (int)c) : NULL;
    if (found == NULL)
        return false;
    *character = (unsigned char)meanings[found - letters];
    return true;
}

bool parse_escape(struct parser *parser, bool in_class, struct escape *escape)
{
    uint32_t c = parser_peek(parser);
    escape->kind = ESCAPE_CHARACTER;
    if (c == END_OF_PATTERN)
        return parser_fail(parser, parser->position - 1, "\\ at end of pattern");
    if (is_control_letter(c, &escape->character)) {
        parser->position++;
        return true;
    }
    if (c - '0' < 10)
        return parse_number_escape(parser, in_class, &escape->character);
    switch (c) {
    case 'd':
    case 'D':
    case 's':
    case 'S':
    case 'w':
    case 'W':
        parser->position++;
        escape->kind = ESCAPE_CLASS;
        add_class_escape(&parser->builder, c, parser->tree->flags);
        return true;
    case 'p':
    case 'P':
        if (!parser->tree->flags.unicode)
            return parse_identity(parser, in_class, &escape->character);
        parser->position++;
        escape->kind = ESCAPE_CLASS;
        return parse_property(parser, c == 'P', in_class);
    case 'c':
        return parse_control(parser, in_class, &escape->character);
    case 'x':
    case 'u':
        return parse_code_escape(parser, c, &escape->character);
    default:
        return parse_identity(parser, in_class, &escape->character);
    }
}
