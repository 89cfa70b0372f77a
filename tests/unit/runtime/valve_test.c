/* The door: which rule is asked, what it may read, how its result becomes a decision, and every
 * budget. */

#include "json.h"
#include "support/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct fixture {
    struct program_builder builder;
    struct valve_program *program;
    struct valve_user *user;
    struct valve_request request;
    struct valve_options options;
    struct arena arena;
    struct valve_result result;
};

static void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.options = valve_options_default()};
    builder_init(&fixture->builder);
    arena_init(&fixture->arena, 0);
    fixture->user = valve_user_new(SLICE("ann"), true, SLICE(""));
    fixture->request = (struct valve_request){
        .kind = VALVE_RECORD_WRITE, .name = SLICE("a/b"), .has_name = true, .user = fixture->user};
}

static void fixture_fini(struct fixture *fixture)
{
    valve_program_release(&fixture->program);
    valve_user_free(&fixture->user);
    arena_fini(&fixture->arena);
    builder_fini(&fixture->builder);
}

static void evaluate(struct fixture *fixture)
{
    if (fixture->program == NULL)
        fixture->program = builder_load(&fixture->builder);
    valve_evaluate(fixture->program, &fixture->request, &fixture->options, &fixture->arena,
                   &fixture->result);
}

static void expect_decision(struct fixture *fixture, enum valve_decision decision)
{
    evaluate(fixture);
    assert_int_equal(fixture->result.decision, decision);
}

static void expect_error(struct fixture *fixture, const char *message)
{
    expect_decision(fixture, VALVE_ERROR);
    assert_true(slice_starts_with(fixture->result.message, slice_of(message)));
    assert_int_equal(fixture->result.value.type, VALUE_UNDEFINED);
}

static void expect_json(struct fixture *fixture, const char *json)
{
    struct buf text = BUF_EMPTY;
    evaluate(fixture);
    json_write(&text, fixture->result.value);
    buf_append_byte(&text, '\0');
    assert_string_equal(text.at, json);
    buf_fini(&text);
}

/* One rule for record/write of any name. */
static void add_rule(struct fixture *fixture, uint32_t needs, uint32_t max_stack,
                     struct builder_code code)
{
    uint32_t path = builder_pattern(&fixture->builder, VALVE_SECTION_record, "*");
    builder_rule(&fixture->builder, VALVE_RECORD_WRITE, path, "0123456789", needs, max_stack, code);
}

static void add_answer(struct fixture *fixture, const char *path, enum valve_rule_kind kind,
                       bool answer)
{
    uint32_t number = builder_pattern(&fixture->builder, valve_rule_kind_info(kind)->section, path);
    instruction load = answer ? I(LOAD_TRUE, 0) : I(LOAD_FALSE, 0);
    builder_rule(&fixture->builder, kind, number, answer ? "true" : "false", 0, 1,
                 CODE(load, I(RETURN, 0)));
}

static void the_longest_path_with_the_rule_decides(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_answer(&fixture, "*", VALVE_RECORD_READ, false);
    add_answer(&fixture, "a/*", VALVE_RECORD_READ, true);
    add_answer(&fixture, "a/b*", VALVE_RECORD_WRITE, true);
    fixture.request.kind = VALVE_RECORD_READ;
    fixture.request.name = SLICE("a/bc");
    expect_decision(&fixture, VALVE_ALLOW);
    assert_true(slice_equal(fixture.result.pattern, SLICE("a/*")));
    assert_int_equal(fixture.result.rule, 1);
    assert_int_equal(fixture.result.line, 11);
    assert_int_equal(fixture.result.column, 5);
    fixture.request.name = SLICE("x");
    expect_decision(&fixture, VALVE_DENY);
    assert_true(slice_equal(fixture.result.pattern, SLICE("*")));
    fixture_fini(&fixture);
}

