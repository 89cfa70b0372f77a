/* Collects what there is to explain. */

#include "explain.h"

#include "explanation.h"

void explanation_make(struct explanation *explanation, const struct rules *rules,
                      const struct request *request, const struct valve_options *options)
{
    *explanation = (struct explanation){.rules = rules, .request = request};
    arena_init(&explanation->arena, 0);
    decide(rules->program, request, options, &explanation->arena, &explanation->decision);
    if (explanation->decision.result.rule != UINT32_MAX) {
        explanation->rule = &rules->contents->rules[explanation->decision.result.rule];
        explanation_find_parts(explanation, options);
    }
    explanation_find_paths(explanation);
}

void explanation_free(struct explanation *explanation)
{
    valve_program_release(&explanation->watched);
    VEC_FREE(&explanation->parts);
    VEC_FREE(&explanation->paths);
    arena_fini(&explanation->arena);
}

slice explanation_part_source(const struct explanation *explanation, uint32_t part)
{
    const struct ast_node *node = explanation->parts.items[part].node;
    return slice_part(explanation->rule->source, node->start, node->end);
}

bool explanation_is_shown(const struct explanation *explanation, uint32_t part)
{
    const struct explain_part *shown = &explanation->parts.items[part];
    if (shown->node->kind == AST_CHAIN)
        return shown->state == PART_SKIPPED ||
               (shown->state == PART_VALUE && shown[1].state == PART_HIDDEN);
    return shown->state != PART_HIDDEN && (part == 0 || shown->state != PART_LITERAL);
}

uint32_t explanation_depth(const struct explanation *explanation, uint32_t part)
{
    uint32_t depth = 0;
    for (uint32_t i = explanation->parts.items[part].parent; i != PART_NONE;
         i = explanation->parts.items[i].parent)
        depth += explanation_is_shown(explanation, i);
    return depth;
}
