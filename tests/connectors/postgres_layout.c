/* What the connector leaves in the database, and what it does with what others left there: tables,
 * notifications, hostile names, rows that cannot be stored. */

#include "postgres_fixture.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct postgres_fixture database;

/* ---- short ways ---- */

static const struct ds_storage_operations *storage_of(const struct store_fixture *it)
{
    return it->operations;
}

static void begin_set(struct store_fixture *it, slice name, int32_t version, slice data,
                      struct store_answer *answer)
{
    struct ds_record record = store_record(version, data);
    storage_of(it)->set(it->self, name, &record, answer_done, store_answer_begin(answer));
}

/* "" when it succeeded; static. */
static const char *end(struct store_fixture *it, struct store_answer *answer)
{
    static char error[600];
    store_fixture_wait(it, answer);
    snprintf(error, sizeof error, "%s", answer->error == NULL ? "" : answer->error);
    store_answer_end(answer);
    return error;
}

static const char *set(struct store_fixture *it, slice name, int32_t version, slice data)
{
    struct store_answer answer;
    begin_set(it, name, version, data, &answer);
    return end(it, &answer);
}

static void must_set(struct store_fixture *it, const char *name)
{
    assert_string_equal(set(it, slice_of(name), 1, SLICE("{}")), "");
}

static void must_remove(struct store_fixture *it, const char *name)
{
    struct store_answer answer;
    slice names[] = {slice_of(name)};
    storage_of(it)->remove(it->self, names, 1, answer_done, store_answer_begin(&answer));
    assert_string_equal(end(it, &answer), "");
}

/* The version, DS_MISSING, or -3 for an error. */
static int32_t version_of(struct store_fixture *it, slice name)
{
    struct store_answer answer;
    storage_of(it)->get(it->self, name, answer_record, store_answer_begin(&answer));
    store_fixture_wait(it, &answer);
    int32_t version = answer.error == NULL ? answer.version : -3;
    store_answer_end(&answer);
    return version;
}

static void assert_query(const char *sql, const char *expected)
{
    assert_string_equal(postgres_query(&database, sql), expected);
}

static size_t tables_called(const char *table)
{
    char sql[300];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_tables WHERE tablename = '%s'", table);
    return (size_t)strtoul(postgres_query(&database, sql), NULL, 10);
}

/* ---- rows ---- */

static void records_are_rows_of_the_originals_tables(void **state)
{
    struct store_fixture *it = *state;
    assert_string_equal(set(it, SLICE("users/ada"), 3, SLICE("{\"a\":1}")), "");
    assert_string_equal(set(it, SLICE("alone"), 4, SLICE("[]")), "");
    assert_query("SELECT id, version, val FROM ds.users", "ada 3 {\"a\":1} ");
    assert_query("SELECT id, version, val FROM ds.\"default\"", "alone 4 [] ");
    assert_query("SELECT column_name, data_type, is_nullable FROM information_schema.columns"
                 " WHERE table_schema = 'ds' AND table_name = 'users' ORDER BY ordinal_position",
                 "id text NO version integer YES val text NO ");
}

static void rows_that_others_wrote_are_read(void **state)
{
    struct store_fixture *it = *state;
    postgres_query(&database, "CREATE TABLE ds.theirs (id text PRIMARY KEY, version int, val jsonb"
                              " NOT NULL); INSERT INTO ds.theirs VALUES ('a', 7, '{}'),"
                              " ('b', NULL, '[]')");
    assert_int_equal(version_of(it, SLICE("theirs/a")), 7);
    assert_int_equal(version_of(it, SLICE("theirs/b")), 0);
    assert_int_equal(version_of(it, SLICE("theirs/c")), DS_MISSING);
    /* the column is not of the type that is configured */
    assert_string_equal(set(it, SLICE("theirs/a"), 8, SLICE("{\"b\":2}")), "");
    assert_string_equal(set(it, SLICE("theirs/b"), 0, SLICE("{}")), "");
    assert_query("SELECT version, val->>'b' FROM ds.theirs WHERE id = 'a'", "8 2 ");
}