static void a_name_that_no_rule_covers_is_denied(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_answer(&fixture, "*", VALVE_RECORD_READ, true);
    expect_decision(&fixture, VALVE_DENY);
    assert_int_equal(fixture.result.pattern.length, 0);
    assert_int_equal(fixture.result.rule, UINT32_MAX);
    fixture.request.kind = VALVE_EVENT_PUBLISH;
    expect_decision(&fixture, VALVE_DENY);
    fixture_fini(&fixture);
}

static void a_program_without_rules_denies_everything(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    expect_decision(&fixture, VALVE_DENY);
    fixture.request.has_name = false;
    expect_decision(&fixture, VALVE_DENY);
    fixture_fini(&fixture);
}

/* H25: the original matches paths against the text `undefined`. */
static void presence_to_all_asks_the_root_rule_alone(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_answer(&fixture, "*", VALVE_PRESENCE_ALLOW, false);
    add_answer(&fixture, "undefined", VALVE_PRESENCE_ALLOW, true);
    add_answer(&fixture, "$any", VALVE_PRESENCE_ALLOW, true);
    fixture.request.kind = VALVE_PRESENCE_ALLOW;
    fixture.request.has_name = false;
    fixture.request.name = SLICE("undefined");
    expect_decision(&fixture, VALVE_DENY);
    assert_true(slice_equal(fixture.result.pattern, SLICE("*")));
    fixture_fini(&fixture);
}

static void without_a_name_name_is_undefined(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t path = builder_pattern(&fixture.builder, VALVE_SECTION_presence, "*");
    builder_rule(&fixture.builder, VALVE_PRESENCE_ALLOW, path, "name", 0, 1,
                 CODE(I(LOAD_NAME, 0), I(RETURN, 0)));
    fixture.request.kind = VALVE_PRESENCE_ALLOW;
    fixture.request.has_name = false;
    expect_json(&fixture, "{\"$\":\"undefined\"}");
    fixture_fini(&fixture);
}

static void names_that_are_not_utf8_are_errors(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_answer(&fixture, "*", VALVE_RECORD_WRITE, true);
    fixture.request.name = SLICE("a\xff");
    expect_error(&fixture, "the name is not UTF-8");
    fixture.request.name = SLICE("a\xc3\xa4");
    expect_decision(&fixture, VALVE_ALLOW);
    fixture_fini(&fixture);
}

static void ignore_value(void *context, uint32_t start, uint32_t end, valve_value value)
{
    (void)context;
    (void)start;
    (void)end;
    (void)value;
}

/* A trace sends the rule through the machine. */
static void expect_the_same_when_traced(struct fixture *fixture)
{
    const struct valve_trace trace = {.on_value = ignore_value};
    evaluate(fixture);
    struct valve_result quick = fixture->result;
    fixture->options.trace = &trace;
    evaluate(fixture);
    fixture->options.trace = NULL;
    const struct valve_result *slow = &fixture->result;
    assert_int_equal(quick.decision, slow->decision);
    assert_int_equal(quick.value.type, slow->value.type);
    assert_int_equal(quick.value.as.boolean, slow->value.as.boolean);
    assert_true(slice_equal(quick.pattern, slow->pattern));
    assert_true(slice_equal(quick.message, slow->message));
    assert_int_equal(quick.rule, slow->rule);
    assert_int_equal(quick.line, slow->line);
    assert_int_equal(quick.column, slow->column);
    assert_int_equal(quick.need_count, slow->need_count);
    assert_int_equal(quick.steps, slow->steps);
}

