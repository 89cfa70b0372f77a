/* What other nodes do to a record while this one writes it, reads it, or is about to subscribe:
 * they share cache and storage, and the bus brings what they say late. */

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
static struct store_double cache, storage;
static struct record_handler *records;
static struct memory_client *bo;

/* What the other node was told: "DELETED r", "versions r 1". */
static char told[256];

static void note_told(void *context, const struct message *message, slice from_server)
{
    (void)context;
    (void)from_server;
    if (message->action == RECORD_DELETED)
        snprintf(told, sizeof told, "DELETED " SLICE_FORMAT, SLICE_ARGUMENTS(message->name));
    if (message->action == RECORD_HEAD_RESPONSE_BULK)
        snprintf(told, sizeof told, "versions " SLICE_FORMAT " %d",
                 SLICE_ARGUMENTS(message->versions[0].name), message->versions[0].version);
}

static int set_up(void **state)
{
    (void)state;
    cache = storage = (struct store_double){0};
    const struct record_settings settings = {
        .cache_timeout_ms = 60000,
        .storage_timeout_ms = 60000,
        .max_queue_per_record = 100,
        .max_json_depth = 10,
        .cache = &store_double_cache,
        .cache_self = &cache,
        .storage = &store_double_storage,
        .storage_self = &storage,
        .listen = {.response_timeout_ms = 60000, .rematch_interval_ms = 1000},
    };
    told[0] = '\0';
    memory_cluster_init(&cluster);
    handler_world_init_in(&world, &cluster, "n0");
    other = memory_cluster_join(&cluster, "n1");
    other->bus->subscribe(other->bus_self, TOPIC_RECORD, note_told, NULL);
    records = record_handler_new(&world.services, &settings);
    pipeline_add_handler(world.memory.pipeline, TOPIC_RECORD, record_handler_table(records));
    bo = memory_login(&world.memory, "bo");
    return 0;
}

static void answer_stores(void)
{
    while (store_answer(&storage) || store_answer(&cache)) {
    }
}

static int tear_down(void **state)
{
    (void)state;
    handler_world_leave(&world);
    answer_stores();
    record_handler_free(&records);
    handler_world_fini(&world);
    memory_cluster_fini(&cluster);
    store_double_fini(&cache);
    store_double_fini(&storage);
    return 0;
}

static void hear(struct message *message)
{
    other->bus->send(other->bus_self, message);
    memory_cluster_deliver(&cluster);
}

static void hear_of_deletion(const char *name)
{
    struct message deleted = MESSAGE(TOPIC_RECORD, RECORD_DELETED);
    MESSAGE_SET(&deleted, name, slice_of(name));
    hear(&deleted);
}

static void hear_notice(const char *mark, const char *name)
{
    slice names[] = {slice_of(name)};
    struct message notice = MESSAGE(TOPIC_RECORD, RECORD_NOTIFY);
    message_set_names(&notice, names, 1);
    MESSAGE_SET(&notice, correlation_id, slice_of(mark));
    hear(&notice);
}

static void hear_update(const char *name, int32_t version)
{
    struct message update = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&update, name, slice_of(name));
    MESSAGE_SET(&update, version, version);
    MESSAGE_SET(&update, data, SLICE("{}"));
    hear(&update);
}

static void hear_version(const char *name, int32_t version)
{
    const struct message_version written = {slice_of(name), version};
    struct message notice = MESSAGE(TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    message_set_versions(&notice, &written, 1);
    hear(&notice);
}

static void write_here(const char *name, int32_t version, const char *data)
{
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_CREATEANDUPDATE);
    MESSAGE_SET(&message, name, slice_of(name));
    MESSAGE_SET(&message, version, version);
    MESSAGE_SET(&message, data, slice_of(data));
    memory_send(bo, &message);
    memory_cluster_deliver(&cluster);
}

