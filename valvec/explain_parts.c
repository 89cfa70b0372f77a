/* Runs the rule once more under watch and gives each part of it the value it had.
 *
 * The watched program is made of the rule's source text, so places of the text are the same in the
 * stored rule, the watched code and the tree. Not every part has code of its own: `a && b` is b
 * when a is true, and then takes its value. */

#include "explanation.h"

#include "json.h"
#include "parse.h"

struct seen_value {
    struct span span;
    valve_value value;
};

struct watch {
    struct explanation *explanation;
    struct hashmap seen; /* bytes of a struct span -> struct seen_value */
    uint32_t open;       /* part whose own parts are being listed, or PART_NONE */
};

/* ---- the watched program ---- */

static void append_section(struct buf *out, const struct explanation *explanation,
                           enum valve_section section, const char *name)
{
    const struct program_rule *rule = explanation->rule;
    const struct program_pattern *pattern = &explanation->rules->contents->patterns[rule->pattern];
    bool is_asked = pattern->section == section;
    bool is_root = slice_equal(pattern->text, SLICE("*"));
    buf_printf(out, "%s\"%s\":{", section == 0 ? "{" : ",", name);
    if (!is_asked || !is_root)
        buf_append_text(out, is_asked ? "\"*\":{}," : "\"*\":{}");
    if (is_asked) {
        json_write_text(out, pattern->text);
        buf_printf(out, ":{\"%s\":", valve_rule_kind_info(rule->kind)->type);
        json_write_text(out, rule->source);
        buf_append_byte(out, '}');
    }
    buf_append_byte(out, '}');
}

static slice rule_file(struct explanation *explanation)
{
    static const char *const SECTIONS[] = {
        [VALVE_SECTION_record] = "record",
        [VALVE_SECTION_event] = "event",
        [VALVE_SECTION_rpc] = "rpc",
        [VALVE_SECTION_presence] = "presence",
    };
    struct buf text = BUF_EMPTY;
    for (unsigned i = 0; i < VALVE_SECTION_COUNT; i++)
        append_section(&text, explanation, (enum valve_section)i, SECTIONS[i]);
    buf_append_byte(&text, '}');
    slice kept = arena_copy(&explanation->arena, buf_slice(&text));
    buf_fini(&text);
    return kept;
}

/* False for a source text that is none, which a program file made by others may hold. */
static bool make_watched(struct explanation *explanation)
{
    struct valvec_options options = valvec_options_default();
    struct diagnostics diagnostics;
    struct valve_load_error error;
    struct buf compiled = BUF_EMPTY;
    options.optimise = false;
    options.expand_environment = false;
    diagnostics_init(&diagnostics, &explanation->arena);
    struct program *program = valvec_compile(explanation->rules->name, rule_file(explanation),
                                             &options, &explanation->arena, &diagnostics);
    diagnostics_fini(&diagnostics);
    if (program == NULL)
        return false;
    program_write(program, &compiled);
    bool loaded = valve_program_load(buf_slice(&compiled), &explanation->watched, &error);
    buf_fini(&compiled);
    return loaded;
}

static void remember(void *context, uint32_t start, uint32_t end, valve_value value)
{
    struct watch *watch = context;
    struct seen_value *seen = arena_alloc(&watch->explanation->arena, sizeof *seen);
    *seen = (struct seen_value){{start, end}, value};
    hashmap_put(&watch->seen, (slice){(const char *)&seen->span, sizeof seen->span}, seen);
}

static void run_watched(struct watch *watch, const struct valve_options *options)
{
    struct explanation *explanation = watch->explanation;
    struct valve_trace trace = {.on_value = remember, .context = watch};
    struct valve_options watched_options = *options;
    struct decision decision;
    watched_options.trace = &trace;
    watched_options.max_memory_bytes = SIZE_MAX; /* what is remembered comes from the same arena */
    decide(explanation->watched, explanation->request, &watched_options, &explanation->arena,
           &decision);
}

/* ---- the parts ---- */

static bool is_literal(enum ast_kind kind)
{
    return kind == AST_NUMBER || kind == AST_TEXT || kind == AST_TRUE || kind == AST_FALSE ||
           kind == AST_NULL || kind == AST_REGEX;
}

static const struct seen_value *find_seen(const struct watch *watch, const struct ast_node *node)
{
    struct span span = {node->start, node->end};
    return hashmap_find(&watch->seen, (slice){(const char *)&span, sizeof span});
}

/* What is called is no part by itself; properties and holes are parts of their literal. */
static bool is_hidden(const struct ast_node *node)
{
    const struct ast_node *parent = node->parent;
    bool is_callee = parent != NULL && parent->kind == AST_CALL && parent->first_child == node;
    return is_callee || node->kind == AST_PROPERTY || node->kind == AST_ELISION;
}