static void constant_rules_decide_as_the_machine_does(void **state)
{
    (void)state;
    for (int constant = 0; constant < 2; constant++) {
        struct fixture fixture;
        fixture_init(&fixture);
        add_rule(&fixture, 0, 1,
                 constant ? CODE(I(LOAD_TRUE, 0), I(RETURN, 0))
                          : CODE(I(LOAD_FALSE, 0), I(RETURN, 0)));
        for (uint64_t steps = 0; steps < 4; steps++) {
            fixture.options.max_steps = steps;
            fixture.options.strict = false;
            expect_the_same_when_traced(&fixture);
            fixture.options.strict = true;
            expect_the_same_when_traced(&fixture);
        }
        assert_int_equal(fixture.result.decision, constant ? VALVE_ALLOW : VALVE_DENY);
        fixture_fini(&fixture);
    }
}

/* With `*` as the only rule, no path is looked up. */
static void a_lone_root_decides_as_one_among_others(void **state)
{
    static const char *const parts[] = {"",
                                        "a",
                                        "chat/room",
                                        "\n",
                                        "\r",
                                        "\x0B",
                                        "\u2028",
                                        "\u2029",
                                        "\u2027",
                                        "\u00E2",
                                        "/",
                                        "\xC2\x80",
                                        "eight888",
                                        "\U0001F600",
                                        "\xE2",
                                        " ",
                                        "a longer one than words"};
    enum { PARTS = sizeof parts / sizeof *parts };
    struct fixture alone, among;
    (void)state;
    fixture_init(&alone);
    fixture_init(&among);
    add_answer(&alone, "*", VALVE_RECORD_WRITE, true);
    add_answer(&among, "*", VALVE_RECORD_WRITE, true);
    add_answer(&among, "another", VALVE_RECORD_WRITE, true);
    for (size_t i = 0; i < PARTS * PARTS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", parts[i / PARTS], parts[i % PARTS]);
        alone.request.name = among.request.name = slice_of(name);
        evaluate(&alone);
        evaluate(&among);
        assert_int_equal(alone.result.decision, among.result.decision);
        assert_int_equal(alone.result.rule, among.result.rule);
        assert_true(slice_equal(alone.result.pattern, among.result.pattern));
    }
    fixture_fini(&alone);
    fixture_fini(&among);
}

/* Names are looked at in words of eight bytes; the one byte stands at every place of them. */
static void every_byte_of_a_name_is_looked_at(void **state)
{
    struct fixture fixture;
    char name[20];
    (void)state;
    fixture_init(&fixture);
    add_answer(&fixture, "*", VALVE_RECORD_WRITE, true);
    for (size_t length = 0; length <= sizeof name; length++) {
        memset(name, 'n', sizeof name);
        fixture.request.name = (slice){name, length};
        expect_decision(&fixture, VALVE_ALLOW);
        for (size_t i = 0; i < length; i++) {
            name[i] = (char)0xFF;
            expect_error(&fixture, "the name is not UTF-8");
            name[i] = '\n';
            expect_decision(&fixture, VALVE_DENY);
            name[i] = 'n';
        }
    }
    fixture_fini(&fixture);
}

static void empty_names_and_payloads_may_have_no_bytes(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_DATA, 2,
             CODE(I(LOAD_NAME, 0), I(LOAD_DATA, 0), I(ADD, 0), I(RETURN, 0)));
    fixture.request.name = (slice){NULL, 0};
    fixture.request.payload = VALVE_PAYLOAD_TEXT;
    expect_json(&fixture, "\"\"");
    fixture.request.payload = VALVE_PAYLOAD_JSON;
    expect_error(&fixture, "SyntaxError: data is not JSON: ");
    fixture_fini(&fixture);
}

