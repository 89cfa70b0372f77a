/* The compiler from end to end: one call for each pass, in order. */

#include "valvec.h"

#include "lint.h"
#include "parse.h"
#include "passes.h"
#include "rulefile.h"

struct valvec_options valvec_options_default(void)
{
    return (struct valvec_options){
        .max_rule_iterations = 3, .optimise = true, .expand_environment = true};
}

/* Parses one rule and finds out what it means. A rule with errors loses its tree. */
static void analyse(struct compilation *compilation, struct rule *rule)
{
    struct diagnostics *diagnostics = compilation->diagnostics;
    uint32_t errors = diagnostics->error_count;
    rule->tree = parse_expression(rule->text, compilation->arena, diagnostics);
    if (rule->tree == NULL)
        return;
    resolve(compilation, rule);
    check(compilation, rule);
    if (diagnostics->error_count > errors)
        rule->tree = NULL;
}

void compilation_open(struct compilation *compilation, slice file_name, slice text,
                      const struct valvec_options *options, struct arena *arena,
                      struct diagnostics *diagnostics)
{
    struct source *source = arena_alloc(arena, sizeof *source);
    source_init(source, arena_copy(arena, file_name), text, arena);
    *compilation = (struct compilation){
        .arena = arena, .source = source, .diagnostics = diagnostics, .options = options};
    regex_pool_init(&compilation->regexes);

    struct tree_document document =
        rulefile_read(source, options->expand_environment, arena, diagnostics);
    if (!document.is_valid)
        return;
    validate(compilation, document.root);
    for (size_t i = 0; i < compilation->rules.count; i++) {
        if (compilation->rules.items[i]->text != NULL)
            analyse(compilation, compilation->rules.items[i]);
    }
}

void compilation_close(struct compilation *compilation)
{
    regex_pool_fini(&compilation->regexes);
    VEC_FREE(&compilation->paths);
    VEC_FREE(&compilation->rules);
}

/* An alias that repeats a rule repeats what is wrong with it, once is enough. The list is sorted.
 */
static void drop_repeated(struct diagnostics *diagnostics)
{
    size_t kept = 0;
    for (size_t i = 0; i < diagnostics->list.count; i++) {
        const struct diagnostic *item = &diagnostics->list.items[i];
        const struct diagnostic *last = kept > 0 ? &diagnostics->list.items[kept - 1] : NULL;
        bool repeated = last != NULL && last->id == item->id && last->start == item->start &&
                        last->end == item->end && slice_equal(last->message, item->message);
        if (repeated && diagnostic_info(item->id)->severity == SEVERITY_ERROR)
            diagnostics->error_count--;
        else if (repeated && diagnostic_info(item->id)->severity == SEVERITY_WARNING)
            diagnostics->warning_count--;
        else if (!repeated)
            diagnostics->list.items[kept++] = *item;
    }
    diagnostics->list.count = kept;
}

static struct program *finish(struct compilation *compilation)
{
    if (compilation->diagnostics->error_count > 0)
        return NULL;
    if (compilation->options->lint)
        lint_run(compilation);
    for (size_t i = 0; i < compilation->rules.count; i++) {
        if (compilation->options->optimise && compilation->rules.items[i]->tree != NULL)
            fold(compilation, compilation->rules.items[i]);
    }
    if (compilation->options->lint)
        lint_folded(compilation);
    return build_program(compilation);
}

struct program *valvec_compile(slice file_name, slice text, const struct valvec_options *options,
                               struct arena *arena, struct diagnostics *diagnostics)
{
    struct compilation compilation;
    compilation_open(&compilation, file_name, text, options, arena, diagnostics);
    struct program *program = finish(&compilation);
    diagnostics_sort(diagnostics);
    drop_repeated(diagnostics);
    lint_silence(&compilation, options->lint && program != NULL);
    compilation_close(&compilation);
    return program;
}
