/* The queue of a name: creation, order, bounds, ends (faults B2, B5, B11, B12). */

#include "record_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void open_record(struct memory_client *client, const char *name)
{
    say_names(client, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, "1", name, NULL);
    expect_ack_names(client, RECORD_SUBSCRIBECREATEANDREAD, "1", name, NULL);
}

/* ---- opening ---- */

static void two_missing_records_are_opened_with_one_message(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, "1", "r1", "r2", NULL);
    expect_ack_names(bo, RECORD_SUBSCRIBECREATEANDREAD, "1", "r1", "r2", NULL);
    expect_read(bo, "r1", 0, "{}");
    expect_read(bo, "r2", 0, "{}");
    memory_expect_nothing(bo);
    expect_stored("r1", 0, "{}");
    expect_cached("r2", 0, "{}");
    assert_int_equal(store_reported(&world.cache, "r2"), 0);
    /* create, then read, both before anything is created */
    assert_int_equal(asked_action(0), RECORD_CREATE);
    assert_int_equal(asked_action(1), RECORD_READ);
}

static void opening_again_is_told_and_answered(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    open_record(bo, "r1");
    expect_read(bo, "r1", 0, "{}");
    open_record(bo, "r1");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MULTIPLE_SUBSCRIPTIONS, "r1", NULL, RECORD_SUBSCRIBE,
                   false);
    expect_read(bo, "r1", 0, "{}");
    memory_expect_nothing(bo);
}

static void a_denied_open_of_a_missing_record_is_refused_among_others(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.denied = "deny/1";
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, "4", "deny/1", "fine", NULL);
    expect_ack_names(bo, RECORD_SUBSCRIBECREATEANDREAD, "4", "deny/1", "fine", NULL);
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "deny/1", "4",
                   RECORD_SUBSCRIBECREATEANDREAD, true);
    expect_read(bo, "fine", 0, "{}");
    expect_cached("deny/1", -1, NULL);
}

static void who_may_create_but_not_read_creates_nothing(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.denied_action = RECORD_READ;
    open_record(bo, "r");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "r", "1", RECORD_SUBSCRIBECREATEANDREAD,
                   true);
    expect_cached("r", -1, NULL);
    world.denied_action = RECORD_CREATE;
    open_record(bo, "r");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "r", "1", RECORD_SUBSCRIBECREATEANDREAD,
                   true);
    expect_cached("r", -1, NULL);
}

static void a_record_that_storage_has_is_opened_not_created(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.storage, "r", 8, "[1]");
    open_record(bo, "r");
    expect_read(bo, "r", 8, "[1]");
    expect_cached("r", 8, "[1]");
    assert_int_equal(asked_count(), 1);
    assert_int_equal(asked_action(0), RECORD_READ);
}

static void what_the_cache_cannot_create_is_an_error(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.cache.errors[STORE_SET] = "full";
    open_record(bo, "r");
    expect_refusal(bo, TOPIC_RECORD, RECORD_RECORD_CREATE_ERROR, "r", "1",
                   RECORD_SUBSCRIBECREATEANDREAD, true);
    memory_expect_nothing(bo);
}

static void what_the_storage_cannot_create_is_logged(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.storage.errors[STORE_SET] = "disk full";
    open_record(bo, "r");
    expect_read(bo, "r", 0, "{}");
    memory_expect_nothing(bo);
    assert_true(memory_logged(&world.node.memory, "STORAGE_ERROR", "disk full"));
    assert_int_equal(store_reported(&world.cache, "r"), DS_MISSING);
}

