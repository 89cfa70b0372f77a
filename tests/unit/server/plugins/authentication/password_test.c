/* Hashes of passwords: the original's format, to the byte (server.md 6.3). */

#include "plugins/authentication/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define KNOWN_SALT "GS4SbTQYmoaGwjm2shEobg=="
#define KNOWN_HASH "rCOSZxJrgze2AZdVQh12c6ErDMOG0M+Rx5Yu7S5d91c="

static struct password_method method_of(const char *digest, double iterations, double key_bytes)
{
    struct password_method method;
    assert_null(password_method_init(&method, slice_of(digest), iterations, key_bytes));
    return method;
}

static void the_check_value_of_the_original(void **state)
{
    (void)state;
    struct password_method method = method_of("md5", 100, 32);
    struct buf hash = BUF_EMPTY;
    assert_true(password_hash(&method, SLICE("password"), SLICE(KNOWN_SALT), &hash));
    assert_int_equal(hash.length, strlen(KNOWN_HASH KNOWN_SALT));
    assert_memory_equal(hash.at, KNOWN_HASH KNOWN_SALT, hash.length);
    assert_int_equal(password_hash_length(&method), strlen(KNOWN_HASH));
    buf_fini(&hash);
}

static void a_password_matches_its_hash_and_no_other(void **state)
{
    (void)state;
    struct password_method method = method_of("md5", 100, 32);
    slice stored = SLICE(KNOWN_HASH KNOWN_SALT);
    assert_true(password_matches(&method, SLICE("password"), stored));
    assert_false(password_matches(&method, SLICE("Password"), stored));
    assert_false(password_matches(&method, SLICE(""), stored));
    assert_false(password_matches(&method, SLICE("password"), SLICE(KNOWN_HASH)));
    assert_false(password_matches(&method, SLICE("password"), SLICE("")));
    assert_false(password_matches(&method, SLICE("password"), SLICE("short")));
    struct password_method other = method_of("md5", 101, 32);
    assert_false(password_matches(&other, SLICE("password"), stored));
}

static void key_lengths_that_are_no_multiple_of_three_split_where_they_should(void **state)
{
    (void)state;
    enum { TOO_SHORT_TO_DIFFER = 8 }; /* such keys of two passwords are the same now and then */
    for (int key_bytes = 1; key_bytes <= 70; key_bytes++) {
        struct password_method method = method_of("sha512", 2, key_bytes);
        struct buf hash = BUF_EMPTY;
        char salt[PASSWORD_SALT_LENGTH + 1];
        password_salt(salt);
        assert_true(password_hash(&method, SLICE("pass"), slice_of(salt), &hash));
        assert_int_equal(hash.length, password_hash_length(&method) + PASSWORD_SALT_LENGTH);
        assert_true(password_matches(&method, SLICE("pass"), buf_slice(&hash)));
        if (key_bytes >= TOO_SHORT_TO_DIFFER)
            assert_false(password_matches(&method, SLICE("path"), buf_slice(&hash)));
        buf_fini(&hash);
    }
}

static void salts_are_random_text(void **state)
{
    (void)state;
    char one[PASSWORD_SALT_LENGTH + 1], two[PASSWORD_SALT_LENGTH + 1];
    password_salt(one);
    password_salt(two);
    assert_int_equal(strlen(one), PASSWORD_SALT_LENGTH);
    assert_string_not_equal(one, two);
    assert_memory_equal(one + 22, "==", 2);
}

static void parameters_are_checked(void **state)
{
    (void)state;
    struct password_method method;
    assert_non_null(password_method_init(&method, SLICE("md77"), 1, 1));
    assert_non_null(password_method_init(&method, SLICE(""), 1, 1));
    assert_non_null(password_method_init(&method, SLICE("md5"), 0, 1));
    assert_non_null(password_method_init(&method, SLICE("md5"), 1.5, 1));
    assert_non_null(password_method_init(&method, SLICE("md5"), 1, 0));
    assert_non_null(password_method_init(&method, SLICE("md5"), 1, 1025));
    assert_non_null(password_method_init(&method, SLICE("md5"), 1e300, 1));
    assert_null(password_method_init(&method, SLICE("sha256"), 1, 1024));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_value_of_the_original),
        cmocka_unit_test(a_password_matches_its_hash_and_no_other),
        cmocka_unit_test(key_lengths_that_are_no_multiple_of_three_split_where_they_should),
        cmocka_unit_test(salts_are_random_text),
        cmocka_unit_test(parameters_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
