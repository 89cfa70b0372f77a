/* The code that rules become, with and without the passes that shorten it. */

#include "support/compile_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void expect_code_with(bool optimise, const char *rule, const char *code)
{
    struct compiled compiled;
    struct arena arena;
    struct buf shown = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    options.optimise = optimise;
    arena_init(&arena, 0);

    slice block = arena_printf(&arena, "|-\n      %s", rule);
    compile_file(&compiled, SLICE("r.yml"), rule_file(&arena, "a/$x/$y", "write", block.at),
                 &options);
    if (compiled.program == NULL)
        show_diagnostics(&compiled.diagnostics, &shown);
    else
        show_code(compiled.program, 0, &shown);
    buf_append_byte(&shown, '\0');
    assert_string_equal(shown.at, code);
    if (compiled.program != NULL) {
        struct valve_load_error error = {{0}};
        bool proven = program_verify_rule(compiled.program, 0, &error);
        assert_string_equal(error.message, "");
        assert_true(proven);
    }

    buf_fini(&shown);
    compiled_fini(&compiled);
    arena_fini(&arena);
}

#define PLAIN(rule, code) expect_code_with(false, rule, code)
#define OPTIMISED(rule, code) expect_code_with(true, rule, code)

/* ---- what each construct becomes ---- */

static void literals_and_names_are_loaded(void **state)
{
    (void)state;
    PLAIN("null", "LOAD_NULL; RETURN");
    PLAIN("[true, false, undefined]",
          "LOAD_TRUE; LOAD_FALSE; LOAD_UNDEFINED; MAKE_ARRAY 3; RETURN");
    PLAIN("[user, data, oldData, now, action, name, $x, $y]",
          "LOAD_USER; LOAD_DATA; LOAD_OLD_DATA; LOAD_NOW; LOAD_ACTION; LOAD_NAME; "
          "LOAD_VARIABLE 0; LOAD_VARIABLE 1; MAKE_ARRAY 8; RETURN");
    PLAIN("[NaN, Infinity]", "LOAD_CONSTANT nan; LOAD_CONSTANT inf; MAKE_ARRAY 2; RETURN");
}

static void small_integers_are_operands_and_other_numbers_constants(void **state)
{
    (void)state;
    PLAIN("[0, 8388607, 8388608, 0.5]",
          "LOAD_INTEGER 0; LOAD_INTEGER 8388607; LOAD_CONSTANT 8.38861e+06; LOAD_CONSTANT 0.5; "
          "MAKE_ARRAY 4; RETURN");
    OPTIMISED("[-1, -8388608, -8388609, -0]",
              "LOAD_INTEGER -1; LOAD_INTEGER -8388608; LOAD_CONSTANT -8.38861e+06; "
              "LOAD_CONSTANT -0; MAKE_ARRAY 4; RETURN");
}

static void members_and_indexes_are_read(void **state)
{
    (void)state;
    PLAIN("user.data[name]", "LOAD_USER; GET_MEMBER 'data'; LOAD_NAME; GET_INDEX; RETURN");
    PLAIN("user['a-b']", "LOAD_USER; LOAD_CONSTANT 'a-b'; GET_INDEX; RETURN");
}

static void optional_chains_skip_their_rest(void **state)
{
    (void)state;
    PLAIN("user.data?.a.b",
          "LOAD_USER; GET_MEMBER 'data'; JUMP_IF_ABSENT 5; GET_MEMBER 'a'; GET_MEMBER 'b'; RETURN");
    PLAIN("data?.[name]?.c",
          "LOAD_DATA; JUMP_IF_ABSENT 6; LOAD_NAME; GET_INDEX; JUMP_IF_ABSENT 6; GET_MEMBER 'c'; "
          "RETURN");
    PLAIN("(data?.a).b", "LOAD_DATA; JUMP_IF_ABSENT 3; GET_MEMBER 'a'; GET_MEMBER 'b'; RETURN");
    PLAIN("data?.trim()", "LOAD_DATA; JUMP_IF_ABSENT 3; CALL_METHOD trim/0; RETURN");
    PLAIN("data.trim?.().length",
          "LOAD_DATA; JUMP_IF_NO_METHOD trim; JUMP 5; CALL_METHOD trim/0; GET_MEMBER 'length'; "
          "RETURN");
    PLAIN("data?.a[name ? 1 : 2]",
          "LOAD_DATA; JUMP_IF_ABSENT 9; GET_MEMBER 'a'; LOAD_NAME; JUMP_IF_FALSE 7; "
          "LOAD_INTEGER 1; JUMP 8; LOAD_INTEGER 2; GET_INDEX; RETURN");
}