static bool open_part(void *context, struct ast_node *node)
{
    struct watch *watch = context;
    struct explain_part part = {.node = node, .parent = watch->open, .state = PART_SKIPPED};
    const struct seen_value *seen = find_seen(watch, node);
    if (is_hidden(node)) {
        part.state = PART_HIDDEN;
    } else if (node->kind != AST_CHAIN && (seen != NULL || is_literal(node->kind))) {
        part.state = is_literal(node->kind) ? PART_LITERAL : PART_VALUE;
        part.value = seen != NULL ? seen->value : value_undefined();
    }
    watch->open = (uint32_t)watch->explanation->parts.count;
    VEC_PUSH(&watch->explanation->parts, part);
    return true;
}

static void close_part(void *context, struct ast_node *node)
{
    struct watch *watch = context;
    struct explain_part *part = &watch->explanation->parts.items[watch->open];
    (void)node;
    part->next = (uint32_t)watch->explanation->parts.count;
    watch->open = part->parent;
}

static void note_what_ran(struct explanation *explanation)
{
    for (size_t i = explanation->parts.count; i-- > 1;) {
        const struct explain_part *part = &explanation->parts.items[i];
        if (part->ran_inside || part->state == PART_VALUE)
            explanation->parts.items[part->parent].ran_inside = true;
    }
}

static bool list_parts(struct watch *watch)
{
    struct explanation *explanation = watch->explanation;
    struct source source;
    struct text_piece start = {0, 0};
    struct diagnostics diagnostics;
    slice text = explanation->rule->source;
    source_init(&source, explanation->rules->name, text, &explanation->arena);
    struct mapped_text mapped = {text, &source, &start, 1};
    diagnostics_init(&diagnostics, &explanation->arena);
    struct ast_node *tree = parse_expression(&mapped, &explanation->arena, &diagnostics);
    diagnostics_fini(&diagnostics);
    if (tree == NULL)
        return false;
    struct ast_visitor visitor = {.enter = open_part, .leave = close_part, .context = watch};
    ast_walk(tree, &visitor);
    note_what_ran(explanation);
    return true;
}

/* ---- parts without code of their own ---- */

/* The number of the n-th part of a part. */
static uint32_t child_of(const struct explanation *explanation, uint32_t part, uint32_t n)
{
    uint32_t child = part + 1;
    for (; n > 0; n--)
        child = explanation->parts.items[child].next;
    return child;
}

static bool ran(const struct explanation *explanation, uint32_t part)
{
    enum part_state state = explanation->parts.items[part].state;
    return state == PART_VALUE || state == PART_LITERAL;
}

static valve_value literal_value(const struct ast_node *node)
{
    switch (node->kind) {
    case AST_NUMBER:
        return value_number(node->number);
    case AST_TEXT:
        return value_text(node->text);
    case AST_TRUE:
    case AST_FALSE:
        return value_boolean(node->kind == AST_TRUE);
    case AST_NULL:
        return value_null();
    default:
        return value_undefined();
    }
}

/* The part that the value of a hidden or composed part comes from, or PART_NONE. */
static uint32_t value_source(const struct explanation *explanation, uint32_t i)
{
    const struct ast_node *node = explanation->parts.items[i].node;
    if (node->kind == AST_CHAIN)
        return i + 1;
    if (node->kind == AST_LOGICAL) {
        uint32_t left = child_of(explanation, i, 0), right = child_of(explanation, i, 1);
        bool left_is_true = value_truth(explanation->parts.items[left].value);
        bool left_is_absent = value_is_absent(explanation->parts.items[left].value);
        bool goes_on = node->op == OPERATOR_AND  ? left_is_true
                       : node->op == OPERATOR_OR ? !left_is_true
                                                 : left_is_absent;
        return ran(explanation, left) && goes_on ? right : left;
    }
    if (node->kind == AST_CONDITIONAL && ran(explanation, i + 1)) {
        bool yes = value_truth(explanation->parts.items[i + 1].value);
        return child_of(explanation, i, yes ? 1 : 2);
    }
    return PART_NONE;
}

/* Whether a `?.` found nothing, so that the rest of its chain did not run: the value is undefined.
 */
static bool chain_broke_off(const struct explanation *explanation, uint32_t i)
{
    const struct explain_part *chain = &explanation->parts.items[i];
    return chain->node->kind == AST_CHAIN && chain->ran_inside &&
           explanation->decision.result.decision != VALVE_ERROR;
}

