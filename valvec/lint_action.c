/* `action` compared with a text: it is a number in every protocol (valve.md 4). */

#include "lint.h"

struct known_action {
    enum valve_rule_kind kind;
    const char *name;
    uint32_t number;
};

static const struct known_action ACTIONS[] = {
#define ACTION(section, name, number, kind) {VALVE_##kind, #name, number},
#include "actions.def"
#undef ACTION
};

/* "UPDATE is 18, PATCH is 19": what asks this kind of rule. */
static slice list_actions(struct arena *arena, enum valve_rule_kind kind)
{
    slice list = SLICE("");
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        if (ACTIONS[i].kind == kind)
            list = arena_printf(arena, SLICE_FORMAT "%s%s is %u", SLICE_ARGUMENTS(list),
                                list.length > 0 ? ", " : "", ACTIONS[i].name, ACTIONS[i].number);
    }
    return list;
}

static bool is_action(const struct ast_node *node)
{
    return node->kind == AST_NAME && node->symbol == SYMBOL_ACTION;
}

static bool is_equality(const struct ast_node *node)
{
    return node->kind == AST_BINARY &&
           (node->op == OPERATOR_EQUAL || node->op == OPERATOR_NOT_EQUAL ||
            node->op == OPERATOR_STRICT_EQUAL || node->op == OPERATOR_STRICT_NOT_EQUAL);
}

/* `['PATCH', 'UPDATE'].includes(action)`: the list, or NULL. */
static const struct ast_node *searched_list(const struct ast_node *node)
{
    enum builtin builtin;
    if (!shape_called_builtin(node, &builtin) ||
        (builtin != BUILTIN_INCLUDES && builtin != BUILTIN_INDEX_OF))
        return NULL;
    const struct ast_node *receiver = node->first_child->first_child;
    const struct ast_node *wanted = node->first_child->next;
    bool searches = wanted != NULL && is_action(wanted) && receiver != NULL;
    return searches && receiver->kind == AST_ARRAY ? receiver : NULL;
}

static void report(struct lint_run *run, const struct rule *rule, const struct ast_node *text)
{
    slice hint = list_actions(run->arena, rule->kind);
    lint_report(run, rule, DIAG_ACTION_TEXT, text, SLICE_ARGUMENTS(text->text), hint.at);
}

void lint_action(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    const struct ast_node *list = searched_list(node);
    if (is_equality(node)) {
        const struct ast_node *left = node->first_child, *right = node->last_child;
        if (is_action(left) && right->kind == AST_TEXT)
            report(run, rule, right);
        else if (is_action(right) && left->kind == AST_TEXT)
            report(run, rule, left);
    }
    for (const struct ast_node *item = list == NULL ? NULL : list->first_child; item != NULL;
         item = item->next) {
        if (item->kind == AST_TEXT)
            report(run, rule, item);
    }
}