static void truth_allows_and_falsity_denies(void **state)
{
    (void)state;
    const struct {
        const char *data;
        enum valve_decision decision, strict;
    } cases[] = {
        {"true", VALVE_ALLOW, VALVE_ALLOW}, {"false", VALVE_DENY, VALVE_DENY},
        {"null", VALVE_DENY, VALVE_DENY},   {"0", VALVE_DENY, VALVE_DENY},
        {"\"\"", VALVE_DENY, VALVE_DENY},   {"\"false\"", VALVE_ALLOW, VALVE_DENY},
        {"1", VALVE_ALLOW, VALVE_DENY},     {"[]", VALVE_ALLOW, VALVE_DENY},
        {"{}", VALVE_ALLOW, VALVE_DENY},    {"-0", VALVE_DENY, VALVE_DENY},
    };
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_DATA, 1, CODE(I(LOAD_DATA, 0), I(RETURN, 0)));
    fixture.request.payload = VALVE_PAYLOAD_JSON;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture.request.data = slice_of(cases[i].data);
        fixture.options.strict = false;
        expect_decision(&fixture, cases[i].decision);
        fixture.options.strict = true;
        expect_decision(&fixture, cases[i].strict);
    }
    fixture.request.payload = VALVE_PAYLOAD_NONE;
    expect_decision(&fixture, VALVE_DENY);
    fixture_fini(&fixture);
}

static void payloads_are_json_or_text(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_DATA, 1, CODE(I(LOAD_DATA, 0), I(RETURN, 0)));
    fixture.request.data = SLICE("[1]");
    fixture.request.payload = VALVE_PAYLOAD_JSON;
    expect_json(&fixture, "[1]");
    fixture.request.payload = VALVE_PAYLOAD_TEXT;
    expect_json(&fixture, "\"[1]\"");
    fixture.request.payload = VALVE_PAYLOAD_NONE;
    expect_json(&fixture, "{\"$\":\"undefined\"}");
    fixture.request.payload = VALVE_PAYLOAD_TEXT;
    fixture.request.data = SLICE("\xff");
    expect_error(&fixture, "SyntaxError: data is not UTF-8");
    fixture_fini(&fixture);
}

static void a_broken_payload_is_an_error_wherever_the_rule_names_data(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_DATA, 1,
             CODE(I(LOAD_NAME, 0), I(JUMP_OR_POP_IF_FALSE, 3), I(LOAD_DATA, 0), I(RETURN, 0)));
    fixture.request.payload = VALVE_PAYLOAD_JSON;
    fixture.request.data = SLICE("{\"a\":");
    expect_error(&fixture, "SyntaxError: data is not JSON: ");
    fixture.request.name = SLICE(""); /* the rule would end before it reads data */
    expect_error(&fixture, "SyntaxError: data is not JSON: ");
    fixture_fini(&fixture);
}

static void a_broken_payload_does_not_matter_to_a_rule_without_data(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, 0, 1, CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    fixture.request.payload = VALVE_PAYLOAD_JSON;
    fixture.request.data = SLICE("{\"a\":");
    expect_decision(&fixture, VALVE_ALLOW);
    fixture_fini(&fixture);
}

static void users_have_data_or_null(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, 0, 1, CODE(I(LOAD_USER, 0), I(RETURN, 0)));
    expect_json(&fixture, "{\"isAuthenticated\":true,\"id\":\"ann\",\"data\":null}");
    valve_user_free(&fixture.user);
    fixture.user = valve_user_new(SLICE("open"), false, SLICE("{\"a\":[1]}"));
    fixture.request.user = fixture.user;
    expect_json(&fixture, "{\"isAuthenticated\":false,\"id\":\"open\",\"data\":{\"a\":[1]}}");
    assert_null(valve_user_new(SLICE("a"), true, SLICE("{")));
    assert_null(valve_user_new(SLICE("\xff"), true, SLICE("{}")));
    fixture_fini(&fixture);
}

