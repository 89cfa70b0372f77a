/* Decides each case as `valvec eval` decides a request. */

#define _GNU_SOURCE

#include "test_run.h"

#include "decide.h"
#include "explain.h"
#include "json.h"

void test_run_init(struct test_run *run, const struct test_options *options)
{
    *run = (struct test_run){.options = options};
}

void test_run_fini(struct test_run *run)
{
    for (size_t i = 0; i < run->rules.count; i++) {
        rules_fini(&run->rules.items[i]->rules);
        free(run->rules.items[i]->asked);
        free((void *)(uintptr_t)run->rules.items[i]->path.at);
        free(run->rules.items[i]);
    }
    VEC_FREE(&run->rules);
}

/* ---- rules ---- */

static struct tested_rules *load(struct test_run *run, slice path)
{
    struct tested_rules *made = calloc(1, sizeof *made);
    CHECK(made != NULL);
    char *copy = strndup(path.at, path.length);
    CHECK(copy != NULL);
    made->path = (slice){copy, path.length};
    struct valvec_options options = valvec_options_default();
    options.max_rule_iterations = run->options->evaluation.max_rule_iterations;
    made->status = rules_load(&made->rules, copy, &options, run->options->colour);
    if (made->status == EXIT_FINE) {
        made->asked = calloc(made->rules.contents->rule_count + 1, sizeof *made->asked);
        CHECK(made->asked != NULL);
    }
    VEC_PUSH(&run->rules, made);
    return made;
}

static struct tested_rules *find_rules(struct test_run *run, slice path)
{
    for (size_t i = 0; i < run->rules.count; i++) {
        if (slice_equal(run->rules.items[i]->path, path))
            return run->rules.items[i];
    }
    return load(run, path);
}

/* ---- cases ---- */

static bool contains(slice text, slice part)
{
    return part.length == 0 || memmem(text.at, text.length, part.at, part.length) != NULL;
}

static bool is_as_expected(const struct test_case *test_case, const struct valve_result *result)
{
    return result->decision == test_case->expected &&
           (result->decision != VALVE_ERROR || contains(result->message, test_case->test->because));
}

static slice explain(const struct test_run *run, const struct tested_rules *rules,
                     const struct request *request, struct arena *arena)
{
    struct buf text = BUF_EMPTY;
    explain_text(&rules->rules, request, &run->options->evaluation, run->options->colour_reasons,
                 &text);
    slice reason = arena_copy(arena, buf_slice(&text));
    buf_fini(&text);
    return reason;
}

static struct case_outcome run_case(struct test_run *run, struct tested_rules *rules,
                                    const struct test_case *test_case, struct arena *scratch,
                                    struct arena *arena)
{
    struct decision decision;
    decide(rules->rules.program, &test_case->request, &run->options->evaluation, scratch,
           &decision);
    const struct valve_result *result = &decision.result;
    struct case_outcome outcome = {.test_case = test_case, .decision = result->decision};
    if (result->rule < rules->rules.contents->rule_count)
        rules->asked[result->rule] = true;
    outcome.passed = is_as_expected(test_case, result);
    if (result->decision == VALVE_ERROR)
        outcome.message = arena_copy(arena, result->message);
    if (!outcome.passed)
        outcome.reason = explain(run, rules, &test_case->request, arena);
    return outcome;
}

static void run_cases(struct test_run *run, struct tested_rules *rules, struct casefile *file,
                      struct file_run *result)
{
    struct case_outcome *outcomes = arena_alloc(&file->arena, file->cases.count * sizeof *outcomes);
    struct arena scratch;
    arena_init(&scratch, 0);
    struct arena_mark mark = arena_mark(&scratch);
    for (size_t i = 0; i < file->cases.count; i++) {
        const struct test_case *test_case = &file->cases.items[i];
        if (!contains(test_case->test->name, run->options->filter))
            continue;
        outcomes[result->count] = run_case(run, rules, test_case, &scratch, &file->arena);
        result->failed += !outcomes[result->count].passed;
        result->count++;
        arena_reset(&scratch, mark);
    }
    arena_fini(&scratch);
    result->outcomes = outcomes;
}

enum exit_status test_run_file(struct test_run *run, struct casefile *file, struct file_run *result)
{
    struct tested_rules *rules = find_rules(run, file->rules_path);
    *result = (struct file_run){.path = file->source.name, .rules = rules};
    if (rules->status == EXIT_FINE)
        run_cases(run, rules, file, result);
    return rules->status;
}

/* ---- what was asked ---- */

static bool counts(const struct tested_rules *rules, uint32_t rule)
{
    const struct program *program = rules->rules.contents;
    const struct program_rule *asked = &program->rules[rule];
    return !slice_equal(asked->source, SLICE("false")) ||
           !slice_equal(program->patterns[asked->pattern].text, SLICE("*"));
}

static uint32_t rule_count(const struct tested_rules *rules)
{
    return rules->status == EXIT_FINE ? rules->rules.contents->rule_count : 0;
}

struct coverage test_run_coverage(const struct test_run *run)
{
    struct coverage coverage = {0};
    for (size_t i = 0; i < run->rules.count; i++) {
        const struct tested_rules *rules = run->rules.items[i];
        for (uint32_t j = 0; j < rule_count(rules); j++) {
            coverage.total += counts(rules, j);
            coverage.asked += counts(rules, j) && rules->asked[j];
        }
    }
    return coverage;
}

/* permissions.yml:12: record write of "notes/$owner" */
static void describe_rule(const struct tested_rules *rules, uint32_t rule, struct buf *out)
{
    const struct program_rule *asked = &rules->rules.contents->rules[rule];
    const struct valve_rule_kind_info *info = valve_rule_kind_info(asked->kind);
    buf_printf(out, SLICE_FORMAT ":%u: %s %s of ", SLICE_ARGUMENTS(rules->path), asked->line,
               info->section_name, info->type);
    json_write_text(out, rules->rules.contents->patterns[asked->pattern].text);
}

void coverage_each(const struct test_run *run, void (*line)(void *context, slice text),
                   void *context)
{
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < run->rules.count; i++) {
        const struct tested_rules *rules = run->rules.items[i];
        for (uint32_t j = 0; j < rule_count(rules); j++) {
            if (rules->asked[j] || !counts(rules, j))
                continue;
            buf_clear(&text);
            describe_rule(rules, j, &text);
            line(context, buf_slice(&text));
        }
    }
    buf_fini(&text);
}

void case_describe(const struct test_case *test_case, struct buf *out)
{
    const struct valve_request *asked = &test_case->request.valve;
    const struct valve_rule_kind_info *info = valve_rule_kind_info(asked->kind);
    buf_append(out, test_case->user->name);
    buf_printf(out, ": %s %s", info->type, info->section_name);
    if (asked->has_name) {
        buf_append_byte(out, ' ');
        json_write_text(out, asked->name);
    }
}
