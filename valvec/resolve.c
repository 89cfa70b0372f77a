/* What each name of a rule stands for (valve.md 5.7). Names that are nothing may stay, as a failure
 * that happens when they are reached, unless an option forbids them; names of JavaScript's own may
 * not. */

#include "passes.h"

#include "document/suggest.h"

struct resolver {
    struct compilation *compilation;
    struct rule *rule;
};

static bool find_rule_name(slice name, enum symbol *symbol)
{
    static const struct {
        const char *text;
        enum symbol symbol;
    } NAMES[] = {
#define RULE_NAME(text, symbol) {text, SYMBOL_##symbol},
#include "names.def"
#undef RULE_NAME
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (slice_equal(name, slice_of(NAMES[i].text))) {
            *symbol = NAMES[i].symbol;
            return true;
        }
    }
    return false;
}

static bool is_global(slice name)
{
    static const char *const GLOBALS[] = {
#define GLOBAL_NAME(text) text,
#include "globals.def"
#undef GLOBAL_NAME
    };
    for (size_t i = 0; i < sizeof GLOBALS / sizeof *GLOBALS; i++) {
        if (slice_equal(name, slice_of(GLOBALS[i])))
            return true;
    }
    return false;
}

/* Of variables with the same name the last one counts. */
static bool find_variable(const struct pattern *pattern, slice name, uint32_t *variable)
{
    if (pattern == NULL || name.at[0] != '$')
        return false;
    for (uint32_t i = pattern_variable_count(pattern); i > 0; i--) {
        if (slice_equal(pattern_variable_name(pattern, i - 1), slice_part(name, 1, name.length))) {
            *variable = i - 1;
            return true;
        }
    }
    return false;
}

static bool is_callee(const struct ast_node *node)
{
    const struct ast_node *parent = node->parent;
    return parent != NULL && parent->kind == AST_CALL && parent->first_child == node;
}

/* ---- reports ---- */

static void report(struct resolver *resolver, enum diagnostic_id id, const struct ast_node *node,
                   slice hint)
{
    diagnose_text(resolver->compilation->diagnostics, id, resolver->rule->text, node->start,
                  node->end, SLICE_ARGUMENTS(node->text), SLICE_ARGUMENTS(hint));
}

static void report_unsupported(struct resolver *resolver, enum diagnostic_id id,
                               const struct ast_node *node)
{
    const struct valve_rule_kind_info *info = valve_rule_kind_info(resolver->rule->kind);
    diagnose_text(resolver->compilation->diagnostics, id, resolver->rule->text, node->start,
                  node->end, info->type, info->section_name);
}

/* The names that this rule could have meant. */
static slice suggest_name(struct resolver *resolver, slice name)
{
    const struct pattern *pattern = resolver->rule->path->pattern;
    struct arena *arena = resolver->compilation->arena;
    struct suggestion suggestion = suggestion_for(name);
    for (uint32_t i = 0; pattern != NULL && i < pattern_variable_count(pattern); i++)
        suggestion_consider(&suggestion,
                            arena_printf(arena, "$" SLICE_FORMAT,
                                         SLICE_ARGUMENTS(pattern_variable_name(pattern, i))));
#define RULE_NAME(text, symbol) suggestion_consider(&suggestion, SLICE(text));
#include "names.def"
#undef RULE_NAME
    suggestion_consider(&suggestion, SLICE("true"));
    suggestion_consider(&suggestion, SLICE("false"));
    suggestion_consider(&suggestion, SLICE("null"));
    return suggestion.best;
}

static slice unknown_name_hint(struct resolver *resolver, slice name)
{
    slice suggested = suggest_name(resolver, name);
    if (suggested.length > 0)
        return arena_printf(resolver->compilation->arena, "did you mean `" SLICE_FORMAT "`?",
                            SLICE_ARGUMENTS(suggested));
    return name.at[0] == '$'
               ? SLICE("a variable must stand in the path of the rule")
               : SLICE("texts stand in quotes; where the name is reached, the request "
                       "is refused with an error");
}

/* `yes` and the like, alone, were meant as booleans. */
static slice boolean_meant(const struct ast_node *node)
{
    static const struct {
        const char *word;
        const char *meant;
    } WORDS[] = {{"yes", "true"}, {"on", "true"}, {"no", "false"}, {"off", "false"}};
    for (size_t i = 0; node->parent == NULL && i < sizeof WORDS / sizeof *WORDS; i++) {
        struct suggestion suggestion = {.wanted = node->text, .distance = 1};
        suggestion_consider(&suggestion, slice_of(WORDS[i].word));
        if (suggestion.best.length > 0)
            return slice_of(WORDS[i].meant);
    }
    return (slice){0};
}

static void resolve_unknown(struct resolver *resolver, struct ast_node *node)
{
    bool is_error = resolver->compilation->options->unknown_names_are_errors;
    slice meant = boolean_meant(node);
    node->symbol = SYMBOL_UNKNOWN;
    if (is_error)
        report(resolver, DIAG_UNKNOWN_NAME_ERROR, node, unknown_name_hint(resolver, node->text));
    else if (meant.length > 0)
        report(resolver, DIAG_NOT_A_BOOLEAN, node, meant);
    else
        report(resolver, DIAG_UNKNOWN_NAME, node, unknown_name_hint(resolver, node->text));
}

/* ---- names ---- */

static void check_support(struct resolver *resolver, const struct ast_node *node,
                          enum symbol symbol)
{
    const struct valve_rule_kind_info *info = valve_rule_kind_info(resolver->rule->kind);
    if (symbol == SYMBOL_DATA && !info->may_use_data)
        report_unsupported(resolver, DIAG_DATA_UNSUPPORTED, node);
    if (symbol == SYMBOL_OLD_DATA && !info->may_use_old_data)
        report_unsupported(resolver, DIAG_OLD_DATA_UNSUPPORTED, node);
}

static void resolve_name(void *context, struct ast_node *node)
{
    struct resolver *resolver = context;
    enum symbol symbol;
    if (node->kind != AST_NAME)
        return;
    if (find_rule_name(node->text, &symbol)) {
        node->symbol = symbol;
        check_support(resolver, node, symbol);
    } else if (find_variable(resolver->rule->path->pattern, node->text, &node->variable)) {
        node->symbol = SYMBOL_VARIABLE;
    } else if (slice_equal(node->text, SLICE("_"))) {
        node->symbol = SYMBOL_CROSS_REFERENCE;
        if (!is_callee(node) || node->parenthesised)
            report(resolver, DIAG_REFERENCE_NOT_CALLED, node, (slice){0});
    } else if (is_callee(node)) {
        node->symbol = SYMBOL_UNKNOWN; /* check.c says that it is no function */
    } else if (is_global(node->text)) {
        node->symbol = SYMBOL_UNKNOWN;
        report(resolver, DIAG_GLOBAL_NAME, node, (slice){0});
    } else {
        resolve_unknown(resolver, node);
    }
}

void resolve(struct compilation *compilation, struct rule *rule)
{
    struct resolver resolver = {compilation, rule};
    struct ast_visitor visitor = {.leave = resolve_name, .context = &resolver};
    ast_walk(rule->tree, &visitor);
}
