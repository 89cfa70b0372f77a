#include "regex/regex_translate.h"

#define MAX_TRANSLATED_BYTES ((size_t)1 << 20)

struct translator {
    const struct regex_tree *tree;
    uint32_t max;
    struct buf *out;
};

static bool is_plain(uint32_t c)
{
    return (c | 0x20) - 'a' < 26 || c - '0' < 10;
}

static void write_character(struct translator *translator, uint32_t c)
{
    if (c > translator->max)
        buf_printf(translator->out, "[^\\x{0}-\\x{%x}]",
                   translator->max < 128 ? 255 : translator->max);
    else if (c < 128 && is_plain(c))
        buf_append_byte(translator->out, (char)c);
    else
        buf_printf(translator->out, "\\x{%x}", c);
}

static void write_range(struct translator *translator, uint32_t low, uint32_t high)
{
    if (low == high)
        buf_printf(translator->out, "\\x{%x}", low);
    else
        buf_printf(translator->out, "\\x{%x}-\\x{%x}", low, high);
}

static void write_outside(struct translator *translator, const struct regex_set *set)
{
    uint32_t next = 0;
    buf_append_text(translator->out, "[^");
    for (uint32_t i = 0; i < set->count && set->ranges[i].low <= translator->max; i++) {
        if (set->ranges[i].low > next)
            write_range(translator, next, set->ranges[i].low - 1);
        next = set->ranges[i].high + 1;
    }
    if (next <= translator->max)
        write_range(translator, next, translator->max);
    buf_append_byte(translator->out, ']');
}

static void write_inside(struct translator *translator, const struct regex_set *set)
{
    buf_append_byte(translator->out, '[');
    for (uint32_t i = 0; i < set->count && set->ranges[i].low <= translator->max; i++) {
        uint32_t high = set->ranges[i].high;
        write_range(translator, set->ranges[i].low,
                    high < translator->max ? high : translator->max);
    }
    buf_append_byte(translator->out, ']');
}

/* Sets of almost everything are shorter from outside. */
static void write_set(struct translator *translator, const struct regex_set *set)
{
    bool empty = set->count == 0 || set->ranges[0].low > translator->max;
    bool full = !empty && set->ranges[0].low == 0 && set->ranges[0].high >= translator->max;
    if (full)
        buf_append_byte(translator->out, '.');
    else if (empty)
        write_character(translator, translator->max + 1);
    else if (set->ranges[set->count - 1].high >= translator->max && translator->max > 127)
        write_outside(translator, set);
    else
        write_inside(translator, set);
}

static void write_boundary(struct translator *translator, bool negative)
{
    bool native = translator->max < 128 || translator->tree->word->count == 4;
    if (native) {
        buf_append_text(translator->out, negative ? "\\B" : "\\b");
        return;
    }
    static const char *const parts[2][4] = {{"(?:(?<=", ")(?!", ")|(?<!", ")(?="},
                                            {"(?:(?<=", ")(?=", ")|(?<!", ")(?!"}};
    for (int i = 0; i < 4; i++) {
        buf_append_text(translator->out, parts[negative][i]);
        write_inside(translator, translator->tree->word);
    }
    buf_append_text(translator->out, "))");
}

static void write_repeat(struct translator *translator, const struct regex_node *node)
{
    uint32_t min = node->as.repeat.min, max = node->as.repeat.max;
    if (max == REGEX_INFINITY && min < 2)
        buf_append_byte(translator->out, min == 0 ? '*' : '+');
    else if (max == REGEX_INFINITY)
        buf_printf(translator->out, "{%u,}", min);
    else if (min == 0 && max == 1)
        buf_append_byte(translator->out, '?');
    else
        buf_printf(translator->out, "{%u,%u}", min, max);
    if (node->lazy)
        buf_append_byte(translator->out, '?');
}

static bool has_own_brackets(const struct regex_node *alternation)
{
    const struct regex_node *parent = alternation->parent;
    return parent != NULL && (parent->kind == NODE_SEQUENCE || parent->kind == NODE_QUANTIFIER);
}

static void enter(struct translator *translator, const struct regex_node *node)
{
    static const char line_ends[] = "[\\x{a}\\x{d}\\x{2028}\\x{2029}]";
    static const char ascii_line_ends[] = "[\\x{a}\\x{d}]";
    const char *ends = translator->max < 128 ? ascii_line_ends : line_ends;
    struct buf *out = translator->out;
    switch (node->kind) {
    case NODE_CHARACTER:
        write_character(translator, node->as.character);
        break;
    case NODE_SET:
        write_set(translator, node->as.set);
        break;
    case NODE_START:
        buf_append_text(out, "\\A");
        break;
    case NODE_END:
        buf_append_text(out, "\\z");
        break;
    case NODE_LINE_START:
        buf_printf(out, "(?:\\A|(?<=%s))", ends);
        break;
    case NODE_LINE_END:
        buf_printf(out, "(?:\\z|(?=%s))", ends);
        break;
    case NODE_WORD_BOUNDARY:
    case NODE_NOT_WORD_BOUNDARY:
        write_boundary(translator, node->kind == NODE_NOT_WORD_BOUNDARY);
        break;
    case NODE_BACK_REFERENCE:
        buf_printf(out, "\\g{%u}", node->as.group);
        break;
    case NODE_SEQUENCE:
        break;
    case NODE_ALTERNATION:
        buf_append_text(out, has_own_brackets(node) ? "(?:" : "");
        break;
    case NODE_GROUP:
        buf_append_byte(out, '(');
        break;
    case NODE_LOOK:
        buf_printf(out, "(?%s%s", node->behind ? "<" : "", node->negative ? "!" : "=");
        break;
    case NODE_QUANTIFIER:
        break;
    }
}

static void leave(struct translator *translator, const struct regex_node *node)
{
    switch (node->kind) {
    case NODE_SEQUENCE:
        buf_append_text(translator->out, node->next != NULL ? "|" : "");
        break;
    case NODE_ALTERNATION:
        buf_append_text(translator->out, has_own_brackets(node) ? ")" : "");
        break;
    case NODE_GROUP:
    case NODE_LOOK:
        buf_append_byte(translator->out, ')');
        break;
    case NODE_QUANTIFIER:
        write_repeat(translator, node);
        break;
    default:
        break;
    }
}

bool regex_translate(const struct regex_tree *tree, uint32_t max, struct buf *out)
{
    struct translator translator = {tree, max, out};
    bool sticky = tree->flags.sticky;
    buf_append_text(out, sticky ? "\\G(?:" : "");
    for (struct regex_walk walk = {.node = tree->root}; walk.node != NULL;
         regex_walk_next(&walk, tree->root)) {
        if (out->length > MAX_TRANSLATED_BYTES)
            return false;
        if (walk.leaving)
            leave(&translator, walk.node);
        else
            enter(&translator, walk.node);
    }
    buf_append_text(out, sticky ? ")" : "");
    return true;
}
