/* Statements: texts with quoted identifiers, parameters in the binary format. */

#include "connectors/storage-postgres/statements.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_parameter(const struct statement *statement, int index, enum statement_type type,
                             slice bytes)
{
    const struct parameter *parameter = &statement->parameters[index];
    assert_true(index < statement->parameter_count);
    assert_int_equal(parameter->type, type);
    assert_int_equal(parameter->bytes.length, bytes.length);
    if (bytes.length > 0)
        assert_memory_equal(parameter->bytes.at, bytes.at, bytes.length);
}

static void identifiers_cannot_end_their_quotes(void **state)
{
    (void)state;
    struct statement statement = {0};
    const struct key key = {SLICE("t\"; DROP SCHEMA s; --"), SLICE("'; DROP SCHEMA s; --")};
    statement_read(&statement, SLICE("s\"\""), &key);
    assert_string_equal(statement.sql.at,
                        "SELECT version, val::text FROM \"s\"\"\"\"\".\"t\"\"; DROP SCHEMA s; --\""
                        " WHERE id = $1");
    assert_int_equal(statement.parameter_count, 1);
    assert_parameter(&statement, 0, TYPE_TEXT, key.id);
    statement_fini(&statement);
}

static void rows_are_three_arrays(void **state)
{
    (void)state;
    struct statement statement = {0};
    const struct stored_row rows[] = {{SLICE("a"), 1, SLICE("{}")}, {SLICE(""), -2, SLICE("[1]")}};
    statement_write(&statement, SLICE("ds"), SLICE("t"), rows, 2, VALUE_TEXT);
    assert_non_null(strstr(statement.sql.at, "INSERT INTO \"ds\".\"t\" AS stored"));
    assert_null(strstr(statement.sql.at, "jsonb"));
    assert_int_equal(statement.parameter_count, 3);
    assert_parameter(&statement, 0, TYPE_TEXT_ARRAY,
                     SLICE("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1"
                           "\0\0\0\1a\0\0\0\0"));
    assert_parameter(&statement, 1, TYPE_INT4_ARRAY,
                     SLICE("\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\2\0\0\0\1"
                           "\0\0\0\4\0\0\0\1\0\0\0\4\xff\xff\xff\xfe"));
    assert_parameter(&statement, 2, TYPE_TEXT_ARRAY,
                     SLICE("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1"
                           "\0\0\0\2{}\0\0\0\3[1]"));
    statement_fini(&statement);
    statement_write(&statement, SLICE("ds"), SLICE("t"), rows, 1, VALUE_JSONB);
    assert_non_null(strstr(statement.sql.at, "val::jsonb"));
    statement_fini(&statement);
}

static void an_array_of_nothing_has_no_dimensions(void **state)
{
    (void)state;
    struct statement statement = {0};
    statement_remove(&statement, SLICE("ds"), SLICE("t"), NULL, 0);
    assert_parameter(&statement, 0, TYPE_TEXT_ARRAY, SLICE("\0\0\0\0\0\0\0\0\0\0\0\x19"));
    statement_fini(&statement);
}

static void tables_are_made_for_the_type_of_values(void **state)
{
    (void)state;
    struct statement statement = {0};
    statement_create_table(&statement, SLICE("ds"), SLICE("t"), VALUE_TEXT);
    assert_string_equal(statement.sql.at, "CREATE TABLE \"ds\".\"t\" (id text PRIMARY KEY,"
                                          " version int DEFAULT 0, val text NOT NULL)");
    statement_fini(&statement);
    statement_create_table(&statement, SLICE("ds"), SLICE("t"), VALUE_JSONB);
    assert_non_null(strstr(statement.sql.at, "val jsonb NOT NULL"));
    statement_fini(&statement);
    statement_own_table(&statement, SLICE("ds"), SLICE("t"), SLICE("o\"x"));
    assert_string_equal(statement.sql.at, "ALTER TABLE \"ds\".\"t\" OWNER TO \"o\"\"x\"");
    statement_fini(&statement);
}

static void functions_get_names_as_parameters(void **state)
{
    (void)state;
    struct statement statement = {0};
    statement_drop_if_empty(&statement, SLICE("d\"s"), SLICE("t'"), DROP_UNTOLD);
    assert_string_equal(statement.sql.at,
                        "SELECT \"d\"\"s\".deepstream_drop_if_empty($1, $2, false)");
    assert_parameter(&statement, 0, TYPE_TEXT, SLICE("d\"s"));
    assert_parameter(&statement, 1, TYPE_TEXT, SLICE("t'"));
    statement_fini(&statement);
    statement_notify(&statement, SLICE("ds"), SLICE("CREATE_TABLE:t'"));
    assert_string_equal(statement.sql.at, "SELECT pg_notify($1, $2)");
    assert_parameter(&statement, 1, TYPE_TEXT, SLICE("CREATE_TABLE:t'"));
    statement_fini(&statement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_cannot_end_their_quotes),
        cmocka_unit_test(rows_are_three_arrays),
        cmocka_unit_test(an_array_of_nothing_has_no_dimensions),
        cmocka_unit_test(tables_are_made_for_the_type_of_values),
        cmocka_unit_test(functions_get_names_as_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