static void names_are_never_read_as_sql(void **state)
{
    static const char *const names[] = {
        "victim/'; DROP TABLE ds.victim; --",
        "'; DROP TABLE ds.victim; --/x",
        "victim/\"; DROP TABLE ds.victim; --",
        "\"; DROP TABLE ds.victim; --/x",
        "victim/\\'; DROP TABLE ds.victim; --",
        "vic'tim/$1",
        "vic\\tim/%s",
        "victim/$body$",
    };
    struct store_fixture *it = *state;
    must_set(it, "victim/a");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        must_set(it, names[i]);
        assert_int_equal(version_of(it, slice_of(names[i])), 1);
        must_remove(it, names[i]);
        assert_int_equal(version_of(it, slice_of(names[i])), DS_MISSING);
    }
    assert_int_equal(version_of(it, SLICE("victim/a")), 1);
}

/* The original's trigger pastes the id into a statement. */
static void a_table_that_the_original_made_is_safe_too(void **state)
{
    struct store_fixture *it = *state;
    postgres_query(&database,
                   "CREATE TABLE ds.old (id text PRIMARY KEY, version int, val text NOT NULL);"
                   "CREATE TABLE ds.prey (id int);"
                   "CREATE OR REPLACE FUNCTION broadcast_update() RETURNS trigger AS $$ BEGIN"
                   " EXECUTE 'NOTIFY \"ds\", ''' || TG_OP || ':' || NEW.id || ''';';"
                   " RETURN NULL; END $$ LANGUAGE plpgsql;"
                   "CREATE TRIGGER broadcast_update_ds_old AFTER INSERT OR UPDATE ON ds.old"
                   " FOR EACH ROW EXECUTE PROCEDURE broadcast_update()");
    must_set(it, "old/harmless");
    assert_query("SELECT proname FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid"
                 " WHERE tgrelid = 'ds.old'::regclass",
                 "broadcast_update ");
    must_set(it, "old/a'; DROP TABLE ds.prey; NOTIFY ds, '");
    assert_int_equal(tables_called("prey"), 1);
    assert_query("SELECT proname, tgtype & 28 FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid"
                 " WHERE tgrelid = 'ds.old'::regclass",
                 "deepstream_broadcast 20 ");
    assert_query("SELECT count(*) FROM ds.old", "2 ");
}

static void names_that_the_original_mixes_up_are_kept_apart(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, "mixed/a");
    assert_int_equal(version_of(it, SLICE("mixed/a\"")), DS_MISSING);
    assert_int_equal(version_of(it, SLICE("mi;xed/a")), DS_MISSING);
    assert_string_equal(set(it, SLICE("secret"), 9, SLICE("{}")), "");
    assert_int_equal(version_of(it, SLICE("default/secret")), DS_MISSING);
    char name[100];
    memset(name, 'l', sizeof name);
    name[80] = '/';
    assert_string_equal(set(it, (slice){name, 90}, 1, SLICE("{}")), "");
    name[70] = 'x';
    assert_int_equal(version_of(it, (slice){name, 90}), DS_MISSING);
    must_set(it, "mixed_pkey/a"); /* the name of an index */
    assert_int_equal(version_of(it, SLICE("mixed_pkey/a")), 1);
}

/* ---- failures ---- */

static void a_row_that_cannot_be_stored_fails_alone(void **state)
{
    enum { ROWS = 200 };
    struct store_fixture *it = *state;
    struct store_answer answers[ROWS];
    char name[24];
    for (int i = 0; i < ROWS; i++) {
        snprintf(name, sizeof name, "alone/%d", i);
        bool is_bad = i == 17 || i == 18 || i == 150;
        begin_set(it, slice_of(name), i, is_bad ? SLICE("{not json") : SLICE("{}"), &answers[i]);
    }
    for (int i = 0; i < ROWS; i++) {
        bool is_bad = i == 17 || i == 18 || i == 150;
        const char *error = end(it, &answers[i]);
        if (is_bad)
            assert_non_null(strstr(error, "22P02"));
        else
            assert_string_equal(error, "");
    }
    assert_query("SELECT count(*) FROM json.alone", "197 ");
}

