#include "program_builder.h"

#include "base/check.h"

#include <stdio.h>

void builder_init(struct program_builder *builder)
{
    *builder = (struct program_builder){.program = {.file = SLICE("rules.yml")}};
    arena_init(&builder->arena, 0);
}

void builder_fini(struct program_builder *builder)
{
    VEC_FREE(&builder->constants);
    VEC_FREE(&builder->regexes);
    VEC_FREE(&builder->patterns);
    VEC_FREE(&builder->rules);
    arena_fini(&builder->arena);
}

uint32_t builder_text(struct program_builder *builder, const char *text)
{
    VEC_PUSH(&builder->constants, value_text(slice_of(text)));
    return (uint32_t)builder->constants.count - 1;
}

uint32_t builder_number(struct program_builder *builder, double number)
{
    VEC_PUSH(&builder->constants, value_number(number));
    return (uint32_t)builder->constants.count - 1;
}

uint32_t builder_regex(struct program_builder *builder, const char *pattern, const char *flags)
{
    struct program_regex regex = {slice_of(pattern), slice_of(flags)};
    VEC_PUSH(&builder->regexes, regex);
    return (uint32_t)builder->regexes.count - 1;
}

uint32_t builder_pattern(struct program_builder *builder, enum valve_section section,
                         const char *text)
{
    struct program_pattern pattern = {.section = section, .text = slice_of(text), .line = 1};
    pattern.column = (uint32_t)builder->patterns.count + 1;
    VEC_PUSH(&builder->patterns, pattern);
    return (uint32_t)builder->patterns.count - 1;
}

static const struct span *make_spans(struct program_builder *builder, uint32_t count,
                                     uint32_t length)
{
    struct span *spans = arena_alloc(&builder->arena, count * sizeof *spans + 1);
    for (uint32_t i = 0; i < count; i++)
        spans[i] = (struct span){i < length ? i : length, length};
    return spans;
}

uint32_t builder_rule(struct program_builder *builder, enum valve_rule_kind kind, uint32_t pattern,
                      const char *source, uint32_t needs, uint32_t max_stack,
                      struct builder_code code)
{
    uint32_t number = (uint32_t)builder->rules.count;
    size_t size = code.count * sizeof(instruction);
    instruction *words = arena_alloc(&builder->arena, size + 1);
    struct text_position *position = arena_alloc(&builder->arena, sizeof *position);
    memcpy(words, code.words, size);
    *position = (struct text_position){.line = 10 + number, .column = 5};
    struct program_rule rule = {
        .kind = kind,
        .pattern = pattern,
        .line = 10 + number,
        .column = 5,
        .source = slice_of(source),
        .positions = position,
        .position_count = 1,
        .code = words,
        .spans = make_spans(builder, code.count, (uint32_t)strlen(source)),
        .code_length = code.count,
        .max_stack = max_stack,
        .needs = needs,
    };
    VEC_PUSH(&builder->rules, rule);
    return number;
}

const struct program *builder_program(struct program_builder *builder)
{
    builder->program.constants = builder->constants.items;
    builder->program.constant_count = (uint32_t)builder->constants.count;
    builder->program.regexes = builder->regexes.items;
    builder->program.regex_count = (uint32_t)builder->regexes.count;
    builder->program.patterns = builder->patterns.items;
    builder->program.pattern_count = (uint32_t)builder->patterns.count;
    builder->program.rules = builder->rules.items;
    builder->program.rule_count = (uint32_t)builder->rules.count;
    return &builder->program;
}

struct valve_program *builder_load(struct program_builder *builder)
{
    struct buf bytes = BUF_EMPTY;
    struct valve_program *program = NULL;
    struct valve_load_error error = {{0}};
    program_write(builder_program(builder), &bytes);
    if (!valve_program_load(buf_slice(&bytes), &program, &error))
        fprintf(stderr, "the program was refused: %s\n", error.message);
    CHECK(program != NULL);
    buf_fini(&bytes);
    return program;
}
