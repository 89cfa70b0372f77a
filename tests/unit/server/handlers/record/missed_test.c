/* What nodes tell each other when they find each other again. */

#include "handlers/record/record.h"
#include "support/handler_world.h"
#include "support/store_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_cluster cluster;
static struct handler_world world;
static struct cluster *other;
static struct store_double cache;
static struct record_handler *records;
static struct memory_client *bo;

/* What the other node was told to look at, as "missed: r s ". */
static char told[256];
static unsigned notices;

static void note_notice(void *context, const struct message *message, slice from_server)
{
    (void)context;
    (void)from_server;
    if (message->action != RECORD_NOTIFY)
        return;
    notices++;
    snprintf(told, sizeof told, SLICE_FORMAT ": ", SLICE_ARGUMENTS(message->correlation_id));
    for (uint32_t i = 0; i < message->name_count; i++) {
        size_t used = strlen(told);
        snprintf(told + used, sizeof told - used, SLICE_FORMAT " ",
                 SLICE_ARGUMENTS(message->names[i]));
    }
}

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
    told[0] = '\0';
    notices = 0;
    memory_cluster_init(&cluster);
    handler_world_init_in(&world, &cluster, "n0");
    other = memory_cluster_join(&cluster, "n1");
    other->bus->subscribe(other->bus_self, TOPIC_RECORD, note_notice, NULL);
    records = record_handler_new(&world.services, &settings);
    pipeline_add_handler(world.memory.pipeline, TOPIC_RECORD, record_handler_table(records));
    bo = memory_login(&world.memory, "bo");
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

static void write_and_forget(const char *name)
{
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_CREATEANDUPDATE);
    MESSAGE_SET(&message, name, slice_of(name));
    MESSAGE_SET(&message, version, -1);
    MESSAGE_SET(&message, data, SLICE("{}"));
    memory_send(bo, &message);
    memory_cluster_deliver(&cluster);
}

static void is_subscribed_elsewhere(const char *name)
{
    other->states->add(other->states_self, STATE_RECORD_SUBSCRIPTIONS, slice_of(name));
}

static bool has_notices(void *context)
{
    memory_cluster_deliver(&cluster);
    return notices >= *(unsigned *)context;
}

static void wait_for_notices(unsigned count)
{
    memory_run_until(&world.memory, has_notices, &count);
}

static void what_was_changed_is_told_when_a_node_returns_and_once_more_later(void **state)
{
    (void)state;
    write_and_forget("r");
    write_and_forget("nobody elsewhere has this");
    write_and_forget("s");
    is_subscribed_elsewhere("r");
    is_subscribed_elsewhere("s");
    assert_int_equal(notices, 0);
    memory_cluster_return(&cluster, "n1");
    wait_for_notices(1);
    assert_string_equal(told, "missed: r s ");
    wait_for_notices(2);
    assert_string_equal(told, "missed: r s ");
}

static void subscribe_to(const char *name)
{
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, "1", name, NULL);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "1");
}

static void hear(const char *mark, const char *name)
{
    slice names[] = {slice_of(name)};
    struct message notice = MESSAGE(TOPIC_RECORD, RECORD_NOTIFY);
    message_set_names(&notice, names, 1);
    MESSAGE_SET(&notice, correlation_id, slice_of(mark));
    other->bus->send(other->bus_self, &notice);
    memory_cluster_deliver(&cluster);
}

static void hear_that_it_may_have_been_missed(const char *name)
{
    hear("missed", name);
}

static void expect_version(int32_t version)
{
    const struct message *update = memory_expect(bo, TOPIC_RECORD, RECORD_UPDATE);
    assert_int_equal(update->version, version);
}

static void who_subscribes_is_told_what_stands_there_once(void **state)
{
    (void)state;
    store_put(&cache, "r", 5, "{\"a\":1}");
    subscribe_to("r");
    hear_that_it_may_have_been_missed("r");
    expect_version(5);
    hear_that_it_may_have_been_missed("r");
    memory_expect_nothing(bo);
    store_put(&cache, "r", 7, "{\"a\":2}");
    hear_that_it_may_have_been_missed("r");
    expect_version(7);
}

static void update_elsewhere(const char *name, int32_t version)
{
    struct message update = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&update, name, slice_of(name));
    MESSAGE_SET(&update, version, version);
    MESSAGE_SET(&update, data, SLICE("{}"));
    other->bus->send(other->bus_self, &update);
    memory_cluster_deliver(&cluster);
}

static void an_update_whose_outcome_was_read_does_not_come_again(void **state)
{
    (void)state;
    store_put(&cache, "r", 5, "{}");
    subscribe_to("r");
    hear_that_it_may_have_been_missed("r");
    expect_version(5);
    update_elsewhere("r", 5);
    memory_expect_nothing(bo);
    update_elsewhere("r", 6);
    expect_version(6);
}

static void what_waits_behind_a_gap_does_not_come_after_what_was_read(void **state)
{
    (void)state;
    subscribe_to("r");
    update_elsewhere("r", 1);
    expect_version(1);
    update_elsewhere("r", 4);
    update_elsewhere("r", 7);
    memory_expect_nothing(bo);
    store_put(&cache, "r", 6, "{}");
    hear_that_it_may_have_been_missed("r");
    expect_version(6);
    expect_version(7);
    memory_expect_nothing(bo);
}

/* The cache has answered before the write that the update is of. */
static void who_was_told_of_an_update_is_not_answered_what_was_there_before(void **state)
{
    (void)state;
    store_put(&cache, "r", 1, "{}");
    subscribe_to("r");
    update_elsewhere("r", 2);
    expect_version(2);
    cache.is_late[STORE_GET] = true;
    say(bo, TOPIC_RECORD, RECORD_READ, "r");
    assert_true(store_answer(&cache));
    memory_expect_nothing(bo);
    store_put(&cache, "r", 2, "{}");
    assert_true(store_answer(&cache));
    const struct message *read = memory_expect(bo, TOPIC_RECORD, RECORD_READ_RESPONSE);
    assert_int_equal(read->version, 2);
}

static void only_a_record_that_was_deleted_is_told_as_deleted(void **state)
{
    (void)state;
    subscribe_to("r");
    hear_that_it_may_have_been_missed("r"); /* this node may have a cache of its own */
    memory_expect_nothing(bo);
    hear("missed deletion", "r");
    memory_expect(bo, TOPIC_RECORD, RECORD_DELETED);
}

static void a_deletion_is_told_as_such(void **state)
{
    (void)state;
    write_and_forget("r");
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    is_subscribed_elsewhere("r");
    memory_cluster_return(&cluster, "n0");
    wait_for_notices(1);
    assert_string_equal(told, "missed deletion: r ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_changed_is_told_when_a_node_returns_and_once_more_later),
        TEST(who_subscribes_is_told_what_stands_there_once),
        TEST(an_update_whose_outcome_was_read_does_not_come_again),
        TEST(what_waits_behind_a_gap_does_not_come_after_what_was_read),
        TEST(who_was_told_of_an_update_is_not_answered_what_was_there_before),
        TEST(only_a_record_that_was_deleted_is_told_as_deleted),
        TEST(a_deletion_is_told_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
