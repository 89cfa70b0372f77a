/* The type pass: one walk, children first, one small function for each family of nodes. Everything
 * that depends on a request widens to what the request may hold (valve.md 4); conversions and
 * operators follow valve.md 5.3 to 5.6. */

#include "types.h"

#include "shape.h"

#include <math.h>

#define MAX_NAMED_TYPES 3 /* in the description of a set */

bool types_always_true(uint32_t types)
{
    return types != TYPES_NONE && (types & TYPES_FALSY) == 0;
}

bool types_always_false(uint32_t types)
{
    return types != TYPES_NONE && (types & TYPES_TRUTHY) == 0;
}

uint32_t types_widen(uint32_t types)
{
    static const uint32_t PAIRS[] = {TYPES_BOOLEAN, TYPES_NUMBER, TYPES_TEXT};
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        if (types & PAIRS[i])
            types |= PAIRS[i];
    }
    return types;
}

slice types_describe(uint32_t types, struct arena *arena)
{
    static const struct {
        uint32_t types;
        const char *name;
    } NAMES[] = {
        {TYPES_TEXT, "a text"},   {TYPES_NUMBER, "a number"},    {TYPES_BOOLEAN, "a boolean"},
        {TYPE_ARRAY, "an array"}, {TYPE_OBJECT, "an object"},    {TYPE_MATCH, "a match"},
        {TYPE_NULL, "null"},      {TYPE_UNDEFINED, "undefined"},
    };
    if (types == TYPES_NONE || types_widen(types) == TYPES_ANY)
        return SLICE("any value");
    slice text = SLICE("");
    unsigned count = 0;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if ((types & NAMES[i].types) == 0)
            continue;
        if (++count > MAX_NAMED_TYPES)
            return types & TYPE_UNDEFINED ? SLICE("any value") : SLICE("any value but undefined");
        text = text.length == 0 ? slice_of(NAMES[i].name)
                                : arena_printf(arena, SLICE_FORMAT " or %s", SLICE_ARGUMENTS(text),
                                               NAMES[i].name);
    }
    return text;
}

static uint32_t of_number(double number)
{
    return number == 0 || isnan(number) ? TYPE_ZERO : TYPE_NUMBER;
}

static uint32_t of_text(slice text)
{
    return text.length == 0 ? TYPE_EMPTY : TYPE_TEXT;
}

/* ---- names and members ---- */

static uint32_t of_data(enum valve_rule_kind kind)
{
    return kind == VALVE_EVENT_SUBSCRIBE ? TYPE_UNDEFINED : TYPES_JSON | TYPE_UNDEFINED;
}

static uint32_t of_name(const struct ast_node *node, enum valve_rule_kind kind)
{
    switch ((enum symbol)node->symbol) {
    case SYMBOL_USER:
        return TYPE_OBJECT;
    case SYMBOL_DATA:
        return of_data(kind);
    case SYMBOL_OLD_DATA:
        return TYPES_JSON;
    case SYMBOL_NOW:
    case SYMBOL_ACTION:
    case SYMBOL_INFINITY:
        return TYPE_NUMBER;
    case SYMBOL_NAME:
        return kind == VALVE_PRESENCE_ALLOW ? TYPES_TEXT | TYPE_UNDEFINED : TYPES_TEXT;
    case SYMBOL_VARIABLE:
        return TYPE_TEXT;
    case SYMBOL_UNDEFINED:
        return TYPE_UNDEFINED;
    case SYMBOL_NAN:
        return TYPE_ZERO;
    case SYMBOL_UNRESOLVED:
    case SYMBOL_CROSS_REFERENCE:
    case SYMBOL_UNKNOWN:
        return TYPES_NONE;
    }
    return TYPES_NONE;
}

/* A field that `user` lacks has no type here: the lint about its name says all there is to say. */
static uint32_t of_user_field(slice name)
{
    if (slice_equal(name, SLICE("id")))
        return TYPES_TEXT;
    if (slice_equal(name, SLICE("isAuthenticated")))
        return TYPES_BOOLEAN;
    if (slice_equal(name, SLICE("data")))
        return TYPES_JSON;
    return TYPES_NONE;
}

/* A member by a name that is written in the rule. */
static uint32_t of_named_member(uint32_t receiver, slice name)
{
    uint32_t types = TYPES_NONE;
    if (receiver & (TYPE_OBJECT | TYPE_MATCH))
        return TYPES_ANY;
    if (receiver & (TYPE_ARRAY | TYPES_TEXT))
        types |= slice_equal(name, SLICE("length")) ? TYPES_NUMBER : TYPE_UNDEFINED;
    if (receiver & (TYPES_NUMBER | TYPES_BOOLEAN))
        types |= TYPE_UNDEFINED;
    return types;
}

static uint32_t of_indexed_member(uint32_t receiver)
{
    if (receiver & TYPES_NODE)
        return TYPES_ANY;
    if (receiver & TYPES_TEXT)
        return TYPE_TEXT | TYPES_NUMBER | TYPE_UNDEFINED;
    return receiver & ~(uint32_t)TYPES_ABSENT ? TYPE_UNDEFINED : TYPES_NONE;
}

