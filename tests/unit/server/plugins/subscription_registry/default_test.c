/* The registry knows the same from the side of a name and from the side of a subscriber. */

#include "plugins/builtins.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NAMES = 30, SUBSCRIBERS = 25 };

struct subscriber {
    void *place;
    bool has[NAMES]; /* what a plain table says */
};

static const struct ds_subscription_registry_operations *operations;
static struct subscriber subscribers[SUBSCRIBERS];
static void *registry;

static int set_up(void **state)
{
    (void)state;
    operations = ds_subscription_registry_default.operations;
    memset(subscribers, 0, sizeof subscribers);
    registry = operations->registry_new(NULL, "EVENT_SUBSCRIPTIONS");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    operations->registry_free(NULL, registry);
    return 0;
}

static size_t add(const char *name, struct subscriber *subscriber)
{
    return operations->add(registry, slice_of(name), subscriber, &subscriber->place);
}

static bool take_out(const char *name, struct subscriber *subscriber, size_t *left)
{
    return operations->remove(registry, slice_of(name), subscriber, &subscriber->place, left);
}

static void expect_size(const struct subscriber *subscriber, size_t names, size_t bytes)
{
    size_t known_names, known_bytes;
    operations->size(registry, &subscriber->place, &known_names, &known_bytes);
    assert_int_equal(known_names, names);
    assert_int_equal(known_bytes, bytes);
}

static void a_subscription_is_known_from_both_sides(void **state)
{
    (void)state;
    struct subscriber *bo = &subscribers[0], *al = &subscribers[1];
    size_t count, left;
    slice name;
    assert_int_equal(add("news", bo), 1);
    assert_int_equal(add("news", al), 2);
    assert_int_equal(add("weather", al), 1);
    assert_true(operations->has(registry, SLICE("news"), bo));
    assert_false(operations->has(registry, SLICE("weather"), bo));
    expect_size(bo, 1, 4);
    expect_size(al, 2, 11);
    operations->subscribers(registry, SLICE("news"), &count);
    assert_int_equal(count, 2);

    assert_true(take_out("news", bo, &left));
    assert_int_equal(left, 1);
    assert_null(bo->place);
    assert_false(take_out("news", bo, &left));
    assert_false(take_out("nothing", al, &left));
    assert_ptr_equal(operations->subscribers(registry, SLICE("news"), &count)[0], al);
    assert_int_equal(count, 1);
    assert_false(operations->any_name_of(registry, &bo->place, &name));
    while (operations->any_name_of(registry, &al->place, &name))
        assert_true(operations->remove(registry, name, al, &al->place, &left));
    assert_false(operations->any_name(registry, &name));
}

static void a_name_that_nobody_has_has_no_subscribers(void **state)
{
    (void)state;
    size_t count = 7;
    slice name;
    operations->subscribers(registry, SLICE("nobody"), &count);
    assert_int_equal(count, 0);
    assert_false(operations->any_name(registry, &name));
    expect_size(&subscribers[0], 0, 0);
}

static void names_are_any_bytes(void **state)
{
    (void)state;
    static const slice names[] = {{"", 0}, {"\0", 1}, {"a\0b", 3}, {"a\0c", 3}, {"\xff", 1}};
    struct subscriber *bo = &subscribers[0];
    size_t left;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(operations->add(registry, names[i], bo, &bo->place), 1);
    expect_size(bo, 5, 8);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(operations->remove(registry, names[i], bo, &bo->place, &left));
    assert_null(bo->place);
}

static void a_subscriber_has_a_place_in_each_registry(void **state)
{
    (void)state;
    struct subscriber *bo = &subscribers[0];
    void *other = operations->registry_new(NULL, "RECORD_SUBSCRIPTIONS"), *other_place = NULL;
    size_t left;
    add("news", bo);
    assert_int_equal(operations->add(other, SLICE("news"), bo, &other_place), 1);
    assert_true(take_out("news", bo, &left));
    assert_true(operations->has(other, SLICE("news"), bo));
    assert_true(operations->remove(other, SLICE("news"), bo, &other_place, &left));
    operations->registry_free(NULL, other);
}

/* ---- compared with a plain table ---- */

static slice name_at(int i)
{
    static char texts[NAMES][8];
    snprintf(texts[i], sizeof texts[i], "n%d", i);
    return slice_of(texts[i]);
}

static size_t count_of(int name)
{
    size_t count = 0;
    for (int i = 0; i < SUBSCRIBERS; i++)
        count += subscribers[i].has[name];
    return count;
}

static void expect_name(int name)
{
    size_t count;
    void *const *known = operations->subscribers(registry, name_at(name), &count);
    assert_int_equal(count, count_of(name));
    for (size_t i = 0; i < count; i++) {
        assert_true(((const struct subscriber *)known[i])->has[name]);
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(known[i], known[j]);
    }
}

static void expect_subscriber(const struct subscriber *subscriber)
{
    size_t names = 0, bytes = 0;
    for (int i = 0; i < NAMES; i++) {
        assert_int_equal(operations->has(registry, name_at(i), subscriber), subscriber->has[i]);
        names += subscriber->has[i];
        bytes += subscriber->has[i] ? name_at(i).length : 0;
    }
    expect_size(subscriber, names, bytes);
    assert_int_equal(subscriber->place != NULL, names > 0);
}

static void whatever_comes_and_goes_both_sides_agree_with_a_plain_table(void **state)
{
    (void)state;
    uint32_t random = 1;
    size_t left;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        int name = (int)(random >> 8) % NAMES;
        struct subscriber *subscriber = &subscribers[(random >> 16) % SUBSCRIBERS];
        bool had = subscriber->has[name];
        subscriber->has[name] = !had;
        if (had) {
            assert_true(
                operations->remove(registry, name_at(name), subscriber, &subscriber->place, &left));
            assert_int_equal(left, count_of(name));
        } else {
            assert_int_equal(
                operations->add(registry, name_at(name), subscriber, &subscriber->place),
                count_of(name));
        }
        expect_name(name);
        expect_subscriber(subscriber);
    }
    for (int i = 0; i < SUBSCRIBERS; i++) {
        slice name;
        while (operations->any_name_of(registry, &subscribers[i].place, &name))
            assert_true(
                operations->remove(registry, name, &subscribers[i], &subscribers[i].place, &left));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_subscription_is_known_from_both_sides),
        TEST(a_name_that_nobody_has_has_no_subscribers),
        TEST(names_are_any_bytes),
        TEST(a_subscriber_has_a_place_in_each_registry),
        TEST(whatever_comes_and_goes_both_sides_agree_with_a_plain_table),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
