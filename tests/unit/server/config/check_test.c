/* What is wrong with a configuration, as it is said; and what looks odd and is right. */

#include "config_support.h"

static void all_that_is_wrong_is_said_in_one_run_and_in_order(void **state)
{
    (void)state;
    expect_problems("plugins: 3\n"
                    "serverNam: x\n"
                    "rpc:\n"
                    "  ackTimout: 3\n"
                    "httpServer:\n"
                    "  type: defualt\n"
                    "storage: no\n"
                    "auth:\n"
                    "  - options: {}\n"
                    "  - 7\n",
                    "error 1:10 /plugins: type must be null,object\n"
                    "error 2:1 Property serverNam is not expected to be here. Did you mean "
                    "serverName?\n"
                    "warning 4:3 /rpc Property ackTimout is not expected to be here. Did you mean "
                    "ackTimeout?\n"
                    "error 6:9 /httpServer/type must be equal to one of the allowed values: "
                    "default, uws. Did you mean default?\n"
                    "error 7:10 /storage: type must be object\n"
                    "error 9:5 /auth/0: required must be one of type, name or path\n"
                    "error 10:5 /auth/1: type must be object\n");
}

static void the_report_quotes_each_line(void **state)
{
    (void)state;
    struct config *config = load_text("logLevel: INFO\nhttpServer:\n  options:\n    port: abc\n");
    struct buf out = BUF_EMPTY;
    config_print_problems(config, &out, false);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.at, "There was an error validating your configuration:\n"
                                "1)/httpServer/options/port: type must be integer\n"
                                "  config.yml:4:11\n"
                                "    4 |     port: abc\n"
                                "      |           ^~~\n");
    buf_fini(&out);
    config_free(&config);
}

static void what_cannot_be_read_is_said_as_such(void **state)
{
    (void)state;
    expect_problems("rpc: [1\n", "error 1:6 invalid YAML: did not find expected ',' or ']'\n");
    expect_problems("rpc: 1\nrpc: 2\n", "error 2:1 duplicate key `rpc`\n");
    expect_problems("just words", "error 1:1 type must be object\n");
    expect_problems("- a\n", "error 1:1 type must be object\n");
    expect_problems("a: \x01\n", "error 1:4 control character U+0001\n");
    expect_problems("a: \xff\n", "error 1:4 byte 0xFF is not part of a UTF-8 text\n");
}

static void an_empty_file_has_all_defaults(void **state)
{
    (void)state;
    const char *const TEXTS[] = {"", "\n", "# nothing\n", "{}", "---\n"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct config *config = load_valid(TEXTS[i]);
        assert_int_equal(config_integer(config, CONFIG_HTTP_PORT), 6020);
        config_free(&config);
    }
}

static void words_that_are_no_booleans_get_advice(void **state)
{
    (void)state;
    struct config *config = load_text("showLogo: yes\n");
    assert_slice_equal(config_problem(config, 0)->message, "/showLogo: type must be boolean");
    assert_slice_equal(config_problem(config, 0)->hint, "write true or false, without quotes");
    config_free(&config);
}

static void levels_are_names_or_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ds_log_level level;
    } CASES[] = {{"DEBUG", DS_DEBUG}, {"info", DS_INFO},   {"Warn", DS_WARN}, {"3", DS_ERROR},
                 {"4", DS_FATAL},     {"FATAL", DS_FATAL}, {"OFF", DS_OFF},   {"100", DS_OFF},
                 {"0", DS_DEBUG},     {"'1'", DS_INFO}};
    char text[64];
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(text, sizeof text, "logLevel: %s\n", CASES[i].text);
        struct config *config = load_valid(text);
        assert_int_equal(config_log_level(config), CASES[i].level);
        config_free(&config);
    }
    expect_problems("logLevel: 5\n", "error 1:11 /logLevel must be equal to one of the allowed "
                                     "values: DEBUG, INFO, WARN, ERROR, FATAL, OFF, 0, 1, 2, 3, 4, "
                                     "100\n");
    expect_problems("logLevel: WARNN\n",
                    "error 1:11 /logLevel must be equal to one of the allowed values: DEBUG, INFO, "
                    "WARN, ERROR, FATAL, OFF, 0, 1, 2, 3, 4, 100. Did you mean WARN?\n");
}

