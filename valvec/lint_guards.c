/* Members of what may be null: a record that may be missing, `oldData`, `user.data`, and others on
 * request. Reading one is an error then, which denies. Each value is reported once in a rule, and
 * not at all where the way there shows that it is present: `x && x.a`, `x !== null && x.a`,
 * `!x || x.a`, `x === null ? y : x.a`, `x?.a === 1 && x.b`. */

#include "lint.h"

struct fact {
    const struct ast_node *condition;
    bool truth;
};

struct facts {
    VEC(struct fact) list;
};

/* ---- what a condition shows about a value ---- */

/* Whether `node` reads from `value`, so that it is undefined or fails when value is absent. */
static bool reads_from(const struct ast_node *node, const struct ast_node *value)
{
    for (;;) {
        switch (node->kind) {
        case AST_MEMBER:
        case AST_INDEX:
        case AST_CHAIN:
            break;
        case AST_CALL:
            if (ast_is_reference(node))
                return false;
            break;
        default:
            return false;
        }
        node = node->first_child;
        if (shape_same_expression(node, value))
            return true;
    }
}

static bool is_or_reads(const struct ast_node *node, const struct ast_node *value)
{
    return shape_same_expression(node, value) || reads_from(node, value);
}

/* `value == null` and its relatives. */
static bool equality_shows(const struct ast_node *node, bool equal, const struct ast_node *value,
                           const struct ast_node *other)
{
    bool strict = node->op == OPERATOR_STRICT_EQUAL || node->op == OPERATOR_STRICT_NOT_EQUAL;
    const struct ast_node *operand =
        node->first_child == other ? node->last_child : node->first_child;
    if (!is_or_reads(operand, value))
        return false;
    if (equal)
        return (other->types & TYPES_ABSENT) == 0 ||
               (reads_from(operand, value) && (other->types & TYPE_UNDEFINED) == 0);
    if (!strict)
        return (other->types & ~(uint32_t)TYPES_ABSENT) == 0;
    uint32_t excluded = value->types & TYPE_NULL ? TYPE_NULL : TYPE_UNDEFINED;
    return reads_from(operand, value) ? other->types == TYPE_UNDEFINED : other->types == excluded;
}

/* `typeof value === 'string'`: every type but those that null and undefined have. */
static bool typeof_shows(const struct ast_node *node, bool equal, const struct ast_node *value)
{
    const struct ast_node *operand = node->first_child, *text = node->last_child;
    if (!equal || operand->kind != AST_UNARY || operand->op != OPERATOR_TYPEOF ||
        text->kind != AST_TEXT || !is_or_reads(operand->first_child, value))
        return false;
    return !slice_equal(text->text, SLICE("undefined")) &&
           (!slice_equal(text->text, SLICE("object")) || reads_from(operand->first_child, value));
}

static bool comparison_shows(const struct ast_node *node, bool truth, const struct ast_node *value)
{
    const struct ast_node *left = node->first_child, *right = node->last_child;
    switch (node->op) {
    case OPERATOR_EQUAL:
    case OPERATOR_STRICT_EQUAL:
        return equality_shows(node, truth, value, right) ||
               equality_shows(node, truth, value, left) || typeof_shows(node, truth, value);
    case OPERATOR_NOT_EQUAL:
    case OPERATOR_STRICT_NOT_EQUAL:
        return equality_shows(node, !truth, value, right) ||
               equality_shows(node, !truth, value, left) || typeof_shows(node, !truth, value);
    case OPERATOR_LESS:
    case OPERATOR_LESS_EQUAL:
    case OPERATOR_GREATER:
    case OPERATOR_GREATER_EQUAL:
        return truth && (reads_from(left, value) || reads_from(right, value));
    default:
        return false;
    }
}

static void push(struct facts *facts, const struct ast_node *condition, bool truth)
{
    VEC_PUSH(&facts->list, ((struct fact){condition, truth}));
}

/* Whether one fact shows that value is present; facts that follow from it are added. */
static bool fact_shows(struct facts *facts, struct fact fact, const struct ast_node *value)
{
    const struct ast_node *node = fact.condition;
    if (fact.truth && is_or_reads(node, value))
        return true;
    switch (node->kind) {
    case AST_UNARY:
        if (node->op == OPERATOR_NOT)
            push(facts, node->first_child, !fact.truth);
        return false;
    case AST_LOGICAL:
        if (fact.truth == (node->op == OPERATOR_AND) && node->op != OPERATOR_COALESCE) {
            push(facts, node->first_child, fact.truth);
            push(facts, node->last_child, fact.truth);
        }
        return false;
    case AST_BINARY:
        return comparison_shows(node, fact.truth, value);
    default:
        return false;
    }
}

