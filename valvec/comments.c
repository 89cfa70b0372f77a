/* The tokens of libyaml tell what is text of the file's own; a `#` between two of them, or after
 * the indicator of a block scalar, starts a comment. */

#include "comments.h"

#include "document/tree.h"
#include "base/check.h"
#include "base/utf8.h"

#include <yaml.h>

struct scan {
    struct comments *comments;
    slice text;
    size_t characters; /* libyaml counts characters: so many stand before `bytes` */
    size_t bytes;
    uint32_t first;     /* byte after a byte order mark */
    uint32_t done;      /* up to here everything was looked at */
    uint32_t key_start; /* of the latest key */
    bool is_value;      /* the next scalar is the value of that key */
};

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

/* The byte offset of a mark. Marks come nearly in order; one that lies behind starts over. */
static uint32_t byte_of(struct scan *scan, size_t character)
{
    if (character < scan->characters) {
        scan->characters = 0;
        scan->bytes = scan->first;
    }
    while (scan->characters < character && scan->bytes < scan->text.length) {
        utf8_next(scan->text, &scan->bytes);
        scan->characters++;
    }
    return (uint32_t)scan->bytes;
}

static bool stands_alone(slice text, uint32_t first, uint32_t start)
{
    while (start > first && (text.at[start - 1] == ' ' || text.at[start - 1] == '\t'))
        start--;
    return start == first || is_break(text.at[start - 1]);
}

/* Takes the comments between two places that hold no other text. */
static void take_comments(struct scan *scan, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        if (scan->text.at[i] != '#')
            continue;
        uint32_t end = i;
        while (end < scan->text.length && !is_break(scan->text.at[end]))
            end++;
        VEC_PUSH(&scan->comments->list,
                 ((struct comment){i, end, stands_alone(scan->text, scan->first, i)}));
        i = end;
    }
}

static bool is_block_style(const yaml_token_t *token)
{
    return token->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
           token->data.scalar.style == YAML_FOLDED_SCALAR_STYLE;
}

static void take_scalar(struct scan *scan, const yaml_token_t *token, uint32_t start, uint32_t end)
{
    if (scan->is_value)
        VEC_PUSH(&scan->comments->scalars, ((struct keyed_scalar){scan->key_start, start, end}));
    scan->is_value = false;
    if (!is_block_style(token))
        return;
    uint32_t line_end = start;
    while (line_end < end && !is_break(scan->text.at[line_end]))
        line_end++;
    take_comments(scan, start, line_end);
}

static void take_token(struct scan *scan, const yaml_token_t *token)
{
    uint32_t start = byte_of(scan, token->start_mark.index);
    uint32_t end = byte_of(scan, token->end_mark.index);
    if (start > scan->done)
        take_comments(scan, scan->done, start);
    switch (token->type) {
    case YAML_KEY_TOKEN:
        scan->key_start = start;
        scan->is_value = false;
        break;
    case YAML_VALUE_TOKEN:
        scan->is_value = true;
        break;
    case YAML_SCALAR_TOKEN:
        take_scalar(scan, token, start, end);
        break;
    case YAML_ANCHOR_TOKEN:
    case YAML_TAG_TOKEN:
        break;
    default:
        scan->is_value = false;
    }
    scan->done = end > scan->done ? end : scan->done;
}

static int nesting(yaml_token_type_t type)
{
    bool opens = type == YAML_FLOW_SEQUENCE_START_TOKEN || type == YAML_FLOW_MAPPING_START_TOKEN;
    bool closes = type == YAML_FLOW_SEQUENCE_END_TOKEN || type == YAML_FLOW_MAPPING_END_TOKEN;
    return opens - closes;
}

/* Stops where brackets are nested deeper than a file may be: the YAML reader looks at all open ones
 * for each token. */
void comments_find(struct comments *comments, slice text)
{
    uint32_t first = slice_starts_with(text, SLICE("\xEF\xBB\xBF")) ? 3 : 0;
    struct scan scan = {
        .comments = comments, .text = text, .bytes = first, .first = first, .done = first};
    yaml_parser_t parser;
    CHECK(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.at, text.length);
    int depth = 0;
    for (bool more = true; more && depth <= TREE_MAX_DEPTH;) {
        yaml_token_t token;
        if (!yaml_parser_scan(&parser, &token))
            break;
        depth += nesting(token.type);
        more = token.type != YAML_STREAM_END_TOKEN && token.type != YAML_NO_TOKEN;
        if (token.type != YAML_STREAM_START_TOKEN)
            take_token(&scan, &token);
        yaml_token_delete(&token);
    }
    take_comments(&scan, scan.done, (uint32_t)text.length);
    yaml_parser_delete(&parser);
}

void comments_fini(struct comments *comments)
{
    VEC_FREE(&comments->list);
    VEC_FREE(&comments->scalars);
}

const struct keyed_scalar *comments_scalar_at(const struct comments *comments, uint32_t offset)
{
    size_t low = 0, high = comments->scalars.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (comments->scalars.items[middle].end < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == comments->scalars.count || comments->scalars.items[low].start > offset)
        return NULL;
    return &comments->scalars.items[low];
}
