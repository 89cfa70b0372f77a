/* The functions through which plugins read their options. */

#include "config_support.h"

static const struct ds_value *member(const struct ds_value *map, const char *key)
{
    return ds_value_member(map, key);
}

static struct config *load_options(const char *options, const struct ds_value **value)
{
    char text[512];
    snprintf(text, sizeof text, "plugins:\n  mine:\n    name: mine\n    options: %s\n", options);
    struct config *config = load_valid(text);
    *value = config_plugin(config, CONFIG_PLUGIN_CUSTOM, 0)->options;
    return config;
}

static void each_kind_of_value_is_what_yaml_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ds_value_kind kind;
    } CASES[] = {
        {"null", DS_VALUE_NULL},     {"~", DS_VALUE_NULL},        {"true", DS_VALUE_BOOLEAN},
        {"FALSE", DS_VALUE_BOOLEAN}, {"yes", DS_VALUE_TEXT},      {"12", DS_VALUE_NUMBER},
        {"-1.5e3", DS_VALUE_NUMBER}, {"0x1F", DS_VALUE_NUMBER},   {"0o17", DS_VALUE_NUMBER},
        {"1_000", DS_VALUE_TEXT},    {"012", DS_VALUE_NUMBER},    {".inf", DS_VALUE_NUMBER},
        {"'12'", DS_VALUE_TEXT},     {"!!str 12", DS_VALUE_TEXT}, {"2026-05-01", DS_VALUE_TEXT},
        {"[]", DS_VALUE_LIST},       {"{}", DS_VALUE_MAP},
    };
    char text[64];
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct ds_value *options;
        snprintf(text, sizeof text, "{a: [%s]}", CASES[i].text);
        struct config *config = load_options(text, &options);
        assert_int_equal(ds_value_kind(ds_value_at(member(options, "a"), 0, NULL)), CASES[i].kind);
        config_free(&config);
    }
}

static void numbers_are_those_of_the_core_schema(void **state)
{
    (void)state;
    const struct ds_value *options;
    struct config *config = load_options("{a: 0x1F, b: 0o17, c: -1.5e3, d: 012}", &options);
    assert_true(ds_value_number(member(options, "a"), 0) == 31);
    assert_true(ds_value_number(member(options, "b"), 0) == 15);
    assert_true(ds_value_number(member(options, "c"), 0) == -1500);
    assert_true(ds_value_number(member(options, "d"), 0) == 12);
    config_free(&config);
}

static void values_of_another_kind_give_the_fallback(void **state)
{
    (void)state;
    const struct ds_value *options;
    struct config *config = load_options("{a: text, b: 1, c: true, d: [1]}", &options);
    assert_true(ds_value_number(member(options, "a"), 7) == 7);
    assert_true(ds_value_boolean(member(options, "b"), true));
    assert_slice_equal(ds_value_text(member(options, "c"), SLICE("no")), "no");
    assert_slice_equal(ds_value_text(member(options, "d"), SLICE("no")), "no");
    assert_null(member(member(options, "a"), "x"));
    assert_null(member(options, "absent"));
    assert_int_equal(ds_value_count(member(options, "a")), 0);
    config_free(&config);
}

static void what_is_absent_is_a_null(void **state)
{
    (void)state;
    assert_int_equal(ds_value_kind(NULL), DS_VALUE_NULL);
    assert_int_equal(ds_value_count(NULL), 0);
    assert_null(ds_value_member(NULL, "a"));
    assert_true(ds_value_boolean(NULL, true));
    assert_true(ds_value_number(NULL, 4) == 4);
    assert_slice_equal(ds_value_text(NULL, SLICE("x")), "x");
    assert_int_equal(ds_value_place(NULL).length, 0);
    assert_int_equal(ds_value_file(NULL).length, 0);
    assert_slice_equal(ds_value_json(NULL), "null");
}

static void members_and_items_are_counted_in_the_order_of_the_file(void **state)
{
    (void)state;
    const struct ds_value *options;
    struct config *config = load_options("{z: 1, a: [x, y], m: {}}", &options);
    slice key;
    assert_int_equal(ds_value_count(options), 3);
    ds_value_at(options, 0, &key);
    assert_slice_equal(key, "z");
    const struct ds_value *list = ds_value_at(options, 1, &key);
    assert_slice_equal(key, "a");
    assert_slice_equal(ds_value_text(ds_value_at(list, 1, NULL), SLICE("")), "y");
    config_free(&config);
}

static void every_value_knows_its_place(void **state)
{
    (void)state;
    const struct ds_value *options;
    struct config *config = load_options("{a: [1, {b: 2}]}", &options);
    const struct ds_value *list = member(options, "a");
    assert_slice_equal(ds_value_place(options), "config.yml:4:14");
    assert_slice_equal(ds_value_place(list), "config.yml:4:18");
    assert_slice_equal(ds_value_place(member(ds_value_at(list, 1, NULL), "b")), "config.yml:4:26");
    assert_slice_equal(ds_value_place(config_value(config, CONFIG_HTTP_PORT)), "default");
    config_free(&config);
}

static void values_can_be_had_as_json(void **state)
{
    (void)state;
    const struct ds_value *options;
    struct config *config = load_options(
        "{a: [1, [], {}, [[2]], {b: {c: ~}}], \"q\\\"\\n\": true, e: 1e3, t: 'x\"y'}", &options);
    assert_slice_equal(ds_value_json(options),
                       "{\"a\":[1,[],{},[[2]],{\"b\":{\"c\":null}}],\"q\\\"\\n\":true,\"e\":1000,"
                       "\"t\":\"x\\\"y\"}");
    assert_slice_equal(ds_value_json(member(options, "e")), "1000");
    assert_true(ds_value_json(options).at == ds_value_json(options).at);
    config_free(&config);
}

static void aliases_and_merged_maps_are_whole(void **state)
{
    (void)state;
    struct config *config = load_valid("plugins:\n"
                                       "  a: &a {name: a, options: {x: 1, y: 2}}\n"
                                       "  b: {<<: *a, name: b}\n"
                                       "  c: *a\n");
    assert_int_equal(config_plugin_count(config, CONFIG_PLUGIN_CUSTOM), 3);
    const struct config_plugin *b = config_plugin(config, CONFIG_PLUGIN_CUSTOM, 1);
    assert_slice_equal(b->name, "b");
    assert_slice_equal(ds_value_json(b->options), "{\"x\":1,\"y\":2}");
    config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_value_is_what_yaml_says),
        cmocka_unit_test(numbers_are_those_of_the_core_schema),
        cmocka_unit_test(values_of_another_kind_give_the_fallback),
        cmocka_unit_test(what_is_absent_is_a_null),
        cmocka_unit_test(members_and_items_are_counted_in_the_order_of_the_file),
        cmocka_unit_test(every_value_knows_its_place),
        cmocka_unit_test(values_can_be_had_as_json),
        cmocka_unit_test(aliases_and_merged_maps_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
