/* Every option of options.def: its default, a wrong type, its bounds, its name misspelt. */

#include "config_support.h"

#include "node/config/options.h"

static slice first_type(const struct section_info *section)
{
    slice types = slice_of(section->types);
    return words_next(&types);
}

/* A file in which an option stands where it belongs. */
static void write_file(struct buf *out, const struct option_info *info, const char *key,
                       const char *value)
{
    const struct section_info *section = section_info(info->section);
    buf_clear(out);
    if (*section->key == '\0') {
        buf_printf(out, "%s: %s\n", key, value);
    } else if (section->types == NULL) {
        buf_printf(out, "%s:\n  %s: %s\n", section->key, key, value);
    } else {
        enum plugin_count count = plugin_kind_info(plugin_kind_of(slice_of(section->key)))->count;
        slice type = first_type(section);
        buf_printf(out, "%s:\n  %c type: " SLICE_FORMAT "\n    options:\n      %s: %s\n",
                   section->key, count == PLUGIN_LIST ? '-' : ' ', SLICE_ARGUMENTS(type), key,
                   value);
    }
    buf_append_byte(out, '\0');
}

struct outcome {
    size_t errors, warnings;
    struct buf text; /* all problems */
};

static struct outcome load(const char *text)
{
    struct outcome outcome = {0};
    struct config *config = load_text(text);
    for (size_t i = 0; i < config_problem_count(config); i++) {
        const struct config_problem *problem = config_problem(config, i);
        outcome.errors += problem->level == DS_ERROR;
        outcome.warnings += problem->level == DS_WARN;
        assert_true(problem->level < DS_WARN ||
                    slice_starts_with(problem->place, SLICE("config.yml:")));
    }
    assert_int_equal(config_is_valid(config), outcome.errors == 0);
    append_problems(config, &outcome.text);
    config_free(&config);
    return outcome;
}

#define ANY_WARNINGS SIZE_MAX /* a number may be fine, and beside another one unwise */

static void expect_outcome(const char *text, size_t errors, size_t warnings, const char *part)
{
    struct outcome outcome = load(text);
    bool has_warnings = warnings == ANY_WARNINGS || outcome.warnings == warnings;
    if (outcome.errors != errors || !has_warnings || strstr(outcome.text.at, part) == NULL)
        fail_msg("%s\n%zu errors, %zu warnings, wanted \"%s\":\n%s", text, outcome.errors,
                 outcome.warnings, part, outcome.text.at);
    buf_fini(&outcome.text);
}

static void every_default_is_a_valid_value(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        if (info->fallback == NULL)
            continue;
        write_file(&text, info, info->key, info->fallback);
        expect_outcome(text.at, 0, 0, "");
    }
    buf_fini(&text);
}

static void every_option_refuses_a_value_of_another_type(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        bool takes_map =
            info->kind == OPTION_SSL || info->kind == OPTION_USERS || info->kind == OPTION_RULES;
        write_file(&text, info, info->key, takes_map ? "[1]" : "{a: 1}");
        expect_outcome(text.at, 1, 0, ": type must be ");
    }
    buf_fini(&text);
}

static bool is_number(const struct option_info *info)
{
    return info->kind == OPTION_INTEGER || info->kind == OPTION_INTEGER_OR_FALSE ||
           info->kind == OPTION_NUMBER;
}

/* config_cluster_test says what is warned of. */
static bool is_weighed_with_another(const struct option_info *info)
{
    return info == option_info(CONFIG_CLUSTER_KEEP_ALIVE_INTERVAL) ||
           info == option_info(CONFIG_CLUSTER_NODE_INACTIVE_TIMEOUT);
}

static void expect_number(const struct option_info *info, double number, size_t errors,
                          const char *part)
{
    struct buf text = BUF_EMPTY;
    char value[32];
    snprintf(value, sizeof value, "%.0f", number);
    write_file(&text, info, info->key, value);
    expect_outcome(text.at, errors, is_weighed_with_another(info) ? ANY_WARNINGS : 0, part);
    buf_fini(&text);
}

static void every_number_keeps_to_its_bounds(void **state)
{
    (void)state;
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        if (!is_number(info))
            continue;
        assert_true(info->most > info->least);
        expect_number(info, info->least, 0, "");
        expect_number(info, info->most, 0, "");
        expect_number(info, info->least - 1, 1, "minimum must be >= ");
        expect_number(info, info->most + 1, 1, "maximum must be <= ");
    }
}

static void every_whole_number_refuses_a_fraction(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        if (info->kind != OPTION_INTEGER && info->kind != OPTION_INTEGER_OR_FALSE)
            continue;
        write_file(&text, info, info->key, "1000.5");
        expect_outcome(text.at, 1, 0, "type must be integer");
        write_file(&text, info, info->key, ".inf");
        expect_outcome(text.at, 1, 0, "type must be integer");
        write_file(&text, info, info->key, "1_000");
        expect_outcome(text.at, 1, 0, "type must be integer");
        write_file(&text, info, info->key, "\"1000\"");
        expect_outcome(text.at, 1, 0, "type must be integer");
    }
    buf_fini(&text);
}

static void every_misspelt_option_is_named(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    char misspelt[64], part[200];
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        size_t length = strlen(info->key);
        snprintf(misspelt, sizeof misspelt, "%s", info->key);
        misspelt[length - 1] = info->key[length - 2];
        misspelt[length - 2] = info->key[length - 1];
        if (strcmp(misspelt, info->key) == 0)
            snprintf(misspelt, sizeof misspelt, "%sx", info->key);
        bool is_top = info->section == SECTION_ROOT;
        snprintf(part, sizeof part, "Property %s is not expected to be here. Did you mean %s?",
                 misspelt, info->key);
        write_file(&text, info, misspelt, "1");
        expect_outcome(text.at, is_top ? 1 : 0, is_top ? 0 : 1, part);
    }
    buf_fini(&text);
}

static void nothing_after_a_key_is_as_if_it_were_not_there(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        write_file(&text, option_info(option), option_info(option)->key, "");
        expect_outcome(text.at, 0, 0, "");
    }
    buf_fini(&text);
}

/* What helpers and documentation are made of has to be there. */
static void every_option_has_a_sentence_and_a_section_that_exists(void **state)
{
    (void)state;
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        assert_true(strlen(info->help) > 0);
        assert_true(strchr(info->help, '|') == NULL);
        const struct section_info *section = section_info(info->section);
        if (section->types == NULL)
            continue;
        enum config_plugin_kind kind = plugin_kind_of(slice_of(section->key));
        assert_true(kind < CONFIG_PLUGIN_KIND_COUNT);
        slice types = slice_of(section->types);
        for (slice type = words_next(&types); type.length > 0; type = words_next(&types))
            assert_true(slice_equal(type, SLICE("*")) || /* what is not built in */
                        words_hold(slice_of(plugin_kind_info(kind)->types), type));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_a_valid_value),
        cmocka_unit_test(every_option_refuses_a_value_of_another_type),
        cmocka_unit_test(every_number_keeps_to_its_bounds),
        cmocka_unit_test(every_whole_number_refuses_a_fraction),
        cmocka_unit_test(every_misspelt_option_is_named),
        cmocka_unit_test(nothing_after_a_key_is_as_if_it_were_not_there),
        cmocka_unit_test(every_option_has_a_sentence_and_a_section_that_exists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