static void a_name_that_is_too_long_for_the_index_is_refused_in_words(void **state)
{
    struct store_fixture *it = *state;
    char name[6000];
    unsigned seed = 1;
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (char)('a' + (seed = seed * 1103515245 + 12345) / 65536 % 26);
    const char *error = set(it, (slice){name, sizeof name}, 1, SLICE("{}"));
    assert_non_null(strstr(error, "54000"));
    assert_non_null(strstr(error, "index row size"));
}

static void what_has_a_zero_byte_is_refused(void **state)
{
    struct store_fixture *it = *state;
    assert_non_null(strstr(set(it, SLICE("a\0b"), 1, SLICE("{}")), "zero byte"));
    assert_non_null(strstr(set(it, SLICE("a"), 1, SLICE("\"\0\"")), "zero byte"));
    assert_int_equal(version_of(it, SLICE("a\0b")), -3);
    assert_int_equal(version_of(it, SLICE("a")), DS_MISSING);
}

static void a_table_that_may_not_be_written_fails_in_words(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, "locked/a");
    postgres_query(&database, "CREATE FUNCTION ds.refuse() RETURNS trigger AS $$ BEGIN RAISE"
                              " EXCEPTION 'not today'; END $$ LANGUAGE plpgsql;"
                              "CREATE TRIGGER refuse BEFORE INSERT ON ds.locked FOR EACH ROW"
                              " EXECUTE PROCEDURE ds.refuse()");
    assert_string_equal(set(it, SLICE("locked/b"), 1, SLICE("{}")), "postgres: not today (P0001)");
}

/* The statement succeeds, the commit behind it does not. */
static void a_commit_that_fails_is_no_success(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, "late/a");
    postgres_query(&database,
                   "CREATE FUNCTION ds.refuse_late() RETURNS trigger AS $$ BEGIN RAISE"
                   " EXCEPTION 'too late'; END $$ LANGUAGE plpgsql;"
                   "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON ds.late DEFERRABLE INITIALLY"
                   " DEFERRED FOR EACH ROW EXECUTE PROCEDURE ds.refuse_late()");
    assert_string_equal(set(it, SLICE("late/b"), 1, SLICE("{}")), "postgres: too late (P0001)");
    assert_int_equal(version_of(it, SLICE("late/b")), DS_MISSING);
}

/* ---- tables ---- */

static void an_empty_table_is_dropped_and_made_again(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, "Brief/a");
    must_set(it, "Brief/b");
    must_remove(it, "Brief/a");
    assert_int_equal(tables_called("Brief"), 1);
    must_remove(it, "Brief/b");
    store_fixture_reopen(it); /* the drop is not waited for, but finished before the end */
    assert_int_equal(tables_called("Brief"), 0);
    must_remove(it, "Brief/b");
    must_set(it, "Brief/c");
    assert_query("SELECT id FROM ds.\"Brief\"", "c ");
}

/* Two instances that make and drop the same table all the time lose nothing. */
static void tables_may_come_and_go_under_others(void **state)
{
    enum { ROUNDS = 60 };
    struct store_fixture *it = *state;
    struct ds_error error;
    void *other = plugin_host_open(&it->host, database.plugin, it->subject->options_json, &error);
    assert_non_null(other);
    for (int i = 0; i < ROUNDS; i++) {
        struct store_answer set_here, set_there, removed;
        slice mine = SLICE("shaky/mine"), theirs = SLICE("shaky/theirs");
        struct ds_record record = store_record(i, SLICE("{}"));
        begin_set(it, mine, i, SLICE("{}"), &set_here);
        storage_of(it)->set(other, theirs, &record, answer_done, store_answer_begin(&set_there));
        storage_of(it)->remove(it->self, &mine, 1, answer_done, store_answer_begin(&removed));
        assert_string_equal(end(it, &set_here), "");
        assert_string_equal(end(it, &set_there), "");
        assert_string_equal(end(it, &removed), "");
        assert_int_equal(version_of(it, theirs), i);
        storage_of(it)->remove(other, &theirs, 1, answer_done, store_answer_begin(&removed));
        assert_string_equal(end(it, &removed), "");
    }
    plugin_host_close(&it->host, database.plugin, other);
}