static void B2_opening_does_not_overwrite_a_write_that_came_before(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    world.storage.is_late[STORE_GET] = true;
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{\"a\":1}",
              .id = "1");
    say_names(al, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    expect_ack_names(al, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    while (store_answer(&world.storage)) {
    }
    expect_written(bo, "r", "1");
    expect_read(al, "r", 1, "{\"a\":1}");
    expect_cached("r", 1, "{\"a\":1}");
    expect_stored("r", 1, "{\"a\":1}");
}

static void B2_of_one_session_too(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.storage.is_late[STORE_GET] = true;
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1,
              .data = "{\"a\":1}");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    while (store_answer(&world.storage)) {
    }
    expect_ack_names(bo, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    expect_read(bo, "r", 1, "{\"a\":1}");
}

static void write_by_another_node(struct store_double *store)
{
    store->before_set = NULL;
    store_put(store, "r", 1, "{\"a\":1}");
}

static void B2_what_another_node_created_meanwhile_is_read_not_overwritten(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.cache.before_set = write_by_another_node;
    open_record(bo, "r");
    expect_read(bo, "r", 1, "{\"a\":1}");
    expect_cached("r", 1, "{\"a\":1}");
    assert_int_equal(world.storage.calls[STORE_SET], 0);
    assert_int_equal(asked_count(), 3); /* create and read of nothing, read of what is there */
}

static void two_who_open_a_missing_record_create_it_once(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    world.storage.is_late[STORE_GET] = true;
    open_record(bo, "r");
    open_record(al, "r");
    while (store_answer(&world.storage)) {
    }
    expect_read(bo, "r", 0, "{}");
    expect_read(al, "r", 0, "{}");
    assert_int_equal(world.cache.calls[STORE_SET], 1);
    assert_int_equal(world.storage.calls[STORE_SET], 1);
}

static void a_listener_is_asked_between_acknowledgement_and_answer(void **state)
{
    (void)state;
    struct memory_client *pam = login("pam"), *bo = login("bo"), *al = login("al");
    say(pam, TOPIC_RECORD, RECORD_LISTEN, "f/.*");
    expect_ack(pam, TOPIC_RECORD, RECORD_LISTEN, "f/.*", NULL);
    open_record(bo, "f/1");
    expect_about(pam, TOPIC_RECORD, RECORD_SUBSCRIPTION_FOR_PATTERN_FOUND, "f/.*", "f/1");
    expect_read(bo, "f/1", 0, "{}");
    say_about(pam, TOPIC_RECORD, RECORD_LISTEN_ACCEPT, "f/.*", "f/1");
    expect_name(bo, TOPIC_RECORD, RECORD_SUBSCRIPTION_HAS_PROVIDER, "f/1");
    say_names(al, TOPIC_RECORD, RECORD_SUBSCRIBE, "2", "f/1", NULL);
    expect_name(al, TOPIC_RECORD, RECORD_SUBSCRIPTION_HAS_PROVIDER, "f/1");
    expect_ack(al, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "2");
    /* a deletion ends the subscriptions, and with them the provision */
    say(al, TOPIC_RECORD, RECORD_DELETE, "f/1");
    expect_name(bo, TOPIC_RECORD, RECORD_DELETED, "f/1");
    expect_about(pam, TOPIC_RECORD, RECORD_SUBSCRIPTION_FOR_PATTERN_REMOVED, "f/.*", "f/1");
}

/* ---- one after the other ---- */

static void writes_of_one_name_take_effect_in_the_order_they_came(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al"), *cy = subscribed("cy", "r");
    store_put(&world.cache, "r", 0, "{}");
    world.cache.is_late[STORE_GET] = world.cache.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "[1]", .id = "1");
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[2]", .id = "2");
    say(cy, TOPIC_RECORD, RECORD_READ, "r");
    while (store_answer(&world.cache)) {
    }
    expect_written(bo, "r", "1");
    expect_written(al, "r", "2");
    expect_update(cy, "r", 1, "[1]");
    expect_update(cy, "r", 2, "[2]");
    expect_read(cy, "r", 2, "[2]");
    expect_stored("r", 2, "[2]");
}

static void other_names_do_not_wait(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    store_put(&world.cache, "r", 0, "{}");
    store_put(&world.cache, "s", 0, "{}");
    world.cache.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "[1]", .id = "1");
    world.cache.is_late[STORE_SET] = false;
    say_write(al, .action = RECORD_UPDATE, .name = "s", .version = 1, .data = "[2]", .id = "2");
    expect_written(al, "s", "2");
    memory_expect_nothing(bo);
}

static void B11_a_refused_first_write_leaves_nothing_behind(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "7");
    memory_expect(bo, TOPIC_RECORD, RECORD_INVALID_MESSAGE_DATA);
    size_t asked = asked_count();
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}",
              .id = "1");
    expect_written(bo, "r", "1");
    assert_int_equal(asked_action(asked), RECORD_CREATE);
    assert_int_equal(asked_count(), asked + 2);
}

static void B12_an_upsert_whose_verdict_takes_long_is_not_lost(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    store_put(&world.cache, "r", 1, "{}");
    world.cache.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[2]", .id = "1");
    world.decides_late = true;
    say_write(al, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "[3]",
              .id = "2");
    store_answer(&world.cache); /* bo's write, and its queue, end */
    expect_written(bo, "r", "1");
    decide(DS_ALLOW);
    decide(DS_ALLOW);
    store_answer(&world.cache);
    expect_written(al, "r", "2");
    expect_cached("r", 3, "[3]");
}

static void a_queue_is_bounded(void **state)
{
    (void)state;
    struct memory_client *clients[6];
    store_put(&world.cache, "r", 0, "{}");
    world.cache.is_late[STORE_SET] = true;
    for (int i = 0; i < 6; i++) {
        clients[i] = login("bo");
        say_write(clients[i], .action = RECORD_UPDATE, .name = "r", .version = -1, .data = "{}",
                  .id = "1");
    }
    for (int i = 4; i < 6; i++) /* one is at work, three wait */
        expect_error(clients[i], RECORD_RECORD_UPDATE_ERROR, "r", RECORD_UPDATE, "1");
    assert_true(memory_logged(&world.node.memory, "LIMIT_EXCEEDED", "r"));
    while (store_answer(&world.cache)) {
    }
    for (int i = 0; i < 4; i++)
        expect_written(clients[i], "r", "1");
    expect_cached("r", 4, "{}");
}

