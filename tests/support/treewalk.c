#include "treewalk.h"

#include "builtins.h"
#include "convert.h"
#include "json.h"
#include "regex/regex.h"

#include <math.h>

#define MAX_PARTS 64
#define MAX_RECORDS 64

struct read_record {
    slice name;
    valve_value value;
};

struct walker {
    struct evaluation evaluation;
    const struct valve_request *request;
    const struct treewalk_variable *variables;
    size_t variable_count;
    valve_value user;
    valve_value data;
    bool data_is_read;
    bool too_deep;
    bool needs;
    slice need;
    struct read_record records[MAX_RECORDS];
    uint32_t record_count;
    uint32_t depth;
};

/* How a part of a tree ended: with a value, not at all, or by a `?.` that leaves its chain. */
enum ending { DONE, FAILED, SKIPPED };

static enum ending walk(struct walker *walker, const struct ast_node *node, valve_value *value);

static enum ending done_if(bool done)
{
    return done ? DONE : FAILED;
}

static bool walk_value(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    return walk(walker, node, value) == DONE;
}

/* ---- names and records ---- */

static bool read_json(struct walker *walker, slice json, valve_value *value)
{
    struct json_limits limits = {walker->evaluation.options->max_json_depth};
    return json_read(json, limits, walker->evaluation.arena, value, NULL) ||
           evaluation_fail(&walker->evaluation, "SyntaxError: not JSON");
}

static bool read_data(struct walker *walker, valve_value *value)
{
    const struct valve_request *request = walker->request;
    if (!walker->data_is_read) {
        walker->data = value_undefined();
        if (request->payload == VALVE_PAYLOAD_TEXT)
            walker->data = value_text(request->data);
        if (request->payload == VALVE_PAYLOAD_JSON &&
            !read_json(walker, request->data, &walker->data))
            return false;
        walker->data_is_read = true;
    }
    *value = walker->data;
    return true;
}

static bool load_record(struct walker *walker, slice name, valve_value *value)
{
    const struct valve_request *request = walker->request;
    for (size_t i = 0; i < request->record_count; i++) {
        if (!slice_equal(request->records[i].name, name))
            continue;
        *value = value_null();
        return !request->records[i].exists || read_json(walker, request->records[i].json, value);
    }
    walker->needs = true;
    walker->need = name;
    return false;
}

static bool read_record(struct walker *walker, slice name, valve_value *value)
{
    for (uint32_t i = 0; i < walker->record_count; i++) {
        if (slice_equal(walker->records[i].name, name)) {
            *value = walker->records[i].value;
            return true;
        }
    }
    if (walker->record_count == walker->evaluation.options->max_loads ||
        walker->record_count == MAX_RECORDS)
        return evaluation_fail(&walker->evaluation, "RangeError: too many records");
    if (!load_record(walker, name, value))
        return false;
    walker->records[walker->record_count++] = (struct read_record){name, *value};
    return true;
}

static bool read_variable(struct walker *walker, slice name, valve_value *value)
{
    for (size_t i = walker->variable_count; name.at[0] == '$' && i > 0; i--) {
        if (slice_equal(slice_part(name, 1, name.length), walker->variables[i - 1].name)) {
            *value = value_text(walker->variables[i - 1].value);
            return true;
        }
    }
    return evaluation_fail(&walker->evaluation, "ReferenceError: " SLICE_FORMAT " is not defined",
                           SLICE_ARGUMENTS(name));
}

static bool read_name(struct walker *walker, slice name, valve_value *value)
{
    const struct valve_request *request = walker->request;
    if (slice_equal(name, SLICE("data")))
        return read_data(walker, value);
    if (slice_equal(name, SLICE("oldData")))
        return read_record(walker, request->name, value);
    if (slice_equal(name, SLICE("user")))
        *value = walker->user;
    else if (slice_equal(name, SLICE("now")))
        *value = value_number(request->now_ms);
    else if (slice_equal(name, SLICE("action")))
        *value = value_number(request->action);
    else if (slice_equal(name, SLICE("name")))
        *value = request->has_name ? value_text(request->name) : value_undefined();
    else if (slice_equal(name, SLICE("undefined")))
        *value = value_undefined();
    else if (slice_equal(name, SLICE("NaN")))
        *value = value_number((double)NAN);
    else if (slice_equal(name, SLICE("Infinity")))
        *value = value_number((double)INFINITY);
    else
        return read_variable(walker, name, value);
    return true;
}