static void the_level_of_the_logger_counts_more(void **state)
{
    (void)state;
    struct config *config = load_valid("logLevel: ERROR\nlogger: {options: {logLevel: debug}}\n");
    assert_int_equal(config_log_level(config), DS_DEBUG);
    config_free(&config);
}

static void unknown_options_of_what_is_not_built_in_are_its_own_business(void **state)
{
    (void)state;
    struct config *config = load_valid("cache: {name: redis, options: {host: a, port: 1}}\n"
                                       "storage: {path: ./mine.so, options: {a: [1, {b: 2}]}}\n"
                                       "plugins: {x: {name: x, options: {y: z}}, w: {path: v}}\n");
    const struct config_plugin *cache = config_plugin(config, CONFIG_PLUGIN_CACHE, 0);
    assert_slice_equal(cache->name, "redis");
    assert_int_equal(cache->type.length, 0);
    assert_slice_equal(ds_value_text(ds_value_member(cache->options, "host"), SLICE("")), "a");
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_STORAGE, 0)->path, "./mine.so");
    assert_int_equal(config_plugin_count(config, CONFIG_PLUGIN_CUSTOM), 2);
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_CUSTOM, 0)->key, "x");
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_CUSTOM, 1)->path, "v");
    config_free(&config);
}

static void pino_is_the_logger_json(void **state)
{
    (void)state;
    struct config *config = load_valid("logger: {name: pino, options: {logLevel: WARN}}\n");
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_LOGGER, 0)->type, "json");
    assert_int_equal(config_log_level(config), DS_WARN);
    config_free(&config);
}

static void one_authentication_may_stand_without_a_list(void **state)
{
    (void)state;
    struct config *config = load_valid("auth: {type: none}\nmonitoring: [{type: none}]\n");
    assert_int_equal(config_plugin_count(config, CONFIG_PLUGIN_AUTHENTICATION), 1);
    config_free(&config);
}

static bool reports(const struct config *config, size_t index)
{
    const struct config_plugin *entry = config_plugin(config, CONFIG_PLUGIN_AUTHENTICATION, index);
    return config_boolean_in(entry->options, CONFIG_AUTH_FILE_REPORT);
}

static void several_authentications_leave_logins_to_each_other(void **state)
{
    (void)state;
    const char *const FILE = "{type: file, options: {users: {a: {password: b}}}}";
    char text[256];
    snprintf(text, sizeof text, "auth: [%s]\n", FILE);
    struct config *config = load_valid(text);
    const struct config_plugin *alone = config_plugin(config, CONFIG_PLUGIN_AUTHENTICATION, 0);
    assert_null(config_value_in(alone->options, CONFIG_AUTH_FILE_REPORT));
    config_free(&config);
    config = load_valid("auth: [{type: file}, {type: file, options: {reportInvalidParameters: "
                        "true}}]\n");
    assert_non_null(config_value_in(config_plugin(config, CONFIG_PLUGIN_AUTHENTICATION, 0)->options,
                                    CONFIG_AUTH_FILE_REPORT));
    assert_false(reports(config, 0));
    assert_true(reports(config, 1));
    config_free(&config);
}