static void expect_at(const struct store_double *store, int32_t version, const char *data)
{
    const char *there;
    assert_int_equal(store_version(store, "r", &there), version);
    if (data != NULL)
        assert_string_equal(there, data);
}

/* ---- a deletion overtakes a write on its way to the storage ---- */

/* Version 51 is in the cache, and under way to the storage. */
static void begin_a_late_write(void)
{
    store_put(&cache, "r", 50, "{}");
    store_put(&storage, "r", 50, "{}");
    storage.is_late[STORE_SET] = storage.is_late[STORE_GET] = storage.is_late[STORE_REMOVE] = true;
    write_here("r", 51, "{\"old\":1}");
    expect_at(&cache, 51, "{\"old\":1}");
    expect_at(&storage, 50, "{}");
}

static void delete_elsewhere(void)
{
    store_put(&storage, "r", 0, NULL);
    store_put(&cache, "r", 0, NULL);
}

static bool is_gone(void *context)
{
    (void)context;
    return store_version(&storage, "r", NULL) == DS_MISSING;
}

static void a_deleted_record_does_not_come_back_with_a_late_write(void **state)
{
    (void)state;
    begin_a_late_write();
    delete_elsewhere();
    assert_true(store_answer(&storage)); /* the write lands before the deletion is heard of */
    expect_at(&storage, 51, "{\"old\":1}");
    hear_of_deletion("r");
    answer_stores();
    expect_at(&storage, DS_MISSING, NULL);
    expect_at(&cache, DS_MISSING, NULL);
}

static void a_record_made_again_is_not_hidden_by_a_late_write(void **state)
{
    (void)state;
    begin_a_late_write();
    delete_elsewhere();
    store_put(&cache, "r", 1, "{\"new\":1}"); /* and its own write is hidden: the old is higher */
    hear_of_deletion("r");
    answer_stores();
    expect_at(&storage, 1, "{\"new\":1}");
    expect_at(&cache, 1, "{\"new\":1}");
}

static void what_is_written_elsewhere_while_a_late_write_is_taken_back_is_stored(void **state)
{
    (void)state;
    begin_a_late_write();
    delete_elsewhere();
    store_put(&cache, "r", 1, "{\"new\":1}");
    hear_of_deletion("r");
    assert_true(store_answer(&storage)); /* the late write */
    assert_true(store_answer(&storage)); /* is found to be there */
    store_put(&cache, "r", 2, "{\"new\":2}");
    answer_stores();
    expect_at(&storage, 2, "{\"new\":2}");
}

static void a_write_here_to_a_record_made_again_waits_for_its_turn(void **state)
{
    (void)state;
    begin_a_late_write();
    delete_elsewhere();
    hear_of_deletion("r");
    write_here("r", 1, "{\"new\":1}");
    answer_stores();
    expect_at(&storage, 1, "{\"new\":1}");
    expect_at(&cache, 1, "{\"new\":1}");
}

static void a_storage_that_fails_for_a_moment_is_asked_again(void **state)
{
    (void)state;
    begin_a_late_write();
    delete_elsewhere();
    assert_true(store_answer(&storage));
    expect_at(&storage, 51, NULL);
    storage.errors[STORE_GET] = "lost";
    hear_of_deletion("r");
    answer_stores();
    storage.errors[STORE_GET] = NULL;
    storage.is_late[STORE_GET] = storage.is_late[STORE_REMOVE] = false;
    memory_run_until(&world.memory, is_gone, NULL);
}

static void a_deletion_that_was_missed_on_the_bus_is_made_up_for(void **state)
{
    (void)state;
    begin_a_late_write();
    delete_elsewhere();
    answer_stores();
    hear_notice("missed deletion", "r");
    answer_stores();
    expect_at(&storage, DS_MISSING, NULL);
}

