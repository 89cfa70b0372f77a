/* Pattern text -> tree. The open groups are the parents of the current sequence, so nothing
 * recurses; their nesting is bounded. A disjunction is always NODE_ALTERNATION with NODE_SEQUENCE
 * children, even when there is one alternative; (?:...) is just that. Messages are those that
 * JavaScript users know. */

#include "base/utf8.h"
#include "regex/regex_case.h"
#include "regex/regex_parser.h"

#include <stdio.h>

bool regex_fail(struct regex_error *error, size_t offset, const char *message)
{
    *error = (struct regex_error){.offset = offset};
    snprintf(error->message, sizeof error->message, "%s", message);
    return false;
}

bool parser_fail(struct parser *parser, uint32_t position, const char *message)
{
    return regex_fail(parser->error, parser->offsets[position], message);
}

bool regex_fail_exhausted(struct regex_error *error)
{
    regex_fail(error, 0, "regular expression too large");
    error->out_of_memory = true;
    return false;
}

bool parser_fail_exhausted(struct parser *parser)
{
    return regex_fail_exhausted(parser->error);
}

static struct regex_node *new_node(struct parser *parser, enum regex_node_kind kind,
                                   uint32_t position)
{
    struct regex_node *node = arena_try_alloc(parser->arena, sizeof *node);
    if (node == NULL) {
        parser_fail_exhausted(parser);
        return NULL;
    }
    *node = (struct regex_node){.kind = kind,
                                .number = parser->tree->node_count++,
                                .offset = parser->offsets[position],
                                .first_group = parser->tree->group_count,
                                .end_group = parser->tree->group_count};
    return node;
}