static void methods_take_their_arguments(void **state)
{
    (void)state;
    PLAIN("name.startsWith('a', 1)",
          "LOAD_NAME; LOAD_CONSTANT 'a'; LOAD_INTEGER 1; CALL_METHOD startsWith/2; RETURN");
    PLAIN("name.match(/a/i)", "LOAD_NAME; MATCH_REGEX /a/i; RETURN");
    PLAIN("name.match('^a')", "LOAD_NAME; MATCH_REGEX /^a/; RETURN");
    PLAIN("name.match(/a/, data.x)",
          "LOAD_NAME; LOAD_DATA; GET_MEMBER 'x'; POP; MATCH_REGEX /a/; RETURN");
    PLAIN("name.match?.(/a/)",
          "LOAD_NAME; JUMP_IF_NO_METHOD match; JUMP 4; MATCH_REGEX /a/; RETURN");
    PLAIN("name.match(data.x)",
          "LOAD_NAME; LOAD_DATA; GET_MEMBER 'x'; CALL_METHOD match/1; RETURN");
}

static void choices_jump(void **state)
{
    (void)state;
    PLAIN("name && data", "LOAD_NAME; JUMP_OR_POP_IF_FALSE 3; LOAD_DATA; RETURN");
    PLAIN("name || data", "LOAD_NAME; JUMP_OR_POP_IF_TRUE 3; LOAD_DATA; RETURN");
    PLAIN("name ?? data", "LOAD_NAME; JUMP_OR_POP_IF_PRESENT 3; LOAD_DATA; RETURN");
    PLAIN("name ? data : now", "LOAD_NAME; JUMP_IF_FALSE 4; LOAD_DATA; JUMP 5; LOAD_NOW; RETURN");
}

static void operators_follow_their_operands(void **state)
{
    (void)state;
    PLAIN("1 - 2 * data", "LOAD_INTEGER 1; LOAD_INTEGER 2; LOAD_DATA; MULTIPLY; SUBTRACT; RETURN");
    PLAIN("!data === void name",
          "LOAD_DATA; NOT; LOAD_NAME; POP; LOAD_UNDEFINED; STRICT_EQUAL; RETURN");
    PLAIN("typeof data in +name", "LOAD_DATA; TYPE_OF; LOAD_NAME; TO_NUMBER; IN; RETURN");
}

static void arrays_objects_and_templates_are_made(void **state)
{
    (void)state;
    PLAIN("[1,,name]", "LOAD_INTEGER 1; LOAD_UNDEFINED; LOAD_NAME; MAKE_ARRAY 3; RETURN");
    PLAIN("{a: 1, [name]: 2, data}",
          "LOAD_CONSTANT 'a'; LOAD_INTEGER 1; LOAD_NAME; LOAD_INTEGER 2; LOAD_CONSTANT 'data'; "
          "LOAD_DATA; MAKE_OBJECT 3; RETURN");
    PLAIN("`a${name}b`", "LOAD_CONSTANT 'a'; LOAD_NAME; LOAD_CONSTANT 'b'; JOIN_TEXT 3; RETURN");
}

static void an_unknown_name_fails_when_reached_but_not_in_typeof(void **state)
{
    (void)state;
    PLAIN("nobody", "FAIL_UNKNOWN 'nobody'; RETURN");
    PLAIN("typeof nobody", "LOAD_UNDEFINED; TYPE_OF; RETURN");
}

/* ---- references ---- */

static void references_know_their_depth(void **state)
{
    (void)state;
    PLAIN("_(name)", "LOAD_NAME; CROSS_REFERENCE 1; RETURN");
    PLAIN("_(_(name).a) && _('b')",
          "LOAD_NAME; CROSS_REFERENCE 1; GET_MEMBER 'a'; CROSS_REFERENCE 2; "
          "JUMP_OR_POP_IF_FALSE 7; LOAD_CONSTANT 'b'; CROSS_REFERENCE 1; RETURN");
    PLAIN("_()", "LOAD_UNDEFINED; CROSS_REFERENCE 1; RETURN");
    PLAIN("_(name, data, now)",
          "LOAD_NAME; LOAD_DATA; POP; LOAD_NOW; POP; CROSS_REFERENCE 1; RETURN");
}

static void a_record_name_sees_its_undefined_parts(void **state)
{
    (void)state;
    PLAIN("_('a/' + name + '/b')",
          "LOAD_CONSTANT 'a/'; LOAD_NAME; LOAD_CONSTANT '/b'; SUM_NAME 3; CROSS_REFERENCE 1; "
          "RETURN");
    PLAIN("_('a/' + (name + now))",
          "LOAD_CONSTANT 'a/'; LOAD_NAME; LOAD_NOW; ADD; SUM_NAME 2; CROSS_REFERENCE 1; RETURN");
    PLAIN("_('a' + _('b' + name).c + 'd')",
          "LOAD_CONSTANT 'a'; LOAD_CONSTANT 'b'; LOAD_NAME; SUM_NAME 2; CROSS_REFERENCE 1; "
          "GET_MEMBER 'c'; LOAD_CONSTANT 'd'; SUM_NAME 3; CROSS_REFERENCE 2; RETURN");
    PLAIN("_(`a/${name}`)",
          "LOAD_CONSTANT 'a/'; LOAD_NAME; JOIN_NAME 2; CROSS_REFERENCE 1; RETURN");
    PLAIN("_(-(name + now))", "LOAD_NAME; LOAD_NOW; ADD; NEGATE; CROSS_REFERENCE 1; RETURN");
}

/* ---- folding ---- */