static void what_others_have_stored_is_left_alone(void **state)
{
    (void)state;
    begin_a_late_write();
    answer_stores();
    delete_elsewhere();
    store_put(&storage, "r", 3, "{\"new\":3}"); /* and the cache has lost it meanwhile */
    hear_of_deletion("r");
    answer_stores();
    expect_at(&storage, 3, "{\"new\":3}");
}

static void a_deletion_of_what_was_not_written_here_costs_nothing(void **state)
{
    (void)state;
    store_put(&storage, "r", 3, "{}");
    hear_of_deletion("r");
    assert_int_equal(storage.calls[STORE_GET], 0);
    expect_at(&storage, 3, "{}");
}

static bool has_message(void *context)
{
    (void)context;
    return bo->taken < bo->sent.count;
}

static void a_deletion_waits_for_a_write_of_another_node(void **state)
{
    (void)state;
    store_put(&cache, "r", 51, "{\"new\":1}");
    store_put(&storage, "r", 50, "{}");
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    memory_expect_nothing(bo);
    expect_at(&storage, 50, "{}");
    store_put(&storage, "r", 51, "{\"new\":1}"); /* it has landed */
    memory_run_until(&world.memory, has_message, NULL);
    expect_name(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_at(&storage, DS_MISSING, NULL);
    expect_at(&cache, DS_MISSING, NULL);
}

static void a_deletion_does_not_wait_for_ever(void **state)
{
    (void)state;
    store_put(&cache, "r", 51, "{}");
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r"); /* who wrote it has ended before it was stored */
    memory_run_until(&world.memory, has_message, NULL);
    expect_name(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_at(&cache, DS_MISSING, NULL);
}

static void a_deletion_that_waits_is_answered_when_the_handler_ends(void **state)
{
    (void)state;
    store_put(&cache, "r", 51, "{}");
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    memory_expect_nothing(bo);
    expect_at(&cache, 51, "{}");
}

static void all_nodes_hear_of_a_deletion_also_those_without_subscribers(void **state)
{
    (void)state;
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    memory_cluster_deliver(&cluster);
    assert_string_equal(told, "DELETED r");
}

/* ---- a record that was deleted and made again while nodes were apart ---- */

static void subscribe_and_read(unsigned action, const char *name)
{
    say_names(bo, TOPIC_RECORD, action, "1", name, NULL);
    expect_ack(bo, TOPIC_RECORD, action, NULL, "1");
}

static void expect_version(unsigned action, int32_t version)
{
    const struct message *message = memory_expect(bo, TOPIC_RECORD, action);
    assert_int_equal(message->version, version);
}

static void subscribers_to_the_old_record_get_the_new_one(void **state)
{
    (void)state;
    store_put(&cache, "r", 5, "{}");
    subscribe_and_read(RECORD_SUBSCRIBECREATEANDREAD, "r");
    expect_version(RECORD_READ_RESPONSE, 5);
    hear_update("r", 6);
    expect_version(RECORD_UPDATE, 6);
    store_put(&cache, "r", 2, "{}");
    hear_notice("missed deletion", "r");
    expect_version(RECORD_UPDATE, 2);
    hear_notice("missed deletion", "r"); /* nodes tell it twice */
    memory_expect_nothing(bo);
    hear_update("r", 3);
    expect_version(RECORD_UPDATE, 3);
}

static void an_update_to_a_deleted_record_is_not_taken_for_one_to_the_new(void **state)
{
    (void)state;
    store_put(&cache, "r", 2, "{}");
    store_put(&storage, "r", 2, "{}");
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    memory_expect(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS);
    subscribe_and_read(RECORD_SUBSCRIBECREATEANDREAD, "r");
    expect_version(RECORD_READ_RESPONSE, 0);
    hear_update("r", 1); /* of before: the record has no version 1 */
    memory_expect_nothing(bo);
    store_put(&cache, "r", 1, "{}");
    hear_update("r", 1);
    expect_version(RECORD_UPDATE, 1);
    hear_of_deletion("r");
    memory_expect(bo, TOPIC_RECORD, RECORD_DELETED);
    store_put(&cache, "r", 0, "{}");
    subscribe_and_read(RECORD_SUBSCRIBECREATEANDREAD, "r");
    expect_version(RECORD_READ_RESPONSE, 0);
    hear_update("r", 2);
    memory_expect_nothing(bo);
}

static bool is_told(void *context)
{
    (void)context;
    memory_cluster_deliver(&cluster);
    return told[0] != '\0';
}

static void note_mark(void *context, const struct message *message, slice from_server)
{
    (void)context;
    (void)from_server;
    if (message->action == RECORD_NOTIFY)
        snprintf(told, sizeof told, SLICE_FORMAT " " SLICE_FORMAT,
                 SLICE_ARGUMENTS(message->correlation_id), SLICE_ARGUMENTS(message->names[0]));
}

static void a_deletion_is_told_also_when_the_record_was_made_again(void **state)
{
    (void)state;
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    write_here("r", -1, "{}");
    told[0] = '\0';
    other->bus->subscribe(other->bus_self, TOPIC_RECORD, note_mark, NULL);
    memory_cluster_return(&cluster, "n1");
    memory_run_until(&world.memory, is_told, NULL);
    assert_string_equal(told, "missed deletion r");
}

/* ---- an update crosses a subscription ---- */

static void who_subscribes_elsewhere_is_told_what_was_written_here_a_moment_ago(void **state)
{
    (void)state;
    write_here("r", 1, "{}");
    write_here("r", 2, "{}");
    assert_string_equal(told, "");
    other->states->add(other->states_self, STATE_RECORD_SUBSCRIPTIONS, SLICE("r"));
    memory_cluster_deliver(&cluster);
    assert_string_equal(told, "versions r 2");
}

static void who_subscribes_to_what_was_not_written_here_is_told_nothing(void **state)
{
    (void)state;
    write_here("s", 1, "{}");
    subscribe_and_read(RECORD_SUBSCRIBECREATEANDREAD, "s");
    other->states->add(other->states_self, STATE_RECORD_SUBSCRIPTIONS, SLICE("r"));
    memory_cluster_deliver(&cluster);
    assert_string_equal(told, "");
}

static void a_write_before_the_subscription_was_known_there_is_read(void **state)
{
    static const unsigned ways[] = {RECORD_SUBSCRIBECREATEANDREAD, RECORD_SUBSCRIBEANDREAD};
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char *name = i == 0 ? "r" : "s";
        store_put(&cache, name, 1, "{}");
        subscribe_and_read(ways[i], name);
        expect_version(RECORD_READ_RESPONSE, 1);
        store_put(&cache, name, 2, "{}"); /* and nothing on the bus */
        hear_version(name, 2);
        expect_version(RECORD_UPDATE, 2);
        memory_expect_nothing(bo);
    }
}

static void who_knows_the_last_version_is_not_told_it_again(void **state)
{
    (void)state;
    store_put(&cache, "r", 2, "{}");
    subscribe_and_read(RECORD_SUBSCRIBECREATEANDREAD, "r");
    expect_version(RECORD_READ_RESPONSE, 2);
    subscribe_and_read(RECORD_SUBSCRIBECREATEANDREAD, "made here");
    expect_version(RECORD_READ_RESPONSE, 0);
    hear_version("r", 2);
    hear_version("made here", 0);
    hear_version("nobody has this", 7);
    memory_expect_nothing(bo);
}

/* The cache has answered before the write, whose update came when nobody subscribed here. */
static void
an_update_between_the_answer_of_the_cache_and_the_subscription_is_not_missed(void **state)
{
    static const unsigned ways[] = {RECORD_SUBSCRIBECREATEANDREAD, RECORD_SUBSCRIBEANDREAD};
    (void)state;
    cache.is_late[STORE_GET] = true;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char *name = i == 0 ? "r" : "s";
        store_put(&cache, name, 1, "{}");
        subscribe_and_read(ways[i], name);
        hear_update(name, 2);
        assert_true(store_answer(&cache));
        memory_expect_nothing(bo);
        store_put(&cache, name, 2, "{}");
        assert_true(store_answer(&cache));
        expect_version(RECORD_READ_RESPONSE, 2);
    }
}

