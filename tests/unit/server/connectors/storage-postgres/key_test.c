/* From the name of a record to its table and id. */

#include "connectors/storage-postgres/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const slice default_table = SLICE("default");

static void assert_place(slice name, slice table, slice id)
{
    struct key key;
    assert_null(key_of_name(name, default_table, &key));
    assert_int_equal(key.table.length, table.length);
    assert_memory_equal(key.table.at, table.at, table.length);
    assert_int_equal(key.id.length, id.length);
    if (id.length > 0)
        assert_memory_equal(key.id.at, id.at, id.length);
}

#define PLACE(name, table, id) assert_place(SLICE(name), SLICE(table), SLICE(id))
#define WHOLE(name) assert_place(SLICE(name), default_table, SLICE(name))

static void ordinary_names_are_placed_as_by_the_original(void **state)
{
    (void)state;
    PLACE("ada", "default", "ada");
    PLACE("users/ada", "users", "ada");
    PLACE("users/ada/photo", "users", "ada/photo");
    PLACE("users/", "users", "");
    PLACE("users//a", "users", "/a");
    PLACE("Users/Ada", "Users", "Ada");
    PLACE("a b%/c", "a b%", "c");
    PLACE("\xe2\x82\xac/\xf0\x9f\x98\x80", "\xe2\x82\xac", "\xf0\x9f\x98\x80");
}

static void ids_keep_every_character(void **state)
{
    (void)state;
    PLACE("users/a\"b;c", "users", "a\"b;c");
    PLACE("users/'; DROP TABLE users; --", "users", "'; DROP TABLE users; --");
    PLACE("a\"b;c", "default", "a\"b;c");
}

static void names_whose_table_is_unfit_are_ids_as_a_whole(void **state)
{
    (void)state;
    WHOLE("");
    WHOLE("/");
    WHOLE("/a");
    WHOLE("a\"b/c");
    WHOLE("a;b/c");
    WHOLE("users_pkey/a");
    WHOLE("users_pkey12/a");
    WHOLE("_pkey/a");
    PLACE("users_pkeys/a", "users_pkeys", "a");
    PLACE("pkey/a", "pkey", "a");
    PLACE("users_pkey1a/a", "users_pkey1a", "a");
}

static void a_table_that_an_identifier_cannot_hold_is_not_cut(void **state)
{
    (void)state;
    char name[80];
    memset(name, 't', sizeof name);
    name[63] = '/';
    assert_place((slice){name, 70}, (slice){name, 63}, (slice){name + 64, 6});
    name[63] = 't';
    name[64] = '/';
    assert_place((slice){name, 70}, default_table, (slice){name, 70});
}

static void no_two_names_share_a_place(void **state)
{
    (void)state;
    static const slice names[] = {
        SLICE("a"),          SLICE("default/a"), SLICE("default/default/a"),
        SLICE("/a"),         SLICE("a\""),       SLICE("a;"),
        SLICE("a;/a"),       SLICE("a/a"),       SLICE("a/a;"),
        SLICE("a/a\""),      SLICE("a\"/a"),     SLICE("default"),
        SLICE("default/"),   SLICE("//a"),       SLICE("a//a"),
        SLICE("/default/a"), SLICE("a_pkey/a"),  SLICE("a_pkey"),
        SLICE("A/a"),        SLICE("a/A"),
    };
    enum { COUNT = sizeof names / sizeof *names };
    struct key keys[COUNT];
    for (int i = 0; i < COUNT; i++) {
        assert_null(key_of_name(names[i], default_table, &keys[i]));
        for (int k = 0; k < i; k++)
            assert_false(slice_equal(keys[i].table, keys[k].table) &&
                         slice_equal(keys[i].id, keys[k].id));
    }
}

static void what_no_text_can_hold_is_refused(void **state)
{
    (void)state;
    struct key key;
    assert_non_null(key_of_name(SLICE("a\0b"), default_table, &key));
    assert_non_null(key_of_name(SLICE("a\0b/c"), default_table, &key));
    assert_non_null(key_of_name(SLICE("a/\0"), default_table, &key));
    assert_non_null(key_of_name(SLICE("a/\xff"), default_table, &key));
    assert_non_null(key_of_name(SLICE("\xed\xa0\x80"), default_table, &key));
}

static void names_that_the_originals_trigger_would_read_as_sql_are_known(void **state)
{
    (void)state;
    assert_true(key_is_hostile(SLICE("it's")));
    assert_true(key_is_hostile(SLICE("a\\b")));
    assert_false(key_is_hostile(SLICE("a\"b;c--")));
    assert_false(key_is_hostile(SLICE("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_names_are_placed_as_by_the_original),
        cmocka_unit_test(ids_keep_every_character),
        cmocka_unit_test(names_whose_table_is_unfit_are_ids_as_a_whole),
        cmocka_unit_test(a_table_that_an_identifier_cannot_hold_is_not_cut),
        cmocka_unit_test(no_two_names_share_a_place),
        cmocka_unit_test(what_no_text_can_hold_is_refused),
        cmocka_unit_test(names_that_the_originals_trigger_would_read_as_sql_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