/* ---- cross references ---- */

static bool is_reference(const struct ast_node *node)
{
    return node->kind == AST_CALL && node->first_child->kind == AST_NAME &&
           slice_equal(node->first_child->text, SLICE("_"));
}

static uint32_t reference_depth(const struct ast_node *node, uint32_t level)
{
    uint32_t deepest = 0;
    if (level > TREEWALK_MAX_DEPTH)
        return 0;
    for (const struct ast_node *child = node->first_child; child != NULL; child = child->next) {
        uint32_t depth = reference_depth(child, level + 1);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + (is_reference(node) ? 1 : 0);
}

static bool is_sum(const struct ast_node *node)
{
    return node->kind == AST_BINARY && node->op == OPERATOR_ADD;
}

/* The parts of a `+` chain, from the left. */
static bool walk_sum(struct walker *walker, const struct ast_node *node, valve_value *parts,
                     uint32_t *count)
{
    const struct ast_node *left = node->first_child;
    if (is_sum(left)) {
        if (!walk_sum(walker, left, parts, count))
            return false;
    } else if (!walk_value(walker, left, &parts[(*count)++])) {
        return false;
    }
    if (*count == MAX_PARTS)
        return evaluation_fail(&walker->evaluation, "RangeError: too many parts");
    return walk_value(walker, node->last_child, &parts[(*count)++]);
}

static bool has_undefined(const valve_value *parts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].type == VALUE_UNDEFINED)
            return true;
    }
    return false;
}

static bool walk_children(struct walker *walker, const struct ast_node *first, valve_value *values,
                          uint32_t *count)
{
    for (const struct ast_node *child = first; child != NULL; child = child->next) {
        if (*count == MAX_PARTS)
            return evaluation_fail(&walker->evaluation, "RangeError: too many parts");
        if (!walk_value(walker, child, &values[(*count)++]))
            return false;
    }
    return true;
}

static bool walk_record_name(struct walker *walker, const struct ast_node *node, valve_value *name)
{
    valve_value parts[MAX_PARTS];
    uint32_t count = 0;
    if (!is_sum(node) && node->kind != AST_TEMPLATE)
        return walk_value(walker, node, name);
    if (!(is_sum(node) ? walk_sum(walker, node, parts, &count)
                       : walk_children(walker, node->first_child, parts, &count)))
        return false;
    *name = value_undefined();
    if (has_undefined(parts, count))
        return true;
    if (node->kind == AST_TEMPLATE)
        return operate_join(&walker->evaluation, parts, count, name);
    *name = parts[0];
    for (uint32_t i = 1; i < count; i++) {
        if (!operate_add(&walker->evaluation, *name, parts[i], name))
            return false;
    }
    return true;
}

static bool walk_reference(struct walker *walker, const struct ast_node *call, valve_value *value)
{
    const struct ast_node *argument = call->first_child->next;
    uint32_t most = walker->evaluation.options->max_rule_iterations;
    valve_value name = value_undefined(), ignored[MAX_PARTS];
    uint32_t ignored_count = 0;
    *value = value_undefined();
    if (argument == NULL)
        return true;
    if (!walk_record_name(walker, argument, &name) ||
        !walk_children(walker, argument->next, ignored, &ignored_count))
        return false;
    if (name.type == VALUE_UNDEFINED)
        return true;
    if (name.type != VALUE_TEXT)
        return evaluation_fail(&walker->evaluation,
                               "crossreference got unsupported type " SLICE_FORMAT,
                               SLICE_ARGUMENTS(value_type_of(name)));
    if (most != 0 && reference_depth(call, 0) > most - 1)
        return evaluation_fail(&walker->evaluation, "Exceeded max iteration count");
    return read_record(walker, value_slice(name), value);
}

/* ---- members and calls ---- */

static enum ending walk_object_of(struct walker *walker, const struct ast_node *node,
                                  valve_value *object)
{
    enum ending ending = walk(walker, node->first_child, object);
    if (ending == DONE && node->optional && value_is_absent(*object))
        return SKIPPED;
    return ending;
}

static enum ending walk_member(struct walker *walker, const struct ast_node *node,
                               valve_value *value)
{
    valve_value object;
    enum ending ending = walk_object_of(walker, node, &object);
    if (ending != DONE)
        return ending;
    return done_if(operate_get(&walker->evaluation, object, value_text(node->text), value));
}