static void defaults_are_those_of_the_type(void **state)
{
    (void)state;
    struct config *config = load_valid("storage: {type: none}\n"
                                       "connectionEndpoints:\n"
                                       "  - type: ws-text\n"
                                       "    options: {maxAuthAttempts: 9}\n"
                                       "  - type: ws-json\n"
                                       "  - type: mqtt\n");
    assert_null(config_value(config, CONFIG_STORAGE_PATH));
    assert_int_equal(config_plugin_count(config, CONFIG_PLUGIN_ENDPOINT), 3);
    const struct ds_value *text = config_plugin(config, CONFIG_PLUGIN_ENDPOINT, 0)->options;
    assert_slice_equal(config_text_in(text, CONFIG_WS_TEXT_URL_PATH), "/deepstream-v3");
    assert_int_equal(config_integer_in(text, CONFIG_WS_MAX_AUTH_ATTEMPTS), 9);
    assert_int_equal(config_integer_in(text, CONFIG_WS_HEARTBEAT_INTERVAL), 30000);
    const struct ds_value *json = config_plugin(config, CONFIG_PLUGIN_ENDPOINT, 1)->options;
    assert_slice_equal(config_text_in(json, CONFIG_WS_JSON_URL_PATH), "/deepstream-json");
    const struct ds_value *mqtt = config_plugin(config, CONFIG_PLUGIN_ENDPOINT, 2)->options;
    assert_int_equal(config_integer_in(mqtt, CONFIG_MQTT_PORT), 1883);
    config_free(&config);
}

static void without_a_file_all_endpoints_are_defaults(void **state)
{
    (void)state;
    struct config *config = load_valid("");
    assert_int_equal(config_plugin_count(config, CONFIG_PLUGIN_ENDPOINT), 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(config_plugin(config, CONFIG_PLUGIN_ENDPOINT, i)->is_default);
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_STORAGE, 0)->type, "default");
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_PERMISSION, 0)->type, "none");
    config_free(&config);
}

static void an_unauthenticated_client_may_stay_for_ever(void **state)
{
    (void)state;
    struct config *config =
        load_valid("connectionEndpoints:\n"
                   "  - {type: ws-binary, options: {unauthenticatedClientTimeout: false}}\n"
                   "  - {type: ws-text, options: {unauthenticatedClientTimeout: true}}\n");
    const struct ds_value *never = config_plugin(config, CONFIG_PLUGIN_ENDPOINT, 0)->options;
    const struct ds_value *usual = config_plugin(config, CONFIG_PLUGIN_ENDPOINT, 1)->options;
    assert_int_equal(config_integer_in(never, CONFIG_WS_UNAUTHENTICATED_TIMEOUT), 0);
    assert_int_equal(config_integer_in(usual, CONFIG_WS_UNAUTHENTICATED_TIMEOUT), 180000);
    config_free(&config);
}

static void what_cannot_work_together_is_refused(void **state)
{
    (void)state;
    expect_problems("httpServer: {options: {allowAllOrigins: false}}\n",
                    "error 1:41 /httpServer/options/origins: minItems must be >= 1 when "
                    "allowAllOrigins is false\n");
    expect_problems("connectionEndpoints: [{type: ws-binary}, {type: ws-binary}]\n",
                    "error 1:42 /connectionEndpoints/1/options/urlPath: /deepstream is the path of "
                    "an endpoint before it\n");
}

static void lists_say_which_item_is_wrong(void **state)
{
    (void)state;
    expect_problems("record: {storageExclusionPrefixes: [a, 2, b, {}]}\n",
                    "error 1:40 /record/storageExclusionPrefixes/1: type must be string\n"
                    "error 1:46 /record/storageExclusionPrefixes/3: type must be string\n");
}

static void paths_begin_with_a_slash(void **state)
{
    (void)state;
    expect_problems("httpServer: {options: {healthCheckPath: health}}\n",
                    "error 1:41 /httpServer/options/healthCheckPath: pattern must be a path that "
                    "begins with /\n");
}

static void keys_of_ssl_are_checked(void **state)
{
    (void)state;
    expect_problems("httpServer: {options: {ssl: {key: 1, certs: a}}}\n",
                    "error 1:35 /httpServer/options/ssl/key: type must be string\n"
                    "warning 1:38 /httpServer/options/ssl Property certs is not expected to be "
                    "here. Did you mean cert?\n");
}

