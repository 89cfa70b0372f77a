/* From the tree of a rule to its code, in one walk: operands first, then their operator. What
 * cannot be finished at once waits on a stack: jumps until their target is reached, and sums in the
 * argument of
 * `_` until all their parts are on the stack (H13). */

#include "passes.h"

#include "builtins.h"
#include "constant_pool.h"
#include "emitter.h"
#include "reference_depth.h"
#include "base/check.h"

#include <math.h>

#define CHAIN_START UINT32_MAX /* among pending jumps: those above it leave the same ?. chain */

/* A `+` chain in the argument of `_`: from `top` down the left side to `open`, the lowest of its
 * nodes that the walk has not left yet. */
struct name_sum {
    const struct ast_node *top;
    const struct ast_node *open;
    uint32_t parts;
};

struct generator {
    struct emitter *out;
    struct constant_pool *constants;
    const struct regex_pool *regexes;
    struct reference_depth depth;
    VEC(uint32_t) pending;
    VEC(struct name_sum) sums;
};

static void push_pending(struct generator *generator, uint32_t jump)
{
    VEC_PUSH(&generator->pending, jump);
}

static uint32_t pop_pending(struct generator *generator)
{
    CHECK(generator->pending.count > 0);
    return generator->pending.items[--generator->pending.count];
}

static void load_text(struct generator *generator, slice text)
{
    emit_operand(generator->out, OP_LOAD_CONSTANT, constant_pool_text(generator->constants, text));
}

/* ---- leaves ---- */

static bool is_small_integer(double number)
{
    return number >= -8388608 && number <= 8388607 && number == (double)(int32_t)number &&
           !(number == 0 && signbit(number));
}

static void load_number(struct generator *generator, double number)
{
    if (is_small_integer(number))
        emit_integer(generator->out, (int32_t)number);
    else
        emit_operand(generator->out, OP_LOAD_CONSTANT,
                     constant_pool_number(generator->constants, number));
}

static bool is_typeof(const struct ast_node *node)
{
    return node != NULL && node->kind == AST_UNARY && node->op == OPERATOR_TYPEOF;
}

static void load_unknown(struct generator *generator, const struct ast_node *node)
{
    uint32_t name = constant_pool_text(generator->constants, node->text);
    if (is_typeof(node->parent))
        emit(generator->out, OP_LOAD_UNDEFINED);
    else
        emit_operand(generator->out, OP_FAIL_UNKNOWN, name);
}

static void load_name(struct generator *generator, const struct ast_node *node)
{
    CHECK(node->symbol != SYMBOL_UNRESOLVED);
    switch ((enum symbol)node->symbol) {
    case SYMBOL_USER:
        emit(generator->out, OP_LOAD_USER);
        break;
    case SYMBOL_DATA:
        emit(generator->out, OP_LOAD_DATA);
        break;
    case SYMBOL_OLD_DATA:
        emit(generator->out, OP_LOAD_OLD_DATA);
        break;
    case SYMBOL_NOW:
        emit(generator->out, OP_LOAD_NOW);
        break;
    case SYMBOL_ACTION:
        emit(generator->out, OP_LOAD_ACTION);
        break;
    case SYMBOL_NAME:
        emit(generator->out, OP_LOAD_NAME);
        break;
    case SYMBOL_VARIABLE:
        emit_operand(generator->out, OP_LOAD_VARIABLE, node->variable);
        break;
    case SYMBOL_UNDEFINED:
        emit(generator->out, OP_LOAD_UNDEFINED);
        break;
    case SYMBOL_NAN:
        load_number(generator, (double)NAN);
        break;
    case SYMBOL_INFINITY:
        load_number(generator, (double)INFINITY);
        break;
    case SYMBOL_CROSS_REFERENCE:
        break;
    case SYMBOL_UNKNOWN:
        load_unknown(generator, node);
        break;
    case SYMBOL_UNRESOLVED:
        break;
    }
}

/* ---- calls ---- */

static bool is_callee(const struct ast_node *node)
{
    return node->parent != NULL && node->parent->kind == AST_CALL &&
           node->parent->first_child == node;
}

static enum builtin method_of(const struct ast_node *callee)
{
    enum builtin builtin;
    bool found = builtin_find(callee->text, &builtin);
    CHECK(found);
    return builtin;
}