static void old_data_is_the_record_of_the_name(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_OLD_DATA, 1, CODE(I(LOAD_OLD_DATA, 0), I(RETURN, 0)));
    expect_decision(&fixture, VALVE_NEEDS);
    assert_int_equal(fixture.result.need_count, 1);
    assert_true(slice_equal(fixture.result.needs[0], SLICE("a/b")));

    struct valve_record records[] = {
        {.name = SLICE("x"), .json = SLICE("1"), .exists = true},
        {.name = SLICE("a/b"), .json = SLICE("{\"v\":2}"), .exists = true}};
    fixture.request.records = records;
    fixture.request.record_count = 2;
    expect_json(&fixture, "{\"v\":2}");
    records[1].exists = false;
    expect_json(&fixture, "null");
    records[1] = (struct valve_record){SLICE("a/b"), SLICE("{"), true};
    expect_error(&fixture, "SyntaxError: a record is not JSON: ");
    fixture_fini(&fixture);
}

static void references_are_bounded_by_nesting_and_not_by_number(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_RECORDS, 1,
             CODE(I(LOAD_NAME, 0), I(CROSS_REFERENCE, 3), I(RETURN, 0)));
    struct valve_record record = {SLICE("a/b"), SLICE("7"), true};
    fixture.request.records = &record;
    fixture.request.record_count = 1;
    expect_error(&fixture, "Exceeded max iteration count");
    fixture.options.max_rule_iterations = 4;
    expect_json(&fixture, "7");
    fixture.options.max_rule_iterations = 1;
    expect_error(&fixture, "Exceeded max iteration count");
    fixture.options.max_rule_iterations = 0;
    expect_json(&fixture, "7");
    fixture_fini(&fixture);
}

static void a_rule_that_reads_too_many_records_is_an_error(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t one = builder_text(&fixture.builder, "one");
    uint32_t two = builder_text(&fixture.builder, "two");
    add_rule(&fixture, RULE_NEEDS_RECORDS, 3,
             CODE(I(LOAD_CONSTANT, one), I(CROSS_REFERENCE, 1), I(LOAD_CONSTANT, one),
                  I(CROSS_REFERENCE, 1), I(LOAD_CONSTANT, two), I(CROSS_REFERENCE, 1),
                  I(MAKE_ARRAY, 3), I(RETURN, 0)));
    const struct valve_record records[] = {{SLICE("one"), SLICE("1"), true},
                                           {SLICE("two"), SLICE("2"), true}};
    fixture.request.records = records;
    fixture.request.record_count = 2;
    fixture.options.max_loads = 2;
    expect_json(&fixture, "[1,1,2]");
    fixture.options.max_loads = 1;
    expect_error(&fixture, "RangeError: the rule reads more than 1 records");
    fixture.options.max_loads = 0;
    expect_error(&fixture, "RangeError: the rule reads more than 0 records");
    fixture_fini(&fixture);
}

static void needed_names_outlive_what_they_were_read_from(void **state)
{
    (void)state;
    struct fixture fixture;
    char payload[] = "\"other\"";
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_RECORDS | RULE_NEEDS_DATA, 1,
             CODE(I(LOAD_DATA, 0), I(CROSS_REFERENCE, 1), I(RETURN, 0)));
    fixture.request.payload = VALVE_PAYLOAD_JSON;
    fixture.request.data = slice_of(payload);
    expect_decision(&fixture, VALVE_NEEDS);
    memset(payload, 'x', sizeof payload);
    assert_true(slice_equal(fixture.result.needs[0], SLICE("other")));
    fixture_fini(&fixture);
}

static void steps_are_bounded(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, 0, 1, CODE(I(LOAD_TRUE, 0), I(NOT, 0), I(NOT, 0), I(RETURN, 0)));
    fixture.options.max_steps = 4;
    expect_decision(&fixture, VALVE_ALLOW);
    assert_int_equal(fixture.result.steps, 4);
    fixture.options.max_steps = 3;
    expect_error(&fixture, "RangeError: the rule takes too many steps");
    assert_int_equal(fixture.result.line, 10);
    fixture_fini(&fixture);
}

