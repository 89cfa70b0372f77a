/* Where a configuration is found, what the environment and other files add to it, and what the
 * command line changes. Each test has a folder of its own, which is the working folder meanwhile.
 */

#define _GNU_SOURCE /* nftw */

#include "config_support.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "DEEPSTREAM_CONFIG_DIRECTORY"

struct folder {
    char path[64];
    char before[4096];
};

static int enter_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    snprintf(folder->path, sizeof folder->path, P_tmpdir "/config_test_XXXXXX");
    assert_non_null(getcwd(folder->before, sizeof folder->before));
    assert_non_null(mkdtemp(folder->path));
    assert_int_equal(chdir(folder->path), 0);
    unsetenv(VARIABLE);
    unsetenv("DEEPSTREAM_LIBRARY_DIRECTORY");
    *state = folder;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int leave_folder(void **state)
{
    struct folder *folder = *state;
    assert_int_equal(chdir(folder->before), 0);
    nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(folder);
    return 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct config *load_file(const char *file)
{
    struct config_request request = {.file = file};
    return config_load(&request);
}

static void expect_port(struct config *config, int64_t port)
{
    assert_true(config_is_valid(config));
    assert_int_equal(config_integer(config, CONFIG_HTTP_PORT), port);
    config_free(&config);
}

#define PORT(number) "httpServer: {options: {port: " number "}}\n"

/* ---- finding ---- */

static void without_any_file_the_defaults_serve(void **state)
{
    (void)state;
    struct config *config = load_file(NULL);
    assert_true(config_is_valid(config));
    assert_int_equal(config_file(config).length, 0);
    assert_string_equal(config_dir(config), ".");
    assert_int_equal(config_problem_count(config), 0);
    config_free(&config);
}

static void the_usual_places_are_tried_in_order(void **state)
{
    (void)state;
    mkdir("conf", 0755);
    mkdir("program", 0755);
    mkdir("program/conf", 0755);
    mkdir("program/bin", 0755);
    write_text("program/conf/config.json", "{\"httpServer\": {\"options\": {\"port\": 1}}}");
    struct config_request request = {.program_dir = "program/bin"};
    expect_port(config_load(&request), 1);
    write_text("conf/config.json", "{\"httpServer\": {\"options\": {\"port\": 2}}}");
    expect_port(config_load(&request), 2);
    write_text("conf/config.yaml", PORT("3"));
    expect_port(config_load(&request), 3);
    write_text("conf/config.yml", PORT("4"));
    expect_port(config_load(&request), 4);
}

static void the_environment_names_a_file_or_a_folder(void **state)
{
    (void)state;
    mkdir("conf", 0755);
    mkdir("there", 0755);
    write_text("conf/config.yml", PORT("1"));
    write_text("there/conf.yml", PORT("2"));
    write_text("there/other.yml", PORT("3"));
    setenv(VARIABLE, "there", 1);
    expect_port(load_file(NULL), 2);
    setenv(VARIABLE, "there/other.yml", 1);
    expect_port(load_file(NULL), 3);
    setenv(VARIABLE, "there/none.yml", 1);
    expect_problems_of(load_file(NULL),
                       "error " VARIABLE " Configuration file not found at: there/none.yml\n");
    setenv(VARIABLE, "", 1);
    expect_port(load_file(NULL), 1);
    unsetenv(VARIABLE);
}

static void the_file_of_the_command_line_counts_most(void **state)
{
    (void)state;
    write_text("a.yml", PORT("1"));
    write_text("b.yml", PORT("2"));
    setenv(VARIABLE, "a.yml", 1);
    expect_port(load_file("b.yml"), 2);
    expect_problems_of(load_file("c.yml"),
                       "error --config Configuration file not found at: c.yml\n");
    unsetenv(VARIABLE);
}

static void javascript_is_refused_with_a_way_out(void **state)
{
    (void)state;
    write_text("config.js", "module.exports = {}\n");
    struct config *config = load_file("config.js");
    assert_false(config_is_valid(config));
    slice hint = config_problem(config, 0)->hint;
    assert_true(slice_starts_with(hint, SLICE("write it as YAML or JSON; what it exports now is "
                                              "printed by  node -p")));
    config_free(&config);
}

static void what_cannot_be_read_is_said(void **state)
{
    (void)state;
    mkdir("empty", 0755);
    struct config *config = load_file("empty");
    assert_slice_equal(config_problem(config, 0)->message,
                       "Configuration file not found at: empty");
    assert_slice_equal(config_problem(config, 0)->hint,
                       "this is a folder without config.yml, config.json or conf.yml");
    config_free(&config);
}

static void json_and_yaml_mean_the_same(void **state)
{
    (void)state;
    write_text("a.json", "{\"rpc\": {\"ackTimeout\": 5}, \"showLogo\": true,\n"
                         " \"auth\": [{\"type\": \"none\"}]}");
    struct config *config = load_file("a.json");
    assert_true(config_is_valid(config));
    assert_int_equal(config_integer(config, CONFIG_RPC_ACK_TIMEOUT), 5);
    assert_true(config_boolean(config, CONFIG_SHOW_LOGO));
    config_free(&config);
    write_text("b.json", "{\"rpc\": {\"ackTimeout\": 5,}\n");
    config = load_file("b.json");
    assert_slice_equal(config_problem(config, 0)->place, "b.json:1:26");
    config_free(&config);
}

/* ---- environment variables ---- */

static void variables_take_the_kind_of_what_they_hold(void **state)
{
    (void)state;
    setenv("CONFIG_TEST_PORT", "7001", 1);
    setenv("CONFIG_TEST_NAME", "name # 1", 1);
    setenv("CONFIG_TEST_ON", "true", 1);
    struct config *config = load_valid("serverName: \"a ${CONFIG_TEST_NAME}!\"\n"
                                       "showLogo: ${CONFIG_TEST_ON}\n"
                                       "httpServer:\n"
                                       "  options:\n"
                                       "    port: ${CONFIG_TEST_PORT}\n"
                                       "    hostUrl: https://${CONFIG_TEST_PORT}.org\n");
    assert_slice_equal(config_text(config, CONFIG_SERVER_NAME), "a name # 1!");
    assert_true(config_boolean(config, CONFIG_SHOW_LOGO));
    assert_int_equal(config_integer(config, CONFIG_HTTP_PORT), 7001);
    assert_slice_equal(config_text(config, CONFIG_HTTP_HOST_URL), "https://7001.org");
    config_free(&config);
    expect_port(load_valid("{\"httpServer\": {\"options\": {\"port\": \"${CONFIG_TEST_PORT}\"}}}"),
                7001);
}

static void unset_variables_are_warned_of_and_empty(void **state)
{
    (void)state;
    unsetenv("CONFIG_TEST_UNSET");
    struct config *config = load_text("libDir: a${CONFIG_TEST_UNSET}b\n");
    assert_slice_equal(config_text(config, CONFIG_LIB_DIR), "ab");
    expect_problems_of(config, "warning 1:10 the environment variable CONFIG_TEST_UNSET is not "
                               "set: it counts as empty\n");
    struct config *defaults = load_text("rpc: {ackTimeout: '${CONFIG_TEST_UNSET}'}\n");
    assert_int_equal(config_integer(defaults, CONFIG_RPC_ACK_TIMEOUT), 1000);
    config_free(&defaults);
}

static void what_is_no_variable_stays(void **state)
{
    (void)state;
    struct config *config = load_valid("libDir: \"$A ${} ${1} ${a b} ${unclosed # $\"\n");
    assert_slice_equal(config_text(config, CONFIG_LIB_DIR), "$A ${} ${1} ${a b} ${unclosed # $");
    config_free(&config);
}

static void variables_are_not_looked_for_in_comments(void **state)
{
    (void)state;
    expect_problems("showLogo: true # ${CONFIG_TEST_UNSET}\n# fileLoad(nowhere.yml)\n", "");
}

static void variables_together_are_bounded(void **state)
{
    (void)state;
    char *large = malloc(100001);
    assert_non_null(large);
    memset(large, 'x', 100000);
    large[100000] = '\0';
    setenv("CONFIG_TEST_LARGE", large, 1);
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "plugins:\n");
    for (unsigned i = 0; i < 200; i++)
        buf_printf(&text, "  p%u: {name: a, options: {b: \"${CONFIG_TEST_LARGE}\"}}\n", i);
    buf_append_byte(&text, '\0');
    struct config *config = load_text(text.at);
    assert_false(config_is_valid(config));
    assert_slice_equal(config_problem(config, 0)->message,
                       "the environment variable CONFIG_TEST_LARGE makes the configuration too "
                       "large");
    config_free(&config);
    buf_fini(&text);
    free(large);
    unsetenv("CONFIG_TEST_LARGE");
}

