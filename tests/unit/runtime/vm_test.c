/* Each instruction on its own, in both spellings of the loop: the fast one, and the watched one
 * that runs when there is a trace. They must agree on everything. */

#include "json.h"
#include "support/program_builder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* Constants of every program here. */
enum { ABC, ID, EMPTY, LENGTH, X, REF, HALF, NAN_, TEXT_5 };

#define ALL_NEEDS                                                                                  \
    (RULE_NEEDS_DATA | RULE_NEEDS_OLD_DATA | RULE_NEEDS_RECORDS | RULE_NEEDS_NOW |                 \
     RULE_NEEDS_VARIABLES)

struct bench {
    struct program_builder builder;
    struct valve_program *program;
    struct valve_user *user;
    struct valve_request request;
    struct valve_options options;
    struct arena arena;
};

static void count_value(void *context, uint32_t start, uint32_t end, valve_value value)
{
    (void)value;
    assert_true(start <= end);
    ++*(unsigned *)context;
}

static const struct valve_record RECORDS[] = {
    {.name = {"p/abc", 5}, .json = {"{\"x\":1,\"ref\":\"other\"}", 21}, .exists = true},
    {.name = {"other", 5}, .json = {"[1,2]", 5}, .exists = true},
    {.name = {"gone", 4}, .exists = false},
    {.name = {"broken", 6}, .json = {"{", 1}, .exists = true},
};