static bool condition_shows(const struct ast_node *condition, bool truth,
                            const struct ast_node *value)
{
    struct facts facts = {0};
    bool shown = false;
    push(&facts, condition, truth);
    while (!shown && facts.list.count > 0)
        shown = fact_shows(&facts, facts.list.items[--facts.list.count], value);
    VEC_FREE(&facts.list);
    return shown;
}

/* Whether evaluation only comes to `use` when value is present. */
static bool is_guarded(const struct ast_node *use, const struct ast_node *value)
{
    for (const struct ast_node *node = use; node->parent != NULL; node = node->parent) {
        const struct ast_node *parent = node->parent, *first = parent->first_child;
        if (node == first)
            continue;
        bool truth = parent->kind == AST_LOGICAL ? parent->op == OPERATOR_AND : node == first->next;
        bool conditional = parent->kind == AST_CONDITIONAL ||
                           (parent->kind == AST_LOGICAL && parent->op != OPERATOR_COALESCE);
        if (conditional && condition_shows(first, truth, value))
            return true;
    }
    return false;
}

/* ---- what may be absent ---- */

static bool is_user_data(const struct ast_node *node)
{
    slice name;
    return shape_member_name(node, &name) && slice_equal(name, SLICE("data")) &&
           node->first_child->kind == AST_NAME && node->first_child->symbol == SYMBOL_USER;
}

/* The lint that speaks about members of this value. */
static bool find_lint(const struct ast_node *value, enum diagnostic_id *id)
{
    if ((value->types & TYPES_ABSENT) == 0 || (value->types & ~(uint32_t)TYPES_ABSENT) == 0)
        return false;
    if (ast_is_reference(value))
        *id = DIAG_UNGUARDED_REFERENCE;
    else if (value->kind == AST_NAME && value->symbol == SYMBOL_OLD_DATA)
        *id = DIAG_UNGUARDED_OLD_DATA;
    else if (is_user_data(value))
        *id = DIAG_UNGUARDED_USER_DATA;
    else if (value->kind == AST_MEMBER || value->kind == AST_INDEX || value->kind == AST_NAME ||
             value->kind == AST_CHAIN)
        *id = DIAG_UNGUARDED_MEMBER;
    else
        return false;
    return true;
}

struct guard_walk {
    struct lint_run *run;
    const struct rule *rule;
    VEC(const struct ast_node *) reported;
};

static bool is_reported(const struct guard_walk *walk, const struct ast_node *value)
{
    for (size_t i = 0; i < walk->reported.count; i++) {
        if (shape_same_expression(walk->reported.items[i], value))
            return true;
    }
    return false;
}

static void report(struct guard_walk *walk, enum diagnostic_id id, const struct ast_node *use,
                   const struct ast_node *value)
{
    struct lint_run *run = walk->run;
    slice shown = lint_source(run, walk->rule, value);
    slice member = use->text;
    if (use->kind == AST_INDEX)
        member = arena_printf(run->arena, "[" SLICE_FORMAT "]",
                              SLICE_ARGUMENTS(lint_source(run, walk->rule, use->last_child)));
    if (id == DIAG_UNGUARDED_OLD_DATA || id == DIAG_UNGUARDED_USER_DATA)
        lint_report(run, walk->rule, id, use, SLICE_ARGUMENTS(member), SLICE_ARGUMENTS(member));
    else
        lint_report(run, walk->rule, id, use, SLICE_ARGUMENTS(shown), SLICE_ARGUMENTS(member),
                    SLICE_ARGUMENTS(member));
    VEC_PUSH(&walk->reported, value);
}

static void on_leave(void *context, struct ast_node *node)
{
    struct guard_walk *walk = context;
    enum diagnostic_id id;
    if ((node->kind != AST_MEMBER && node->kind != AST_INDEX) || node->optional)
        return;
    const struct ast_node *value = node->first_child;
    if (find_lint(value, &id) && !is_reported(walk, value) && !is_guarded(node, value))
        report(walk, id, node, value);
}

void lint_guards(struct lint_run *run, const struct rule *rule)
{
    struct guard_walk walk = {.run = run, .rule = rule};
    ast_walk(rule->tree, &(struct ast_visitor){.leave = on_leave, .context = &walk});
    VEC_FREE(&walk.reported);
}