/* ---- file() and fileLoad() ---- */

static void file_is_a_path_below_the_folder_of_the_configuration(void **state)
{
    (void)state;
    mkdir("conf", 0755);
    write_text("conf/config.yml", "libDir: file(../lib)\n"
                                  "httpServer: {options: {ssl: {key: \"file(/etc/key.pem)\"}}}\n");
    struct config *config = load_file("conf/config.yml");
    assert_true(config_is_valid(config));
    assert_string_equal(config_dir(config), "conf");
    assert_slice_equal(config_text(config, CONFIG_LIB_DIR), "conf/../lib");
    const struct ds_value *ssl = config_value(config, CONFIG_HTTP_SSL);
    assert_slice_equal(ds_value_text(ds_value_member(ssl, "key"), SLICE("")), "/etc/key.pem");
    config_free(&config);
}

static const struct ds_value *users_of(const struct config *config)
{
    return config_value_in(config_plugin(config, CONFIG_PLUGIN_AUTHENTICATION, 0)->options,
                           CONFIG_AUTH_FILE_USERS);
}

#define USERS_FILE(path) "auth: [{type: file, options: {users: \"fileLoad(" path ")\"}}]\n"

static void documents_are_loaded_as_values_with_places_of_their_own(void **state)
{
    (void)state;
    mkdir("conf", 0755);
    setenv("CONFIG_TEST_SECRET", "hunter2 # all of it", 1);
    write_text("conf/users.yml", "# users\nbob:\n  password: \"${CONFIG_TEST_SECRET}\"\n"
                                 "  serverData: {loaded: fileLoad(other.yml)}\n");
    write_text("conf/config.yml", USERS_FILE("users.yml"));
    struct config *config = load_file("conf/config.yml");
    assert_true(config_is_valid(config));
    const struct ds_value *users = users_of(config);
    assert_slice_equal(ds_value_file(users), "conf/users.yml");
    const struct ds_value *bob = ds_value_member(users, "bob");
    const struct ds_value *password = ds_value_member(bob, "password");
    assert_slice_equal(ds_value_text(password, SLICE("")), "hunter2 # all of it");
    assert_slice_equal(ds_value_place(password), "conf/users.yml:3:13");
    assert_slice_equal(ds_value_json(ds_value_member(bob, "serverData")),
                       "{\"loaded\":\"fileLoad(other.yml)\"}");
    assert_slice_equal(config_problem(config, 0)->message,
                       "Loaded content from conf/users.yml for fileLoad(users.yml)");
    assert_int_equal(config_problem(config, 0)->level, DS_INFO);
    config_free(&config);
    unsetenv("CONFIG_TEST_SECRET");
}