static void memory_is_bounded_and_the_arena_keeps_its_own_limit(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_DATA, 1, CODE(I(LOAD_DATA, 0), I(RETURN, 0)));
    fixture.request.payload = VALVE_PAYLOAD_JSON;
    fixture.request.data = SLICE("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]");
    fixture.options.max_memory_bytes = 64;
    expect_decision(&fixture, VALVE_ERROR);
    assert_int_equal(fixture.arena.limit_bytes, 0);
    fixture.options.max_memory_bytes = 0;
    expect_decision(&fixture, VALVE_ERROR);
    fixture.options.max_memory_bytes = (size_t)-1;
    expect_decision(&fixture, VALVE_ALLOW);
    fixture.arena.limit_bytes = fixture.arena.used_bytes + 64;
    size_t limit = fixture.arena.limit_bytes;
    expect_decision(&fixture, VALVE_ERROR);
    assert_int_equal(fixture.arena.limit_bytes, limit);
    fixture_fini(&fixture);
}

static void nesting_of_json_is_bounded(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_DATA, 1, CODE(I(LOAD_DATA, 0), I(RETURN, 0)));
    fixture.request.payload = VALVE_PAYLOAD_JSON;
    fixture.request.data = SLICE("[[[]]]");
    fixture.options.max_json_depth = 3;
    expect_decision(&fixture, VALVE_ALLOW);
    fixture.options.max_json_depth = 2;
    expect_error(&fixture, "SyntaxError: data is not JSON: ");
    fixture_fini(&fixture);
}

static void texts_are_bounded(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, 0, 2, CODE(I(LOAD_NAME, 0), I(LOAD_NAME, 0), I(ADD, 0), I(RETURN, 0)));
    fixture.options.max_text_bytes = 6;
    expect_json(&fixture, "\"a/ba/b\"");
    fixture.options.max_text_bytes = 5;
    expect_error(&fixture, "RangeError: ");
    fixture_fini(&fixture);
}

static void regular_expressions_are_bounded(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t regex = builder_regex(&fixture.builder, "^(a+)+$", "");
    add_rule(&fixture, 0, 1, CODE(I(LOAD_NAME, 0), I(MATCH_REGEX, regex), I(RETURN, 0)));
    fixture.request.name = SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    fixture.options.max_regex_steps = 1000;
    expect_decision(&fixture, VALVE_ERROR);
    fixture.request.name = SLICE("aaa");
    expect_decision(&fixture, VALVE_ALLOW);
    fixture_fini(&fixture);
}

static void simple_rules_take_no_memory(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t path = builder_pattern(&fixture.builder, VALVE_SECTION_record, "user/*");
    uint32_t id = builder_text(&fixture.builder, "id");
    uint32_t name = builder_text(&fixture.builder, "user/ann");
    builder_rule(&fixture.builder, VALVE_RECORD_WRITE, path, "0123456789", 0, 2,
                 CODE(I(LOAD_NAME, 0), I(LOAD_CONSTANT, name), I(STRICT_EQUAL, 0),
                      I(JUMP_OR_POP_IF_FALSE, 6), I(LOAD_USER, 0), I(GET_MEMBER, id),
                      I(RETURN, 0)));
    fixture.request.name = SLICE("user/ann");
    expect_decision(&fixture, VALVE_ALLOW);
    size_t used = fixture.arena.used_bytes;
    expect_decision(&fixture, VALVE_ALLOW);
    assert_int_equal(fixture.arena.used_bytes, used);
    fixture_fini(&fixture);
}

