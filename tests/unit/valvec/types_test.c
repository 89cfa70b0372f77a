/* The type pass: what each kind of expression can be. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "passes.h"
#include "types.h"
#include "valvec.h"

struct expectation {
    const char *expression;
    uint32_t types;
};

static slice rule_text(struct arena *arena, const char *section, const char *type,
                       const char *expression)
{
    static const char *const SECTIONS[] = {"record", "event", "rpc", "presence"};
    slice text = SLICE("");
    for (size_t i = 0; i < 4; i++) {
        bool here = strcmp(section, SECTIONS[i]) == 0;
        text = here ? arena_printf(arena,
                                   SLICE_FORMAT
                                   "%s:\n  \"*\": {}\n  \"a/$x\":\n    %s: |-\n      %s\n",
                                   SLICE_ARGUMENTS(text), SECTIONS[i], type, expression)
                    : arena_printf(arena, SLICE_FORMAT "%s: {\"*\": {}}\n", SLICE_ARGUMENTS(text),
                                   SECTIONS[i]);
    }
    return text;
}

static uint32_t infer(const char *section, const char *type, const char *expression)
{
    struct arena arena;
    struct diagnostics diagnostics;
    struct compilation compilation;
    struct valvec_options options = valvec_options_default();
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    compilation_open(&compilation, SLICE("rules.yml"), rule_text(&arena, section, type, expression),
                     &options, &arena, &diagnostics);
    assert_int_equal(compilation.rules.count, 1);
    struct rule *rule = compilation.rules.items[0];
    if (rule->tree == NULL)
        fail_msg("`%s` is refused", expression);
    types_infer(rule->tree, rule->kind);
    uint32_t types = rule->tree->types;
    compilation_close(&compilation);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
    return types;
}

static void expect_all(const char *section, const char *type, const struct expectation *list,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t types = infer(section, type, list[i].expression);
        if (types != list[i].types)
            fail_msg("`%s` is %#x, expected %#x", list[i].expression, types, list[i].types);
    }
}

#define EXPECT(section, type, ...)                                                                 \
    expect_all(section, type, (const struct expectation[]){__VA_ARGS__},                           \
               sizeof((const struct expectation[]){__VA_ARGS__}) / sizeof(struct expectation))

static void literals_are_known_exactly(void **state)
{
    (void)state;
    EXPECT("record", "write", {"0", TYPE_ZERO}, {"1", TYPE_NUMBER}, {"-1", TYPE_NUMBER},
           {"-0", TYPE_ZERO}, {"''", TYPE_EMPTY}, {"'a'", TYPE_TEXT}, {"true", TYPE_TRUE},
           {"false", TYPE_FALSE}, {"null", TYPE_NULL}, {"undefined", TYPE_UNDEFINED},
           {"NaN", TYPE_ZERO}, {"Infinity", TYPE_NUMBER}, {"[]", TYPE_ARRAY},
           {"({a: 1})", TYPE_OBJECT}, {"`a${name}`", TYPE_TEXT}, {"`${name}`", TYPES_TEXT});
}

static void names_are_what_a_request_can_hold(void **state)
{
    (void)state;
    EXPECT("record", "write", {"user", TYPE_OBJECT}, {"data", TYPES_JSON | TYPE_UNDEFINED},
           {"oldData", TYPES_JSON}, {"now", TYPE_NUMBER}, {"action", TYPE_NUMBER},
           {"name", TYPES_TEXT}, {"$x", TYPE_TEXT}, {"nobody", TYPES_NONE});
    EXPECT("event", "subscribe", {"data", TYPE_UNDEFINED});
    EXPECT("presence", "allow", {"name", TYPES_TEXT | TYPE_UNDEFINED});
}

static void members_follow_their_receiver(void **state)
{
    (void)state;
    EXPECT("record", "write", {"user.id", TYPES_TEXT}, {"user['id']", TYPES_TEXT},
           {"user.isAuthenticated", TYPES_BOOLEAN}, {"user.data", TYPES_JSON},
           {"user.role", TYPES_NONE}, {"data.a", TYPES_ANY}, {"name.length", TYPES_NUMBER},
           {"name.a", TYPE_UNDEFINED}, {"[1].length", TYPES_NUMBER}, {"[1].a", TYPE_UNDEFINED},
           {"[1][0]", TYPES_ANY}, {"name[0]", TYPE_TEXT | TYPES_NUMBER | TYPE_UNDEFINED},
           {"now.a", TYPE_UNDEFINED}, {"null.a", TYPES_NONE}, {"null[0]", TYPES_NONE},
           {"now[0]", TYPE_UNDEFINED}, {"name?.length", TYPES_NUMBER | TYPE_UNDEFINED});
}

static void calls_return_what_their_method_does(void **state)
{
    (void)state;
    EXPECT("record", "write", {"name.startsWith('a')", TYPES_BOOLEAN},
           {"name.endsWith('a')", TYPES_BOOLEAN}, {"data.includes('a')", TYPES_BOOLEAN},
           {"name.indexOf('a')", TYPES_NUMBER}, {"name.match(/a/)", TYPE_NULL | TYPE_MATCH},
           {"name.trim()", TYPES_TEXT}, {"name.toUpperCase()", TYPES_TEXT},
           {"name.toLowerCase()", TYPES_TEXT});
}

static void a_reference_is_undefined_only_when_its_name_may_be(void **state)
{
    (void)state;
    EXPECT("record", "write", {"_('a')", TYPES_JSON}, {"_('a' + $x)", TYPES_JSON},
           {"_(`a${name}`)", TYPES_JSON}, {"_('a' + data.b)", TYPES_JSON | TYPE_UNDEFINED},
           {"_(data.b + 'a' + 'b')", TYPES_JSON | TYPE_UNDEFINED},
           {"_(`a${data.b}`)", TYPES_JSON | TYPE_UNDEFINED}, {"_()", TYPES_JSON | TYPE_UNDEFINED});
}

static void operators_convert_as_javascript_does(void **state)
{
    (void)state;
    EXPECT("record", "write", {"!now", TYPE_FALSE}, {"!null", TYPE_TRUE}, {"!name", TYPES_BOOLEAN},
           {"typeof data", TYPE_TEXT}, {"void 0", TYPE_UNDEFINED}, {"+name", TYPES_NUMBER},
           {"~1", TYPES_NUMBER}, {"1 + 2", TYPES_NUMBER}, {"'a' + data", TYPE_TEXT},
           {"name + 1", TYPES_TEXT}, {"data + 1", TYPES_TEXT | TYPES_NUMBER},
           {"[] + 1", TYPES_TEXT}, {"null + true", TYPES_NUMBER}, {"nobody + 1", TYPES_NONE},
           {"name * 2", TYPES_NUMBER}, {"'a' in data", TYPES_BOOLEAN});
}

static void logical_operators_keep_the_side_that_decides(void **state)
{
    (void)state;
    EXPECT("record", "write", {"name && true", TYPE_EMPTY | TYPE_TRUE},
           {"name || false", TYPE_TEXT | TYPE_FALSE}, {"null && name", TYPE_NULL},
           {"now && name", TYPES_TEXT}, {"now || name", TYPE_NUMBER},
           {"name || now", TYPE_TEXT | TYPE_NUMBER}, {"null ?? name", TYPES_TEXT},
           {"name ?? now", TYPES_TEXT}, {"nobody && true", TYPES_NONE},
           {"name ? 1 : null", TYPE_NUMBER | TYPE_NULL}, {"now ? 1 : null", TYPE_NUMBER},
           {"'' ? 1 : null", TYPE_NULL});
}

static void equality_is_decided_for_literals_and_for_the_same_thing_twice(void **state)
{
    (void)state;
    EXPECT("record", "write", {"1 === 1", TYPE_TRUE}, {"1 === 2", TYPE_FALSE},
           {"1 !== 2", TYPE_TRUE}, {"'1' === 1", TYPE_FALSE}, {"'1' == 1", TYPES_BOOLEAN},
           {"null == null", TYPE_TRUE}, {"NaN === NaN", TYPE_FALSE},
           {"data.a === data.a", TYPE_TRUE}, {"data.a !== data.a", TYPE_FALSE},
           {"data.a === data.b", TYPES_BOOLEAN}, {"_('a') === _('a')", TYPE_TRUE},
           {"+name === +name", TYPES_BOOLEAN}, {"[] === []", TYPES_BOOLEAN},
           {"name.match(/a/) === name.match(/a/)", TYPES_BOOLEAN},
           {"('a' + name) === ('a' + name)", TYPE_TRUE});
}

static void order_is_decided_for_numbers_and_for_the_same_thing_twice(void **state)
{
    (void)state;
    EXPECT("record", "write", {"1 < 2", TYPE_TRUE}, {"2 <= 1", TYPE_FALSE}, {"2 > 1", TYPE_TRUE},
           {"1 >= 2", TYPE_FALSE}, {"NaN < 1", TYPE_FALSE}, {"data < data", TYPE_FALSE},
           {"data <= data", TYPES_BOOLEAN}, {"data < 1", TYPES_BOOLEAN});
}

static void sets_are_described_in_words(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    assert_string_equal(types_describe(TYPE_TEXT, &arena).at, "a text");
    assert_string_equal(types_describe(TYPE_NULL | TYPE_FALSE, &arena).at, "a boolean or null");
    assert_string_equal(types_describe(TYPES_ANY, &arena).at, "any value");
    assert_string_equal(types_describe(TYPES_NONE, &arena).at, "any value");
    arena_fini(&arena);
}

static void truth_needs_a_value(void **state)
{
    (void)state;
    assert_true(types_always_true(TYPE_TEXT | TYPE_OBJECT));
    assert_false(types_always_true(TYPES_TEXT));
    assert_false(types_always_true(TYPES_NONE));
    assert_true(types_always_false(TYPES_ABSENT));
    assert_false(types_always_false(TYPES_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_known_exactly),
        cmocka_unit_test(names_are_what_a_request_can_hold),
        cmocka_unit_test(members_follow_their_receiver),
        cmocka_unit_test(calls_return_what_their_method_does),
        cmocka_unit_test(a_reference_is_undefined_only_when_its_name_may_be),
        cmocka_unit_test(operators_convert_as_javascript_does),
        cmocka_unit_test(logical_operators_keep_the_side_that_decides),
        cmocka_unit_test(equality_is_decided_for_literals_and_for_the_same_thing_twice),
        cmocka_unit_test(order_is_decided_for_numbers_and_for_the_same_thing_twice),
        cmocka_unit_test(sets_are_described_in_words),
        cmocka_unit_test(truth_needs_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
