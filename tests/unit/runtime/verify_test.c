/* What the verifier refuses, one sentence for each promise the machine relies on. */

#include "program.h"
#include "support/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct fixture {
    struct program_builder builder;
    uint32_t path, number, text;
};

static void fixture_init(struct fixture *fixture)
{
    builder_init(&fixture->builder);
    fixture->path = builder_pattern(&fixture->builder, VALVE_SECTION_record, "*");
    fixture->number = builder_number(&fixture->builder, 1.5);
    fixture->text = builder_text(&fixture->builder, "key");
    builder_regex(&fixture->builder, "a", "");
}

static bool verify(struct fixture *fixture, struct valve_load_error *error)
{
    const struct program *program = builder_program(&fixture->builder);
    return program_verify_rule(program, program->rule_count - 1, error);
}

/* Adds a write rule and expects it to be refused with the message. */
static void expect_refused(const char *message, uint32_t needs, uint32_t max_stack,
                           struct builder_code code)
{
    struct fixture fixture;
    struct valve_load_error error = {{0}};
    fixture_init(&fixture);
    builder_rule(&fixture.builder, VALVE_RECORD_WRITE, fixture.path, "0123456789", needs, max_stack,
                 code);
    assert_false(verify(&fixture, &error));
    assert_non_null(strstr(error.message, message));
    builder_fini(&fixture.builder);
}

static void expect_accepted(uint32_t needs, uint32_t max_stack, struct builder_code code)
{
    struct fixture fixture;
    struct valve_load_error error = {{0}};
    fixture_init(&fixture);
    builder_rule(&fixture.builder, VALVE_RECORD_WRITE, fixture.path, "0123456789", needs, max_stack,
                 code);
    bool accepted = verify(&fixture, &error);
    assert_string_equal(error.message, "");
    assert_true(accepted);
    builder_fini(&fixture.builder);
}

