/* `===`, `!==`, `==` and `!=` between values that are never equal, or equal only after a conversion
 * (valve.md 5.3). */

#include "lint.h"

#include "builtins.h"
#include "document/suggest.h"

#include <math.h>

struct sides {
    const struct ast_node *left, *right;
    bool strict;
};

static bool read_sides(const struct ast_node *node, struct sides *sides)
{
    if (node->kind != AST_BINARY)
        return false;
    *sides = (struct sides){node->first_child, node->last_child, true};
    switch (node->op) {
    case OPERATOR_STRICT_EQUAL:
    case OPERATOR_STRICT_NOT_EQUAL:
        return true;
    case OPERATOR_EQUAL:
    case OPERATOR_NOT_EQUAL:
        sides->strict = false;
        return true;
    default:
        return false;
    }
}

/* ---- typeof ---- */

static bool is_typeof_result(slice text, slice *nearest)
{
    static const char *const RESULTS[] = {"undefined", "object", "boolean", "number", "string"};
    struct suggestion suggestion = suggestion_for(text);
    for (size_t i = 0; i < sizeof RESULTS / sizeof *RESULTS; i++) {
        if (slice_equal(text, slice_of(RESULTS[i])))
            return true;
        suggestion_consider(&suggestion, slice_of(RESULTS[i]));
    }
    *nearest = suggestion.best;
    return false;
}

static bool check_typeof(struct lint_run *run, const struct rule *rule,
                         const struct ast_node *operand, const struct ast_node *text)
{
    slice nearest;
    if (operand->kind != AST_UNARY || operand->op != OPERATOR_TYPEOF || text->kind != AST_TEXT ||
        is_typeof_result(text->text, &nearest))
        return false;
    slice question = SLICE("");
    if (nearest.length > 0)
        question = arena_printf(run->arena, "; did you mean `" SLICE_FORMAT "`?",
                                SLICE_ARGUMENTS(nearest));
    lint_report(run, rule, DIAG_TYPEOF_RESULT, text, SLICE_ARGUMENTS(text->text), question.at);
    return true;
}

/* ---- ! before the left side ---- */

static bool check_negated(struct lint_run *run, const struct rule *rule,
                          const struct ast_node *node, const struct sides *sides)
{
    const struct ast_node *left = sides->left;
    if (left->kind != AST_UNARY || left->op != OPERATOR_NOT || left->parenthesised ||
        left->first_child->kind == AST_UNARY || (sides->right->types & TYPES_BOOLEAN) != 0)
        return false;
    slice operand = lint_source(run, rule, left->first_child);
    lint_report(run, rule, DIAG_NEGATED_OPERAND, left, ast_operator_text(node->op),
                SLICE_ARGUMENTS(operand), ast_operator_text(node->op),
                sides->strict ? ", or use `!==`" : ", or use `!=`");
    return true;
}

/* ---- types ---- */

static void report_never(struct lint_run *run, const struct rule *rule, const struct ast_node *node,
                         const struct sides *sides, const char *reason, const char *hint)
{
    slice left = lint_source(run, rule, sides->left);
    slice right = lint_source(run, rule, sides->right);
    lint_report(run, rule, DIAG_NEVER_EQUAL, node, SLICE_ARGUMENTS(left), SLICE_ARGUMENTS(right),
                reason, hint);
}

static bool has_both(uint32_t a, uint32_t b, uint32_t first, uint32_t second)
{
    return ((a & ~first) == 0 && (b & ~second) == 0) || ((a & ~second) == 0 && (b & ~first) == 0);
}

/* What to write in place of a constant that only the wrong kind of absence equals. */
static const char *absence_hint(uint32_t constant, uint32_t other)
{
    if (constant == TYPE_UNDEFINED && (other & TYPE_NULL) != 0)
        return "where there is nothing it is `null`: compare with that";
    if (constant == TYPE_NULL && (other & TYPE_UNDEFINED) != 0)
        return "where there is nothing it is `undefined`: compare with that";
    return constant == TYPE_NULL || constant == TYPE_UNDEFINED ? "it is never missing here" : NULL;
}