static void problems_of_a_huge_file_are_few(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "connectionEndpoints:\n");
    for (unsigned i = 0; i < 900; i++)
        buf_printf(&text, "  - {type: ws-%u, nope: 1, neither: 2}\n", i);
    buf_append_byte(&text, '\0');
    struct config *config = load_text(text.at);
    assert_int_equal(config_problem_count(config), 1000);
    struct buf out = BUF_EMPTY;
    config_print_problems(config, &out, false);
    buf_append_byte(&out, '\0');
    assert_non_null(strstr(out.at, "... and 1700 more\n"));
    buf_fini(&out);
    config_free(&config);
    buf_fini(&text);
}

static void maps_and_lists_are_of_a_size_that_people_write(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    for (unsigned i = 0; i < 200000; i++)
        buf_printf(&text, "k%u: 1\n", i);
    buf_append_byte(&text, '\0');
    expect_problems(text.at, "error 1:1 maxProperties must be <= 1000\n");
    buf_fini(&text);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char text[4096] = "plugins: ";
    size_t length = strlen(text);
    memset(text + length, '[', 3000);
    struct config *config = load_text(text);
    assert_false(config_is_valid(config));
    assert_slice_equal(config_problem(config, 0)->message, "nested too deeply");
    config_free(&config);
}

static void what_aliases_repeat_is_bounded(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
    for (unsigned i = 1; i < 9; i++) {
        buf_printf(&text, "a%u: &a%u [", i, i);
        for (unsigned j = 0; j < 10; j++)
            buf_printf(&text, "%s*a%u", j > 0 ? ", " : "", i - 1);
        buf_append_text(&text, "]\n");
    }
    buf_append_byte(&text, '\0');
    struct config *config = load_text(text.at);
    assert_false(config_is_valid(config));
    assert_slice_equal(config_problem(config, 0)->message,
                       "the file holds too many values, counting what its aliases repeat");
    config_free(&config);
    buf_fini(&text);
}

static void who_uses_a_value_may_refuse_it(void **state)
{
    (void)state;
    struct config *config = load_valid("cache:\n  name: redis\n");
    config_refuse(config, config_plugin(config, CONFIG_PLUGIN_CACHE, 0)->value,
                  "there is no connector called %s", "redis");
    assert_false(config_is_valid(config));
    expect_problems_of(config, "error 2:3 there is no connector called redis\n");
}

static void options_of_what_is_loaded_are_checked_against_its_own_list(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"host", "port", NULL};
    struct config *config = load_text("auth:\n"
                                      "  - type: none\n"
                                      "  - name: mine\n"
                                      "    options: {port: 1, hots: a}\n"
                                      "cache: {path: c.so, options: {prot: null, host: a}}\n"
                                      "monitoring: {name: m, options: {x: {host: 1}}}\n"
                                      "plugins: {one: {name: o, options: {Host: a}}}\n"
                                      "storage: {name: none of them}\n");
    config_warn_of_unknown(config, config_plugin(config, CONFIG_PLUGIN_AUTHENTICATION, 1), KNOWN);
    config_warn_of_unknown(config, config_plugin(config, CONFIG_PLUGIN_CACHE, 0), KNOWN);
    config_warn_of_unknown(config, config_plugin(config, CONFIG_PLUGIN_MONITORING, 0), KNOWN);
    config_warn_of_unknown(config, config_plugin(config, CONFIG_PLUGIN_CUSTOM, 0), KNOWN);
    config_warn_of_unknown(config, config_plugin(config, CONFIG_PLUGIN_STORAGE, 0), KNOWN);
    assert_true(config_is_valid(config));
    struct buf problems = BUF_EMPTY;
    append_problems(config, &problems);
    buf_append_byte(&problems, '\0');
    assert_string_equal(problems.at,
                        "warning 4:24 /auth/1/options Property hots is not expected to be here. "
                        "Did you mean host?\n"
                        "warning 5:31 /cache/options Property prot is not expected to be here. "
                        "Did you mean port?\n"
                        "warning 6:33 /monitoring/options Property x is not expected to be here\n"
                        "warning 7:36 /plugins/one/options Property Host is not expected to be "
                        "here. Did you mean host?\n");
    buf_fini(&problems);
    config_free(&config);
}

