#include "value_support.h"

#include <stdio.h>

static struct value_member member(const char *key, double number)
{
    return (struct value_member){value_text(slice_of(key)), value_number(number)};
}

static void of_duplicate_keys_the_last_value_stands_at_the_first_place(void **unused)
{
    (void)unused;
    struct value_member *members = arena_alloc(&memory, 4 * sizeof *members);
    members[0] = member("a", 1);
    members[1] = member("b", 2);
    members[2] = member("a", 3);
    members[3] = member("", 4);
    const struct value_object *object = value_object_new(&memory, members, 4);
    assert_string_equal(shown(true, value_object(object)), "{\"a\":3,\"b\":2,\"\":4}");
}

/* Every count around the one from which objects have an index. */
static void members_are_found_in_objects_of_any_size(void **unused)
{
    static char names[100][8];
    (void)unused;
    for (uint32_t count = 0; count < 100; count++) {
        snprintf(names[count], sizeof names[count], "key%u", (unsigned)count);
        struct value_member *members = arena_alloc(&memory, (count * 2 + 1) * sizeof *members);
        for (uint32_t i = 0; i < count; i++) {
            members[i] = member(names[i], -1);
            members[count + i] = member(names[i], i);
        }
        const struct value_object *object = value_object_new(&memory, members, count * 2);
        assert_int_equal(object->count, count);
        for (uint32_t i = 0; i < count; i++)
            assert_true(value_object_find(object, slice_of(names[i]))->as.number == i);
        assert_null(value_object_find(object, SLICE("key")));
        assert_null(value_object_find(object, SLICE("")));
        assert_null(value_object_find(object, slice_of(names[count])));
    }
}

static void an_object_fails_when_the_arena_is_exhausted(void **unused)
{
    static struct value_member members[40];
    (void)unused;
    for (size_t i = 0; i < COUNT(members); i++)
        members[i].key = value_text(SLICE("k"));
    struct arena little;
    arena_init(&little, 48);
    assert_non_null(value_object_new(&little, members, 1));
    assert_null(value_object_new(&little, members, 1));
    arena_fini(&little);
    arena_init(&little, 64);
    assert_null(value_object_new(&little, members, 40));
    assert_null(value_array_new(&little, NULL, 40));
    arena_fini(&little);
}

static void array_indexes_are_canonical(void **unused)
{
    static const char *const others[] = {"",   "-1", "01",  "1.0",        "1e3",
                                         " 1", "+1", "abc", "4294967295", "99999999999"};
    (void)unused;
    uint32_t index;
    assert_true(value_array_index(SLICE("0"), &index) && index == 0);
    assert_true(value_array_index(SLICE("10"), &index) && index == 10);
    assert_true(value_array_index(SLICE("4294967294"), &index) && index == 4294967294);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(value_array_index(slice_of(others[i]), &index));
}

static void truth_and_type_are_those_of_javascript(void **unused)
{
    static const struct {
        const char *json;
        bool truth;
        const char *type;
    } cases[] = {
        {"{\"$\":\"undefined\"}", false, "undefined"},
        {"null", false, "object"},
        {"false", false, "boolean"},
        {"true", true, "boolean"},
        {"0", false, "number"},
        {"{\"$\":\"-0\"}", false, "number"},
        {"{\"$\":\"NaN\"}", false, "number"},
        {"{\"$\":\"-Infinity\"}", true, "number"},
        {"5e-324", true, "number"},
        {"\"\"", false, "string"},
        {"\"0\"", true, "string"},
        {"[]", true, "object"},
        {"{}", true, "object"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        valve_value v = value_of(cases[i].json);
        assert_int_equal(value_truth(v), cases[i].truth);
        assert_true(slice_equal(value_type_of(v), slice_of(cases[i].type)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_duplicate_keys_the_last_value_stands_at_the_first_place),
        cmocka_unit_test(members_are_found_in_objects_of_any_size),
        cmocka_unit_test(an_object_fails_when_the_arena_is_exhausted),
        cmocka_unit_test(array_indexes_are_canonical),
        cmocka_unit_test(truth_and_type_are_those_of_javascript),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