static void constant_parts_are_worked_out(void **state)
{
    (void)state;
    OPTIMISED("now > 24 * 60 * 60 * 1000", "LOAD_NOW; LOAD_CONSTANT 8.64e+07; GREATER; RETURN");
    OPTIMISED("'a' + 'b' + name", "LOAD_CONSTANT 'ab'; LOAD_NAME; ADD; RETURN");
    OPTIMISED("!1 || '10' == 10", "LOAD_TRUE; RETURN");
    OPTIMISED("typeof null", "LOAD_CONSTANT 'object'; RETURN");
    OPTIMISED("[2 ** -1, 1 / 0, 7 - '2', 'b' > 'a', null >= 0, void 0]",
              "LOAD_CONSTANT 0.5; LOAD_CONSTANT inf; LOAD_INTEGER 5; LOAD_TRUE; LOAD_TRUE; "
              "LOAD_UNDEFINED; MAKE_ARRAY 6; RETURN");
    OPTIMISED("`a`", "LOAD_CONSTANT 'a'; RETURN");
}

static void choices_that_are_certain_are_taken(void **state)
{
    (void)state;
    OPTIMISED("true && name", "LOAD_NAME; RETURN");
    OPTIMISED("false && name", "LOAD_FALSE; RETURN");
    OPTIMISED("'' || name", "LOAD_NAME; RETURN");
    OPTIMISED("null ?? name", "LOAD_NAME; RETURN");
    OPTIMISED("1 > 2 ? data : name", "LOAD_NAME; RETURN");
    OPTIMISED("name && true", "LOAD_NAME; JUMP_OR_POP_IF_FALSE 3; LOAD_TRUE; RETURN");
}

static void folding_does_not_change_what_a_rule_means(void **state)
{
    (void)state;
    OPTIMISED("_('a' + undefined)",
              "LOAD_CONSTANT 'a'; LOAD_UNDEFINED; SUM_NAME 2; CROSS_REFERENCE 1; RETURN");
    OPTIMISED("_(true && ('a' + name))",
              "LOAD_TRUE; JUMP_OR_POP_IF_FALSE 5; LOAD_CONSTANT 'a'; LOAD_NAME; ADD; "
              "CROSS_REFERENCE 1; RETURN");
    OPTIMISED("typeof (true && nobody)",
              "LOAD_TRUE; JUMP_OR_POP_IF_FALSE 3; FAIL_UNKNOWN 'nobody'; TYPE_OF; RETURN");
    OPTIMISED("name.match('a' + 'b')",
              "LOAD_NAME; LOAD_CONSTANT 'ab'; CALL_METHOD match/1; RETURN");
    OPTIMISED("1 in 2", "LOAD_INTEGER 1; LOAD_INTEGER 2; IN; RETURN");
}

/* ---- jumps ---- */

static void chains_of_choices_end_in_one_jump(void **state)
{
    (void)state;
    PLAIN("name && data && now",
          "LOAD_NAME; JUMP_OR_POP_IF_FALSE 3; LOAD_DATA; JUMP_OR_POP_IF_FALSE 5; LOAD_NOW; RETURN");
    OPTIMISED("name && data && now",
              "LOAD_NAME; JUMP_OR_POP_IF_FALSE 5; LOAD_DATA; JUMP_OR_POP_IF_FALSE 5; LOAD_NOW; "
              "RETURN");
    OPTIMISED("name && data || now",
              "LOAD_NAME; JUMP_IF_FALSE 4; LOAD_DATA; JUMP_OR_POP_IF_TRUE 5; LOAD_NOW; RETURN");
    OPTIMISED("name && data ? 1 : 2",
              "LOAD_NAME; JUMP_IF_FALSE 6; LOAD_DATA; JUMP_IF_FALSE 6; LOAD_INTEGER 1; JUMP 7; "
              "LOAD_INTEGER 2; RETURN");
    OPTIMISED("name ? data ? 1 : 2 : 3",
              "LOAD_NAME; JUMP_IF_FALSE 8; LOAD_DATA; JUMP_IF_FALSE 6; LOAD_INTEGER 1; JUMP 9; "
              "LOAD_INTEGER 2; JUMP 9; LOAD_INTEGER 3; RETURN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_and_names_are_loaded),
        cmocka_unit_test(small_integers_are_operands_and_other_numbers_constants),
        cmocka_unit_test(members_and_indexes_are_read),
        cmocka_unit_test(optional_chains_skip_their_rest),
        cmocka_unit_test(methods_take_their_arguments),
        cmocka_unit_test(choices_jump),
        cmocka_unit_test(operators_follow_their_operands),
        cmocka_unit_test(arrays_objects_and_templates_are_made),
        cmocka_unit_test(an_unknown_name_fails_when_reached_but_not_in_typeof),
        cmocka_unit_test(references_know_their_depth),
        cmocka_unit_test(a_record_name_sees_its_undefined_parts),
        cmocka_unit_test(constant_parts_are_worked_out),
        cmocka_unit_test(choices_that_are_certain_are_taken),
        cmocka_unit_test(folding_does_not_change_what_a_rule_means),
        cmocka_unit_test(chains_of_choices_end_in_one_jump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