static enum ending walk_index(struct walker *walker, const struct ast_node *node,
                              valve_value *value)
{
    valve_value object, key;
    enum ending ending = walk_object_of(walker, node, &object);
    if (ending != DONE)
        return ending;
    return done_if(walk_value(walker, node->last_child, &key) &&
                   operate_get(&walker->evaluation, object, key, value));
}

static bool match_literal(struct walker *walker, const struct ast_node *pattern,
                          valve_value receiver, valve_value *value)
{
    struct regex_error error;
    if (receiver.type != VALUE_TEXT)
        return builtin_fail_missing(&walker->evaluation, BUILTIN_MATCH, receiver);
    struct regex *regex = regex_new(pattern->text, pattern->flags, &error);
    if (regex == NULL)
        return evaluation_fail(&walker->evaluation, "SyntaxError: %s", error.message);
    bool matched = builtin_match(&walker->evaluation, receiver, regex, value);
    regex_free(&regex);
    return matched;
}

static bool call_method(struct walker *walker, const struct ast_node *call, enum builtin builtin,
                        valve_value receiver, valve_value *value)
{
    const struct ast_node *first = call->first_child->next;
    valve_value arguments[MAX_PARTS];
    uint32_t count = 0;
    if (builtin == BUILTIN_MATCH && first != NULL &&
        (first->kind == AST_REGEX || first->kind == AST_TEXT))
        return walk_children(walker, first->next, arguments, &count) &&
               match_literal(walker, first, receiver, value);
    return walk_children(walker, first, arguments, &count) &&
           builtin_call(&walker->evaluation, builtin, receiver, arguments, count, value);
}

static enum ending walk_method(struct walker *walker, const struct ast_node *call,
                               valve_value *value)
{
    const struct ast_node *callee = call->first_child;
    valve_value receiver;
    enum builtin builtin;
    bool exists = true;
    enum ending ending = walk_object_of(walker, callee, &receiver);
    if (ending != DONE)
        return ending;
    if (!builtin_find(callee->text, &builtin))
        return done_if(evaluation_fail(&walker->evaluation, "TypeError: no such method"));
    if (call->optional && !builtin_exists(&walker->evaluation, builtin, receiver, &exists))
        return FAILED;
    if (!exists)
        return SKIPPED;
    return done_if(call_method(walker, call, builtin, receiver, value));
}

/* ---- literals ---- */

static bool walk_template(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    valve_value parts[MAX_PARTS];
    uint32_t count = 0;
    return walk_children(walker, node->first_child, parts, &count) &&
           operate_join(&walker->evaluation, parts, count, value);
}

static bool walk_array(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    valve_value items[MAX_PARTS];
    uint32_t count = 0;
    if (!walk_children(walker, node->first_child, items, &count))
        return false;
    const struct value_array *array = value_array_new(walker->evaluation.arena, items, count);
    *value = (valve_value){.as.array = array, .type = VALUE_ARRAY};
    return array != NULL || evaluation_fail(&walker->evaluation, "RangeError: no memory");
}

static bool walk_property(struct walker *walker, const struct ast_node *node,
                          struct value_member *member)
{
    valve_value key = value_text(node->text);
    if (node->first_child != node->last_child && !walk_value(walker, node->first_child, &key))
        return false;
    return convert_to_text(&walker->evaluation, key, &member->key) &&
           walk_value(walker, node->last_child, &member->value);
}

static bool walk_properties(struct walker *walker, const struct ast_node *node,
                            struct value_member *members, uint32_t *count)
{
    for (const struct ast_node *child = node->first_child; child != NULL; child = child->next) {
        if (*count == MAX_PARTS)
            return evaluation_fail(&walker->evaluation, "RangeError: too many parts");
        if (!walk_property(walker, child, &members[(*count)++]))
            return false;
    }
    return true;
}

static bool walk_object(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    struct value_member *members =
        evaluation_alloc(&walker->evaluation, MAX_PARTS * sizeof *members);
    uint32_t count = 0;
    if (members == NULL || !walk_properties(walker, node, members, &count))
        return false;
    const struct value_object *object = value_object_new(walker->evaluation.arena, members, count);
    *value = value_object(object);
    return object != NULL || evaluation_fail(&walker->evaluation, "RangeError: no memory");
}