static void tables_belong_to_the_role(void **state)
{
    struct store_fixture *it = *state;
    must_set(it, "owned/a");
    assert_query("SELECT tableowner FROM pg_tables WHERE tablename = 'owned'", "keeper ");
}

/* ---- notifications ---- */

static void await_notifications(PGconn *listener, const char *const *expected)
{
    for (; *expected != NULL; expected++) {
        PGnotify *notify;
        while ((notify = PQnotifies(listener)) == NULL)
            PQclear(PQexec(listener, "SELECT pg_sleep(0.01)"));
        assert_string_equal(notify->relname, "ds");
        assert_string_equal(notify->extra, *expected);
        PQfreemem(notify);
    }
}

static void changes_are_told_as_by_the_original(void **state)
{
    struct store_fixture *it = *state;
    char conninfo[100];
    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%u user=postgres",
             database.server.port);
    PGconn *listener = PQconnectdb(conninfo);
    PQclear(PQexec(listener, "LISTEN ds"));
    must_set(it, "told/it's");
    must_set(it, "told/it's");
    assert_string_equal(set(it, SLICE("told/it's"), 0, SLICE("{}")), ""); /* older: no change */
    must_remove(it, "told/it's");
    static const char *const expected[] = {"CREATE_TABLE:told",  "INSERT:told:it's",
                                           "UPDATE:told:it's",   "DELETE:told:it's",
                                           "DESTROY_TABLE:told", NULL};
    await_notifications(listener, expected);
    PQfinish(listener);
}

static void a_user_without_rights_works_in_a_schema_that_is_ready(void **state)
{
    (void)state;
    postgres_query(&database,
                   "CREATE ROLE worker LOGIN; GRANT USAGE, CREATE ON SCHEMA ds TO worker");
    char options[300];
    snprintf(options, sizeof options,
             "{\"url\": \"postgres://worker@localhost:%u/postgres\", \"writeInterval\": 0}",
             database.server.port);
    struct store_subject subject = {.plugin = database.plugin, .options_json = options};
    void *own = &subject;
    assert_int_equal(store_fixture_setup(&own), 0);
    must_set(own, "by worker/a");
    assert_int_equal(store_fixture_teardown(&own), 0);
}

int main(void)
{
    postgres_fixture_begin(&database);
    postgres_query(&database, "CREATE ROLE keeper");
    struct store_subject plain = {.plugin = database.plugin,
                                  .options_json =
                                      postgres_fixture_options(&database, "\"writeInterval\": 0")};
    struct store_subject json = {
        .plugin = database.plugin,
        .options_json = postgres_fixture_options(
            &database, "\"schema\": \"json\", \"useJsonb\": true, \"writeInterval\": 10")};
    struct store_subject owned = {.plugin = database.plugin,
                                  .options_json = postgres_fixture_options(
                                      &database, "\"role\": \"keeper\", \"writeInterval\": 0")};
#define TEST(name, subject)                                                                        \
    cmocka_unit_test_prestate_setup_teardown(name, store_fixture_setup, store_fixture_teardown,    \
                                             subject)
    const struct CMUnitTest tests[] = {
        TEST(records_are_rows_of_the_originals_tables, &plain),
        TEST(rows_that_others_wrote_are_read, &plain),
        TEST(names_are_never_read_as_sql, &plain),
        TEST(a_table_that_the_original_made_is_safe_too, &plain),
        TEST(names_that_the_original_mixes_up_are_kept_apart, &plain),
        TEST(a_row_that_cannot_be_stored_fails_alone, &json),
        TEST(a_name_that_is_too_long_for_the_index_is_refused_in_words, &plain),
        TEST(what_has_a_zero_byte_is_refused, &plain),
        TEST(a_table_that_may_not_be_written_fails_in_words, &plain),
        TEST(a_commit_that_fails_is_no_success, &plain),
        TEST(an_empty_table_is_dropped_and_made_again, &plain),
        TEST(tables_may_come_and_go_under_others, &plain),
        TEST(tables_belong_to_the_role, &owned),
        TEST(changes_are_told_as_by_the_original, &plain),
        cmocka_unit_test(a_user_without_rights_works_in_a_schema_that_is_ready),
    };
#undef TEST
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    postgres_fixture_end(&database);
    return failed;
}
