#pragma once
/* Programs made by hand, instruction by instruction, for tests of what runs them.
 *
 *     struct program_builder builder;
 *     builder_init(&builder);
 *     uint32_t path = builder_pattern(&builder, VALVE_SECTION_record, "a/$x");
 *     builder_rule(&builder, VALVE_RECORD_READ, path, "$x", RULE_NEEDS_VARIABLES, 1,
 *                  CODE(I(LOAD_VARIABLE, 0), I(RETURN, 0)));
 *     struct valve_program *program = builder_load(&builder);
 *     builder_fini(&builder);
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "program.h"

struct program_builder {
    struct arena arena;
    struct program program;
    VEC(valve_value) constants;
    VEC(struct program_regex) regexes;
    VEC(struct program_pattern) patterns;
    VEC(struct program_rule) rules;
};

struct builder_code {
    const instruction *words;
    uint32_t count;
};

#define I(name, operand) instruction_make(OP_##name, (uint32_t)(operand))
#define CODE(...)                                                                                  \
    ((struct builder_code){(const instruction[]){__VA_ARGS__},                                     \
                           sizeof((const instruction[]){__VA_ARGS__}) / sizeof(instruction)})

/* The operand of CALL_METHOD. */
#define METHOD(name, count) ((uint32_t)BUILTIN_##name | (uint32_t)(count) << 8)

void builder_init(struct program_builder *builder);
void builder_fini(struct program_builder *builder);

/* Each adds one thing and returns its number. Texts are borrowed. */
uint32_t builder_text(struct program_builder *builder, const char *text);
uint32_t builder_number(struct program_builder *builder, double number);
uint32_t builder_regex(struct program_builder *builder, const char *pattern, const char *flags);
uint32_t builder_pattern(struct program_builder *builder, enum valve_section section,
                         const char *text);

/* Adds a rule; the code is copied. Its file position is line 10 + its number, column 5; the span of
 * instruction i reaches from byte i of the source to its end. */
uint32_t builder_rule(struct program_builder *builder, enum valve_rule_kind kind, uint32_t pattern,
                      const char *source, uint32_t needs, uint32_t max_stack,
                      struct builder_code code);

/* The program made so far; valid until the next change. */
const struct program *builder_program(struct program_builder *builder);

/* Writes and loads it; ends the process with the loader's message when that is refused. */
struct valve_program *builder_load(struct program_builder *builder);