static const char *type_hint(const struct sides *sides, uint32_t left, uint32_t right)
{
    const char *absence = absence_hint(right, left);
    if (absence == NULL)
        absence = absence_hint(left, right);
    if (absence != NULL)
        return absence;
    bool has_literal = sides->left->kind == AST_TEXT || sides->right->kind == AST_TEXT;
    if (has_both(left, right, TYPES_TEXT, TYPES_NUMBER))
        return "write both as text, or convert with a sign: `+$x === 7`";
    if (has_both(left, right, TYPES_TEXT, TYPES_BOOLEAN))
        return has_literal ? "write `true` and `false` without quotes"
                           : "a text is compared with texts: `'true'`";
    return "only values of the same type can be equal";
}

static void check_strict_types(struct lint_run *run, const struct rule *rule,
                               const struct ast_node *node, const struct sides *sides)
{
    uint32_t left = types_widen(sides->left->types), right = types_widen(sides->right->types);
    if (left == TYPES_NONE || right == TYPES_NONE || (left & right) != 0)
        return;
    slice left_name = types_describe(left, run->arena);
    slice right_name = types_describe(right, run->arena);
    slice reason = arena_printf(run->arena, "one is " SLICE_FORMAT ", the other " SLICE_FORMAT,
                                SLICE_ARGUMENTS(left_name), SLICE_ARGUMENTS(right_name));
    report_never(run, rule, node, sides, reason.at, type_hint(sides, left, right));
}

static bool is_numeric(slice text)
{
    bool digit = false;
    for (size_t i = 0; i < text.length; i++) {
        digit = digit || (text.at[i] >= '0' && text.at[i] <= '9');
        if (strchr("0123456789.eE+-xob_abcdfABCDF \t\n", text.at[i]) == NULL)
            return false;
    }
    return digit || text.length == 0;
}

static bool is_number_and_word(const struct ast_node *number, const struct ast_node *word)
{
    return (number->types & ~(uint32_t)TYPES_NUMBER) == 0 && word->kind == AST_TEXT &&
           !is_numeric(word->text) && !slice_equal(word->text, SLICE("Infinity"));
}

static void check_loose_types(struct lint_run *run, const struct rule *rule,
                              const struct ast_node *node, const struct sides *sides)
{
    uint32_t left = types_widen(sides->left->types), right = types_widen(sides->right->types);
    if (left == TYPES_NONE || right == TYPES_NONE || (left & right) != 0)
        return;
    bool left_absent = (left & TYPES_ABSENT) != 0, right_absent = (right & TYPES_ABSENT) != 0;
    if (left_absent && right_absent)
        return;
    if ((left & ~(uint32_t)TYPES_ABSENT) == 0 || (right & ~(uint32_t)TYPES_ABSENT) == 0) {
        report_never(run, rule, node, sides, "null and undefined equal nothing else",
                     "it is never missing here");
    } else if (is_number_and_word(sides->left, sides->right) ||
               is_number_and_word(sides->right, sides->left)) {
        report_never(run, rule, node, sides, "one is a number, the other a text that is none",
                     "only values of the same type can be equal");
    } else {
        lint_report(run, rule, DIAG_MIXED_EQUALITY, node, ast_operator_text(node->op),
                    types_describe(left, run->arena).at, types_describe(right, run->arena).at,
                    ast_operator_text(node->op));
    }
}

/* ---- values that equal nothing ---- */

static bool check_unequal_value(struct lint_run *run, const struct rule *rule,
                                const struct ast_node *node, const struct sides *sides,
                                const struct ast_node *side)
{
    valve_value value;
    if (sides->strict && (side->kind == AST_ARRAY || side->kind == AST_OBJECT)) {
        report_never(run, rule, node, sides,
                     "a list or object written in the rule is the same as no other",
                     "compare their fields, or `.length` with 0");
        return true;
    }
    if (shape_constant(side, &value) && value.type == VALUE_NUMBER && isnan(value.as.number)) {
        report_never(run, rule, node, sides, "NaN equals nothing, not even itself",
                     "only NaN differs from itself: `x !== x`");
        return true;
    }
    return false;
}