static void s3_several_files_of_a_line_and_hashes_in_quotes_are_what_they_look_like(void **state)
{
    (void)state;
    write_text("key.pem", "the key (1)");
    write_text("cert.pem", "the certificate");
    write_text("config.yml", "serverName: \"a # b\" # (a comment)\n"
                             "httpServer: {options: {ssl: {key: fileLoad(key.pem), "
                             "cert: fileLoad(cert.pem)}}} # fileLoad(none.pem)\n");
    struct config *config = load_file("config.yml");
    assert_true(config_is_valid(config));
    assert_slice_equal(config_text(config, CONFIG_SERVER_NAME), "a # b");
    const struct ds_value *ssl = config_value(config, CONFIG_HTTP_SSL);
    assert_slice_equal(ds_value_text(ds_value_member(ssl, "key"), SLICE("")), "the key (1)");
    assert_slice_equal(ds_value_text(ds_value_member(ssl, "cert"), SLICE("")), "the certificate");
    config_free(&config);
}

static void other_files_are_loaded_as_text(void **state)
{
    (void)state;
    write_text("key.pem", "-----BEGIN KEY-----\n$1 ${X} #\n-----END KEY-----\n");
    write_text("config.yml", "httpServer: {options: {ssl: {key: fileLoad(key.pem)}}}\n");
    struct config *config = load_file("config.yml");
    assert_true(config_is_valid(config));
    const struct ds_value *key = ds_value_member(config_value(config, CONFIG_HTTP_SSL), "key");
    assert_slice_equal(ds_value_text(key, SLICE("")),
                       "-----BEGIN KEY-----\n$1 ${X} #\n-----END KEY-----\n");
    assert_slice_equal(ds_value_file(key), "key.pem");
    config_free(&config);
}

