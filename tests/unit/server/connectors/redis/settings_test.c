#include "connectors/redis/settings.h"
#include "support/test_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool read(struct redis_settings *settings, const char *json, struct ds_error *error)
{
    struct arena options;
    arena_init(&options, 0);
    *error = (struct ds_error){.text = ""};
    bool is_read =
        redis_settings_init(settings, json[0] == '\0' ? NULL : test_value(&options, json), error);
    arena_fini(&options);
    return is_read;
}

static void without_options_it_is_the_redis_of_this_machine(void **state)
{
    (void)state;
    struct redis_settings settings;
    struct ds_error error;
    assert_true(read(&settings, "", &error));
    assert_int_equal(settings.node_count, 1);
    assert_string_equal(settings.nodes[0].host, "localhost");
    assert_int_equal(settings.nodes[0].port, 6379);
    assert_int_equal(settings.timeout_ms, 5000);
    assert_null(settings.tls);
    redis_settings_fini(&settings);
}

static void options_outlive_the_configuration(void **state)
{
    (void)state;
    struct redis_settings settings;
    struct ds_error error;
    assert_true(read(&settings,
                     "{\"host\": \"h\", \"port\": \"7000\", \"username\": \"u\","
                     " \"password\": \"p\", \"db\": 2, \"tls\": true, \"keyPrefix\": \"x:\"}",
                     &error));
    assert_string_equal(settings.nodes[0].host, "h");
    assert_int_equal(settings.nodes[0].port, 7000);
    assert_true(slice_equal(settings.user, SLICE("u")));
    assert_true(slice_equal(settings.password, SLICE("p")));
    assert_true(slice_equal(settings.key_prefix, SLICE("x:")));
    assert_int_equal(settings.database, 2);
    assert_non_null(settings.tls);
    redis_settings_fini(&settings);
}

static void a_cluster_has_nodes_and_its_access_in_redisOptions(void **state)
{
    (void)state;
    struct redis_settings settings;
    struct ds_error error;
    assert_true(read(&settings,
                     "{\"nodes\": [{\"host\": \"a\", \"port\": 1}, \"redis://b:2\", {\"port\": 3}],"
                     " \"redisOptions\": {\"password\": \"p\"}, \"hashTags\": true}",
                     &error));
    assert_true(settings.is_cluster && settings.has_hash_tags);
    assert_int_equal(settings.node_count, 3);
    assert_string_equal(settings.nodes[1].host, "b");
    assert_string_equal(settings.nodes[2].host, "localhost");
    assert_true(slice_equal(settings.password, SLICE("p")));
    redis_settings_fini(&settings);
}

static void what_makes_no_sense_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *json, *problem;
    } wrong[] = {
        {"{\"port\": 0}", "port must be a whole number from 1 to 65535"},
        {"{\"port\": 1.5}", "port must be"},
        {"{\"host\": 5}", "host must be a text"},
        {"{\"host\": \"\"}", "host is none"},
        {"{\"url\": \"http://x\"}", "url does not begin with redis://"},
        {"{\"db\": -1}", "db must be"},
        {"{\"nodes\": []}", "nodes must be a list"},
        {"{\"nodes\": {\"host\": \"a\"}}", "nodes must be a list"},
        {"{\"nodes\": [{}], \"redisOptions\": {\"db\": 1}}", "db must be 0"},
        {"{\"password\": 5}", "password must be a text"},
        {"{\"requestTimeout\": 1}", "requestTimeout must be"},
        {"{\"tls\": {\"ca\": \"nonsense\"}}", "tls.ca must be PEM text"},
        {"{\"tls\": {\"cert\": \"nonsense\"}}", "tls.cert must be PEM text"},
        {"{\"maxWaitingMegabytes\": 0}", "maxWaitingMegabytes must be"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct redis_settings settings;
        struct ds_error error;
        assert_false(read(&settings, wrong[i].json, &error));
        if (strstr(error.text, wrong[i].problem) == NULL)
            fail_msg("%s: %s", wrong[i].json, error.text);
    }
}

static void a_password_is_never_in_an_error(void **state)
{
    (void)state;
    struct redis_settings settings;
    struct ds_error error;
    assert_false(read(&settings, "{\"url\": \"redis://:secret@h:x\"}", &error));
    assert_null(strstr(error.text, "secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_is_the_redis_of_this_machine),
        cmocka_unit_test(options_outlive_the_configuration),
        cmocka_unit_test(a_cluster_has_nodes_and_its_access_in_redisOptions),
        cmocka_unit_test(what_makes_no_sense_is_refused_by_name),
        cmocka_unit_test(a_password_is_never_in_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