/* From the last part to the first, so that a part comes after its own parts. */
static void complete_values(struct explanation *explanation)
{
    for (uint32_t i = (uint32_t)explanation->parts.count; i-- > 0;) {
        struct explain_part *part = &explanation->parts.items[i];
        if (part->state == PART_LITERAL)
            part->value = literal_value(part->node);
        uint32_t from = part->state == PART_VALUE ? PART_NONE : value_source(explanation, i);
        if (from == PART_NONE)
            continue;
        const struct explain_part *source = &explanation->parts.items[from];
        part->value = source->value;
        if (part->state == PART_SKIPPED &&
            (ran(explanation, from) || chain_broke_off(explanation, i)))
            part->state = PART_VALUE;
    }
}

/* ---- what failed, what ran ---- */

static bool stands_at(const struct explanation *explanation, uint32_t offset)
{
    const struct valve_result *result = &explanation->decision.result;
    uint32_t line, column;
    program_rule_position(explanation->rule, offset, &line, &column);
    return line == result->line && column == result->column;
}

/* The innermost part at the place of the error that has no value. */
static uint32_t find_failed(const struct explanation *explanation)
{
    uint32_t found = PART_NONE;
    for (uint32_t i = 0; i < explanation->parts.count; i++) {
        const struct explain_part *part = &explanation->parts.items[i];
        if (part->state == PART_SKIPPED && stands_at(explanation, part->node->start))
            found = i;
    }
    return found;
}

static void mark_failed(struct explanation *explanation)
{
    uint32_t failed = find_failed(explanation);
    if (failed == PART_NONE)
        return;
    explanation->parts.items[failed].state = PART_FAILED;
    explanation->parts.items[failed].decided = true;
    for (uint32_t i = explanation->parts.items[failed].parent; i != PART_NONE;
         i = explanation->parts.items[i].parent) {
        if (explanation->parts.items[i].state == PART_SKIPPED)
            explanation->parts.items[i].state = PART_UNFINISHED;
    }
}

/* A part without a value whose own parts ran is carried out by another: `a + b` of `a + b + c`. */
static void hide_carried_out(struct explanation *explanation)
{
    for (size_t i = 0; i < explanation->parts.count; i++) {
        struct explain_part *part = &explanation->parts.items[i];
        if (part->state == PART_SKIPPED && part->ran_inside)
            part->state = PART_HIDDEN;
    }
}

/* Literals inside of what did not run say nothing. */
static void hide_inside_skipped(struct explanation *explanation)
{
    for (uint32_t i = 0; i < explanation->parts.count; i++) {
        struct explain_part *part = &explanation->parts.items[i];
        if (part->state != PART_SKIPPED)
            continue;
        for (uint32_t inside = i + 1; inside < part->next; inside++)
            explanation->parts.items[inside].state = PART_HIDDEN;
    }
}

/* ---- what decided ---- */

/* Passes the decision of a part on to those of its own parts that made it. Returns whether it did.
 */
static bool pass_on(struct explanation *explanation, uint32_t i)
{
    struct explain_part *parts = explanation->parts.items;
    const struct ast_node *node = parts[i].node;
    uint32_t from = value_source(explanation, i);
    if (node->kind == AST_UNARY && node->op == OPERATOR_NOT)
        from = i + 1;
    if (from == PART_NONE || !ran(explanation, from))
        return false;
    parts[from].decided = true;
    bool is_both = node->kind == AST_LOGICAL && from != i + 1 && node->op != OPERATOR_COALESCE &&
                   value_truth(parts[from].value) == (node->op == OPERATOR_AND);
    if (is_both || (node->kind == AST_CONDITIONAL && parts[from].state == PART_LITERAL))
        parts[i + 1].decided = true;
    return true;
}

static void mark_decided(struct explanation *explanation)
{
    explanation->parts.items[0].decided = true;
    for (uint32_t i = 0; i < explanation->parts.count; i++) {
        struct explain_part *part = &explanation->parts.items[i];
        if (part->decided && pass_on(explanation, i))
            part->decided = false;
    }
}

void explanation_find_parts(struct explanation *explanation, const struct valve_options *options)
{
    struct watch watch = {.explanation = explanation, .open = PART_NONE};
    if (!make_watched(explanation))
        return;
    hashmap_init(&watch.seen);
    run_watched(&watch, options);
    if (list_parts(&watch)) {
        complete_values(explanation);
        if (explanation->decision.result.decision == VALVE_ERROR)
            mark_failed(explanation);
        else
            mark_decided(explanation);
        hide_carried_out(explanation);
        hide_inside_skipped(explanation);
    }
    hashmap_fini(&watch.seen);
}
