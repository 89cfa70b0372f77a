/* For each node, from the leaves up: the work of trying it at one position in every way, and in how
 * many ways it can match there. Of these ways only some survive the next character: where a
 * repeated set and what follows it have no character in common, only the longest run does. */

#include "regex/regex_cost.h"
#include "regex/regex_facts.h"

#include "base/check.h"

#define MAX_COEFFICIENT 1e12

struct estimate {
    struct regex_cost work, ways, surviving;
};

static const struct regex_cost one = {1, 0}, unbounded = {1, REGEX_COST_UNBOUNDED};

static struct regex_cost capped(double coefficient, uint32_t degree)
{
    if (coefficient > MAX_COEFFICIENT || degree >= REGEX_COST_UNBOUNDED)
        return unbounded;
    return (struct regex_cost){coefficient, degree};
}

static struct regex_cost sum(struct regex_cost a, struct regex_cost b)
{
    return capped(a.coefficient + b.coefficient, a.degree > b.degree ? a.degree : b.degree);
}

static struct regex_cost product(struct regex_cost a, struct regex_cost b)
{
    return capped(a.coefficient * b.coefficient, a.degree + b.degree);
}

static struct regex_cost larger(struct regex_cost a, struct regex_cost b)
{
    double coefficient = a.coefficient > b.coefficient ? a.coefficient : b.coefficient;
    return capped(coefficient, a.degree > b.degree ? a.degree : b.degree);
}

static bool is_single_way(struct regex_cost ways)
{
    return ways.degree == 0 && ways.coefficient <= 1;
}

/* How often a quantifier may repeat: a number, or the length of the subject. */
static struct regex_cost repetitions(const struct regex_node *node)
{
    uint32_t max = node->as.repeat.max;
    if (max == REGEX_INFINITY)
        return (struct regex_cost){1, 1};
    return (struct regex_cost){max > 0 ? max : 1, 0};
}

static struct regex_cost exits(const struct regex_node *node)
{
    uint32_t min = node->as.repeat.min, max = node->as.repeat.max;
    if (max == REGEX_INFINITY)
        return (struct regex_cost){1, 1};
    return (struct regex_cost){max - min + 1.0, 0};
}

/* All the ways of up to max iterations that each match in several ways. */
static struct regex_cost power(struct regex_cost base, const struct regex_node *node)
{
    uint32_t max = node->as.repeat.max;
    struct regex_cost result = one, factor = sum(base, one);
    if (max == REGEX_INFINITY)
        return unbounded;
    for (uint32_t i = 0; i < max && result.degree < REGEX_COST_UNBOUNDED; i++)
        result = product(result, factor);
    return result;
}

static struct estimate estimate_quantifier(const struct regex_node *node, struct estimate body)
{
    struct estimate result;
    bool decided = !node->first->nullable && !regex_chars_overlap(node->begin, node->follow);
    if (node->first->nullable || !is_single_way(body.surviving)) {
        result.ways = node->first->nullable ? unbounded : power(body.ways, node);
        result.surviving = result.ways;
        result.work = product(sum(body.work, one), result.ways);
        return result;
    }
    result.ways = product(exits(node), body.ways);
    result.surviving = decided ? one : product(exits(node), body.surviving);
    result.work = sum(product(repetitions(node), sum(body.work, body.ways)), one);
    return result;
}

static struct estimate estimate_sequence(const struct regex_node *node,
                                         const struct estimate *estimates)
{
    struct estimate result = {one, one, one};
    for (const struct regex_node *child = node->first; child != NULL; child = child->next) {
        const struct estimate *of_child = &estimates[child->number];
        struct regex_cost before = child == node->first ? one
                                   : child->nullable    ? result.ways
                                                        : result.surviving;
        result.work = sum(result.work, sum(product(before, of_child->work), result.ways));
        result.ways = product(before, of_child->ways);
        result.surviving = product(before, of_child->surviving);
    }
    return result;
}

static bool has_disjoint_alternatives(const struct regex_node *node)
{
    struct regex_chars seen = {{0, 0}, false};
    for (const struct regex_node *child = node->first; child != NULL; child = child->next) {
        if (child->nullable || regex_chars_overlap(seen, child->begin))
            return false;
        seen = regex_chars_join(seen, child->begin);
    }
    return true;
}

static struct estimate estimate_alternation(const struct regex_node *node,
                                            const struct estimate *estimates)
{
    struct estimate result = estimates[node->first->number];
    bool disjoint = has_disjoint_alternatives(node);
    for (const struct regex_node *child = node->first->next; child != NULL; child = child->next) {
        struct estimate of_child = estimates[child->number];
        result.work = sum(result.work, of_child.work);
        result.ways =
            disjoint ? larger(result.ways, of_child.ways) : sum(result.ways, of_child.ways);
        result.surviving = disjoint ? larger(result.surviving, of_child.surviving)
                                    : sum(result.surviving, of_child.surviving);
    }
    return result;
}

static struct estimate estimate(const struct regex_node *node, const struct estimate *estimates)
{
    switch (node->kind) {
    case NODE_BACK_REFERENCE:
        return (struct estimate){{1, 1}, one, one};
    case NODE_SEQUENCE:
        return estimate_sequence(node, estimates);
    case NODE_ALTERNATION:
        return estimate_alternation(node, estimates);
    case NODE_GROUP:
        return estimates[node->first->number];
    case NODE_LOOK:
        return (struct estimate){estimates[node->first->number].work, one, one};
    case NODE_QUANTIFIER:
        return estimate_quantifier(node, estimates[node->first->number]);
    default:
        return (struct estimate){one, one, one};
    }
}

/* Whether a match can only begin at the start of the subject. */
static bool is_anchored(const struct regex_tree *tree)
{
    if (tree->flags.sticky)
        return true;
    for (const struct regex_node *sequence = tree->root->first; sequence != NULL;
         sequence = sequence->next)
        if (sequence->first == NULL || sequence->first->kind != NODE_START)
            return false;
    return true;
}

struct regex_cost regex_cost_of(const struct regex_tree *tree)
{
    struct estimate *estimates = calloc(tree->node_count, sizeof *estimates);
    CHECK(estimates != NULL);
    for (struct regex_walk walk = {.node = tree->root}; walk.node != NULL;
         regex_walk_next(&walk, tree->root))
        if (walk.leaving)
            estimates[walk.node->number] = estimate(walk.node, estimates);
    struct regex_cost cost = estimates[tree->root->number].work;
    free(estimates);
    return is_anchored(tree) ? cost : product(cost, (struct regex_cost){1, 1});
}