static void bench_init(struct bench *bench, uint32_t max_stack, struct builder_code code)
{
    builder_init(&bench->builder);
    arena_init(&bench->arena, 0);
    uint32_t path = builder_pattern(&bench->builder, VALVE_SECTION_record, "p/$v");
    const char *const texts[] = {"abc", "id", "", "length", "x", "ref"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        builder_text(&bench->builder, texts[i]);
    builder_number(&bench->builder, 1.5);
    builder_number(&bench->builder, (double)NAN);
    builder_text(&bench->builder, "5");
    builder_regex(&bench->builder, "b(.)", "");
    builder_rule(&bench->builder, VALVE_RECORD_WRITE, path, "0123456789", ALL_NEEDS, max_stack,
                 code);
    bench->program = builder_load(&bench->builder);
    bench->user = valve_user_new(SLICE("ann"), true, SLICE("{\"role\":\"admin\"}"));
    bench->options = valve_options_default();
    bench->request = (struct valve_request){
        .kind = VALVE_RECORD_WRITE,
        .action = 18,
        .name = SLICE("p/abc"),
        .has_name = true,
        .user = bench->user,
        .payload = VALVE_PAYLOAD_JSON,
        .data = SLICE("{\"x\":[1,null,\"t\"]}"),
        .now_ms = 1000,
        .records = RECORDS,
        .record_count = sizeof RECORDS / sizeof *RECORDS,
    };
}

static void bench_fini(struct bench *bench)
{
    valve_program_release(&bench->program);
    valve_user_free(&bench->user);
    arena_fini(&bench->arena);
    builder_fini(&bench->builder);
}

static void write_result(const struct valve_result *result, struct buf *out)
{
    buf_clear(out);
    if (result->decision == VALVE_ERROR)
        buf_append(out, result->message);
    else if (result->decision == VALVE_NEEDS)
        buf_printf(out, "needs " SLICE_FORMAT, SLICE_ARGUMENTS(result->needs[0]));
    else
        json_write(out, result->value);
    buf_printf(out, " @%u:%u", result->line, result->column);
    buf_append_byte(out, '\0');
}

/* Runs both spellings; they must agree. The text of the result is the first spelling's. */
static void run_both(struct bench *bench, struct valve_result *result, struct buf *text)
{
    unsigned count = 0;
    struct valve_trace trace = {.on_value = count_value, .context = &count};
    struct valve_options traced = bench->options;
    struct valve_result watched;
    struct buf watched_text = BUF_EMPTY;
    traced.trace = &trace;
    valve_evaluate(bench->program, &bench->request, &bench->options, &bench->arena, result);
    valve_evaluate(bench->program, &bench->request, &traced, &bench->arena, &watched);
    write_result(result, text);
    write_result(&watched, &watched_text);
    assert_string_equal(text->at, watched_text.at);
    assert_int_equal(result->decision, watched.decision);
    assert_int_equal(result->steps, watched.steps);
    buf_fini(&watched_text);
}

static void expect_on(struct bench *bench, const char *expected)
{
    struct valve_result result;
    struct buf text = BUF_EMPTY;
    run_both(bench, &result, &text);
    *strrchr(text.at, '@') = '\0';
    text.at[strlen(text.at) - 1] = '\0';
    assert_string_equal(text.at, expected);
    buf_fini(&text);
}

/* The value of the rule as JSON, or the message of its error. */
static void expect(const char *expected, uint32_t max_stack, struct builder_code code)
{
    struct bench bench;
    bench_init(&bench, max_stack, code);
    expect_on(&bench, expected);
    bench_fini(&bench);
}

#define END I(RETURN, 0)

static void constants_and_literals_are_pushed(void **state)
{
    (void)state;
    expect("\"abc\"", 1, CODE(I(LOAD_CONSTANT, ABC), END));
    expect("1.5", 1, CODE(I(LOAD_CONSTANT, HALF), END));
    expect("{\"$\":\"undefined\"}", 1, CODE(I(LOAD_UNDEFINED, 0), END));
    expect("null", 1, CODE(I(LOAD_NULL, 0), END));
    expect("false", 1, CODE(I(LOAD_FALSE, 0), END));
    expect("true", 1, CODE(I(LOAD_TRUE, 0), END));
    expect("8388607", 1, CODE(I(LOAD_INTEGER, 8388607), END));
    expect("-8388608", 1, CODE(I(LOAD_INTEGER, -8388608), END));
}

static void variables_of_the_request_are_pushed(void **state)
{
    (void)state;
    expect("{\"isAuthenticated\":true,\"id\":\"ann\",\"data\":{\"role\":\"admin\"}}", 1,
           CODE(I(LOAD_USER, 0), END));
    expect("{\"x\":[1,null,\"t\"]}", 1, CODE(I(LOAD_DATA, 0), END));
    expect("{\"x\":1,\"ref\":\"other\"}", 1, CODE(I(LOAD_OLD_DATA, 0), END));
    expect("1000", 1, CODE(I(LOAD_NOW, 0), END));
    expect("18", 1, CODE(I(LOAD_ACTION, 0), END));
    expect("\"p/abc\"", 1, CODE(I(LOAD_NAME, 0), END));
    expect("\"abc\"", 1, CODE(I(LOAD_VARIABLE, 0), END));
}

static void unknown_names_fail_when_reached(void **state)
{
    (void)state;
    expect("ReferenceError: abc is not defined", 1, CODE(I(FAIL_UNKNOWN, ABC), END));
    expect("false", 1,
           CODE(I(LOAD_FALSE, 0), I(JUMP_OR_POP_IF_FALSE, 3), I(FAIL_UNKNOWN, ABC), END));
}

static void members_are_own_members(void **state)
{
    (void)state;
    expect("\"ann\"", 1, CODE(I(LOAD_USER, 0), I(GET_MEMBER, ID), END));
    expect("{\"$\":\"undefined\"}", 1, CODE(I(LOAD_USER, 0), I(GET_MEMBER, ABC), END));
    expect("3", 1, CODE(I(LOAD_CONSTANT, ABC), I(GET_MEMBER, LENGTH), END));
    expect("3", 1, CODE(I(LOAD_DATA, 0), I(GET_MEMBER, X), I(GET_MEMBER, LENGTH), END));
    expect("\"b\"", 2, CODE(I(LOAD_CONSTANT, ABC), I(LOAD_INTEGER, 1), I(GET_INDEX, 0), END));
    expect("\"t\"", 2,
           CODE(I(LOAD_DATA, 0), I(GET_MEMBER, X), I(LOAD_INTEGER, 2), I(GET_INDEX, 0), END));
    expect("TypeError: Cannot read properties of null (reading 'x')", 1,
           CODE(I(LOAD_NULL, 0), I(GET_MEMBER, X), END));
    expect("TypeError: Cannot read properties of undefined (reading '2')", 2,
           CODE(I(LOAD_UNDEFINED, 0), I(LOAD_INTEGER, 2), I(GET_INDEX, 0), END));
}

static void jumps_choose_by_truth(void **state)
{
    (void)state;
    expect("2", 1,
           CODE(I(LOAD_CONSTANT, EMPTY), I(JUMP_IF_FALSE, 4), I(LOAD_INTEGER, 1), I(JUMP, 5),
                I(LOAD_INTEGER, 2), END));
    expect("1", 1,
           CODE(I(LOAD_CONSTANT, ABC), I(JUMP_IF_FALSE, 4), I(LOAD_INTEGER, 1), I(JUMP, 5),
                I(LOAD_INTEGER, 2), END));
    expect("\"\"", 1,
           CODE(I(LOAD_CONSTANT, EMPTY), I(JUMP_OR_POP_IF_FALSE, 3), I(LOAD_TRUE, 0), END));
    expect("true", 1,
           CODE(I(LOAD_CONSTANT, ABC), I(JUMP_OR_POP_IF_FALSE, 3), I(LOAD_TRUE, 0), END));
    expect("\"abc\"", 1,
           CODE(I(LOAD_CONSTANT, ABC), I(JUMP_OR_POP_IF_TRUE, 3), I(LOAD_TRUE, 0), END));
    expect("true", 1,
           CODE(I(LOAD_CONSTANT, EMPTY), I(JUMP_OR_POP_IF_TRUE, 3), I(LOAD_TRUE, 0), END));
    expect("false", 1, CODE(I(LOAD_FALSE, 0), I(JUMP_OR_POP_IF_PRESENT, 3), I(LOAD_TRUE, 0), END));
    expect("true", 1, CODE(I(LOAD_NULL, 0), I(JUMP_OR_POP_IF_PRESENT, 3), I(LOAD_TRUE, 0), END));
}

static void optional_chains_end_in_undefined(void **state)
{
    (void)state;
    expect("{\"$\":\"undefined\"}", 1,
           CODE(I(LOAD_NULL, 0), I(JUMP_IF_ABSENT, 3), I(GET_MEMBER, X), END));
    expect("\"ann\"", 1, CODE(I(LOAD_USER, 0), I(JUMP_IF_ABSENT, 3), I(GET_MEMBER, ID), END));
    expect("{\"$\":\"undefined\"}", 1,
           CODE(I(LOAD_TRUE, 0), I(JUMP_IF_NO_METHOD, BUILTIN_TRIM), I(JUMP, 4),
                I(CALL_METHOD, METHOD(TRIM, 0)), END));
    expect("\"abc\"", 1,
           CODE(I(LOAD_CONSTANT, ABC), I(JUMP_IF_NO_METHOD, BUILTIN_TRIM), I(JUMP, 4),
                I(CALL_METHOD, METHOD(TRIM, 0)), END));
    expect("TypeError: Cannot read properties of null (reading 'trim')", 1,
           CODE(I(LOAD_NULL, 0), I(JUMP_IF_NO_METHOD, BUILTIN_TRIM), I(JUMP, 4),
                I(CALL_METHOD, METHOD(TRIM, 0)), END));
}

static void unary_operators_convert(void **state)
{
    (void)state;
    expect("true", 1, CODE(I(LOAD_CONSTANT, EMPTY), I(NOT, 0), END));
    expect("-5", 1, CODE(I(LOAD_CONSTANT, TEXT_5), I(NEGATE, 0), END));
    expect("{\"$\":\"-0\"}", 1, CODE(I(LOAD_INTEGER, 0), I(NEGATE, 0), END));
    expect("5", 1, CODE(I(LOAD_CONSTANT, TEXT_5), I(TO_NUMBER, 0), END));
    expect("-2", 1, CODE(I(LOAD_CONSTANT, HALF), I(BIT_NOT, 0), END));
    expect("\"string\"", 1, CODE(I(LOAD_CONSTANT, ABC), I(TYPE_OF, 0), END));
    expect("\"object\"", 1, CODE(I(LOAD_NULL, 0), I(TYPE_OF, 0), END));
}

#define BINARY(op, a, b) 2, CODE(a, b, I(op, 0), END)
#define INT(i) I(LOAD_INTEGER, i)
#define CONST(k) I(LOAD_CONSTANT, k)

static void arithmetic_is_that_of_doubles(void **state)
{
    (void)state;
    expect("8.5", BINARY(ADD, INT(7), CONST(HALF)));
    expect("\"5abc\"", BINARY(ADD, CONST(TEXT_5), CONST(ABC)));
    expect("\"75\"", BINARY(ADD, INT(7), CONST(TEXT_5)));
    expect("2", BINARY(SUBTRACT, INT(7), CONST(TEXT_5)));
    expect("-21", BINARY(MULTIPLY, INT(7), INT(-3)));
    expect("{\"$\":\"-Infinity\"}", BINARY(DIVIDE, INT(-7), INT(0)));
    expect("-1", BINARY(REMAINDER, INT(-7), INT(3)));
    expect("0.5", BINARY(REMAINDER, INT(5), CONST(HALF)));
    expect("{\"$\":\"NaN\"}", BINARY(REMAINDER, INT(5), INT(0)));
    expect("-343", BINARY(POWER, INT(-7), INT(3)));
    expect("{\"$\":\"NaN\"}", BINARY(POWER, INT(1), CONST(NAN_)));
}

static void bit_operators_work_on_32_bits(void **state)
{
    (void)state;
    expect("-2147483648", BINARY(SHIFT_LEFT, INT(1), INT(31)));
    expect("1", BINARY(SHIFT_LEFT, INT(1), INT(32)));
    expect("-4", BINARY(SHIFT_RIGHT, INT(-7), INT(1)));
    expect("2147483644", BINARY(SHIFT_RIGHT_UNSIGNED, INT(-7), INT(1)));
    expect("4294967289", BINARY(SHIFT_RIGHT_UNSIGNED, INT(-7), INT(0)));
    expect("1", BINARY(BIT_AND, INT(7), CONST(HALF)));
    expect("6", BINARY(BIT_XOR, INT(7), INT(1)));
    expect("-7", BINARY(BIT_OR, INT(-7), INT(1)));
}

static void comparisons_convert_unless_both_are_texts(void **state)
{
    (void)state;
    expect("true", BINARY(LESS, INT(1), CONST(HALF)));
    expect("false", BINARY(LESS, CONST(NAN_), INT(1)));
    expect("true", BINARY(LESS_EQUAL, CONST(TEXT_5), CONST(ABC)));
    expect("true", BINARY(GREATER, INT(7), CONST(TEXT_5)));
    expect("false", BINARY(GREATER, INT(7), CONST(ABC)));
    expect("true", BINARY(GREATER_EQUAL, INT(7), INT(7)));
    expect("false", BINARY(GREATER_EQUAL, CONST(NAN_), CONST(NAN_)));
    expect("false", BINARY(GREATER_EQUAL, I(LOAD_UNDEFINED, 0), INT(0)));
    expect("true", BINARY(GREATER_EQUAL, I(LOAD_NULL, 0), INT(0)));
}

static void equality_has_two_kinds(void **state)
{
    (void)state;
    expect("true", BINARY(EQUAL, INT(5), CONST(TEXT_5)));
    expect("false", BINARY(NOT_EQUAL, INT(5), CONST(TEXT_5)));
    expect("true", BINARY(EQUAL, I(LOAD_NULL, 0), I(LOAD_UNDEFINED, 0)));
    expect("false", BINARY(STRICT_EQUAL, INT(5), CONST(TEXT_5)));
    expect("true", BINARY(STRICT_NOT_EQUAL, INT(5), CONST(TEXT_5)));
    expect("true", BINARY(STRICT_EQUAL, I(LOAD_VARIABLE, 0), CONST(ABC)));
    expect("false", BINARY(STRICT_EQUAL, CONST(NAN_), CONST(NAN_)));
    expect("true", BINARY(STRICT_EQUAL, I(LOAD_USER, 0), I(LOAD_USER, 0)));
}

static void in_looks_for_own_keys(void **state)
{
    (void)state;
    expect("true", BINARY(IN, CONST(ID), I(LOAD_USER, 0)));
    expect("false", BINARY(IN, CONST(ABC), I(LOAD_USER, 0)));
    struct bench bench;
    struct valve_result result;
    bench_init(&bench, BINARY(IN, CONST(ID), CONST(ABC)));
    valve_evaluate(bench.program, &bench.request, &bench.options, &bench.arena, &result);
    assert_int_equal(result.decision, VALVE_ERROR);
    assert_true(slice_starts_with(result.message, SLICE("TypeError: ")));
    bench_fini(&bench);
}

static void arrays_objects_and_templates_are_made(void **state)
{
    (void)state;
    expect("[]", 1, CODE(I(MAKE_ARRAY, 0), END));
    expect("[1,\"abc\"]", 2, CODE(INT(1), CONST(ABC), I(MAKE_ARRAY, 2), END));
    expect("{}", 1, CODE(I(MAKE_OBJECT, 0), END));
    expect("{\"7\":3,\"abc\":2}", 6,
           CODE(CONST(ABC), INT(1), INT(7), INT(3), CONST(ABC), INT(2), I(MAKE_OBJECT, 3), END));
    expect("\"abc1.5null\"", 3,
           CODE(CONST(ABC), CONST(HALF), I(LOAD_NULL, 0), I(JOIN_TEXT, 3), END));
    expect("true", 2,
           CODE(CONST(X), INT(1), I(MAKE_OBJECT, 1), I(GET_MEMBER, X), INT(1), I(STRICT_EQUAL, 0),
                END));
}

static void methods_are_called_with_their_arguments(void **state)
{
    (void)state;
    expect("true", 2, CODE(CONST(ABC), CONST(EMPTY), I(CALL_METHOD, METHOD(STARTS_WITH, 1)), END));
    expect("-1", 2, CODE(CONST(ABC), CONST(X), I(CALL_METHOD, METHOD(INDEX_OF, 1)), END));
    expect("\"ABC\"", 1, CODE(CONST(ABC), I(CALL_METHOD, METHOD(TO_UPPER_CASE, 0)), END));
    expect("[\"bc\",\"c\"]", 1, CODE(CONST(ABC), I(MATCH_REGEX, 0), END));
    expect("null", 1, CODE(CONST(X), I(MATCH_REGEX, 0), END));
    expect("TypeError: Cannot read properties of null (reading 'match')", 1,
           CODE(I(LOAD_NULL, 0), I(MATCH_REGEX, 0), END));
}

static void references_read_records_once(void **state)
{
    (void)state;
    expect("{\"x\":1,\"ref\":\"other\"}", 1, CODE(I(LOAD_NAME, 0), I(CROSS_REFERENCE, 1), END));
    expect("[1,2]", 1,
           CODE(I(LOAD_NAME, 0), I(CROSS_REFERENCE, 1), I(GET_MEMBER, REF), I(CROSS_REFERENCE, 2),
                END));
    expect(
        "true", 2,
        CODE(I(LOAD_OLD_DATA, 0), I(LOAD_NAME, 0), I(CROSS_REFERENCE, 1), I(STRICT_EQUAL, 0), END));
    expect("true", 2, CODE(I(LOAD_DATA, 0), I(LOAD_DATA, 0), I(STRICT_EQUAL, 0), END));
}

static void reference_arguments_are_judged_by_type(void **state)
{
    (void)state;
    expect("{\"$\":\"undefined\"}", 1, CODE(I(LOAD_UNDEFINED, 0), I(CROSS_REFERENCE, 9), END));
    expect("crossreference got unsupported type object", 1,
           CODE(I(LOAD_NULL, 0), I(CROSS_REFERENCE, 1), END));
    expect("crossreference got unsupported type number", 1,
           CODE(INT(1), I(CROSS_REFERENCE, 1), END));
    expect("needs abc", 1, CODE(CONST(ABC), I(CROSS_REFERENCE, 1), END));
    expect("needs ", 1, CODE(CONST(EMPTY), I(CROSS_REFERENCE, 1), END));
    expect("Exceeded max iteration count", 1, CODE(CONST(ABC), I(CROSS_REFERENCE, 3), END));
}

static void reference_names_with_undefined_parts_load_nothing(void **state)
{
    (void)state;
    expect("{\"$\":\"undefined\"}", 2,
           CODE(CONST(ABC), I(LOAD_UNDEFINED, 0), I(SUM_NAME, 2), I(CROSS_REFERENCE, 1), END));
    expect("needs abcnull5", 3,
           CODE(CONST(ABC), I(LOAD_NULL, 0), CONST(TEXT_5), I(SUM_NAME, 3), I(CROSS_REFERENCE, 1),
                END));
    expect("crossreference got unsupported type number", 2,
           CODE(INT(1), INT(2), I(SUM_NAME, 2), I(CROSS_REFERENCE, 1), END));
    expect("{\"$\":\"undefined\"}", 2,
           CODE(CONST(ABC), I(LOAD_UNDEFINED, 0), I(JOIN_NAME, 2), I(CROSS_REFERENCE, 1), END));
    expect("needs abc1", 2, CODE(CONST(ABC), INT(1), I(JOIN_NAME, 2), I(CROSS_REFERENCE, 1), END));
}

static void large_stacks_live_in_the_arena(void **state)
{
    (void)state;
    instruction words[42];
    for (uint32_t i = 0; i < 40; i++)
        words[i] = I(LOAD_INTEGER, i);
    words[40] = I(MAKE_ARRAY, 40);
    words[41] = END;
    struct bench bench;
    bench_init(&bench, 40, (struct builder_code){words, 42});
    expect_on(&bench, "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,"
                      "28,29,30,31,32,33,34,35,36,37,38,39]");
    bench.options.max_memory_bytes = 512;
    expect_on(&bench, "RangeError: the rule needs too much memory");
    bench_fini(&bench);
}

static void errors_name_the_place_that_failed(void **state)
{
    (void)state;
    struct bench bench;
    struct valve_result result;
    struct buf text = BUF_EMPTY;
    bench_init(&bench, 1, CODE(I(LOAD_USER, 0), I(GET_MEMBER, X), I(GET_MEMBER, ABC), END));
    run_both(&bench, &result, &text);
    assert_string_equal(text.at,
                        "TypeError: Cannot read properties of undefined (reading 'abc') @10:7");
    assert_int_equal(result.decision, VALVE_ERROR);
    assert_int_equal(result.value.type, VALUE_UNDEFINED);
    buf_fini(&text);
    bench_fini(&bench);
}

struct seen {
    unsigned count;
    struct span spans[8];
    uint8_t types[8];
};

static void note_value(void *context, uint32_t start, uint32_t end, valve_value value)
{
    struct seen *seen = context;
    assert_true(seen->count < 8);
    seen->spans[seen->count] = (struct span){start, end};
    seen->types[seen->count++] = value.type;
}

static void a_trace_hears_of_every_value(void **state)
{
    (void)state;
    struct bench bench;
    struct seen seen = {0};
    struct valve_trace trace = {.on_value = note_value, .context = &seen};
    struct valve_result result;
    bench_init(
        &bench, 1,
        CODE(I(LOAD_USER, 0), I(GET_MEMBER, ID), I(JUMP_OR_POP_IF_TRUE, 4), I(LOAD_NULL, 0), END));
    bench.options.trace = &trace;
    valve_evaluate(bench.program, &bench.request, &bench.options, &bench.arena, &result);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.types[0], VALUE_OBJECT);
    assert_int_equal(seen.types[1], VALUE_TEXT);
    assert_int_equal(seen.spans[1].start, 1);
    assert_int_equal(seen.spans[1].end, 10);
    assert_int_equal(seen.types[2], VALUE_TEXT);
    assert_int_equal(seen.spans[2].start, 2);
    bench_fini(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_and_literals_are_pushed),
        cmocka_unit_test(variables_of_the_request_are_pushed),
        cmocka_unit_test(unknown_names_fail_when_reached),
        cmocka_unit_test(members_are_own_members),
        cmocka_unit_test(jumps_choose_by_truth),
        cmocka_unit_test(optional_chains_end_in_undefined),
        cmocka_unit_test(unary_operators_convert),
        cmocka_unit_test(arithmetic_is_that_of_doubles),
        cmocka_unit_test(bit_operators_work_on_32_bits),
        cmocka_unit_test(comparisons_convert_unless_both_are_texts),
        cmocka_unit_test(equality_has_two_kinds),
        cmocka_unit_test(in_looks_for_own_keys),
        cmocka_unit_test(arrays_objects_and_templates_are_made),
        cmocka_unit_test(methods_are_called_with_their_arguments),
        cmocka_unit_test(references_read_records_once),
        cmocka_unit_test(reference_arguments_are_judged_by_type),
        cmocka_unit_test(reference_names_with_undefined_parts_load_nothing),
        cmocka_unit_test(large_stacks_live_in_the_arena),
        cmocka_unit_test(errors_name_the_place_that_failed),
        cmocka_unit_test(a_trace_hears_of_every_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
