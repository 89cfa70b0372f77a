/* The table of pairs finds what was added and nothing else, whatever was taken out between. */

#include "plugins/subscription_registry/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NAMES = 40, SUBSCRIBERS = 50 };

/* Only the addresses count. */
static char name_addresses[NAMES], subscriber_addresses[SUBSCRIBERS];

static struct registry_name *name_at(int i)
{
    return (struct registry_name *)(void *)&name_addresses[i];
}

static void add(struct pairs *pairs, int name, int subscriber)
{
    pairs_add(pairs, (struct pair){name_at(name), &subscriber_addresses[subscriber], (uint32_t)name,
                                   (uint32_t)subscriber});
}

static struct pair *find(const struct pairs *pairs, int name, int subscriber)
{
    return pairs_find(pairs, name_at(name), &subscriber_addresses[subscriber]);
}

static void an_empty_table_has_nothing(void **state)
{
    (void)state;
    struct pairs pairs = {0};
    assert_null(find(&pairs, 0, 0));
    pairs_fini(&pairs);
}

static void a_pair_is_found_with_its_places_by_both_pointers_only(void **state)
{
    (void)state;
    struct pairs pairs = {0};
    add(&pairs, 3, 7);
    const struct pair *found = find(&pairs, 3, 7);
    assert_non_null(found);
    assert_int_equal(found->in_name, 3);
    assert_int_equal(found->in_subscriber, 7);
    assert_null(find(&pairs, 3, 8));
    assert_null(find(&pairs, 7, 3));
    pairs_remove(&pairs, find(&pairs, 3, 7));
    assert_null(find(&pairs, 3, 7));
    assert_int_equal(pairs.count, 0);
    pairs_fini(&pairs);
}

static void expect_all(const struct pairs *pairs, bool is_there[NAMES][SUBSCRIBERS])
{
    for (int name = 0; name < NAMES; name++)
        for (int subscriber = 0; subscriber < SUBSCRIBERS; subscriber++) {
            const struct pair *found = find(pairs, name, subscriber);
            assert_int_equal(found != NULL, is_there[name][subscriber]);
            if (found != NULL)
                assert_int_equal(found->in_name, name);
        }
}

static void taking_out_loses_no_other_pair(void **state)
{
    (void)state;
    static bool is_there[NAMES][SUBSCRIBERS];
    struct pairs pairs = {0};
    uint32_t random = 1;
    for (int i = 0; i < 40000; i++) {
        random = random * 1664525u + 1013904223u;
        int name = (int)(random >> 8) % NAMES, subscriber = (int)(random >> 16) % SUBSCRIBERS;
        if (is_there[name][subscriber])
            pairs_remove(&pairs, find(&pairs, name, subscriber));
        else
            add(&pairs, name, subscriber);
        is_there[name][subscriber] = !is_there[name][subscriber];
        if (i % 997 == 0)
            expect_all(&pairs, is_there);
    }
    expect_all(&pairs, is_there);
    pairs_fini(&pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_has_nothing),
        cmocka_unit_test(a_pair_is_found_with_its_places_by_both_pointers_only),
        cmocka_unit_test(taking_out_loses_no_other_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