/* ---- operators ---- */

static bool is_unknown_name(struct walker *walker, const struct ast_node *node)
{
    if (node->kind != AST_NAME)
        return false;
    struct evaluation before = walker->evaluation;
    bool needed = walker->needs;
    valve_value value;
    bool known = read_name(walker, node->text, &value) ||
                 !slice_starts_with(walker->evaluation.error, SLICE("ReferenceError"));
    walker->evaluation = before;
    walker->needs = needed;
    return !known;
}

static bool walk_unary(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    valve_value operand;
    double number = 0;
    if (node->op == OPERATOR_TYPEOF && is_unknown_name(walker, node->first_child)) {
        *value = value_text(SLICE("undefined"));
        return true;
    }
    if (!walk_value(walker, node->first_child, &operand))
        return false;
    if ((node->op == OPERATOR_PLUS || node->op == OPERATOR_MINUS || node->op == OPERATOR_BIT_NOT) &&
        !convert_to_number(&walker->evaluation, operand, &number))
        return false;
    if (node->op == OPERATOR_NOT)
        *value = value_boolean(!value_truth(operand));
    else if (node->op == OPERATOR_TYPEOF)
        *value = value_text(value_type_of(operand));
    else if (node->op == OPERATOR_VOID)
        *value = value_undefined();
    else if (node->op == OPERATOR_BIT_NOT)
        *value = value_number((double)~convert_number_to_int32(number));
    else
        *value = value_number(node->op == OPERATOR_MINUS ? -number : number);
    return true;
}

static bool calculate(enum ast_operator op, double a, double b, double *result)
{
    int32_t left = convert_number_to_int32(a), right = convert_number_to_int32(b);
    uint32_t count = (uint32_t)right & 31;
    switch (op) {
    case OPERATOR_POWER:
        *result = operate_power(a, b);
        return true;
    case OPERATOR_MULTIPLY:
        *result = a * b;
        return true;
    case OPERATOR_DIVIDE:
        *result = a / b;
        return true;
    case OPERATOR_REMAINDER:
        *result = fmod(a, b);
        return true;
    case OPERATOR_SUBTRACT:
        *result = a - b;
        return true;
    case OPERATOR_SHIFT_LEFT:
        *result = (double)(int32_t)((uint32_t)left << count);
        return true;
    case OPERATOR_SHIFT_RIGHT:
        *result = floor((double)left / (double)((uint32_t)1 << count));
        return true;
    case OPERATOR_SHIFT_RIGHT_UNSIGNED:
        *result = (double)((uint32_t)left >> count);
        return true;
    case OPERATOR_BIT_AND:
        *result = (double)(left & right);
        return true;
    case OPERATOR_BIT_XOR:
        *result = (double)(left ^ right);
        return true;
    case OPERATOR_BIT_OR:
        *result = (double)(left | right);
        return true;
    default:
        return false;
    }
}

static bool compare(struct walker *walker, enum ast_operator op, valve_value a, valve_value b,
                    bool *holds)
{
    struct evaluation *evaluation = &walker->evaluation;
    switch (op) {
    case OPERATOR_LESS:
        return operate_compare(evaluation, COMPARE_LESS, a, b, holds);
    case OPERATOR_LESS_EQUAL:
        return operate_compare(evaluation, COMPARE_LESS_EQUAL, a, b, holds);
    case OPERATOR_GREATER:
        return operate_compare(evaluation, COMPARE_GREATER, a, b, holds);
    case OPERATOR_GREATER_EQUAL:
        return operate_compare(evaluation, COMPARE_GREATER_EQUAL, a, b, holds);
    case OPERATOR_IN:
        return operate_in(evaluation, a, b, holds);
    case OPERATOR_EQUAL:
    case OPERATOR_NOT_EQUAL:
        if (!operate_loose_equal(evaluation, a, b, holds))
            return false;
        *holds = *holds == (op == OPERATOR_EQUAL);
        return true;
    default:
        *holds = operate_strict_equal(a, b) == (op == OPERATOR_STRICT_EQUAL);
        return true;
    }
}

static bool is_arithmetic(enum ast_operator op)
{
    double ignored;
    return calculate(op, 0, 1, &ignored);
}

