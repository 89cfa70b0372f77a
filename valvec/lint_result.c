/* The value of a whole rule: always true, always false, or something else than a boolean (valve.md
 * 5.8). Of a value only its truth counts, so what can be false or null in place of false is fine.
 */

#include "lint.h"

/* `... || 'text'`, told better by the lint about the text. */
static bool ends_with_text(const struct ast_node *tree)
{
    return tree->kind == AST_LOGICAL && tree->last_child->kind == AST_TEXT;
}

static void check_constant(struct lint_run *run, const struct rule *rule)
{
    const struct ast_node *tree = rule->tree;
    if (types_always_false(tree->types))
        lint_report(run, rule, DIAG_ALWAYS_FALSE, tree);
    else if (!ends_with_text(tree))
        lint_report(run, rule, DIAG_ALWAYS_TRUE, tree);
}

/* What other lints tell better: `indexOf` that decides, `&` in place of `&&`. */
static bool is_told(const struct ast_node *tree)
{
    enum builtin builtin;
    const struct ast_node *last = tree->kind == AST_LOGICAL ? tree->last_child : tree;
    bool is_index_of = shape_called_builtin(last, &builtin) && builtin == BUILTIN_INDEX_OF;
    bool is_bitwise =
        tree->kind == AST_BINARY && (tree->op == OPERATOR_BIT_AND || tree->op == OPERATOR_BIT_OR);
    return is_index_of || is_bitwise || ends_with_text(tree);
}

static void check_type(struct lint_run *run, const struct rule *rule)
{
    const struct ast_node *tree = rule->tree;
    uint32_t truthy = tree->types & TYPES_TRUTHY;
    bool is_match = truthy == TYPE_MATCH;
    if (truthy == TYPE_TRUE || is_told(tree))
        return;
    slice described = types_describe(tree->types, run->arena);
    if ((tree->types & TYPES_BOOLEAN) == 0 && !is_match)
        lint_report(run, rule, DIAG_RESULT_NOT_BOOLEAN, tree, described.at);
    else
        lint_report(run, rule, DIAG_RESULT_MAYBE_NOT_BOOLEAN, tree, described.at,
                    is_match ? "`!== null`" : "`=== true`");
}

void lint_result(struct lint_run *run, const struct rule *rule)
{
    const struct ast_node *tree = rule->tree;
    if (tree->types == TYPES_NONE || tree->kind == AST_TRUE || tree->kind == AST_FALSE)
        return;
    if ((tree->types & ~(uint32_t)(TYPE_TEXT | TYPES_NODE)) == 0)
        lint_report(run, rule, DIAG_RESULT_ALWAYS_ALLOWS, tree,
                    types_describe(tree->types, run->arena).at);
    else if (types_always_false(tree->types) || types_always_true(tree->types))
        check_constant(run, rule);
    else
        check_type(run, rule);
}

/* The types are those from before folding: what they knew already has been reported. */
static void check_folded(struct compilation *compilation, const struct rule *rule)
{
    const struct ast_node *tree = rule->tree;
    bool is_constant = tree->kind == AST_TRUE || tree->kind == AST_FALSE;
    if (!is_constant || types_always_true(tree->types) || types_always_false(tree->types))
        return;
    diagnose_text(compilation->diagnostics,
                  tree->kind == AST_TRUE ? DIAG_ALWAYS_TRUE : DIAG_ALWAYS_FALSE, rule->text,
                  tree->start, tree->end);
}

void lint_folded(struct compilation *compilation)
{
    for (size_t i = 0; i < compilation->rules.count; i++) {
        if (compilation->rules.items[i]->tree != NULL)
            check_folded(compilation, compilation->rules.items[i]);
    }
}