static uint32_t of_member(const struct ast_node *node)
{
    const struct ast_node *receiver = node->first_child;
    slice name;
    bool named = shape_member_name(node, &name);
    if (named && receiver->kind == AST_NAME && receiver->symbol == SYMBOL_USER)
        return of_user_field(name);
    if (node->kind == AST_MEMBER)
        return of_named_member(receiver->types, name);
    return of_indexed_member(receiver->types);
}

/* ---- calls ---- */

/* Whether a part of a name that `_` builds may be undefined: then nothing is loaded (H13). */
static bool name_may_be_undefined(const struct ast_node *argument)
{
    if (argument == NULL)
        return true;
    if (argument->kind == AST_TEMPLATE) {
        for (const struct ast_node *part = argument->first_child; part != NULL; part = part->next) {
            if (part->types & TYPE_UNDEFINED)
                return true;
        }
        return false;
    }
    while (argument->kind == AST_BINARY && argument->op == OPERATOR_ADD) {
        if (argument->last_child->types & TYPE_UNDEFINED)
            return true;
        argument = argument->first_child;
    }
    return (argument->types & TYPE_UNDEFINED) != 0;
}

static uint32_t of_builtin(enum builtin builtin)
{
    switch (builtin) {
    case BUILTIN_STARTS_WITH:
    case BUILTIN_ENDS_WITH:
    case BUILTIN_INCLUDES:
        return TYPES_BOOLEAN;
    case BUILTIN_INDEX_OF:
        return TYPES_NUMBER;
    case BUILTIN_MATCH:
        return TYPE_NULL | TYPE_MATCH;
    case BUILTIN_TO_UPPER_CASE:
    case BUILTIN_TO_LOWER_CASE:
    case BUILTIN_TRIM:
        return TYPES_TEXT;
    case BUILTIN_COUNT:
        break;
    }
    return TYPES_ANY;
}

static uint32_t of_call(const struct ast_node *node)
{
    enum builtin builtin;
    if (ast_is_reference(node)) {
        bool undefined = name_may_be_undefined(node->first_child->next);
        return TYPES_JSON | (undefined ? TYPE_UNDEFINED : 0);
    }
    return shape_called_builtin(node, &builtin) ? of_builtin(builtin) : TYPES_ANY;
}

/* ---- operators ---- */

static uint32_t of_truth(uint32_t types, uint32_t if_true, uint32_t if_false)
{
    return (types & TYPES_TRUTHY ? if_true : 0) | (types & TYPES_FALSY ? if_false : 0);
}

static uint32_t of_unary(const struct ast_node *node)
{
    valve_value value;
    switch (node->op) {
    case OPERATOR_NOT:
        return of_truth(node->first_child->types, TYPE_FALSE, TYPE_TRUE);
    case OPERATOR_TYPEOF:
        return TYPE_TEXT;
    case OPERATOR_VOID:
        return TYPE_UNDEFINED;
    default:
        return shape_constant(node, &value) ? of_number(value.as.number) : TYPES_NUMBER;
    }
}

static uint32_t of_sum(const struct ast_node *node)
{
    uint32_t left = node->first_child->types, right = node->last_child->types;
    const uint32_t texts = TYPES_TEXT | TYPES_NODE;
    uint32_t types = TYPES_NONE;
    if (left == TYPES_NONE || right == TYPES_NONE)
        return TYPES_NONE;
    if ((left | right) & texts)
        types |= left == TYPE_TEXT || right == TYPE_TEXT ? TYPE_TEXT : TYPES_TEXT;
    if ((left & ~texts) && (right & ~texts))
        types |= TYPES_NUMBER;
    return types;
}

/* Whether equal spelling means equal value: not where a NaN or a new array may come out. */
static bool is_stable(const struct ast_node *root)
{
    const struct ast_node *node = root;
    for (;;) {
        switch (node->kind) {
        case AST_NUMBER:
        case AST_TEXT:
        case AST_TRUE:
        case AST_FALSE:
        case AST_NULL:
        case AST_TEMPLATE:
        case AST_MEMBER:
        case AST_INDEX:
        case AST_CHAIN:
            break;
        case AST_NAME:
            if (node->symbol == SYMBOL_NAN || node->symbol == SYMBOL_UNKNOWN)
                return false;
            break;
        case AST_CALL:
            if (!ast_is_reference(node) && (node->types & TYPE_MATCH))
                return false;
            break;
        case AST_BINARY:
            if (node->op != OPERATOR_ADD || (node->types & TYPES_NUMBER))
                return false;
            break;
        default:
            return false;
        }
        if (node->first_child != NULL) {
            node = node->first_child;
            continue;
        }
        while (node != root && node->next == NULL)
            node = node->parent;
        if (node == root)
            return true;
        node = node->next;
    }
}

static bool constants_equal(valve_value a, valve_value b)
{
    if (a.type != b.type)
        return false;
    switch (a.type) {
    case VALUE_BOOLEAN:
        return a.as.boolean == b.as.boolean;
    case VALUE_NUMBER:
        return a.as.number == b.as.number;
    case VALUE_TEXT:
        return slice_equal(value_slice(a), value_slice(b));
    default:
        return true;
    }
}