static void members_of_an_option_are_checked_when_names_with_a_dot_declare_them(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"host",      "tls.ca",  "tls.key", "nodes.host",
                                        "in.tls.ca", "weights", NULL};
    struct config *config =
        load_text("cache:\n"
                  "  path: c.so\n"
                  "  options:\n"
                  "    tls: {ca: a, kee: b}\n"
                  "    nodes: [{host: a}, a text, {hots: b}, [{other: c}]]\n"
                  "    in: {tls: {ca: a, key: b}, host: c}\n"
                  "    weights: {any: 1, of.them: 2}\n"
                  "    host: {inside: a}\n"
                  "    tls.ca: a\n"
                  "storage: {path: s.so, options: {tls: true, nodes: null, in: {tls: []}}}\n");
    config_warn_of_unknown(config, config_plugin(config, CONFIG_PLUGIN_CACHE, 0), KNOWN);
    config_warn_of_unknown(config, config_plugin(config, CONFIG_PLUGIN_STORAGE, 0), KNOWN);
    struct buf problems = BUF_EMPTY;
    append_problems(config, &problems);
    buf_append_byte(&problems, '\0');
    assert_string_equal(problems.at,
                        "warning 4:18 /cache/options/tls Property kee is not expected to be here. "
                        "Did you mean key?\n"
                        "warning 5:33 /cache/options/nodes/2 Property hots is not expected to be "
                        "here. Did you mean host?\n"
                        "warning 6:23 /cache/options/in/tls Property key is not expected to be "
                        "here\n"
                        "warning 6:32 /cache/options/in Property host is not expected to be here\n"
                        "warning 9:5 /cache/options Property tls.ca is not expected to be here\n");
    buf_fini(&problems);
    config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_wrong_is_said_in_one_run_and_in_order),
        cmocka_unit_test(the_report_quotes_each_line),
        cmocka_unit_test(what_cannot_be_read_is_said_as_such),
        cmocka_unit_test(an_empty_file_has_all_defaults),
        cmocka_unit_test(words_that_are_no_booleans_get_advice),
        cmocka_unit_test(levels_are_names_or_numbers),
        cmocka_unit_test(the_level_of_the_logger_counts_more),
        cmocka_unit_test(unknown_options_of_what_is_not_built_in_are_its_own_business),
        cmocka_unit_test(pino_is_the_logger_json),
        cmocka_unit_test(one_authentication_may_stand_without_a_list),
        cmocka_unit_test(several_authentications_leave_logins_to_each_other),
        cmocka_unit_test(defaults_are_those_of_the_type),
        cmocka_unit_test(without_a_file_all_endpoints_are_defaults),
        cmocka_unit_test(an_unauthenticated_client_may_stay_for_ever),
        cmocka_unit_test(what_cannot_work_together_is_refused),
        cmocka_unit_test(lists_say_which_item_is_wrong),
        cmocka_unit_test(paths_begin_with_a_slash),
        cmocka_unit_test(keys_of_ssl_are_checked),
        cmocka_unit_test(problems_of_a_huge_file_are_few),
        cmocka_unit_test(maps_and_lists_are_of_a_size_that_people_write),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(what_aliases_repeat_is_bounded),
        cmocka_unit_test(who_uses_a_value_may_refuse_it),
        cmocka_unit_test(options_of_what_is_loaded_are_checked_against_its_own_list),
        cmocka_unit_test(members_of_an_option_are_checked_when_names_with_a_dot_declare_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
