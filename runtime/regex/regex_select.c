/* PCRE2 and ECMAScript differ in what a repetition does to the captures inside it and to empty
 * iterations, in look-behind, and in references to groups that are not closed or fold case. A
 * pattern that holds any of these, even harmlessly, is left to the exact matcher. */

#include "regex/regex_select.h"

#include "base/check.h"

#define PCRE_MAX_REPEAT 65535u

static const char *check_quantifier(const struct regex_node *node)
{
    uint32_t min = node->as.repeat.min, max = node->as.repeat.max;
    if (min > PCRE_MAX_REPEAT || (max > PCRE_MAX_REPEAT && max != REGEX_INFINITY))
        return "a large repetition";
    if (node->first->nullable)
        return "a repetition of what may be empty";
    if (max == 0 && node->first->end_group > node->first->first_group)
        return "a group that is repeated no times";
    return NULL;
}

/* Every iteration around the group must set it, or its capture of an earlier one would be seen. */
static const char *check_group(const struct regex_node *group)
{
    bool always_set = true;
    for (const struct regex_node *node = group->parent; node != NULL; node = node->parent) {
        if (node->kind == NODE_LOOK && node->negative)
            return "a group in a negative look-around";
        if (node->kind == NODE_QUANTIFIER && node->as.repeat.max > 1 && !always_set)
            return "a group that not every iteration sets";
        if ((node->kind == NODE_ALTERNATION && node->first != node->last) ||
            (node->kind == NODE_QUANTIFIER && node->as.repeat.min == 0) || node->kind == NODE_LOOK)
            always_set = false;
    }
    return NULL;
}

static const char *check_reference(const struct regex_tree *tree, const struct regex_node *node,
                                   const struct regex_node *group)
{
    if (tree->flags.ignore_case)
        return "a back reference that ignores case";
    if (group == NULL || group->offset + group->length > node->offset)
        return "a reference to a group that is not closed before it";
    return NULL;
}

/* PCRE2 looks behind by a number of characters, known for each alternative. */
static const char *check_look(const struct regex_node *look)
{
    if (!look->behind)
        return NULL;
    for (const struct regex_node *sequence = look->first->first; sequence != NULL;
         sequence = sequence->next)
        for (const struct regex_node *term = sequence->first; term != NULL; term = term->next)
            if (term->kind != NODE_CHARACTER && term->kind != NODE_SET)
                return "a look-behind that is more than characters";
    return NULL;
}

static const char *check_node(const struct regex_tree *tree, const struct regex_node *node,
                              const struct regex_node **groups)
{
    switch (node->kind) {
    case NODE_QUANTIFIER:
        return check_quantifier(node);
    case NODE_GROUP:
        groups[node->as.group] = node;
        return check_group(node);
    case NODE_BACK_REFERENCE:
        return check_reference(tree, node, groups[node->as.group]);
    case NODE_LOOK:
        return check_look(node);
    default:
        return NULL;
    }
}

const char *regex_needs_exact(const struct regex_tree *tree)
{
    const struct regex_node **groups = calloc(tree->group_count, sizeof *groups);
    CHECK(groups != NULL);
    const char *reason = NULL;
    for (struct regex_walk walk = {.node = tree->root}; walk.node != NULL && reason == NULL;
         regex_walk_next(&walk, tree->root))
        if (!walk.leaving)
            reason = check_node(tree, walk.node, groups);
    free(groups);
    return reason;
}