static void append_child(struct regex_node *parent, struct regex_node *child)
{
    child->parent = parent;
    child->previous = parent->last;
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

struct regex_node *parser_append(struct parser *parser, enum regex_node_kind kind,
                                 uint32_t position)
{
    struct regex_node *node = new_node(parser, kind, position);
    if (node != NULL)
        append_child(parser->sequence, node);
    return node;
}

struct regex_node *parser_append_built(struct parser *parser, uint32_t position)
{
    struct set_builder *builder = &parser->builder;
    set_builder_normalise(builder);
    struct regex_node *node = parser_append(parser, NODE_SET, position);
    if (node == NULL)
        return NULL;
    if (!builder->exhausted && builder->ranges.count == 1 &&
        builder->ranges.items[0].low == builder->ranges.items[0].high) {
        node->kind = NODE_CHARACTER;
        node->as.character = builder->ranges.items[0].low;
    } else {
        node->as.set = regex_set_finish(builder);
        if (node->as.set == NULL) {
            parser_fail_exhausted(parser);
            return NULL;
        }
    }
    builder->ranges.count = 0;
    return node;
}

static bool append_character(struct parser *parser, uint32_t character, uint32_t position)
{
    struct regex_flags flags = parser->tree->flags;
    set_builder_add(&parser->builder, character, character);
    if (flags.ignore_case)
        regex_case_close(&parser->builder, flags.unicode);
    return parser_append_built(parser, position) != NULL;
}

static bool append_dot(struct parser *parser)
{
    struct regex_flags flags = parser->tree->flags;
    if (!flags.dot_all) {
        set_builder_add(&parser->builder, '\n', '\n');
        set_builder_add(&parser->builder, '\r', '\r');
        set_builder_add(&parser->builder, 0x2028, 0x2029);
    }
    set_builder_invert(&parser->builder, flags.unicode ? REGEX_MAX_CODE_POINT : REGEX_MAX_UNIT);
    return parser_append_built(parser, parser->position - 1) != NULL;
}

/* Opens a disjunction below parent, or in the current sequence when parent is NULL. */
static bool open_disjunction(struct parser *parser, struct regex_node *parent, uint32_t position)
{
    struct regex_node *alternation = new_node(parser, NODE_ALTERNATION, position);
    struct regex_node *sequence = new_node(parser, NODE_SEQUENCE, parser->position);
    if (alternation == NULL || sequence == NULL)
        return false;
    append_child(alternation, sequence);
    if (parent != NULL)
        append_child(parent, alternation);
    parser->sequence = sequence;
    return true;
}

static void close_node(struct parser *parser, struct regex_node *node)
{
    node->length = parser->offsets[parser->position] - node->offset;
    node->end_group = parser->tree->group_count;
}

static bool open_alternative(struct parser *parser)
{
    struct regex_node *alternation = parser->sequence->parent;
    close_node(parser, parser->sequence);
    parser->position++;
    struct regex_node *sequence = new_node(parser, NODE_SEQUENCE, parser->position);
    if (sequence == NULL)
        return false;
    append_child(alternation, sequence);
    parser->sequence = sequence;
    return true;
}

static bool open_look(struct parser *parser, bool negative, bool behind, uint32_t start)
{
    struct regex_node *look = parser_append(parser, NODE_LOOK, start);
    if (look == NULL)
        return false;
    look->negative = negative;
    look->behind = behind;
    return open_disjunction(parser, look, start);
}

static bool open_capture(struct parser *parser, bool named, uint32_t start)
{
    struct regex_node *group = parser_append(parser, NODE_GROUP, start);
    slice name;
    if (group == NULL)
        return false;
    group->as.group = parser->tree->group_count++;
    if (named &&
        (!parse_name(parser, &name) || !declare_name(parser, name, group->as.group, start)))
        return false;
    return open_disjunction(parser, group, start);
}

static bool open_group(struct parser *parser)
{
    uint32_t start = parser->position++;
    if (++parser->depth > REGEX_MAX_NESTING)
        return parser_fail(parser, start, "groups nested too deeply");
    if (!parser_accept(parser, '?'))
        return open_capture(parser, false, start);
    uint32_t kind = parser_peek(parser), after = parser_peek_at(parser, 1);
    bool behind = kind == '<' && (after == '=' || after == '!');
    if (kind == ':') {
        parser->position++;
        return open_disjunction(parser, parser->sequence, start);
    }
    if (kind == '=' || kind == '!' || behind) {
        parser->position += behind ? 2 : 1;
        return open_look(parser, (behind ? after : kind) == '!', behind, start);
    }
    if (kind != '<')
        return parser_fail(parser, start, "invalid group");
    parser->position++;
    return open_capture(parser, true, start);
}

static bool parse_interval(struct parser *parser, uint32_t *min, uint32_t *max)
{
    uint32_t start = parser->position;
    if (parser_accept(parser, '{') && parse_digits(parser, min)) {
        *max = *min;
        if (parser_accept(parser, ',') && !parse_digits(parser, max))
            *max = REGEX_INFINITY;
        if (parser_accept(parser, '}'))
            return true;
    }
    parser->position = start;
    return false;
}

/* Turns atom, the last term, into a quantifier whose child is what atom was. */
static bool wrap(struct parser *parser, struct regex_node *atom, uint32_t min, uint32_t max)
{
    struct regex_node *child = arena_try_alloc(parser->arena, sizeof *child);
    if (child == NULL)
        return parser_fail_exhausted(parser);
    *child = *atom;
    child->number = parser->tree->node_count++;
    child->parent = atom;
    child->previous = NULL;
    for (struct regex_node *node = child->first; node != NULL; node = node->next)
        node->parent = child;
    size_t references = parser->references.count;
    if (references > 0 && parser->references.items[references - 1].node == atom)
        parser->references.items[references - 1].node = child;
    atom->kind = NODE_QUANTIFIER;
    atom->first = atom->last = child;
    atom->as.repeat.min = min;
    atom->as.repeat.max = max;
    atom->lazy = parser_accept(parser, '?');
    close_node(parser, atom);
    return true;
}

static bool parse_quantifier(struct parser *parser, struct regex_node *atom)
{
    uint32_t min = 0, max = REGEX_INFINITY, start = parser->position;
    switch (parser_peek(parser)) {
    case '*':
        parser->position++;
        break;
    case '+':
        parser->position++;
        min = 1;
        break;
    case '?':
        parser->position++;
        max = 1;
        break;
    case '{':
        if (parse_interval(parser, &min, &max))
            break;
        return !parser->tree->flags.unicode || parser_fail(parser, start, "incomplete quantifier");
    default:
        return true;
    }
    if (max < min)
        return parser_fail(parser, start, "numbers out of order in {} quantifier");
    if (atom->kind == NODE_LOOK && (atom->behind || parser->tree->flags.unicode))
        return parser_fail(parser, start, "invalid quantifier");
    return wrap(parser, atom, min, max);
}

static bool close_group(struct parser *parser)
{
    struct regex_node *alternation = parser->sequence->parent, *group = alternation;
    if (alternation->parent == NULL)
        return parser_fail(parser, parser->position, "unmatched ')'");
    close_node(parser, parser->sequence);
    parser->position++;
    close_node(parser, alternation);
    if (alternation->parent->kind != NODE_SEQUENCE) {
        group = alternation->parent;
        close_node(parser, group);
    }
    parser->sequence = group->parent;
    parser->depth--;
    return parse_quantifier(parser, group);
}

static bool append_boundary(struct parser *parser, enum regex_node_kind kind)
{
    struct regex_tree *tree = parser->tree;
    if (tree->word == NULL) {
        struct set_builder word = {.arena = parser->arena};
        add_class_escape(&word, 'w', tree->flags);
        tree->word = regex_set_finish(&word);
        if (tree->word == NULL)
            return parser_fail_exhausted(parser);
    }
    parser->position++;
    return parser_append(parser, kind, parser->position - 2) != NULL;
}

/* Which group it refers to is for the caller to say. */
static struct regex_node *append_reference(struct parser *parser, uint32_t start)
{
    if (parser->tree->flags.ignore_case)
        regex_case_prepare();
    return parser_append(parser, NODE_BACK_REFERENCE, start);
}

static bool append_named_reference(struct parser *parser, uint32_t start)
{
    slice name;
    parser->position++;
    if (!parser_accept(parser, '<'))
        return parser_fail(parser, start, "invalid named reference");
    if (!parse_name(parser, &name))
        return false;
    struct regex_node *node = append_reference(parser, start);
    if (node == NULL)
        return false;
    struct name_reference reference = {name, node};
    return VEC_TRY_PUSH(&parser->references, parser->arena, reference) ||
           parser_fail_exhausted(parser);
}

/* \N where the pattern has that many groups. */
static bool accept_group_number(struct parser *parser, uint32_t *group)
{
    uint32_t start = parser->position;
    if (parser_peek(parser) != '0' && parse_digits(parser, group) && *group < parser->total_groups)
        return true;
    parser->position = start;
    return false;
}

static bool append_escape(struct parser *parser, uint32_t start)
{
    uint32_t c = parser_peek(parser), group;
    if (c == 'k' && (parser->tree->flags.unicode || parser->has_names))
        return append_named_reference(parser, start);
    if (accept_group_number(parser, &group)) {
        struct regex_node *node = append_reference(parser, start);
        if (node != NULL)
            node->as.group = group;
        return node != NULL;
    }
    struct escape escape;
    if (!parse_escape(parser, false, &escape))
        return false;
    if (escape.kind == ESCAPE_CHARACTER)
        return append_character(parser, escape.character, start);
    if (parser->tree->flags.ignore_case)
        regex_case_close(&parser->builder, parser->tree->flags.unicode);
    return parser_append_built(parser, start) != NULL;
}

static bool append_atom(struct parser *parser)
{
    uint32_t start = parser->position, c = parser->characters[parser->position++];
    bool appended;
    if (c == '.')
        appended = append_dot(parser);
    else if (c == '[')
        appended = parse_class(parser);
    else if (c == '\\')
        appended = append_escape(parser, start);
    else
        appended = append_character(parser, c, start);
    if (!appended)
        return false;
    close_node(parser, parser->sequence->last);
    return parse_quantifier(parser, parser->sequence->last);
}

static bool append_assertion(struct parser *parser, enum regex_node_kind kind)
{
    struct regex_node *node = parser_append(parser, kind, parser->position++);
    if (node != NULL)
        close_node(parser, node);
    return node != NULL;
}

static bool parse_brace(struct parser *parser)
{
    uint32_t min, max, start = parser->position;
    if (parser_peek(parser) == '{' && parse_interval(parser, &min, &max))
        return parser_fail(parser, start, "nothing to repeat");
    if (parser->tree->flags.unicode)
        return parser_fail(parser, start, "lone quantifier brackets");
    return append_atom(parser);
}

static bool parse_backslash(struct parser *parser)
{
    uint32_t letter = parser_peek_at(parser, 1);
    if (letter != 'b' && letter != 'B')
        return append_atom(parser);
    parser->position++;
    bool appended =
        append_boundary(parser, letter == 'b' ? NODE_WORD_BOUNDARY : NODE_NOT_WORD_BOUNDARY);
    if (appended)
        close_node(parser, parser->sequence->last);
    return appended;
}

static bool parse_term(struct parser *parser)
{
    bool multiline = parser->tree->flags.multiline;
    switch (parser_peek(parser)) {
    case '|':
        return open_alternative(parser);
    case '(':
        return open_group(parser);
    case ')':
        return close_group(parser);
    case '^':
        return append_assertion(parser, multiline ? NODE_LINE_START : NODE_START);
    case '$':
        return append_assertion(parser, multiline ? NODE_LINE_END : NODE_END);
    case '*':
    case '+':
    case '?':
        return parser_fail(parser, parser->position, "nothing to repeat");
    case '{':
    case '}':
    case ']':
        return parse_brace(parser);
    case '\\':
        return parse_backslash(parser);
    default:
        return append_atom(parser);
    }
}

/* Counts the groups beforehand: whether \2 and \k are references depends on what follows. */
static void count_groups(struct parser *parser)
{
    bool in_class = false;
    parser->total_groups = 1;
    for (uint32_t i = 0; i < parser->count; i++) {
        uint32_t c = parser->characters[i];
        parser->position = i;
        if (c == '\\')
            i++;
        else if (in_class)
            in_class = c != ']';
        else if (c == '[')
            in_class = true;
        else if (c == '(' && parser_peek_at(parser, 1) != '?')
            parser->total_groups++;
        else if (c == '(' && parser_peek_at(parser, 2) == '<' && parser_peek_at(parser, 3) != '=' &&
                 parser_peek_at(parser, 3) != '!') {
            parser->total_groups++;
            parser->has_names = true;
        }
    }
    parser->position = 0;
}

static bool decode(struct parser *parser)
{
    size_t length = parser->pattern.length, i = 0;
    uint32_t *characters = arena_try_alloc(parser->arena, (length + 1) * sizeof *characters);
    uint32_t *offsets = arena_try_alloc(parser->arena, (length + 1) * sizeof *offsets);
    if (characters == NULL || offsets == NULL)
        return parser_fail_exhausted(parser);
    uint32_t count = 0;
    while (i < length) {
        uint32_t offset = (uint32_t)i, c = utf8_next(parser->pattern, &i);
        offsets[count] = offset;
        if (c > REGEX_MAX_UNIT && !parser->tree->flags.unicode) {
            characters[count++] = 0xD7C0 + (c >> 10);
            offsets[count] = offset;
            c = 0xDC00 + (c & 0x3FF);
        }
        characters[count++] = c;
    }
    offsets[count] = (uint32_t)length;
    parser->characters = characters;
    parser->offsets = offsets;
    parser->count = count;
    return true;
}

static bool *flag_of(struct regex_flags *flags, char letter)
{
    switch (letter) {
    case 'd':
        return &flags->indices;
    case 'g':
        return &flags->global;
    case 'i':
        return &flags->ignore_case;
    case 'm':
        return &flags->multiline;
    case 's':
        return &flags->dot_all;
    case 'u':
        return &flags->unicode;
    case 'y':
        return &flags->sticky;
    default:
        return NULL;
    }
}

static bool parse_flags(slice text, struct regex_flags *flags, struct regex_error *error)
{
    *flags = (struct regex_flags){0};
    for (size_t i = 0; i < text.length; i++) {
        bool *flag = flag_of(flags, text.at[i]);
        if (flag == NULL || *flag) {
            const char *message = flag != NULL        ? "flag given twice"
                                  : text.at[i] == 'v' ? "flag v is not supported, use u"
                                                      : "unknown flag";
            regex_fail(error, i, message);
            error->in_flags = true;
            return false;
        }
        *flag = true;
    }
    return true;
}

static bool parse_pattern(struct parser *parser)
{
    struct regex_tree *tree = parser->tree;
    if (!decode(parser))
        return false;
    count_groups(parser);
    tree->group_count = 1;
    if (!open_disjunction(parser, NULL, 0))
        return false;
    tree->root = parser->sequence->parent;
    tree->root->first_group = 1;
    while (parser->position < parser->count)
        if (!parse_term(parser))
            return false;
    if (parser->sequence->parent != tree->root)
        return parser_fail(parser, parser->count, "unterminated group");
    close_node(parser, parser->sequence);
    close_node(parser, tree->root);
    tree->names = parser->names.items;
    tree->name_count = (uint32_t)parser->names.count;
    return resolve_references(parser);
}

bool regex_parse(slice pattern, slice flags, struct arena *arena, struct regex_tree *tree,
                 struct regex_error *error)
{
    *tree = (struct regex_tree){.arena = arena};
    if (!parse_flags(flags, &tree->flags, error))
        return false;
    if (pattern.length > REGEX_MAX_PATTERN_BYTES)
        return regex_fail(error, REGEX_MAX_PATTERN_BYTES, "regular expression too large");
    struct parser parser = {.pattern = pattern,
                            .arena = arena,
                            .tree = tree,
                            .error = error,
                            .builder = {.arena = arena}};
    return parse_pattern(&parser);
}