/* Whether node is the pattern of `match` that was compiled, which takes no place on the stack. */
static bool find_pattern(const struct generator *generator, const struct ast_node *node,
                         uint32_t *number)
{
    const struct ast_node *call = node->parent;
    bool is_pattern = (node->kind == AST_REGEX || node->kind == AST_TEXT) && call != NULL &&
                      call->kind == AST_CALL && call->first_child->kind == AST_MEMBER &&
                      call->first_child->next == node &&
                      method_of(call->first_child) == BUILTIN_MATCH;
    return is_pattern && regex_pool_find(generator->regexes, node->text, node->flags, number);
}

/* Whether the value of an argument is evaluated and then ignored: all but the first of `_` and of a
 * match with a compiled pattern. */
static bool is_ignored(const struct generator *generator, const struct ast_node *call,
                       const struct ast_node *argument)
{
    const struct ast_node *first = call->first_child->next;
    return argument != call->first_child && argument != first &&
           (ast_is_reference(call) || find_pattern(generator, first, NULL));
}

static void emit_reference(struct generator *generator, const struct ast_node *call)
{
    uint32_t depth = reference_depth_leave(&generator->depth);
    if (call->first_child->next == NULL)
        emit(generator->out, OP_LOAD_UNDEFINED);
    emit_operand(generator->out, OP_CROSS_REFERENCE, depth);
}

static void emit_call(struct generator *generator, const struct ast_node *call)
{
    uint32_t regex;
    const struct ast_node *callee = call->first_child;
    if (is_ignored(generator, call, call->last_child))
        emit(generator->out, OP_POP);
    if (ast_is_reference(call))
        emit_reference(generator, call);
    else if (callee->next != NULL && find_pattern(generator, callee->next, &regex))
        emit_operand(generator->out, OP_MATCH_REGEX, regex);
    else
        emit_method(generator->out, method_of(callee), ast_child_count(call) - 1);
}

/* A callee leaves its receiver on the stack. */
static void emit_member(struct generator *generator, const struct ast_node *member)
{
    if (member->optional)
        push_pending(generator, emit_jump(generator->out, OP_JUMP_IF_ABSENT));
    if (!is_callee(member))
        emit_operand(generator->out, OP_GET_MEMBER,
                     constant_pool_text(generator->constants, member->text));
    else if (member->parent->optional)
        push_pending(generator, emit_jump_if_no_method(generator->out, method_of(member)));
}

static void end_chain(struct generator *generator)
{
    for (;;) {
        uint32_t jump = pop_pending(generator);
        if (jump == CHAIN_START)
            return;
        emit_target(generator->out, jump);
    }
}

/* ---- operators ---- */

static enum opcode opcode_of(enum ast_operator op)
{
    static const uint8_t OPCODES[] = {
#define OPERATOR(name, text, kind, instruction) [OPERATOR_##name] = OP_##instruction,
#include "operators.def"
#undef OPERATOR
    };
    return (enum opcode)OPCODES[op];
}

static bool is_sum(const struct ast_node *node)
{
    return node->kind == AST_BINARY && node->op == OPERATOR_ADD;
}

/* Whether node is the first argument of `_`. */
static bool is_record_name(const struct ast_node *node)
{
    const struct ast_node *call = node->parent;
    return call != NULL && ast_is_reference(call) && call->first_child->next == node;
}

static void enter_sum(struct generator *generator, const struct ast_node *node)
{
    struct name_sum *sum =
        generator->sums.count > 0 ? &generator->sums.items[generator->sums.count - 1] : NULL;
    if (is_record_name(node)) {
        VEC_PUSH(&generator->sums, ((struct name_sum){node, node, 2}));
    } else if (sum != NULL && sum->open == node->parent && sum->open->first_child == node) {
        sum->open = node;
        sum->parts++;
    }
}

/* Whether node belongs to a sum whose parts stay on the stack; at its top they are summed. */
static bool leave_sum(struct generator *generator, const struct ast_node *node)
{
    if (generator->sums.count == 0)
        return false;
    struct name_sum *sum = &generator->sums.items[generator->sums.count - 1];
    if (sum->open != node)
        return false;
    if (sum->top == node) {
        emit_operand(generator->out, OP_SUM_NAME, sum->parts);
        generator->sums.count--;
    } else {
        sum->open = node->parent;
    }
    return true;
}

static void emit_binary(struct generator *generator, const struct ast_node *node)
{
    if (!is_sum(node) || !leave_sum(generator, node))
        emit(generator->out, opcode_of(node->op));
}

