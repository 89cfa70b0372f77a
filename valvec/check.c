/* What the grammar lets through and the language does not: which calls there are (valve.md 5.5),
 * where regular expressions may stand and whether they are any (5.6), how deep references nest
 * (6.2). */

#include "passes.h"

#include "builtins.h"
#include "reference_depth.h"
#include "regex/regex.h"
#include "document/suggest.h"

struct checker {
    struct compilation *compilation;
    struct rule *rule;
    struct reference_depth depth;
};

static void report(struct checker *checker, enum diagnostic_id id, uint32_t start, uint32_t end,
                   slice a, slice b)
{
    diagnose_text(checker->compilation->diagnostics, id, checker->rule->text, start, end,
                  SLICE_ARGUMENTS(a), SLICE_ARGUMENTS(b));
}

/* ---- calls ---- */

static slice method_hint(struct arena *arena, slice name)
{
    static const struct {
        const char *name;
        const char *instead;
    } HINTS[] = {
#define METHOD_HINT(name, instead) {name, instead},
#include "method_hints.def"
#undef METHOD_HINT
    };
    struct suggestion suggestion = suggestion_for(name);
    for (size_t i = 0; i < sizeof HINTS / sizeof *HINTS; i++) {
        if (slice_equal(name, slice_of(HINTS[i].name)))
            return arena_printf(arena, "did you mean `%s`?", HINTS[i].instead);
    }
    for (uint32_t i = 0; i < BUILTIN_COUNT; i++)
        suggestion_consider(&suggestion, slice_of(builtin_name((enum builtin)i)));
    if (suggestion.best.length > 0)
        return arena_printf(arena, "did you mean `" SLICE_FORMAT "`?",
                            SLICE_ARGUMENTS(suggestion.best));
    return SLICE("there are _(name), startsWith, endsWith, includes, indexOf, match, toUpperCase, "
                 "toLowerCase and trim");
}

static void report_function(struct checker *checker, uint32_t start, slice name)
{
    report(checker, DIAG_UNSUPPORTED_FUNCTION, start, start + (uint32_t)name.length, name,
           method_hint(checker->compilation->arena, name));
}

/* The method that a call calls; false, after a report, when it calls something else. */
static bool check_callee(struct checker *checker, const struct ast_node *callee)
{
    enum builtin builtin;
    bool is_direct = callee->kind == AST_MEMBER && !callee->parenthesised;
    if (is_direct && builtin_find(callee->text, &builtin))
        return true;
    if (is_direct)
        report_function(checker, callee->name_start, callee->text);
    else if (callee->kind == AST_NAME && callee->symbol != SYMBOL_CROSS_REFERENCE)
        report_function(checker, callee->start, callee->text);
    else
        report(checker, DIAG_NOT_CALLABLE, callee->start, callee->end, (slice){0}, (slice){0});
    return false;
}

/* ---- regular expressions ---- */

/* Compiles a pattern once for all rules that hold it; reports it when it is none. `text_start` and
 * `flags_start` are where its first bytes stand in the rule, when `exact`. */
static void check_pattern(struct checker *checker, const struct ast_node *node, slice pattern,
                          slice flags, bool exact)
{
    struct regex_error error;
    if (regex_pool_find(&checker->compilation->regexes, pattern, flags, NULL))
        return;
    struct regex *regex = regex_new(pattern, flags, &error);
    if (regex != NULL) {
        regex_free(&regex);
        regex_pool_add(&checker->compilation->regexes, pattern, flags, checker->compilation->arena);
        return;
    }
    uint32_t start = node->start, end = node->end;
    if (exact) {
        uint32_t flags_start = node->start + 2 + (uint32_t)pattern.length;
        start = (error.in_flags ? flags_start : node->start + 1) + (uint32_t)error.offset;
        end = start + (start < node->end);
    }
    report(checker, DIAG_BAD_REGEX, start, end, slice_of(error.message), (slice){0});
}

/* A text literal without escapes stands byte for byte in the rule. */
static bool is_written_out(const struct ast_node *text)
{
    return text->end - text->start == text->text.length + 2;
}

static void check_match(struct checker *checker, const struct ast_node *call)
{
    const struct ast_node *callee = call->first_child;
    const struct ast_node *argument = callee->next;
    if (argument == NULL)
        report(checker, DIAG_MATCH_WITHOUT_PATTERN, callee->name_start, call->end, (slice){0},
               (slice){0});
    else if (argument->kind == AST_REGEX)
        check_pattern(checker, argument, argument->text, argument->flags, true);
    else if (argument->kind == AST_TEXT)
        check_pattern(checker, argument, argument->text, (slice){0}, is_written_out(argument));
    else
        report(checker, DIAG_COMPUTED_PATTERN, argument->start, argument->end, (slice){0},
               (slice){0});
}

static bool is_match(const struct ast_node *call)
{
    return slice_equal(call->first_child->text, slice_of(builtin_name(BUILTIN_MATCH)));
}

static void check_regex_place(struct checker *checker, const struct ast_node *node)
{
    const struct ast_node *call = node->parent;
    bool is_first_argument = call != NULL && call->kind == AST_CALL &&
                             call->first_child->next == node &&
                             call->first_child->kind == AST_MEMBER && is_match(call);
    if (!is_first_argument)
        report(checker, DIAG_MISPLACED_REGEX, node->start, node->end, (slice){0}, (slice){0});
}

/* ---- references ---- */

static void check_reference(struct checker *checker, const struct ast_node *call)
{
    uint32_t depth = reference_depth_leave(&checker->depth);
    uint32_t allowed = checker->compilation->options->max_rule_iterations;
    if (allowed > 0 && depth > allowed - 1)
        diagnose_text(checker->compilation->diagnostics, DIAG_REFERENCE_DEPTH, checker->rule->text,
                      call->start, call->end, depth, allowed, depth + 1);
}

/* ---- the walk ---- */

static bool enter(void *context, struct ast_node *node)
{
    struct checker *checker = context;
    if (ast_is_reference(node))
        reference_depth_enter(&checker->depth);
    return true;
}

static void leave(void *context, struct ast_node *node)
{
    struct checker *checker = context;
    if (node->kind == AST_REGEX)
        check_regex_place(checker, node);
    if (node->kind != AST_CALL)
        return;
    if (ast_is_reference(node))
        check_reference(checker, node);
    else if (check_callee(checker, node->first_child) && is_match(node))
        check_match(checker, node);
}

void check(struct compilation *compilation, struct rule *rule)
{
    struct checker checker = {.compilation = compilation, .rule = rule};
    struct ast_visitor visitor = {.enter = enter, .leave = leave, .context = &checker};
    ast_walk(rule->tree, &visitor);
    VEC_FREE(&checker.depth.deepest);
}
