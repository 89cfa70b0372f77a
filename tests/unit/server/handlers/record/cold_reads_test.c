/* Many records that only the storage has, asked for at once. */

#include "record_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define READS 2500
#define AT_ONCE 1000 /* of which the storage is asked */

struct reads {
    size_t found, failed;
};

static void on_read(void *context, const char *error, const struct ds_record *record)
{
    struct reads *reads = context;
    (void)record;
    if (error == NULL)
        reads->found++;
    else
        reads->failed++;
}

static void read_many(struct reads *reads, size_t count)
{
    char name[32];
    for (size_t i = 0; i < count; i++) {
        int length = snprintf(name, sizeof name, "r%zu", i);
        record_handler_read(world.records, (slice){name, (size_t)length}, on_read, reads);
        memset(name, '?', sizeof name);
    }
}

static void the_storage_is_asked_for_a_bounded_number_at_a_time(void **state)
{
    (void)state;
    struct reads reads = {0};
    world.storage.is_late[STORE_GET] = true;
    read_many(&reads, READS);
    assert_int_equal(world.storage.calls[STORE_GET], AT_ONCE);
    assert_true(store_answer(&world.storage));
    assert_int_equal(world.storage.calls[STORE_GET], AT_ONCE + 1);
    while (store_answer(&world.storage)) {
    }
    assert_int_equal(world.storage.calls[STORE_GET], READS);
    assert_int_equal(reads.found, READS);
}

static void a_storage_that_begins_to_answer_at_once_answers_all(void **state)
{
    (void)state;
    struct reads reads = {0};
    world.storage.is_late[STORE_GET] = true;
    read_many(&reads, READS);
    world.storage.is_late[STORE_GET] = false;
    world.storage.errors[STORE_GET] = "full";
    while (store_answer(&world.storage)) {
    }
    assert_int_equal(reads.failed, READS);
}

static bool have_all_failed(void *context)
{
    const struct reads *reads = context;
    return reads->failed == READS;
}

static void a_silent_storage_fails_all_who_wait_with_the_first(void **state)
{
    (void)state;
    struct reads reads = {0};
    world.storage.is_late[STORE_GET] = true;
    read_many(&reads, READS);
    memory_run_until(&world.node.memory, have_all_failed, &reads);
    assert_int_equal(world.storage.calls[STORE_GET], AT_ONCE);
    store_put(&world.storage, "later", 1, "{}"); /* and it works again when the storage does */
    world.storage.is_late[STORE_GET] = false;
    record_handler_read(world.records, SLICE("later"), on_read, &reads);
    assert_int_equal(reads.found, 1);
}

static void who_waits_is_answered_when_the_handler_ends(void **state)
{
    (void)state;
    struct reads reads = {0};
    world.storage.is_late[STORE_GET] = true;
    read_many(&reads, READS);
    handler_world_leave(&world.node);
    record_handler_free(&world.records);
    assert_int_equal(reads.failed, READS);
}

static void answer_the_storage(uv_async_t *handle)
{
    (void)handle;
    while (store_answer(&world.storage)) {
    }
}

static bool is_over(void *context)
{
    const struct reads *reads = context;
    return reads->failed + reads->found > 0;
}

static void an_answer_that_came_while_the_loop_was_busy_is_in_time(void **state)
{
    (void)state;
    struct reads reads = {0};
    uv_async_t answering;
    assert_int_equal(uv_async_init(&world.node.memory.loop, &answering, answer_the_storage), 0);
    store_put(&world.storage, "r0", 1, "{}");
    world.storage.is_late[STORE_GET] = true;
    read_many(&reads, 1);
    uv_async_send(&answering);
    uv_sleep(50); /* the deadline is after 5 */
    memory_run_until(&world.node.memory, is_over, &reads);
    assert_int_equal(reads.found, 1);
    uv_close((uv_handle_t *)&answering, NULL);
    uv_run(&world.node.memory.loop, UV_RUN_NOWAIT);
}

#define TEST(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, record_world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_storage_is_asked_for_a_bounded_number_at_a_time, record_world_set_up),
        TEST(a_storage_that_begins_to_answer_at_once_answers_all, record_world_set_up),
        TEST(a_silent_storage_fails_all_who_wait_with_the_first, record_world_set_up_hasty),
        TEST(who_waits_is_answered_when_the_handler_ends, record_world_set_up),
        TEST(an_answer_that_came_while_the_loop_was_busy_is_in_time, record_world_set_up_hasty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
