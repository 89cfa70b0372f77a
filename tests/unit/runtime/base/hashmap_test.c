#include "base/hashmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 5000

static void an_empty_map_finds_nothing(void **unused)
{
    (void)unused;
    struct hashmap map;
    hashmap_init(&map);
    assert_null(hashmap_find(&map, SLICE("a")));
    size_t position = 0;
    assert_null(hashmap_next(&map, &position));
    hashmap_fini(&map);
}

static void put_answers_the_value_before(void **unused)
{
    (void)unused;
    struct hashmap map;
    int one, two;
    hashmap_init(&map);
    assert_null(hashmap_put(&map, SLICE("key"), &one));
    assert_ptr_equal(hashmap_put(&map, SLICE("key"), &two), &one);
    assert_ptr_equal(hashmap_find(&map, SLICE("key")), &two);
    assert_int_equal(map.count, 1);
    hashmap_fini(&map);
}

static void the_empty_text_and_prefixes_are_keys_of_their_own(void **unused)
{
    (void)unused;
    struct hashmap map;
    int values[3];
    hashmap_init(&map);
    hashmap_put(&map, (slice){NULL, 0}, &values[0]);
    hashmap_put(&map, SLICE("a"), &values[1]);
    hashmap_put(&map, SLICE("a\0"), &values[2]);
    assert_ptr_equal(hashmap_find(&map, SLICE("")), &values[0]);
    assert_ptr_equal(hashmap_find(&map, SLICE("a")), &values[1]);
    assert_ptr_equal(hashmap_find(&map, SLICE("a\0")), &values[2]);
    hashmap_fini(&map);
}

static void many_keys_are_all_found_and_iterated_once(void **unused)
{
    (void)unused;
    static char keys[MANY][16];
    static int values[MANY];
    struct hashmap map;
    hashmap_init(&map);
    for (int i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "key-%d", i);
        assert_null(hashmap_put(&map, slice_of(keys[i]), &values[i]));
    }
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(hashmap_find(&map, slice_of(keys[i])), &values[i]);

    size_t position = 0;
    const struct hashmap_entry *entry;
    while ((entry = hashmap_next(&map, &position)) != NULL)
        ++*(int *)entry->value;
    for (int i = 0; i < MANY; i++)
        assert_int_equal(values[i], 1);
    hashmap_fini(&map);
}

static void a_removed_key_is_gone_and_the_others_stay(void **unused)
{
    (void)unused;
    static char keys[MANY][16];
    static int values[MANY];
    struct hashmap map;
    hashmap_init(&map);
    assert_null(hashmap_remove(&map, SLICE("none")));
    for (int i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "key-%d", i);
        hashmap_put(&map, slice_of(keys[i]), &values[i]);
    }
    for (int step = 0; step < 3; step++) {
        for (int i = step; i < MANY; i += 3) {
            assert_ptr_equal(hashmap_remove(&map, slice_of(keys[i])), &values[i]);
            assert_null(hashmap_remove(&map, slice_of(keys[i])));
        }
        for (int i = 0; i < MANY; i++)
            assert_ptr_equal(hashmap_find(&map, slice_of(keys[i])),
                             i % 3 <= step ? NULL : &values[i]);
    }
    assert_int_equal(map.count, 0);
    assert_null(hashmap_put(&map, SLICE("again"), &values[0]));
    hashmap_fini(&map);
}

static void the_hash_depends_on_seed_length_and_every_byte(void **unused)
{
    (void)unused;
    char text[40] = {0};
    uint64_t before = hash_bytes((slice){text, 0}, 1);
    assert_int_not_equal(before, hash_bytes((slice){text, 0}, 2));
    for (size_t length = 1; length <= sizeof text; length++) {
        uint64_t hash = hash_bytes((slice){text, length}, 1);
        assert_int_not_equal(hash, before);
        text[length - 1] = 1;
        assert_int_not_equal(hash, hash_bytes((slice){text, length}, 1));
        text[length - 1] = 0;
        before = hash;
    }
}

static void seeds_differ(void **unused)
{
    (void)unused;
    assert_int_not_equal(hash_random_seed(), hash_random_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_finds_nothing),
        cmocka_unit_test(put_answers_the_value_before),
        cmocka_unit_test(the_empty_text_and_prefixes_are_keys_of_their_own),
        cmocka_unit_test(many_keys_are_all_found_and_iterated_once),
        cmocka_unit_test(a_removed_key_is_gone_and_the_others_stay),
        cmocka_unit_test(the_hash_depends_on_seed_length_and_every_byte),
        cmocka_unit_test(seeds_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
