#include "program.h"
#include "support/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void expect_listing(struct program_builder *builder, const char *listing)
{
    struct buf out = BUF_EMPTY;
    const struct program *program = builder_program(builder);
    program_disassemble(program, program->rule_count - 1, &out);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.at, listing);
    buf_fini(&out);
    builder_fini(builder);
}

static void operands_are_shown_in_words(void **state)
{
    (void)state;
    struct program_builder builder;
    builder_init(&builder);
    uint32_t path = builder_pattern(&builder, VALVE_SECTION_record, "a/$room");
    uint32_t id = builder_text(&builder, "id");
    builder_rule(&builder, VALVE_RECORD_WRITE, path, "$room === user.id", RULE_NEEDS_VARIABLES, 2,
                 CODE(I(LOAD_VARIABLE, 0), I(LOAD_USER, 0), I(GET_MEMBER, id), I(STRICT_EQUAL, 0),
                      I(RETURN, 0)));
    expect_listing(&builder,
                   "record/write `a/$room`, rules.yml:10:5, 2 values of stack, needs variables\n"
                   "    0  LOAD_VARIABLE           $room                   $room === user.id\n"
                   "    1  LOAD_USER                                       room === user.id\n"
                   "    2  GET_MEMBER              \"id\"                    oom === user.id\n"
                   "    3  STRICT_EQUAL                                    om === user.id\n"
                   "    4  RETURN                                          m === user.id\n");
}

static void every_kind_of_operand_has_a_form(void **state)
{
    (void)state;
    struct program_builder builder;
    builder_init(&builder);
    uint32_t path = builder_pattern(&builder, VALVE_SECTION_event, "*");
    uint32_t half = builder_number(&builder, 0.5);
    uint32_t regex = builder_regex(&builder, "^a\\/b", "gi");
    builder_rule(
        &builder, VALVE_EVENT_PUBLISH, path, "e\tf", RULE_NEEDS_RECORDS | RULE_NEEDS_NOW, 2,
        CODE(I(LOAD_CONSTANT, half), I(LOAD_INTEGER, -3), I(MAKE_ARRAY, 2),
             I(CALL_METHOD, METHOD(TRIM, 0)), I(JUMP_IF_NO_METHOD, BUILTIN_INCLUDES), I(JUMP, 9),
             I(MATCH_REGEX, regex), I(CROSS_REFERENCE, 2), I(JUMP_IF_ABSENT, 9), I(RETURN, 0)));
    expect_listing(&builder,
                   "event/publish `*`, rules.yml:10:5, 2 values of stack, needs records now\n"
                   "    0  LOAD_CONSTANT           0.5                     e f\n"
                   "    1  LOAD_INTEGER            -3                       f\n"
                   "    2  MAKE_ARRAY              2 values                f\n"
                   "    3  CALL_METHOD             trim, 0 arguments\n"
                   "    4  JUMP_IF_NO_METHOD       includes\n"
                   "    5  JUMP                    to 9\n"
                   "    6  MATCH_REGEX             /^a\\/b/gi\n"
                   "    7  CROSS_REFERENCE         depth 2\n"
                   "    8  JUMP_IF_ABSENT          to 9\n"
                   "    9  RETURN\n");
}

static void long_operands_push_the_source_aside(void **state)
{
    (void)state;
    struct program_builder builder;
    builder_init(&builder);
    uint32_t path = builder_pattern(&builder, VALVE_SECTION_event, "*");
    uint32_t text = builder_text(&builder, "a text that is longer than its column");
    builder_rule(&builder, VALVE_EVENT_LISTEN, path, "x", 0, 1,
                 CODE(I(LOAD_CONSTANT, text), I(RETURN, 0)));
    expect_listing(&builder,
                   "event/listen `*`, rules.yml:10:5, 1 value of stack\n"
                   "    0  LOAD_CONSTANT           \"a text that is longer than its column\" x\n"
                   "    1  RETURN\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operands_are_shown_in_words),
        cmocka_unit_test(every_kind_of_operand_has_a_form),
        cmocka_unit_test(long_operands_push_the_source_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
