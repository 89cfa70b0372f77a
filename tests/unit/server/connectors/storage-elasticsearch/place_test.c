#include "storage-elasticsearch/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct place_rules split = {SLICE("deepstream"), SLICE("records"), SLICE("/")};
static const struct place_rules whole = {SLICE("deepstream"), SLICE("records"), SLICE("")};

static void assert_table(const struct place_rules *rules, slice name, const char *table)
{
    assert_true(slice_equal(place_table(rules, name), slice_of(table)));
}

static void a_name_is_split_where_it_has_one_split_char(void **state)
{
    (void)state;
    assert_table(&split, SLICE("users/bo"), "users");
    assert_table(&split, SLICE("bo"), "records");
    assert_table(&split, SLICE("a/b/c"), "records");
    assert_table(&split, SLICE("/bo"), "records");
    assert_table(&split, SLICE("users/"), "records");
    assert_table(&split, SLICE(""), "records");
    assert_table(&whole, SLICE("users/bo"), "records");
}

static void assert_index(slice table, const char *index)
{
    struct buf made = BUF_EMPTY;
    assert_true(place_append_index(&split, table, &made));
    assert_true(slice_equal(buf_slice(&made), slice_of(index)));
    buf_fini(&made);
}

static void each_table_has_an_index_of_its_own(void **state)
{
    (void)state;
    assert_index(SLICE("users"), "deepstream-users");
    assert_index(SLICE("a_b-1"), "deepstream-a_b-1");
    assert_index(SLICE("User"), "deepstream-.55ser");
    assert_index(SLICE("a.b"), "deepstream-a.2eb");
    assert_index(SLICE("a b*\xc3\xa4\0"), "deepstream-a.20b.2a.c3.a4.00");
}

static void a_table_that_is_too_long_has_none(void **state)
{
    char table[245];
    struct buf index = BUF_EMPTY;
    (void)state;
    memset(table, 'x', sizeof table);
    assert_true(place_append_index(&split, (slice){table, 244}, &index));
    assert_int_equal(index.length, 255);
    assert_false(place_append_index(&split, (slice){table, 245}, &index));
    assert_int_equal(index.length, 255);
    buf_fini(&index);
}

static void assert_id(slice name, const char *id)
{
    struct buf made = BUF_EMPTY;
    place_append_id(name, &made);
    assert_true(slice_equal(buf_slice(&made), slice_of(id)));
    buf_fini(&made);
}

static void the_id_is_the_name_or_a_digest_of_it(void **state)
{
    char name[513];
    struct buf made = BUF_EMPTY;
    (void)state;
    assert_id(SLICE("users/bo \xe2\x82\xac%"), "users/bo \xe2\x82\xac%");
    assert_id(SLICE(""), "sha256:e3b0c44298fc1c149afbf4c8996fb924"
                         "27ae41e4649b934ca495991b7852b855");
    memset(name, 'n', sizeof name);
    place_append_id((slice){name, 512}, &made);
    assert_int_equal(made.length, 512);
    buf_clear(&made);
    place_append_id((slice){name, 513}, &made);
    assert_int_equal(made.length, 7 + 64);
    buf_clear(&made);
    place_append_id(SLICE("sha256:mine"), &made);
    assert_int_equal(made.length, 7 + 64);
    buf_fini(&made);
}

static void an_index_begins_with_a_letter_or_digit(void **state)
{
    (void)state;
    assert_true(place_is_index(SLICE("deepstream-2")));
    assert_false(place_is_index(SLICE("")));
    assert_false(place_is_index(SLICE("_a")));
    assert_false(place_is_index(SLICE("-a")));
    assert_false(place_is_index(SLICE("A")));
    assert_false(place_is_index(SLICE("a/b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_split_where_it_has_one_split_char),
        cmocka_unit_test(each_table_has_an_index_of_its_own),
        cmocka_unit_test(a_table_that_is_too_long_has_none),
        cmocka_unit_test(the_id_is_the_name_or_a_digest_of_it),
        cmocka_unit_test(an_index_begins_with_a_letter_or_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