static bool has_byte_between(slice text, char first, char last)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] >= first && text.at[i] <= last)
            return true;
    }
    return false;
}

static bool has_outer_space(slice text)
{
    return text.length > 0 && (text.at[0] == ' ' || text.at[text.length - 1] == ' ');
}

/* A text that a method never returns: `x.toLowerCase() === 'Bob'`. */
static bool check_method_result(struct lint_run *run, const struct rule *rule,
                                const struct ast_node *node, const struct sides *sides,
                                const struct ast_node *call, const struct ast_node *text)
{
    enum builtin builtin;
    const char *reason = NULL;
    if (text->kind != AST_TEXT || !shape_called_builtin(call, &builtin))
        return false;
    if (builtin == BUILTIN_TO_LOWER_CASE && has_byte_between(text->text, 'A', 'Z'))
        reason = "`toLowerCase()` leaves no capital letters";
    else if (builtin == BUILTIN_TO_UPPER_CASE && has_byte_between(text->text, 'a', 'z'))
        reason = "`toUpperCase()` leaves no small letters";
    else if (builtin == BUILTIN_TRIM && has_outer_space(text->text))
        reason = "`trim()` leaves no space at the ends";
    if (reason != NULL)
        report_never(run, rule, node, sides, reason, "write the text as the method returns it");
    return reason != NULL;
}

static bool is_action_and_text(const struct ast_node *action, const struct ast_node *text)
{
    return action->kind == AST_NAME && action->symbol == SYMBOL_ACTION && text->kind == AST_TEXT;
}

static bool is_uncalled_method(const struct ast_node *node)
{
    enum builtin builtin;
    return node->kind == AST_MEMBER && builtin_find(node->text, &builtin);
}

/* `a === b === c`: what the chain compares last is told by the lint about chains. */
static bool is_comparison(const struct ast_node *node)
{
    struct sides ignored;
    return !node->parenthesised && read_sides(node, &ignored);
}

static bool is_subscribe_data(const struct rule *rule, const struct ast_node *node)
{
    return rule->kind == VALVE_EVENT_SUBSCRIBE && node->kind == AST_NAME &&
           node->symbol == SYMBOL_DATA;
}

static bool has_told_side(const struct rule *rule, const struct sides *sides)
{
    return is_uncalled_method(sides->left) || is_uncalled_method(sides->right) ||
           is_comparison(sides->left) || is_subscribe_data(rule, sides->left) ||
           is_subscribe_data(rule, sides->right);
}

/* What another lint, or one of the closer looks, tells better than the types. */
static bool is_told(struct lint_run *run, const struct rule *rule, const struct ast_node *node,
                    const struct sides *sides)
{
    const struct ast_node *left = sides->left, *right = sides->right;
    valve_value ignored;
    return (shape_constant(left, &ignored) && shape_constant(right, &ignored)) ||
           has_told_side(rule, sides) || is_action_and_text(left, right) ||
           is_action_and_text(right, left) || check_typeof(run, rule, left, right) ||
           check_typeof(run, rule, right, left) || check_negated(run, rule, node, sides) ||
           check_unequal_value(run, rule, node, sides, left) ||
           check_unequal_value(run, rule, node, sides, right) ||
           check_method_result(run, rule, node, sides, left, right) ||
           check_method_result(run, rule, node, sides, right, left);
}

void lint_equality(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    struct sides sides;
    if (!read_sides(node, &sides) || is_told(run, rule, node, &sides))
        return;
    if (sides.strict)
        check_strict_types(run, rule, node, &sides);
    else
        check_loose_types(run, rule, node, &sides);
}