static void straight_code_is_accepted(void **state)
{
    (void)state;
    expect_accepted(0, 1, CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    expect_accepted(
        0, 3,
        CODE(I(LOAD_TRUE, 0), I(LOAD_TRUE, 0), I(LOAD_TRUE, 0), I(MAKE_ARRAY, 3), I(RETURN, 0)));
    expect_accepted(0, 1, CODE(I(MAKE_ARRAY, 0), I(RETURN, 0)));
}

static void both_branches_of_a_condition_are_followed(void **state)
{
    (void)state;
    expect_accepted(0, 1,
                    CODE(I(LOAD_TRUE, 0), I(JUMP_IF_FALSE, 4), I(LOAD_NULL, 0), I(JUMP, 5),
                         I(LOAD_TRUE, 0), I(RETURN, 0)));
}

static void a_kept_value_counts_at_the_target(void **state)
{
    (void)state;
    expect_accepted(
        0, 1, CODE(I(LOAD_TRUE, 0), I(JUMP_OR_POP_IF_FALSE, 3), I(LOAD_TRUE, 0), I(RETURN, 0)));
    expect_refused(
        "with different stacks", 0, 1,
        CODE(I(LOAD_TRUE, 0), I(JUMP_OR_POP_IF_FALSE, 2), I(LOAD_TRUE, 0), I(RETURN, 0)));
}

static void optional_calls_carry_their_label_in_the_next_word(void **state)
{
    (void)state;
    expect_accepted(0, 1,
                    CODE(I(LOAD_TRUE, 0), I(JUMP_IF_NO_METHOD, BUILTIN_TRIM), I(JUMP, 4),
                         I(CALL_METHOD, METHOD(TRIM, 0)), I(RETURN, 0)));
    expect_refused(
        "the next word is not a JUMP", 0, 1,
        CODE(I(LOAD_TRUE, 0), I(JUMP_IF_NO_METHOD, BUILTIN_TRIM), I(NOT, 0), I(RETURN, 0)));
    expect_refused(
        "does not lead forward", 0, 1,
        CODE(I(LOAD_TRUE, 0), I(JUMP_IF_NO_METHOD, BUILTIN_TRIM), I(JUMP, 2), I(RETURN, 0)));
    expect_refused("the next word is not a JUMP", 0, 1,
                   CODE(I(LOAD_TRUE, 0), I(JUMP_IF_NO_METHOD, BUILTIN_TRIM)));
}

static void a_jump_into_an_instruction_is_refused(void **state)
{
    (void)state;
    expect_refused("into the middle of an instruction", 0, 2,
                   CODE(I(LOAD_TRUE, 0), I(LOAD_TRUE, 0), I(JUMP_IF_FALSE, 4),
                        I(JUMP_IF_NO_METHOD, BUILTIN_TRIM), I(JUMP, 5), I(RETURN, 0)));
}

static void unknown_instructions_are_refused(void **state)
{
    (void)state;
    expect_refused("no such instruction", 0, 1, CODE(OPCODE_COUNT, I(RETURN, 0)));
    expect_refused("no such instruction", 0, 1, CODE(255, I(RETURN, 0)));
}

static void operands_stay_in_their_tables(void **state)
{
    (void)state;
    expect_refused("no such constant", 0, 1, CODE(I(LOAD_CONSTANT, 2), I(RETURN, 0)));
    expect_refused("no such regular expression", 0, 1,
                   CODE(I(LOAD_TRUE, 0), I(MATCH_REGEX, 1), I(RETURN, 0)));
    expect_refused("no such method", 0, 1,
                   CODE(I(LOAD_TRUE, 0), I(CALL_METHOD, BUILTIN_COUNT), I(RETURN, 0)));
    expect_refused(
        "no such method", 0, 1,
        CODE(I(LOAD_TRUE, 0), I(JUMP_IF_NO_METHOD, BUILTIN_COUNT), I(JUMP, 3), I(RETURN, 0)));
    expect_refused("depth of at least 1", RULE_NEEDS_RECORDS, 1,
                   CODE(I(LOAD_TRUE, 0), I(CROSS_REFERENCE, 0), I(RETURN, 0)));
    expect_refused("takes no operand", 0, 1, CODE(I(LOAD_TRUE, 1), I(RETURN, 0)));
    expect_refused("made of nothing", 0, 1, CODE(I(SUM_NAME, 0), I(RETURN, 0)));
    expect_refused("made of nothing", 0, 1, CODE(I(JOIN_NAME, 0), I(RETURN, 0)));
    expect_refused("made of nothing", 0, 1, CODE(I(JOIN_TEXT, 0), I(RETURN, 0)));
}

static void keys_and_names_are_texts(void **state)
{
    (void)state;
    expect_refused("not a text", 0, 1, CODE(I(LOAD_TRUE, 0), I(GET_MEMBER, 0), I(RETURN, 0)));
    expect_refused("not a text", 0, 1, CODE(I(FAIL_UNKNOWN, 0), I(RETURN, 0)));
    expect_accepted(0, 1, CODE(I(FAIL_UNKNOWN, 1), I(RETURN, 0)));
}

static void jumps_lead_forward_and_stay_inside(void **state)
{
    (void)state;
    expect_refused("does not lead forward", 0, 1, CODE(I(LOAD_TRUE, 0), I(JUMP, 0)));
    expect_refused("does not lead forward", 0, 1, CODE(I(LOAD_TRUE, 0), I(JUMP, 1)));
    expect_refused("does not lead forward", 0, 1, CODE(I(LOAD_TRUE, 0), I(JUMP, 3), I(RETURN, 0)));
}

static void the_stack_never_underflows(void **state)
{
    (void)state;
    expect_refused("too few values", 0, 0, CODE(I(RETURN, 0)));
    expect_refused("too few values", 0, 1, CODE(I(LOAD_TRUE, 0), I(ADD, 0), I(RETURN, 0)));
    expect_refused("too few values", 0, 1,
                   CODE(I(LOAD_TRUE, 0), I(CALL_METHOD, METHOD(TRIM, 1)), I(RETURN, 0)));
    expect_refused("too few values", 0, 1, CODE(I(LOAD_TRUE, 0), I(MAKE_OBJECT, 1), I(RETURN, 0)));
    expect_refused("too few values", 0, 1,
                   CODE(I(LOAD_TRUE, 0), I(MAKE_OBJECT, 0xffffff), I(RETURN, 0)));
}

static void the_stack_size_is_exact(void **state)
{
    (void)state;
    expect_refused("stack size", 0, 2, CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    expect_refused("stack size", 0, 0, CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
}

static void a_rule_ends_with_return_and_one_value(void **state)
{
    (void)state;
    expect_refused("runs past its end", 0, 1, CODE(I(LOAD_TRUE, 0)));
    expect_refused("values are left", 0, 2, CODE(I(LOAD_TRUE, 0), I(LOAD_TRUE, 0), I(RETURN, 0)));
    expect_refused("runs past its end", 0, 0,
                   (struct builder_code){.words = CODE(I(RETURN, 0)).words, .count = 0});
}

static void instructions_that_nothing_leads_to_are_refused(void **state)
{
    (void)state;
    expect_refused("nothing leads to", 0, 1,
                   CODE(I(LOAD_TRUE, 0), I(RETURN, 0), I(LOAD_TRUE, 0), I(RETURN, 0)));
}

static void needs_cover_what_the_code_reads(void **state)
{
    (void)state;
    expect_refused("does not say it needs", 0, 1, CODE(I(LOAD_DATA, 0), I(RETURN, 0)));
    expect_refused("does not say it needs", 0, 1, CODE(I(LOAD_VARIABLE, 0), I(RETURN, 0)));
    expect_refused("does not say it needs", RULE_NEEDS_NOW, 1,
                   CODE(I(LOAD_OLD_DATA, 0), I(RETURN, 0)));
    expect_accepted(RULE_NEEDS_DATA | RULE_NEEDS_NOW, 1, CODE(I(LOAD_DATA, 0), I(RETURN, 0)));
    expect_refused("its kind does not have", 1u << 31, 1, CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
}

static void kinds_without_data_cannot_read_it(void **state)
{
    (void)state;
    struct fixture fixture;
    struct valve_load_error error = {{0}};
    fixture_init(&fixture);
    builder_rule(&fixture.builder, VALVE_RECORD_CREATE, fixture.path, "oldData",
                 RULE_NEEDS_OLD_DATA, 1, CODE(I(LOAD_OLD_DATA, 0), I(RETURN, 0)));
    assert_false(verify(&fixture, &error));
    assert_string_equal(error.message,
                        "rule 0, instruction 2: the rule needs what its kind does not have");
    builder_fini(&fixture.builder);
}

static void rules_stand_in_a_pattern_of_their_section(void **state)
{
    (void)state;
    struct fixture fixture;
    struct valve_load_error error = {{0}};
    fixture_init(&fixture);
    builder_rule(&fixture.builder, VALVE_EVENT_PUBLISH, fixture.path, "true", 0, 1,
                 CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    assert_false(verify(&fixture, &error));
    assert_non_null(strstr(error.message, "different sections"));
    builder_rule(&fixture.builder, VALVE_RECORD_READ, 1, "true", 0, 1,
                 CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    assert_false(verify(&fixture, &error));
    assert_non_null(strstr(error.message, "no such pattern"));
    builder_fini(&fixture.builder);
}

static void spans_and_positions_stay_inside_the_source(void **state)
{
    (void)state;
    struct fixture fixture;
    struct valve_load_error error = {{0}};
    fixture_init(&fixture);
    builder_rule(&fixture.builder, VALVE_RECORD_READ, fixture.path, "true", 0, 1,
                 CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    struct program_rule *rule = &fixture.builder.rules.items[0];
    const struct span *spans = rule->spans;
    const struct span outside[] = {{0, 5}, {0, 4}}, turned[] = {{0, 4}, {3, 2}};
    rule->spans = outside;
    assert_false(verify(&fixture, &error));
    assert_non_null(strstr(error.message, "a span lies outside"));
    rule->spans = turned;
    assert_false(verify(&fixture, &error));
    rule->spans = spans;
    const struct text_position late[] = {{1, 1, 1}}, twice[] = {{0, 1, 1}, {0, 1, 2}},
                               beyond[] = {{0, 1, 1}, {5, 1, 2}};
    rule->positions = late;
    assert_false(verify(&fixture, &error));
    rule->positions = twice;
    rule->position_count = 2;
    assert_false(verify(&fixture, &error));
    assert_non_null(strstr(error.message, "not in order"));
    rule->positions = beyond;
    assert_false(verify(&fixture, &error));
    assert_non_null(strstr(error.message, "a position lies outside"));
    builder_fini(&fixture.builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight_code_is_accepted),
        cmocka_unit_test(both_branches_of_a_condition_are_followed),
        cmocka_unit_test(a_kept_value_counts_at_the_target),
        cmocka_unit_test(optional_calls_carry_their_label_in_the_next_word),
        cmocka_unit_test(a_jump_into_an_instruction_is_refused),
        cmocka_unit_test(unknown_instructions_are_refused),
        cmocka_unit_test(operands_stay_in_their_tables),
        cmocka_unit_test(keys_and_names_are_texts),
        cmocka_unit_test(jumps_lead_forward_and_stay_inside),
        cmocka_unit_test(the_stack_never_underflows),
        cmocka_unit_test(the_stack_size_is_exact),
        cmocka_unit_test(a_rule_ends_with_return_and_one_value),
        cmocka_unit_test(instructions_that_nothing_leads_to_are_refused),
        cmocka_unit_test(needs_cover_what_the_code_reads),
        cmocka_unit_test(kinds_without_data_cannot_read_it),
        cmocka_unit_test(rules_stand_in_a_pattern_of_their_section),
        cmocka_unit_test(spans_and_positions_stay_inside_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
