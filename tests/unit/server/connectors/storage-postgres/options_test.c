/* The options of the connector: those of the original, libpq's, and what makes no sense. */

#include "connectors/storage-postgres/options.h"
#include "support/plugin_host.h"
#include "support/test_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct reading {
    struct plugin_host host;
    struct arena arena;
    struct options options;
    struct ds_error error;
};

static int begin(void **state)
{
    struct reading *it = calloc(1, sizeof *it);
    plugin_host_init(&it->host);
    arena_init(&it->arena, 0);
    *state = it;
    return 0;
}

static int end(void **state)
{
    struct reading *it = *state;
    options_fini(&it->options);
    arena_fini(&it->arena);
    plugin_host_fini(&it->host);
    free(it);
    return 0;
}

static bool reads(struct reading *it, const char *json)
{
    options_fini(&it->options);
    return options_read(&it->options, &it->host.services, test_value(&it->arena, json), &it->error);
}

static void assert_refused(struct reading *it, const char *json, const char *reason)
{
    assert_false(reads(it, json));
    assert_non_null(strstr(it->error.text, reason));
    assert_non_null(it->error.value); /* whose place is shown */
}

static void assert_passed(const struct reading *it, const char *keyword, const char *value)
{
    const char *found = conninfo_find(&it->options.conninfo, keyword);
    assert_non_null(found);
    assert_string_equal(found, value);
}

static void what_is_left_out_is_as_by_the_original(void **state)
{
    struct reading *it = *state;
    assert_true(reads(it, "{}"));
    assert_true(slice_equal(it->options.schema, SLICE("ds")));
    assert_true(slice_equal(it->options.default_table, SLICE("default")));
    assert_int_equal(it->options.role.length, 0);
    assert_int_equal(it->options.write_ms, 200);
    assert_int_equal(it->options.most_connections, 10);
    assert_false(it->options.is_jsonb);
    for (int i = 0; i < NOTIFICATIONS; i++)
        assert_true(it->options.notifies[i]);
    assert_passed(it, "client_encoding", "UTF8");
    assert_passed(it, "application_name", "deepstream");
}

static void options_of_the_original_are_taken(void **state)
{
    struct reading *it = *state;
    assert_true(reads(it,
                      "{\"user\": \"u\", \"password\": \"p'w\", \"host\": \"h\", \"port\": 5433,"
                      "\"database\": \"d\", \"role\": \"r\", \"schema\": \"My Schema\","
                      "\"defaultTable\": \"t\", \"max\": 3, \"idleTimeoutMillis\": 1000,"
                      "\"writeInterval\": 0, \"useJsonb\": true, \"splitChar\": \"/\","
                      "\"notifications\": {\"INSERT\": true, \"DELETE\": false}}"));
    assert_passed(it, "user", "u");
    assert_passed(it, "password", "p'w");
    assert_passed(it, "host", "h");
    assert_passed(it, "port", "5433");
    assert_passed(it, "dbname", "d");
    assert_true(slice_equal(it->options.schema, SLICE("My Schema")));
    assert_true(slice_equal(it->options.role, SLICE("r")));
    assert_int_equal(it->options.most_connections, 3);
    assert_int_equal(it->options.write_ms, 0);
    assert_true(it->options.is_jsonb);
    assert_true(it->options.notifies[NOTIFY_INSERT]);
    assert_false(it->options.notifies[NOTIFY_DELETE]);
    assert_false(it->options.notifies[NOTIFY_UPDATE]); /* not named in the map */
    assert_string_equal(it->options.backend, "postgres at h:5433, database d");
    assert_int_equal(it->host.log.length, 0);
}

static void a_url_says_it_in_one_and_single_options_stand_above_it(void **state)
{
    struct reading *it = *state;
    assert_true(reads(it, "{\"url\": \"postgres://u:secret@h:77/d?sslmode=require\","
                          "\"port\": 78}"));
    assert_passed(it, "user", "u");
    assert_passed(it, "password", "secret");
    assert_passed(it, "port", "78");
    assert_passed(it, "sslmode", "require");
    assert_null(strstr(it->options.backend, "secret"));
    assert_true(reads(it, "{\"connectionString\": \"host=/run/x dbname='a b'\"}"));
    assert_passed(it, "host", "/run/x");
    assert_passed(it, "dbname", "a b");
    assert_refused(it, "{\"url\": \"postgres://u:secret@h:77:/d?=\"}", "url is not");
    assert_null(strstr(it->error.text, "secret"));
}

static void certificates_are_files(void **state)
{
    struct reading *it = *state;
    char path[200];
    assert_true(reads(it, "{\"sslmode\": \"verify-ca\", \"sslrootcert\": \"ca.pem\"}"));
    snprintf(path, sizeof path, "%s/ca.pem", it->host.folder);
    assert_passed(it, "sslrootcert", path);
    assert_passed(it, "sslmode", "verify-ca");
    assert_true(reads(it, "{\"ssl\": true, \"sslrootcert\": \"/x/ca.pem\"}"));
    assert_passed(it, "sslmode", "verify-full");
    assert_passed(it, "sslrootcert", "/x/ca.pem");
    assert_true(reads(it, "{\"ssl\": false}"));
    assert_passed(it, "sslmode", "disable");
    assert_true(reads(it, "{\"ssl\": {\"rejectUnauthorized\": false}}"));
    assert_passed(it, "sslmode", "require");
}

/* Encryption that was asked for is never quietly less than that. */
static void an_unchecked_certificate_has_to_be_wanted(void **state)
{
    struct reading *it = *state;
    assert_refused(it, "{\"ssl\": true}", "sslrootcert");
    assert_refused(it, "{\"ssl\": {\"ca\": \"-----BEGIN\"}}", "ssl.ca must be fileLoad");
    assert_refused(it, "{\"ssl\": 1}", "ssl must be");
}

static void what_makes_no_sense_is_refused_by_name(void **state)
{
    struct reading *it = *state;
    assert_refused(it, "{\"schema\": \"\"}", "schema must be a name of 1 to 63 bytes");
    assert_refused(it,
                   "{\"defaultTable\": \"0123456789012345678901234567890123456789"
                   "012345678901234567890123\"}",
                   "defaultTable must be");
    assert_refused(it, "{\"max\": 0}", "max must be a number from 1 to 1000");
    assert_refused(it, "{\"writeInterval\": -1}", "writeInterval must be");
    assert_refused(it, "{\"writeInterval\": \"soon\"}", "writeInterval must be");
    assert_refused(it, "{\"useJsonb\": \"yes\"}", "useJsonb must be true or false");
    assert_refused(it, "{\"notifications\": true}", "notifications must be a map");
    assert_refused(it, "{\"host\": [1]}", "host must be a text");
    assert_refused(it, "{\"host\": \"a,b\", \"port\": \"1,2,3\"}", "port must be one");
    assert_refused(it, "{\"port\": \"abc\"}", "port must be a number from 1 to 65535");
    assert_refused(it, "{\"port\": 99999}", "port must be a number from 1 to 65535");
    assert_refused(it, "{\"port\": 0}", "port must be a number from 1 to 65535");
    assert_refused(it, "{\"host\": \"a,b\", \"port\": \"1,x\"}", "port must be a number");
    assert_refused(it, "{\"splitChar\": \"-\"}", "splitChar can only be /");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_is_left_out_is_as_by_the_original),
        TEST(options_of_the_original_are_taken),
        TEST(a_url_says_it_in_one_and_single_options_stand_above_it),
        TEST(certificates_are_files),
        TEST(an_unchecked_certificate_has_to_be_wanted),
        TEST(what_makes_no_sense_is_refused_by_name),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