static void what_cannot_be_loaded_is_an_error_with_its_place(void **state)
{
    (void)state;
    write_text("bad.yml", "a: [1\n");
    write_text("run.js", "module.exports = {}");
    struct config *config = load_text(USERS_FILE("none.yml"));
    assert_slice_equal(config_problem(config, 0)->hint, "No such file or directory");
    expect_problems_of(config, "error 1:38 Error loading config file, missing file none.yml for "
                               "fileLoad(none.yml)\n");
    expect_problems(USERS_FILE("bad.yml"),
                    "error bad.yml:1:4 invalid YAML: did not find expected ',' or ']'\n"
                    "error 1:38 Error loading config file, invalid format in file bad.yml for "
                    "fileLoad(bad.yml)\n");
    expect_problems(USERS_FILE("run.js"), "error 1:38 Error loading config file, cannot run the "
                                          "JavaScript of run.js for fileLoad(run.js)\n");
}

static void a_rule_file_is_left_to_who_reads_rules(void **state)
{
    (void)state;
    write_text("rules.yml", "record: {\"*\": {read: \"`${name}` === 'a'\"}}\nnot: [finished\n");
    struct config *config =
        load_text("permission: {type: config, options: {permissions: fileLoad(rules.yml)}}\n");
    assert_true(config_is_valid(config));
    assert_int_equal(config_problem_count(config), 0);
    assert_slice_equal(ds_value_file(config_value(config, CONFIG_PERMISSION_RULES)), "rules.yml");
    config_free(&config);
    expect_problems(
        "permission: {type: config, options: {permissions: fileLoad(none.yml)}}\n",
        "error 1:51 Error loading config file, missing file none.yml for fileLoad(none.yml)\n");
}

static void rules_may_stand_in_the_configuration(void **state)
{
    (void)state;
    struct config *config =
        load_valid("permission:\n  type: config\n  options:\n    permissions:\n"
                   "      event: {\"*\": {publish: \"data === `${CONFIG_TEST_UNSET}`\"}}\n");
    assert_slice_equal(ds_value_json(config_value(config, CONFIG_PERMISSION_RULES)),
                       "{\"event\":{\"*\":{\"publish\":\"data === `${CONFIG_TEST_UNSET}`\"}}}");
    config_free(&config);
}

static void words_that_end_in_file_are_words(void **state)
{
    (void)state;
    struct config *config = load_valid("serverName: profile(x)\nlibDir: file(a) b\n");
    assert_slice_equal(config_text(config, CONFIG_SERVER_NAME), "profile(x)");
    assert_slice_equal(config_text(config, CONFIG_LIB_DIR), "file(a) b");
    config_free(&config);
}

/* ---- the command line ---- */

static void the_command_line_counts_more_than_the_file(void **state)
{
    (void)state;
    const struct config_override overrides[] = {
        {CONFIG_HTTP_PORT, "7777", "--port"},
        {CONFIG_HTTP_HOST, "127.0.0.1", "--host"},
        {CONFIG_LOG_LEVEL, "debug", "--log-level"},
        {CONFIG_LOGGER_COLORS, "false", "--colors"},
    };
    struct config_request request = {
        .text_name = "config.yml",
        .text = SLICE("logLevel: ERROR\nlogger: {options: {logLevel: WARN}}\n"
                      "auth: [{type: file}]\npermission: {type: config}\n" PORT("1")),
        .overrides = overrides,
        .override_count = 4,
        .disable_auth = true,
        .disable_permissions = true,
    };
    struct config *config = config_load(&request);
    assert_true(config_is_valid(config));
    assert_int_equal(config_integer(config, CONFIG_HTTP_PORT), 7777);
    assert_slice_equal(config_text(config, CONFIG_HTTP_HOST), "127.0.0.1");
    assert_slice_equal(ds_value_place(config_value(config, CONFIG_HTTP_PORT)), "--port");
    assert_int_equal(config_log_level(config), DS_DEBUG);
    assert_false(ds_value_boolean(config_value(config, CONFIG_LOGGER_COLORS), true));
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_AUTHENTICATION, 0)->type, "none");
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_PERMISSION, 0)->type, "none");
    config_free(&config);
}

