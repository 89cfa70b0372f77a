/* Updates of other nodes come to subscribers in the order of their versions. */

#include "handlers/record/record.h"
#include "support/handler_world.h"
#include "support/store_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_cluster cluster;
static struct handler_world world;
static struct cluster *others[2];
static struct store_double cache;
static struct record_handler *records;
static struct memory_client *bo;

static int set_up(void **state)
{
    (void)state;
    cache = (struct store_double){0};
    const struct record_settings settings = {
        .cache_timeout_ms = 60000,
        .storage_timeout_ms = 60000,
        .max_queue_per_record = 100,
        .max_json_depth = 10,
        .cache = &store_double_cache,
        .cache_self = &cache,
        .listen = {.response_timeout_ms = 60000, .rematch_interval_ms = 1000},
    };
    memory_cluster_init(&cluster);
    handler_world_init_in(&world, &cluster, "n0");
    others[0] = memory_cluster_join(&cluster, "n1");
    others[1] = memory_cluster_join(&cluster, "n2");
    records = record_handler_new(&world.services, &settings);
    pipeline_add_handler(world.memory.pipeline, TOPIC_RECORD, record_handler_table(records));
    bo = memory_login(&world.memory, "bo");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, "1", "r", "s", NULL);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "1");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handler_world_leave(&world);
    record_handler_free(&records);
    handler_world_fini(&world);
    memory_cluster_fini(&cluster);
    store_double_fini(&cache);
    return 0;
}

static void send_from(size_t other, struct message *message)
{
    MESSAGE_SET(message, data, SLICE("{}"));
    others[other]->bus->send(others[other]->bus_self, message);
    memory_cluster_deliver(&cluster);
}

static void update(size_t other, const char *name, int32_t version)
{
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&message, name, slice_of(name));
    MESSAGE_SET(&message, version, version);
    send_from(other, &message);
}

static void expect_version(const char *name, int32_t version)
{
    const struct message *message = memory_expect(bo, TOPIC_RECORD, RECORD_UPDATE);
    assert_true(slice_equal(message->name, slice_of(name)));
    assert_int_equal(message->version, version);
}

static void what_comes_in_order_goes_through_at_once(void **state)
{
    (void)state;
    for (int32_t version = 7; version < 10; version++) {
        update((size_t)version % 2, "r", version);
        expect_version("r", version);
    }
}

static void what_is_too_early_waits_for_what_comes_between(void **state)
{
    (void)state;
    update(0, "r", 1);
    update(1, "r", 4);
    update(1, "r", 3);
    update(1, "s", 9);
    expect_version("r", 1);
    expect_version("s", 9); /* other records do not wait */
    memory_expect_nothing(bo);
    update(0, "r", 2);
    for (int32_t version = 2; version <= 4; version++)
        expect_version("r", version);
}

static void what_is_older_than_the_last_is_dropped(void **state)
{
    (void)state;
    update(0, "r", 5);
    update(1, "r", 4);
    update(1, "r", 6);
    expect_version("r", 5);
    expect_version("r", 6);
    memory_expect_nothing(bo);
}

static bool has_all(void *context)
{
    const struct message *message = memory_take(bo);
    if (message != NULL)
        *(int32_t *)context = message->version;
    return *(int32_t *)context == 4;
}

static void what_others_said_does_not_come_after_what_came_while_they_were_lost(void **state)
{
    (void)state;
    update(0, "r", 1);
    expect_version("r", 1);
    cluster.is_torn = true;
    update(1, "r", 4);
    update(1, "r", 5);
    update(1, "s", 3);
    expect_version("r", 4); /* nobody is there who could bring those between */
    expect_version("r", 5);
    expect_version("s", 3);
    cluster.is_torn = false;
    update(0, "r", 2);
    update(0, "s", 2);
    update(0, "r", 6);
    expect_version("r", 6);
    memory_expect_nothing(bo);
}

static void what_waits_for_a_lost_one_goes_through_in_the_end(void **state)
{
    (void)state;
    int32_t last = 0;
    update(0, "r", 1);
    expect_version("r", 1);
    update(1, "r", 4);
    update(1, "r", 3);
    memory_run_until(&world.memory, has_all, &last);
    update(0, "r", 2);
    memory_expect_nothing(bo);
}

static void a_record_that_was_deleted_begins_anew(void **state)
{
    (void)state;
    update(0, "r", 5);
    update(0, "r", 8);
    expect_version("r", 5);
    struct message deleted = MESSAGE(TOPIC_RECORD, RECORD_DELETED);
    MESSAGE_SET(&deleted, name, SLICE("r"));
    send_from(1, &deleted);
    memory_expect(bo, TOPIC_RECORD, RECORD_DELETED);
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, "2", "r", NULL);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "2");
    store_put(&cache, "r", 1, "{}");
    update(0, "r", 1);
    expect_version("r", 1);
    memory_expect_nothing(bo);
}

static void what_nobody_subscribed_to_meanwhile_may_begin_anew(void **state)
{
    (void)state;
    update(0, "r", 5);
    expect_version("r", 5);
    say_names(bo, TOPIC_RECORD, RECORD_UNSUBSCRIBE, "2", "r", NULL);
    expect_ack(bo, TOPIC_RECORD, RECORD_UNSUBSCRIBE, NULL, "2");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, "3", "r", NULL); /* deleted and made again */
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "3");
    update(0, "r", 1);
    expect_version("r", 1);
}

static void what_has_no_version_goes_through_at_any_time(void **state)
{
    (void)state;
    update(0, "r", 5);
    update(0, "r", -1);
    update(0, "r", 6);
    expect_version("r", 5);
    expect_version("r", -1);
    expect_version("r", 6);
}

static void a_flood_of_early_ones_does_not_fill_the_memory(void **state)
{
    (void)state;
    update(0, "r", 1);
    expect_version("r", 1);
    for (int32_t version = 3; version < 1100; version++)
        update(0, "r", version);
    for (int32_t version = 3; version < 1100; version++)
        expect_version("r", version);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_comes_in_order_goes_through_at_once),
        TEST(what_is_too_early_waits_for_what_comes_between),
        TEST(what_is_older_than_the_last_is_dropped),
        TEST(what_waits_for_a_lost_one_goes_through_in_the_end),
        TEST(what_others_said_does_not_come_after_what_came_while_they_were_lost),
        TEST(a_record_that_was_deleted_begins_anew),
        TEST(what_nobody_subscribed_to_meanwhile_may_begin_anew),
        TEST(what_has_no_version_goes_through_at_any_time),
        TEST(a_flood_of_early_ones_does_not_fill_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
