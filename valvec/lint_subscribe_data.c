/* `data` in an event's `subscribe`, where it is always undefined (valve.md 4.1). */

#include "lint.h"

void lint_subscribe_data(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    if (rule->kind == VALVE_EVENT_SUBSCRIBE && node->kind == AST_NAME &&
        node->symbol == SYMBOL_DATA)
        lint_report(run, rule, DIAG_SUBSCRIBE_DATA, node);
}
