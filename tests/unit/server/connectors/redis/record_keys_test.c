#include "connectors/redis/record_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_keys(struct record_layout layout, slice name, slice version, slice data)
{
    struct record_keys keys;
    record_keys_init(&keys, &layout, name);
    assert_true(slice_equal(keys.version, version));
    assert_true(slice_equal(keys.data, data));
    record_keys_fini(&keys);
}

static void keys_are_the_original_s_unless_they_are_told_otherwise(void **state)
{
    (void)state;
    assert_keys((struct record_layout){.key_prefix = SLICE("")}, SLICE("a/b"), SLICE("a/b_v"),
                SLICE("a/b_d"));
    assert_keys((struct record_layout){.key_prefix = SLICE("")}, SLICE(""), SLICE("_v"),
                SLICE("_d"));
    assert_keys((struct record_layout){.key_prefix = SLICE("app:"), .has_hash_tags = true},
                SLICE("a}b"), SLICE("app:{a}b}_v"), SLICE("app:{a}b}_d"));
}

static void names_that_make_no_tag_do_not_fit(void **state)
{
    (void)state;
    const struct record_layout plain = {.key_prefix = SLICE("")},
                               tagged = {.key_prefix = SLICE(""), .has_hash_tags = true};
    assert_true(record_keys_fit(&plain, SLICE("")) && record_keys_fit(&plain, SLICE("}")));
    assert_false(record_keys_fit(&tagged, SLICE("")) || record_keys_fit(&tagged, SLICE("}a")));
    assert_true(record_keys_fit(&tagged, SLICE("a}")));
}

static void versions_are_decimal_numbers_and_nothing_else(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "-1", "+1", " 1", "1 ", "1.0", "1e3", "2147483648", "99999999999999999999", "0x1"};
    int32_t version;
    assert_true(record_version_parse(SLICE("0"), &version));
    assert_int_equal(version, 0);
    assert_true(record_version_parse(SLICE("2147483647"), &version));
    assert_int_equal(version, INT32_MAX);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(record_version_parse(slice_of(texts[i]), &version));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_the_original_s_unless_they_are_told_otherwise),
        cmocka_unit_test(names_that_make_no_tag_do_not_fit),
        cmocka_unit_test(versions_are_decimal_numbers_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