static void values_of_the_command_line_are_checked_too(void **state)
{
    (void)state;
    const struct config_override overrides[] = {{CONFIG_HTTP_PORT, "70000", "--port"},
                                                {CONFIG_LOG_LEVEL, "loud", "--log-level"}};
    struct config_request request = {.text_name = "config.yml",
                                     .text = SLICE("rpc: 3\n"),
                                     .overrides = overrides,
                                     .override_count = 2};
    expect_problems_of(config_load(&request),
                       "error 1:6 /rpc: type must be object\n"
                       "error --port /httpServer/options/port: maximum must be <= 65535\n"
                       "error --log-level /logLevel must be equal to one of the allowed values: "
                       "DEBUG, INFO, WARN, ERROR, FATAL, OFF, 0, 1, 2, 3, 4, 100\n");
}

static void the_command_line_does_not_hide_what_is_wrong(void **state)
{
    (void)state;
    const struct config_override override = {CONFIG_HTTP_PORT, "1", "--port"};
    struct config_request request = {.text_name = "config.yml",
                                     .text = SLICE("httpServer: {options: 3}\n"),
                                     .overrides = &override,
                                     .override_count = 1};
    expect_problems_of(config_load(&request),
                       "error 1:23 /httpServer/options: type must be object\n");
    request.text = SLICE("httpServer: uws\n");
    expect_problems_of(config_load(&request), "error 1:13 /httpServer: type must be object\n");
}

static void the_environment_names_the_folder_of_plugins(void **state)
{
    (void)state;
    setenv("DEEPSTREAM_LIBRARY_DIRECTORY", "/lib/there", 1);
    struct config *config = load_valid("");
    assert_slice_equal(config_text(config, CONFIG_LIB_DIR), "/lib/there");
    config_free(&config);
    config = load_valid("libDir: mine\n");
    assert_slice_equal(config_text(config, CONFIG_LIB_DIR), "mine");
    config_free(&config);
    unsetenv("DEEPSTREAM_LIBRARY_DIRECTORY");
}

static void uuid_makes_up_a_name_each_time(void **state)
{
    (void)state;
    struct config *one = load_valid("serverName: UUID\n"), *other = load_valid("");
    slice name = config_text(one, CONFIG_SERVER_NAME);
    assert_true(name.length > 12);
    assert_non_null(memchr(name.at, '-', name.length));
    assert_false(slice_equal(name, config_text(other, CONFIG_SERVER_NAME)));
    config_free(&one);
    config_free(&other);
}

#define TEST_IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(without_any_file_the_defaults_serve),
        TEST_IN_FOLDER(the_usual_places_are_tried_in_order),
        TEST_IN_FOLDER(the_environment_names_a_file_or_a_folder),
        TEST_IN_FOLDER(the_file_of_the_command_line_counts_most),
        TEST_IN_FOLDER(javascript_is_refused_with_a_way_out),
        TEST_IN_FOLDER(what_cannot_be_read_is_said),
        TEST_IN_FOLDER(json_and_yaml_mean_the_same),
        TEST_IN_FOLDER(variables_take_the_kind_of_what_they_hold),
        TEST_IN_FOLDER(unset_variables_are_warned_of_and_empty),
        TEST_IN_FOLDER(what_is_no_variable_stays),
        TEST_IN_FOLDER(variables_are_not_looked_for_in_comments),
        TEST_IN_FOLDER(variables_together_are_bounded),
        TEST_IN_FOLDER(file_is_a_path_below_the_folder_of_the_configuration),
        TEST_IN_FOLDER(documents_are_loaded_as_values_with_places_of_their_own),
        TEST_IN_FOLDER(s3_several_files_of_a_line_and_hashes_in_quotes_are_what_they_look_like),
        TEST_IN_FOLDER(other_files_are_loaded_as_text),
        TEST_IN_FOLDER(what_cannot_be_loaded_is_an_error_with_its_place),
        TEST_IN_FOLDER(a_rule_file_is_left_to_who_reads_rules),
        TEST_IN_FOLDER(rules_may_stand_in_the_configuration),
        TEST_IN_FOLDER(words_that_end_in_file_are_words),
        TEST_IN_FOLDER(the_command_line_counts_more_than_the_file),
        TEST_IN_FOLDER(values_of_the_command_line_are_checked_too),
        TEST_IN_FOLDER(the_command_line_does_not_hide_what_is_wrong),
        TEST_IN_FOLDER(the_environment_names_the_folder_of_plugins),
        TEST_IN_FOLDER(uuid_makes_up_a_name_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