static void needs_are_those_of_the_rule_that_would_decide(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    add_rule(&fixture, RULE_NEEDS_DATA | RULE_NEEDS_RECORDS, 1,
             CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    add_answer(&fixture, "a/*", VALVE_RECORD_WRITE, true);
    fixture.program = builder_load(&fixture.builder);
    struct valve_needs needs =
        valve_program_needs(fixture.program, VALVE_RECORD_WRITE, SLICE("x"), &fixture.arena);
    assert_true(needs.data && needs.records && !needs.old_data && !needs.now);
    needs = valve_program_needs(fixture.program, VALVE_RECORD_WRITE, SLICE("a/x"), &fixture.arena);
    assert_false(needs.data || needs.records || needs.old_data || needs.now);
    needs = valve_program_needs(fixture.program, VALVE_RECORD_READ, SLICE("x"), &fixture.arena);
    assert_false(needs.data || needs.records || needs.old_data || needs.now);
    fixture_fini(&fixture);
}

static void variables_hold_what_the_path_captured(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t path = builder_pattern(&fixture.builder, VALVE_SECTION_record, "$a/x/$b");
    builder_rule(&fixture.builder, VALVE_RECORD_WRITE, path, "0123456789", RULE_NEEDS_VARIABLES, 2,
                 CODE(I(LOAD_VARIABLE, 1), I(LOAD_VARIABLE, 0), I(MAKE_ARRAY, 2), I(RETURN, 0)));
    fixture.request.name = SLICE("one/x/\xc3\xa4");
    expect_json(&fixture, "[\"\xc3\xa4\",\"one\"]");
    fixture_fini(&fixture);
}

static void variables_that_took_no_part_are_undefined(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t path = builder_pattern(&fixture.builder, VALVE_SECTION_record, "a/$a|b/$b");
    builder_rule(&fixture.builder, VALVE_RECORD_WRITE, path, "0123456789", RULE_NEEDS_VARIABLES, 2,
                 CODE(I(LOAD_VARIABLE, 0), I(TYPE_OF, 0), I(LOAD_VARIABLE, 1), I(TYPE_OF, 0),
                      I(MAKE_ARRAY, 2), I(RETURN, 0)));
    fixture.request.name = SLICE("a/1");
    expect_json(&fixture, "[\"string\",\"undefined\"]");
    fixture.request.name = SLICE("b/1");
    expect_json(&fixture, "[\"undefined\",\"string\"]");
    fixture_fini(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_path_with_the_rule_decides),
        cmocka_unit_test(a_name_that_no_rule_covers_is_denied),
        cmocka_unit_test(a_program_without_rules_denies_everything),
        cmocka_unit_test(presence_to_all_asks_the_root_rule_alone),
        cmocka_unit_test(without_a_name_name_is_undefined),
        cmocka_unit_test(names_that_are_not_utf8_are_errors),
        cmocka_unit_test(a_lone_root_decides_as_one_among_others),
        cmocka_unit_test(constant_rules_decide_as_the_machine_does),
        cmocka_unit_test(every_byte_of_a_name_is_looked_at),
        cmocka_unit_test(empty_names_and_payloads_may_have_no_bytes),
        cmocka_unit_test(truth_allows_and_falsity_denies),
        cmocka_unit_test(payloads_are_json_or_text),
        cmocka_unit_test(a_broken_payload_is_an_error_wherever_the_rule_names_data),
        cmocka_unit_test(a_broken_payload_does_not_matter_to_a_rule_without_data),
        cmocka_unit_test(users_have_data_or_null),
        cmocka_unit_test(old_data_is_the_record_of_the_name),
        cmocka_unit_test(references_are_bounded_by_nesting_and_not_by_number),
        cmocka_unit_test(a_rule_that_reads_too_many_records_is_an_error),
        cmocka_unit_test(needed_names_outlive_what_they_were_read_from),
        cmocka_unit_test(steps_are_bounded),
        cmocka_unit_test(memory_is_bounded_and_the_arena_keeps_its_own_limit),
        cmocka_unit_test(nesting_of_json_is_bounded),
        cmocka_unit_test(texts_are_bounded),
        cmocka_unit_test(regular_expressions_are_bounded),
        cmocka_unit_test(simple_rules_take_no_memory),
        cmocka_unit_test(needs_are_those_of_the_rule_that_would_decide),
        cmocka_unit_test(variables_hold_what_the_path_captured),
        cmocka_unit_test(variables_that_took_no_part_are_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