static void later_messages_of_a_session_wait_for_its_write_but_not_for_its_storage(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 0, "{}");
    world.cache.is_late[STORE_SET] = world.storage.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "[1]", .id = "1");
    say(bo, TOPIC_RECORD, RECORD_HEAD, "other/x");
    memory_expect_nothing(bo);
    store_answer(&world.cache);
    expect_head(bo, "other/x", -1);
    memory_expect_nothing(bo);
    store_answer(&world.storage);
    expect_written(bo, "r", "1");
}

/* ---- errors that meet a whole queue ---- */

static void B5_every_queued_write_learns_that_the_record_does_not_load(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    world.cache.is_late[STORE_GET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "{}", .id = "1");
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{}", .id = "2");
    world.cache.errors[STORE_GET] = "no";
    store_answer(&world.cache);
    expect_error(al, RECORD_RECORD_LOAD_ERROR, "r", RECORD_UPDATE, "2");
    expect_error(bo, RECORD_RECORD_LOAD_ERROR, "r", RECORD_UPDATE, "1");
    assert_int_equal(world.cache.waiting.count, 0);
    memory_expect_nothing(bo);
    memory_expect_nothing(al);
}

static void B5_every_queued_write_learns_of_the_timeout(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    world.storage.is_late[STORE_GET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "{}", .id = "1");
    say_write(al, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}");
    wait_for_message(bo);
    expect_error(bo, RECORD_STORAGE_RETRIEVAL_TIMEOUT, "r", RECORD_UPDATE, "1");
    expect_error(al, RECORD_STORAGE_RETRIEVAL_TIMEOUT, "r", RECORD_CREATEANDUPDATE, NULL);
    store_answer(&world.storage);
    memory_expect_nothing(bo);
    memory_expect_nothing(al);
    assert_int_equal(world.cache.calls[STORE_SET], 0);
}

static void B5_every_queued_write_is_answered_when_the_record_is_deleted(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al"), *cy = login("cy");
    store_put(&world.cache, "r", 1, "{}");
    world.cache.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[2]", .id = "1");
    say(al, TOPIC_RECORD, RECORD_DELETE, "r");
    say_write(cy, .action = RECORD_UPDATE, .name = "r", .version = 3, .data = "[3]", .id = "3");
    memory_expect_nothing(al);
    while (store_answer(&world.cache)) {
    }
    expect_written(bo, "r", "1");
    expect_name(al, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_error(cy, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_UPDATE, "3");
    expect_cached("r", -1, NULL);
    expect_stored("r", -1, NULL);
}

/* ---- the end of a session ---- */

static void writes_of_a_session_that_ended_go_on(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al"), *cy = subscribed("cy", "r");
    store_put(&world.cache, "r", 0, "{}");
    world.cache.is_late[STORE_SET] = true;
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "[1]");
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[2]", .id = "1");
    memory_disconnect(bo);
    while (store_answer(&world.cache)) {
    }
    expect_cached("r", 2, "[2]");
    expect_update(cy, "r", 1, "[1]");
    expect_update(cy, "r", 2, "[2]");
    memory_expect_nothing(bo);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, record_world_set_up, record_world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(two_missing_records_are_opened_with_one_message),
        TEST(opening_again_is_told_and_answered),
        TEST(a_denied_open_of_a_missing_record_is_refused_among_others),
        TEST(who_may_create_but_not_read_creates_nothing),
        TEST(a_record_that_storage_has_is_opened_not_created),
        TEST(what_the_cache_cannot_create_is_an_error),
        TEST(what_the_storage_cannot_create_is_logged),
        TEST(B2_opening_does_not_overwrite_a_write_that_came_before),
        TEST(B2_of_one_session_too),
        TEST(B2_what_another_node_created_meanwhile_is_read_not_overwritten),
        TEST(two_who_open_a_missing_record_create_it_once),
        TEST(a_listener_is_asked_between_acknowledgement_and_answer),
        TEST(writes_of_one_name_take_effect_in_the_order_they_came),
        TEST(other_names_do_not_wait),
        TEST(B11_a_refused_first_write_leaves_nothing_behind),
        TEST(B12_an_upsert_whose_verdict_takes_long_is_not_lost),
        TEST(a_queue_is_bounded),
        TEST(later_messages_of_a_session_wait_for_its_write_but_not_for_its_storage),
        TEST(B5_every_queued_write_learns_that_the_record_does_not_load),
        cmocka_unit_test_setup_teardown(B5_every_queued_write_learns_of_the_timeout,
                                        record_world_set_up_hasty, record_world_tear_down),
        TEST(B5_every_queued_write_is_answered_when_the_record_is_deleted),
        TEST(writes_of_a_session_that_ended_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