/* An equality whose outcome is known: two literals, or the same thing twice. */
static uint32_t of_equality(const struct ast_node *node)
{
    const struct ast_node *left = node->first_child, *right = node->last_child;
    bool negative = node->op == OPERATOR_NOT_EQUAL || node->op == OPERATOR_STRICT_NOT_EQUAL;
    bool strict = node->op == OPERATOR_STRICT_EQUAL || node->op == OPERATOR_STRICT_NOT_EQUAL;
    valve_value a, b;
    bool equal;
    if (shape_constant(left, &a) && shape_constant(right, &b) && (strict || a.type == b.type))
        equal = constants_equal(a, b);
    else if (shape_same_expression(left, right) && is_stable(left))
        equal = true;
    else
        return TYPES_BOOLEAN;
    return equal == !negative ? TYPE_TRUE : TYPE_FALSE;
}

static bool order_holds(enum ast_operator op, double a, double b)
{
    switch (op) {
    case OPERATOR_LESS:
        return a < b;
    case OPERATOR_LESS_EQUAL:
        return a <= b;
    case OPERATOR_GREATER:
        return a > b;
    default:
        return a >= b;
    }
}

static uint32_t of_order(const struct ast_node *node)
{
    const struct ast_node *left = node->first_child, *right = node->last_child;
    bool strict = node->op == OPERATOR_LESS || node->op == OPERATOR_GREATER;
    valve_value a, b;
    if (shape_constant(left, &a) && shape_constant(right, &b) && a.type == VALUE_NUMBER &&
        b.type == VALUE_NUMBER)
        return order_holds(node->op, a.as.number, b.as.number) ? TYPE_TRUE : TYPE_FALSE;
    return strict && shape_same_expression(left, right) ? TYPE_FALSE : TYPES_BOOLEAN;
}

static uint32_t of_binary(const struct ast_node *node)
{
    switch (node->op) {
    case OPERATOR_ADD:
        return of_sum(node);
    case OPERATOR_EQUAL:
    case OPERATOR_NOT_EQUAL:
    case OPERATOR_STRICT_EQUAL:
    case OPERATOR_STRICT_NOT_EQUAL:
        return of_equality(node);
    case OPERATOR_LESS:
    case OPERATOR_LESS_EQUAL:
    case OPERATOR_GREATER:
    case OPERATOR_GREATER_EQUAL:
        return of_order(node);
    case OPERATOR_IN:
        return TYPES_BOOLEAN;
    default:
        return TYPES_NUMBER;
    }
}

static uint32_t of_logical(const struct ast_node *node)
{
    uint32_t left = node->first_child->types, right = node->last_child->types;
    switch (node->op) {
    case OPERATOR_AND:
        return (left & TYPES_FALSY) | (left & TYPES_TRUTHY ? right : 0);
    case OPERATOR_OR:
        return (left & TYPES_TRUTHY) | (left & TYPES_FALSY ? right : 0);
    default:
        return (left & ~(uint32_t)TYPES_ABSENT) | (left & TYPES_ABSENT ? right : 0);
    }
}

static uint32_t of_template(const struct ast_node *node)
{
    for (const struct ast_node *part = node->first_child; part != NULL; part = part->next) {
        if (part->types == TYPE_TEXT)
            return TYPE_TEXT;
    }
    return TYPES_TEXT;
}

static uint32_t of_node(const struct ast_node *node, enum valve_rule_kind kind)
{
    const struct ast_node *child = node->first_child;
    switch (node->kind) {
    case AST_NUMBER:
        return of_number(node->number);
    case AST_TEXT:
        return of_text(node->text);
    case AST_TRUE:
        return TYPE_TRUE;
    case AST_FALSE:
        return TYPE_FALSE;
    case AST_NULL:
        return TYPE_NULL;
    case AST_ELISION:
        return TYPE_UNDEFINED;
    case AST_REGEX:
    case AST_OBJECT:
        return TYPE_OBJECT;
    case AST_ARRAY:
        return TYPE_ARRAY;
    case AST_TEMPLATE:
        return of_template(node);
    case AST_NAME:
        return of_name(node, kind);
    case AST_MEMBER:
    case AST_INDEX:
        return of_member(node);
    case AST_CALL:
        return of_call(node);
    case AST_CHAIN:
        return child->types | TYPE_UNDEFINED;
    case AST_UNARY:
        return of_unary(node);
    case AST_BINARY:
        return of_binary(node);
    case AST_LOGICAL:
        return of_logical(node);
    case AST_CONDITIONAL:
        return of_truth(child->types, child->next->types, child->next->next->types);
    case AST_PROPERTY:
    case AST_KIND_COUNT:
        break;
    }
    return TYPES_NONE;
}

static void on_leave(void *context, struct ast_node *node)
{
    const enum valve_rule_kind *kind = context;
    node->types = of_node(node, *kind);
}

void types_infer(struct ast_node *tree, enum valve_rule_kind kind)
{
    ast_walk(tree, &(struct ast_visitor){.leave = on_leave, .context = &kind});
}