static bool walk_binary(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    valve_value left, right;
    double a, b, result = 0;
    bool holds;
    if (!walk_value(walker, node->first_child, &left) ||
        !walk_value(walker, node->last_child, &right))
        return false;
    if (node->op == OPERATOR_ADD)
        return operate_add(&walker->evaluation, left, right, value);
    if (is_arithmetic(node->op)) {
        if (!convert_to_number(&walker->evaluation, left, &a) ||
            !convert_to_number(&walker->evaluation, right, &b))
            return false;
        calculate(node->op, a, b, &result);
        *value = value_number(result);
        return true;
    }
    if (!compare(walker, node->op, left, right, &holds))
        return false;
    *value = value_boolean(holds);
    return true;
}

static bool walk_logical(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    if (!walk_value(walker, node->first_child, value))
        return false;
    bool goes_on = node->op == OPERATOR_AND  ? value_truth(*value)
                   : node->op == OPERATOR_OR ? !value_truth(*value)
                                             : value_is_absent(*value);
    return !goes_on || walk_value(walker, node->last_child, value);
}

static bool walk_conditional(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    valve_value condition;
    if (!walk_value(walker, node->first_child, &condition))
        return false;
    return walk_value(walker, value_truth(condition) ? node->first_child->next : node->last_child,
                      value);
}

/* ---- the walk ---- */

static enum ending walk_chain(struct walker *walker, const struct ast_node *node,
                              valve_value *value)
{
    enum ending ending = walk(walker, node->first_child, value);
    if (ending != SKIPPED)
        return ending;
    *value = value_undefined();
    return DONE;
}

static enum ending walk_kind(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    switch (node->kind) {
    case AST_NUMBER:
        *value = value_number(node->number);
        return DONE;
    case AST_TEXT:
        *value = value_text(node->text);
        return DONE;
    case AST_TRUE:
    case AST_FALSE:
        *value = value_boolean(node->kind == AST_TRUE);
        return DONE;
    case AST_NULL:
        *value = value_null();
        return DONE;
    case AST_ELISION:
        *value = value_undefined();
        return DONE;
    case AST_TEMPLATE:
        return done_if(walk_template(walker, node, value));
    case AST_NAME:
        return done_if(read_name(walker, node->text, value));
    case AST_ARRAY:
        return done_if(walk_array(walker, node, value));
    case AST_OBJECT:
        return done_if(walk_object(walker, node, value));
    case AST_MEMBER:
        return walk_member(walker, node, value);
    case AST_INDEX:
        return walk_index(walker, node, value);
    case AST_CALL:
        return is_reference(node) ? done_if(walk_reference(walker, node, value))
                                  : walk_method(walker, node, value);
    case AST_CHAIN:
        return walk_chain(walker, node, value);
    case AST_UNARY:
        return done_if(walk_unary(walker, node, value));
    case AST_BINARY:
        return done_if(walk_binary(walker, node, value));
    case AST_LOGICAL:
        return done_if(walk_logical(walker, node, value));
    case AST_CONDITIONAL:
        return done_if(walk_conditional(walker, node, value));
    case AST_REGEX:
    case AST_PROPERTY:
    case AST_KIND_COUNT:
        break;
    }
    return done_if(evaluation_fail(&walker->evaluation, "TypeError: a part without a value"));
}

static enum ending walk(struct walker *walker, const struct ast_node *node, valve_value *value)
{
    if (walker->depth == TREEWALK_MAX_DEPTH) {
        walker->too_deep = true;
        return FAILED;
    }
    walker->depth++;
    enum ending ending = walk_kind(walker, node, value);
    walker->depth--;
    return ending;
}

struct treewalk_result treewalk(const struct ast_node *root, const struct valve_request *request,
                                valve_value user, const struct treewalk_variable *variables,
                                size_t variable_count, const struct valve_options *options,
                                struct arena *arena)
{
    struct treewalk_result result = {.value = value_undefined()};
    struct walker walker = {
        .evaluation = {.arena = arena, .options = options},
        .request = request,
        .user = user,
        .variables = variables,
        .variable_count = variable_count,
    };
    if (walk_value(&walker, root, &result.value))
        return result;
    result.value = value_undefined();
    result.message = walker.evaluation.error;
    result.need = walker.need;
    result.status = walker.too_deep ? TREEWALK_TOO_DEEP
                    : walker.needs  ? TREEWALK_NEEDS
                                    : TREEWALK_ERROR;
    return result;
}
