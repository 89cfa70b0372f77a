/* Two walks: what a node may begin with comes from its children, what may follow it from its
 * parent. What follows the body of a look-around is not known. */

#include "regex/regex_facts.h"

static const struct regex_chars all_chars = {{UINT64_MAX, UINT64_MAX}, true};

static struct regex_chars chars_of_character(uint32_t character)
{
    struct regex_chars chars = {{0, 0}, character >= 128};
    if (character < 128)
        chars.ascii[character >> 6] = (uint64_t)1 << (character & 63);
    return chars;
}

static struct regex_chars chars_of_set(const struct regex_set *set)
{
    bool other = set->count > 0 && set->ranges[set->count - 1].high >= 128;
    return (struct regex_chars){{set->ascii[0], set->ascii[1]}, other};
}

static void gather_sequence(struct regex_node *node)
{
    node->nullable = true;
    for (const struct regex_node *child = node->first; child != NULL && node->nullable;
         child = child->next) {
        node->begin = regex_chars_join(node->begin, child->begin);
        node->nullable = child->nullable;
    }
}

static void gather_alternation(struct regex_node *node)
{
    for (const struct regex_node *child = node->first; child != NULL; child = child->next) {
        node->begin = regex_chars_join(node->begin, child->begin);
        node->nullable = node->nullable || child->nullable;
    }
}

static void gather(struct regex_node *node)
{
    node->nullable = false;
    node->begin = (struct regex_chars){{0, 0}, false};
    switch (node->kind) {
    case NODE_CHARACTER:
        node->begin = chars_of_character(node->as.character);
        break;
    case NODE_SET:
        node->begin = chars_of_set(node->as.set);
        break;
    case NODE_SEQUENCE:
        gather_sequence(node);
        break;
    case NODE_ALTERNATION:
        gather_alternation(node);
        break;
    case NODE_GROUP:
        node->begin = node->first->begin;
        node->nullable = node->first->nullable;
        break;
    case NODE_QUANTIFIER:
        node->begin = node->first->begin;
        node->nullable = node->first->nullable || node->as.repeat.min == 0;
        break;
    case NODE_LOOK: /* its body is tried wherever what stands before it ends */
    case NODE_BACK_REFERENCE:
        node->begin = all_chars;
        node->nullable = true;
        break;
    default:
        node->nullable = true;
    }
}

static void spread_sequence(struct regex_node *node)
{
    struct regex_chars follow = node->follow;
    for (struct regex_node *child = node->last; child != NULL; child = child->previous) {
        child->follow = follow;
        follow = child->nullable ? regex_chars_join(follow, child->begin) : child->begin;
    }
}

static void spread(struct regex_node *node)
{
    struct regex_chars follow = node->follow;
    if (node->kind == NODE_SEQUENCE) {
        spread_sequence(node);
        return;
    }
    if (node->kind == NODE_LOOK)
        follow = all_chars;
    else if (node->kind == NODE_QUANTIFIER && node->as.repeat.max > 1)
        follow = regex_chars_join(follow, node->begin);
    for (struct regex_node *child = node->first; child != NULL; child = child->next)
        child->follow = follow;
}

void regex_facts_compute(struct regex_tree *tree)
{
    for (struct regex_walk walk = {.node = tree->root}; walk.node != NULL;
         regex_walk_next(&walk, tree->root))
        if (walk.leaving)
            gather(walk.node);
    for (struct regex_walk walk = {.node = tree->root}; walk.node != NULL;
         regex_walk_next(&walk, tree->root))
        if (!walk.leaving)
            spread(walk.node);
}
