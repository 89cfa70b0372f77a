#pragma once
/* How parts of a rule are written, as far as more than one pass wants to know. Names must be
 * resolved. */

#include "ast.h"
#include "program.h"
#include "value.h"

/* The value of a literal (also one with a sign), of undefined, NaN and Infinity. */
bool shape_constant(const struct ast_node *node, valve_value *value);

/* The member that `v.k` or `v['k']` names, also with a text index; false when it is computed. */
bool shape_member_name(const struct ast_node *node, slice *name);

/* The builtin that a CALL calls; false for a cross reference. */
bool shape_called_builtin(const struct ast_node *call, enum builtin *builtin);

/* Whether two parts of one rule are written the same way, and so have the same value. */
bool shape_same_expression(const struct ast_node *a, const struct ast_node *b);

/* Whether only the truth of the part matters: it is the rule itself, an operand of `!`, what `?`
 * tests, or an operand of `&&` and `||` whose outcome is such a condition. */
bool shape_is_condition(const struct ast_node *node);
