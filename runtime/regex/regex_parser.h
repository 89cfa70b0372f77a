#pragma once
/* Shared by the files that read a pattern. The pattern is read as JavaScript does: as UTF-16 units
 * without flag u, as code points with it. */

#include "regex/regex_node.h"

#define END_OF_PATTERN UINT32_MAX

struct property_use {
    slice text; /* what stands between the braces */
    const struct regex_set *set;
    struct property_use *next;
};

/* \k<name>, until all names are known. */
struct name_reference {
    slice name;
    struct regex_node *node;
};

struct parser {
    const uint32_t *characters;
    const uint32_t *offsets; /* of each character in the pattern, and of its end */
    uint32_t count, position;
    slice pattern;
    struct arena *arena;
    struct regex_tree *tree;
    struct regex_error *error;
    struct regex_node *sequence; /* where the next term goes */
    uint32_t depth;
    uint32_t total_groups; /* in the whole pattern, counted beforehand; with group 0 */
    bool has_names;
    VEC(struct regex_name) names;
    VEC(struct name_reference) references;
    struct set_builder builder;      /* of the class being read */
    struct property_use *properties; /* looked up before */
    uint32_t property_count;
};

static inline uint32_t parser_peek_at(const struct parser *parser, uint32_t ahead)
{
    return ahead < parser->count - parser->position ? parser->characters[parser->position + ahead]
                                                    : END_OF_PATTERN;
}

static inline uint32_t parser_peek(const struct parser *parser)
{
    return parser_peek_at(parser, 0);
}

static inline bool parser_accept(struct parser *parser, uint32_t character)
{
    if (parser_peek(parser) != character)
        return false;
    parser->position++;
    return true;
}

/* Fails at a position of the pattern; always returns false. */
bool parser_fail(struct parser *parser, uint32_t position, const char *message);

/* Fails because the arena is exhausted; always returns false. */
bool parser_fail_exhausted(struct parser *parser);

/* A new node that is the last term of the current sequence, begun at position; NULL: failed. */
struct regex_node *parser_append(struct parser *parser, enum regex_node_kind kind,
                                 uint32_t position);

/* Appends what the set built in parser->builder matches: the character when it is one, else a set.
 */
struct regex_node *parser_append_built(struct parser *parser, uint32_t position);

/* regex_parse_escape.c: what follows a backslash. */

struct escape {
    enum { ESCAPE_CHARACTER, ESCAPE_CLASS } kind;
    uint32_t character; /* ESCAPE_CLASS: the members were added to the builder instead */
};

/* \xHH, \uHHHH, \cX, \n, \d, \p{..}, identity and octal escapes; position is after the backslash.
 */
bool parse_escape(struct parser *parser, bool in_class, struct escape *escape);

/* \uHHHH or \u{H..} after the `u`; false, without moving, when there is none. With `join` a pair of
 * surrogates is one character. */
bool parse_unicode_escape(struct parser *parser, bool join, uint32_t *character);

/* Digits from the current position, saturating at REGEX_INFINITY; false when there is none. */
bool parse_digits(struct parser *parser, uint32_t *number);

void add_class_escape(struct set_builder *builder, uint32_t letter, struct regex_flags flags);

/* regex_parse_class.c: [...] after the bracket. */
bool parse_class(struct parser *parser);

/* regex_parse_name.c: name> of a group or reference, and which group each reference means. */
bool parse_name(struct parser *parser, slice *name);
bool declare_name(struct parser *parser, slice name, uint32_t group, uint32_t position);
bool resolve_references(struct parser *parser);