static void emit_unary(struct generator *generator, const struct ast_node *node)
{
    emit(generator->out, opcode_of(node->op));
    if (node->op == OPERATOR_VOID)
        emit(generator->out, OP_LOAD_UNDEFINED);
}

/* ---- the walk ---- */

static bool enter(void *context, struct ast_node *node)
{
    struct generator *generator = context;
    generator->out->span = (struct span){node->start, node->end};
    if (node->kind == AST_CHAIN)
        push_pending(generator, CHAIN_START);
    else if (node->kind == AST_PROPERTY && node->first_child == node->last_child)
        load_text(generator, node->text);
    else if (ast_is_reference(node))
        reference_depth_enter(&generator->depth);
    else if (is_sum(node))
        enter_sum(generator, node);
    return true;
}

static void between_choices(struct generator *generator, const struct ast_node *node,
                            const struct ast_node *done)
{
    if (done == node->first_child) {
        push_pending(generator, emit_jump(generator->out, OP_JUMP_IF_FALSE));
        return;
    }
    uint32_t to_else = pop_pending(generator);
    push_pending(generator, emit_jump(generator->out, OP_JUMP));
    emit_target(generator->out, to_else);
    emit_other_branch(generator->out);
}

static void between(void *context, struct ast_node *parent, struct ast_node *done)
{
    struct generator *generator = context;
    generator->out->span = (struct span){parent->start, parent->end};
    if (parent->kind == AST_LOGICAL)
        push_pending(generator, emit_jump(generator->out, opcode_of(parent->op)));
    else if (parent->kind == AST_CONDITIONAL)
        between_choices(generator, parent, done);
    else if (parent->kind == AST_INDEX && parent->optional)
        push_pending(generator, emit_jump(generator->out, OP_JUMP_IF_ABSENT));
    else if (parent->kind == AST_CALL && is_ignored(generator, parent, done))
        emit(generator->out, OP_POP);
}

static void emit_node(struct generator *generator, const struct ast_node *node)
{
    switch (node->kind) {
    case AST_NUMBER:
        load_number(generator, node->number);
        break;
    case AST_TEXT:
        if (!find_pattern(generator, node, NULL))
            load_text(generator, node->text);
        break;
    case AST_TRUE:
        emit(generator->out, OP_LOAD_TRUE);
        break;
    case AST_FALSE:
        emit(generator->out, OP_LOAD_FALSE);
        break;
    case AST_NULL:
        emit(generator->out, OP_LOAD_NULL);
        break;
    case AST_ELISION:
        emit(generator->out, OP_LOAD_UNDEFINED);
        break;
    case AST_NAME:
        load_name(generator, node);
        break;
    case AST_TEMPLATE:
        emit_operand(generator->out, is_record_name(node) ? OP_JOIN_NAME : OP_JOIN_TEXT,
                     ast_child_count(node));
        break;
    case AST_ARRAY:
        emit_operand(generator->out, OP_MAKE_ARRAY, ast_child_count(node));
        break;
    case AST_OBJECT:
        emit_operand(generator->out, OP_MAKE_OBJECT, ast_child_count(node));
        break;
    case AST_MEMBER:
        emit_member(generator, node);
        break;
    case AST_INDEX:
        emit(generator->out, OP_GET_INDEX);
        break;
    case AST_CALL:
        emit_call(generator, node);
        break;
    case AST_CHAIN:
        end_chain(generator);
        break;
    case AST_UNARY:
        emit_unary(generator, node);
        break;
    case AST_BINARY:
        emit_binary(generator, node);
        break;
    case AST_LOGICAL:
    case AST_CONDITIONAL:
        emit_target(generator->out, pop_pending(generator));
        break;
    case AST_REGEX:
    case AST_PROPERTY:
    case AST_KIND_COUNT:
        break;
    }
}

static void leave(void *context, struct ast_node *node)
{
    struct generator *generator = context;
    generator->out->span = (struct span){node->start, node->end};
    emit_node(generator, node);
}

void emit_tree(const struct rule *rule, struct constant_pool *constants,
               const struct regex_pool *regexes, struct emitter *out)
{
    struct generator generator = {.out = out, .constants = constants, .regexes = regexes};
    struct ast_visitor visitor = {enter, between, leave, &generator};
    ast_walk(rule->tree, &visitor);
    out->span = (struct span){0, (uint32_t)rule->text->text.length};
    emit(out, OP_RETURN);
    VEC_FREE(&generator.depth.deepest);
    VEC_FREE(&generator.pending);
    VEC_FREE(&generator.sums);
}
