#include "storage-elasticsearch/turns.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct turns turns;
static char order[64];
static int count;

static void note_record(void *context, const char *error, const struct ds_record *record)
{
    (void)error;
    (void)record;
    order[count++] = *(const char *)context;
}

static void note_done(void *context, const char *error)
{
    (void)error;
    order[count++] = *(const char *)context;
}

/* mark: what stands for it in `order`. */
static struct operation *get(const char *mark)
{
    struct operation *made = operation_new(OPERATION_GET, SLICE("n"), SLICE("i"), SLICE("n"), NULL);
    made->on_record = note_record;
    made->context = (void *)(uintptr_t)mark;
    return made;
}

static struct operation *set(const char *mark, int32_t version)
{
    const struct ds_record record = {.version = version, .data = SLICE("{}")};
    struct operation *made =
        operation_new(OPERATION_SET, SLICE("n"), SLICE("i"), SLICE("n"), &record);
    made->on_done = note_done;
    made->context = (void *)(uintptr_t)mark;
    return made;
}

/* Ends it; returns the next. */
static struct operation *end(struct operation *operation)
{
    const struct ds_record record = {.version = 1, .data = SLICE("{}")};
    struct operation *next = turns_leave(&turns, SLICE("n"));
    operation_answer(operation, NULL, &record);
    return next;
}

static int set_up(void **state)
{
    (void)state;
    turns_init(&turns);
    memset(order, 0, sizeof order);
    count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    turns_fini(&turns);
    return 0;
}

static void names_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct operation *other =
        operation_new(OPERATION_GET, SLICE("m"), SLICE("i"), SLICE("m"), NULL);
    struct operation *one = get("1");
    assert_true(turns_enter(&turns, one));
    assert_true(turns_enter(&turns, other));
    assert_null(end(one));
    assert_null(turns_leave(&turns, SLICE("m")));
    free(other);
}

static void what_waits_has_its_turn_in_order(void **state)
{
    (void)state;
    struct operation *first = set("1", 1), *second = get("2"), *third = set("3", 2);
    assert_true(turns_enter(&turns, first));
    assert_false(turns_enter(&turns, second));
    assert_false(turns_enter(&turns, third));
    assert_ptr_equal(end(first), second);
    assert_ptr_equal(end(second), third);
    assert_null(end(third));
    assert_string_equal(order, "123");
}

static void of_sets_that_wait_the_newest_is_carried_out(void **state)
{
    (void)state;
    struct operation *first = set("1", 1), *newest = set("4", 7);
    struct operation *after = get("6"), *again = get("7");
    turns_enter(&turns, first);
    turns_enter(&turns, set("2", 5));
    turns_enter(&turns, set("3", 6));
    turns_enter(&turns, newest);
    turns_enter(&turns, set("5", 3));
    turns_enter(&turns, after);
    turns_enter(&turns, again);
    struct operation *next = end(first);
    assert_ptr_equal(next, newest);
    assert_ptr_equal(end(next), after);
    assert_null(end(after));
    assert_int_equal(count, 7);
    assert_int_equal(order[0], '1');
    for (char mark = '2'; mark <= '5'; mark++)
        assert_true(memchr(order, mark, 5) != NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(names_do_not_wait_for_each_other),
        TEST(what_waits_has_its_turn_in_order),
        TEST(of_sets_that_wait_the_newest_is_carried_out),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
