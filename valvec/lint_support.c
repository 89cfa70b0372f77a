/* What several checks need. */

#include "lint.h"

#define SHOWN_BYTES 48 /* of a part of a rule in a message */

/* Cuts at a whole character. */
static slice shorten(struct arena *arena, slice text)
{
    if (text.length <= SHOWN_BYTES)
        return text;
    size_t length = SHOWN_BYTES - 4;
    while (length > 0 && ((unsigned char)text.at[length] & 0xC0) == 0x80)
        length--;
    return arena_printf(arena, SLICE_FORMAT " ...", (int)length, text.at);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

slice lint_source(const struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    slice raw = slice_part(rule->text->text, node->start, node->end);
    char *text = arena_alloc(run->arena, raw.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < raw.length; i++) {
        bool space = is_space(raw.at[i]);
        if (!space || (length > 0 && text[length - 1] != ' '))
            text[length++] = space ? ' ' : raw.at[i];
    }
    return shorten(run->arena, (slice){text, length});
}

slice lint_path_text(const struct lint_run *run, slice text)
{
    return shorten(run->arena, text);
}

const struct rule *lint_rule_of(const struct lint_run *run, const struct rule_path *path,
                                enum valve_rule_kind kind)
{
    for (uint32_t i = run->path_starts[path->number]; i < run->path_starts[path->number + 1]; i++) {
        if (run->rules[i]->kind == kind)
            return run->rules[i];
    }
    return NULL;
}

bool lint_always_allows(const struct rule *rule)
{
    if (rule->text == NULL)
        return rule->boolean;
    return rule->tree != NULL && types_always_true(rule->tree->types);
}

slice lint_list(struct arena *arena, slice list, const char *item, bool last)
{
    if (list.length == 0)
        return arena_printf(arena, "`%s`", item);
    return arena_printf(arena, SLICE_FORMAT "%s `%s`", SLICE_ARGUMENTS(list), last ? " and" : ",",
                        item);
}
