/* `indexOf(...)` as a condition: 0, found at the start, counts as false, and -1, not found, as
 * true. */

#include "lint.h"

void lint_index_of(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    enum builtin builtin;
    if (shape_called_builtin(node, &builtin) && builtin == BUILTIN_INDEX_OF &&
        shape_is_condition(node))
        lint_report(run, rule, DIAG_INDEX_OF_CONDITION, node);
}