static void an_update_between_a_creation_and_its_subscription_is_not_missed(void **state)
{
    (void)state;
    cache.is_late[STORE_SET] = true;
    subscribe_and_read(RECORD_SUBSCRIBECREATEANDREAD, "r");
    hear_update("r", 1);
    cache.is_late[STORE_GET] = true;
    assert_true(store_answer(&cache));
    memory_expect_nothing(bo);
    store_put(&cache, "r", 1, "{}");
    assert_true(store_answer(&cache));
    expect_version(RECORD_READ_RESPONSE, 1);
}

static void
a_deletion_between_the_answer_of_the_cache_and_the_subscription_is_not_missed(void **state)
{
    (void)state;
    store_put(&cache, "r", 1, "{}");
    cache.is_late[STORE_GET] = true;
    subscribe_and_read(RECORD_SUBSCRIBEANDREAD, "r");
    hear_of_deletion("r");
    assert_true(store_answer(&cache));
    memory_expect_nothing(bo);
    store_put(&cache, "r", 0, NULL);
    assert_true(store_answer(&cache));
    expect_version(RECORD_READ_RESPONSE, DS_MISSING);
}

static void an_update_between_heads_and_their_subscription_is_not_missed(void **state)
{
    (void)state;
    store_put(&cache, "r", 1, "{}");
    store_put(&cache, "s", 1, "{}");
    cache.is_late[STORE_HEADS] = cache.is_late[STORE_GET] = true;
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, "1", "r", "s", NULL);
    hear_update("r", 2);
    assert_true(store_answer(&cache));
    memory_expect(bo, TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, NULL, "1");
    store_put(&cache, "r", 2, "{}");
    answer_stores();
    expect_version(RECORD_UPDATE, 2);
    memory_expect_nothing(bo);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_deleted_record_does_not_come_back_with_a_late_write),
        TEST(a_record_made_again_is_not_hidden_by_a_late_write),
        TEST(what_is_written_elsewhere_while_a_late_write_is_taken_back_is_stored),
        TEST(a_write_here_to_a_record_made_again_waits_for_its_turn),
        TEST(a_storage_that_fails_for_a_moment_is_asked_again),
        TEST(a_deletion_that_was_missed_on_the_bus_is_made_up_for),
        TEST(what_others_have_stored_is_left_alone),
        TEST(a_deletion_of_what_was_not_written_here_costs_nothing),
        TEST(a_deletion_waits_for_a_write_of_another_node),
        TEST(a_deletion_does_not_wait_for_ever),
        TEST(a_deletion_that_waits_is_answered_when_the_handler_ends),
        TEST(all_nodes_hear_of_a_deletion_also_those_without_subscribers),
        TEST(subscribers_to_the_old_record_get_the_new_one),
        TEST(an_update_to_a_deleted_record_is_not_taken_for_one_to_the_new),
        TEST(a_deletion_is_told_also_when_the_record_was_made_again),
        TEST(who_subscribes_elsewhere_is_told_what_was_written_here_a_moment_ago),
        TEST(who_subscribes_to_what_was_not_written_here_is_told_nothing),
        TEST(a_write_before_the_subscription_was_known_there_is_read),
        TEST(who_knows_the_last_version_is_not_told_it_again),
        TEST(an_update_between_the_answer_of_the_cache_and_the_subscription_is_not_missed),
        TEST(an_update_between_a_creation_and_its_subscription_is_not_missed),
        TEST(a_deletion_between_the_answer_of_the_cache_and_the_subscription_is_not_missed),
        TEST(an_update_between_heads_and_their_subscription_is_not_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
