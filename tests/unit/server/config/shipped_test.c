/* The configuration that is shipped, that of the original, and the page of all options. */

#include "config_support.h"

#include <openssl/evp.h>
#include <unistd.h>

static struct config *load_file(const char *path)
{
    struct config_request request = {.file = path};
    struct config *config = config_load(&request);
    struct buf problems = BUF_EMPTY;
    append_problems(config, &problems);
    assert_string_equal(problems.at, "");
    buf_fini(&problems);
    return config;
}

static void the_shipped_configuration_has_neither_errors_nor_warnings(void **state)
{
    (void)state;
    struct config *config = load_file(SHIPPED "/config.yml");
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_PERMISSION, 0)->type, "config");
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_STORAGE, 0)->type, "default");
    config_free(&config);
}

/* server/conf/config.yml says how the passwords of users.yml were hashed. */
static void the_example_of_a_user_has_the_password_that_is_told(void **state)
{
    (void)state;
    struct config_request request = {
        .text_name = "config.yml",
        .text = SLICE("auth: [{type: file, options: {users: fileLoad(" SHIPPED "/users.yml)}}]\n"),
    };
    struct config *config = config_load(&request);
    assert_true(config_is_valid(config));
    const struct ds_value *options =
        config_plugin(config, CONFIG_PLUGIN_AUTHENTICATION, 0)->options;
    const struct ds_value *alice =
        ds_value_member(config_value_in(options, CONFIG_AUTH_FILE_USERS), "alice");
    slice password = ds_value_text(ds_value_member(alice, "password"), (slice){0});
    unsigned char key[32], text[64];
    assert_int_equal(password.length, 44 + 24);
    assert_int_equal(PKCS5_PBKDF2_HMAC("password", 8, (const unsigned char *)password.at + 44, 24,
                                       20000, EVP_sha512(), sizeof key, key),
                     1);
    EVP_EncodeBlock(text, key, sizeof key);
    assert_memory_equal(text, password.at, 44);
    config_free(&config);
}

static void the_original_s_configuration_loads_unchanged(void **state)
{
    (void)state;
    if (access(ORIGINAL "/config.yml", R_OK) != 0)
        skip();
    struct config *config = load_file(ORIGINAL "/config.yml");
    assert_true(config_boolean(config, CONFIG_SHOW_LOGO));
    assert_int_equal(config_integer(config, CONFIG_RECORD_CACHE_TIMEOUT), 30000);
    assert_int_equal(config_integer(config, CONFIG_LISTEN_REMATCH_INTERVAL), 60000);
    assert_int_equal(config_integer(config, CONFIG_START_TIMEOUT), 5000);
    assert_int_equal(config_plugin_count(config, CONFIG_PLUGIN_ENDPOINT), 2);
    assert_slice_equal(config_plugin(config, CONFIG_PLUGIN_ENDPOINT, 1)->type, "http");
    assert_slice_equal(ds_value_file(config_value(config, CONFIG_PERMISSION_RULES)),
                       ORIGINAL "/permissions.yml");
    config_free(&config);
}

/* What stands in comments of the original's file, and in files of people who use it. */
static void what_people_write_for_the_original_loads(void **state)
{
    (void)state;
    const char *const TEXTS[] = {
        "httpServer:\n  type: uws\n  options:\n    headers: [user-agent]\n    maxBackpressure: "
        "100\n"
        "    ssl: {key: file(ssl/key.pem), cert: file(ssl/cert.pem), dhParams: a, passphrase: b}\n",
        "cache: {name: redis, options: {host: localhost, port: 6379}}\n"
        "storage: {name: mongodb, options: {connectionString: 'mongodb://x', db: default}}\n",
        "auth:\n  - type: storage\n    options: {table: Users, tableSplitChar: /, createUser: "
        "true,\n"
        "      hash: md5, iterations: 100, keyLength: 32}\n"
        "  - type: http\n    options: {endpointUrl: 'https://x', permittedStatusCodes: [200],\n"
        "      requestTimeout: 2000, promoteToHeader: [token], retryStatusCodes: [404, 504],\n"
        "      retryAttempts: 3, retryInterval: 5000}\n",
        "monitoring: {type: http, options: {url: /monitoring, allowOpenPermissions: false,\n"
        "  headerKey: a, headerValue: b}}\n",
        "monitoring: {type: log, options: {logInterval: 30000, monitoringKey: X}}\n",
        "clusterNode: {name: redis, options: {host: localhost, port: 6379}}\n"
        "cache: {name: redis}\nstorage: {name: redis}\n",
        "clusterNode: {type: default}\nclusterRegistry: {options: {role: edge}}\n",
        "logger: {name: winston, options: {transports: [{type: console, options: {level: a}}]}}\n",
        "exitOnFatalError: true\ntelemetry: {type: deepstreamIO, options: {enabled: false}}\n",
        "plugins:\n  aws: {name: aws, options: {services: [{type: s3-sync}]}}\n",
        "connectionEndpoints:\n  - type: mqtt\n    options: {port: 1883, host: 0.0.0.0,\n"
        "      idleTimeout: 60000}\n",
        "plugins:\nlibDir: ~\nrecord: {storageExclusionPrefixes: }\n",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct config *config = load_valid(TEXTS[i]);
        config_free(&config);
    }
}

static void read_text(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char piece[4096];
    for (size_t count; (count = fread(piece, 1, sizeof piece, file)) > 0;)
        buf_append(out, (slice){piece, count});
    fclose(file);
}

static void the_page_of_options_is_that_of_the_list(void **state)
{
    (void)state;
    struct buf made = BUF_EMPTY, kept = BUF_EMPTY;
    config_write_reference(&made);
    read_text(REFERENCE, &kept);
    bool is_same = slice_equal(buf_slice(&made), buf_slice(&kept));
    buf_fini(&made);
    buf_fini(&kept);
    if (!is_same)
        fail_msg("options.def has changed: write the page anew with  config_shipped_test --write");
}

static int write_page(void)
{
    struct buf made = BUF_EMPTY;
    config_write_reference(&made);
    FILE *file = fopen(REFERENCE, "w");
    bool is_written = file != NULL && fwrite(made.at, 1, made.length, file) == made.length;
    is_written = file != NULL && fclose(file) == 0 && is_written;
    buf_fini(&made);
    return is_written ? 0 : 1;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_configuration_has_neither_errors_nor_warnings),
        cmocka_unit_test(the_example_of_a_user_has_the_password_that_is_told),
        cmocka_unit_test(the_original_s_configuration_loads_unchanged),
        cmocka_unit_test(what_people_write_for_the_original_loads),
        cmocka_unit_test(the_page_of_options_is_that_of_the_list),
    };
    if (count == 2 && strcmp(arguments[1], "--write") == 0)
        return write_page();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
