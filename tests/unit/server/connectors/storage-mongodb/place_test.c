#include "storage-mongodb/place.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct place_rules rules = {SLICE("/"), SLICE("deepstream_docs")};

static void assert_place(slice name, const char *collection, slice key)
{
    struct place place;
    struct ds_error error;
    assert_true(place_of(&rules, name, &place, &error));
    assert_true(slice_equal(place.collection, slice_of(collection)));
    assert_true(slice_equal(place.key, key));
}

static void a_name_is_split_at_the_first_split_char(void **state)
{
    (void)state;
    assert_place(SLICE("users/bo"), "users", SLICE("bo"));
    assert_place(SLICE("users/bo/1"), "users", SLICE("bo/1"));
    assert_place(SLICE("users/"), "users", SLICE(""));
    assert_place(SLICE("users//"), "users", SLICE("/"));
    assert_place(SLICE("bo"), "deepstream_docs", SLICE("bo"));
    assert_place(SLICE(""), "deepstream_docs", SLICE(""));
    assert_place(SLICE("a\0b"), "deepstream_docs", SLICE("a\0b"));
    assert_place(SLICE("a/b\0c"), "a", SLICE("b\0c"));
}

static void assert_refused(slice name, const char *text)
{
    struct place place;
    struct ds_error error;
    assert_false(place_of(&rules, name, &place, &error));
    assert_string_equal(error.text, text);
}

static void what_cannot_be_a_collection_is_an_invalid_key(void **state)
{
    char name[256];
    struct place place;
    struct ds_error error;
    (void)state;
    assert_refused(SLICE("/bo"), "mongodb: invalid key `/bo`");
    assert_refused(SLICE("a$/b"), "mongodb: invalid key `a$/b`");
    assert_refused(SLICE("system.users/b"), "mongodb: invalid key `system.users/b`");
    assert_refused(SLICE("a\xff"), "mongodb: invalid key `(not UTF-8)`");
    memset(name, 'x', sizeof name);
    name[201] = '/';
    assert_false(place_of(&rules, (slice){name, sizeof name}, &place, &error));
    name[200] = '/';
    assert_true(place_of(&rules, (slice){name, sizeof name}, &place, &error));
}

static void the_split_char_may_be_any_character(void **state)
{
    static const struct place_rules euro = {SLICE("\xe2\x82\xac"), SLICE("docs")};
    struct place place;
    struct ds_error error;
    (void)state;
    assert_true(place_of(&euro,
                         SLICE("a/b\xe2\x82\xac"
                               "c"),
                         &place, &error));
    assert_true(slice_equal(place.collection, SLICE("a/b")));
    assert_true(slice_equal(place.key, SLICE("c")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_split_at_the_first_split_char),
        cmocka_unit_test(what_cannot_be_a_collection_is_an_invalid_key),
        cmocka_unit_test(the_split_char_may_be_any_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
