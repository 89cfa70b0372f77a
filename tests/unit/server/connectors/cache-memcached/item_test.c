/* Keys and values: what the Node.js connector reads, and names that memcached cannot bear. */

#include "cache-memcached/item.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void plain_names_are_their_own_keys(void **state)
{
    struct item_key key;
    (void)state;
    item_key_of(&key, SLICE(""), SLICE("users/\xe2\x82\xac"));
    assert_string_equal(key.text, "users/\xe2\x82\xac");
    assert_false(key.is_digest);
    item_key_of(&key, SLICE("ns:"), SLICE("a"));
    assert_string_equal(key.text, "ns:a");
    assert_int_equal(key.length, 4);
}

static void what_memcached_cannot_bear_gets_a_digest(void **state)
{
    char longest[251];
    memset(longest, 'n', sizeof longest);
    const slice odd[] = {SLICE(""),     SLICE("a b"),  SLICE("a\nb"),  SLICE("a\0b"),
                         SLICE("\x7f"), SLICE("\r\n"), {longest, 251}, SLICE("sha256:mine")};
    struct item_key key, other;
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        item_key_of(&key, SLICE("ns:"), odd[i]);
        assert_true(key.is_digest);
        assert_true(item_is_plain((slice){key.text, key.length}));
        assert_int_equal(key.length, 3 + 7 + 64);
        assert_memory_equal(key.text, "ns:sha256:", 10);
    }
    item_key_of(&key, SLICE(""), (slice){longest, 250});
    assert_false(key.is_digest);
    item_key_of(&key, SLICE("x"), (slice){longest, 250});
    assert_true(key.is_digest);
    item_key_of(&other, SLICE(""), SLICE(""));
    assert_string_equal(other.text, "sha256:e3b0c44298fc1c149afbf4c8996fb924"
                                    "27ae41e4649b934ca495991b7852b855");
}

static void assert_value(slice name, int32_t version, slice data, const char *expected)
{
    struct item_key key;
    struct buf value = BUF_EMPTY;
    int32_t read_version;
    slice read_data;
    item_key_of(&key, SLICE(""), name);
    item_write(&value, &key, name, version, data);
    assert_true(slice_equal(buf_slice(&value), slice_of(expected)));
    assert_true(item_read(buf_slice(&value), &key, name, &read_version, &read_data));
    assert_int_equal(read_version, version);
    assert_true(slice_equal(read_data, data));
    buf_fini(&value);
}

static void values_are_as_the_node_js_connector_has_them(void **state)
{
    (void)state;
    assert_value(SLICE("a"), 5, SLICE("{\"b\":1}"), "{\"version\":5,\"data\":{\"b\":1}}");
    assert_value(SLICE("a"), INT32_MAX, SLICE("[]"), "{\"version\":2147483647,\"data\":[]}");
}

static void under_a_digest_the_name_is_in_the_value(void **state)
{
    struct item_key key;
    int32_t version;
    slice data;
    (void)state;
    assert_value(SLICE("a b"), 0, SLICE("{}"), "{\"version\":0,\"name\":\"612062\",\"data\":{}}");
    item_key_of(&key, SLICE(""), SLICE("a b"));
    assert_false(item_read(SLICE("{\"version\":0,\"name\":\"612063\",\"data\":{}}"), &key,
                           SLICE("a b"), &version, &data));
    assert_false(
        item_read(SLICE("{\"version\":0,\"data\":{}}"), &key, SLICE("a b"), &version, &data));
}

static void what_is_no_record_is_refused(void **state)
{
    static const slice foreign[] = {
        SLICE(""),
        SLICE("{}"),
        SLICE("{\"version\":"),
        SLICE("{\"version\":1"),
        SLICE("{\"version\":,\"data\":{}}"),
        SLICE("{\"version\":-1,\"data\":{}}"),
        SLICE("{\"version\":2147483648,\"data\":{}}"),
        SLICE("{\"version\":99999999999999999999999,\"data\":{}}"),
        SLICE("{\"version\":1,\"data\":"),
        SLICE("{\"version\":1,\"data\":}"),
    };
    struct item_key key;
    int32_t version;
    slice data;
    (void)state;
    item_key_of(&key, SLICE(""), SLICE("a"));
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        assert_false(item_read(foreign[i], &key, SLICE("a"), &version, &data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names_are_their_own_keys),
        cmocka_unit_test(what_memcached_cannot_bear_gets_a_digest),
        cmocka_unit_test(values_are_as_the_node_js_connector_has_them),
        cmocka_unit_test(under_a_digest_the_name_is_in_the_value),
        cmocka_unit_test(what_is_no_record_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
