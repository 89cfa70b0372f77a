/* Questions about records (behaviour.md 5.1, 5.2). */

#include "record_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_record_is_read_from_the_cache(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 7, "{\"a\":1}");
    say_more(bo, TOPIC_RECORD, RECORD_READ, "r", "9", NULL);
    expect_read(bo, "r", 7, "{\"a\":1}");
    say(bo, TOPIC_RECORD, RECORD_HEAD, "r");
    expect_head(bo, "r", 7);
    assert_int_equal(world.storage.calls[STORE_GET], 0);
    memory_expect_nothing(bo);
}

static void a_record_of_the_storage_is_answered_and_kept_in_the_cache(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.storage, "r", 3, "[1]");
    say(bo, TOPIC_RECORD, RECORD_READ, "r");
    expect_read(bo, "r", 3, "[1]");
    expect_cached("r", 3, "[1]");
    assert_int_equal(store_reported(&world.cache, "r"), 3); /* so the cache may drop it */
    say(bo, TOPIC_RECORD, RECORD_READ, "r");
    expect_read(bo, "r", 3, "[1]");
    assert_int_equal(world.storage.calls[STORE_GET], 1);
}

static void a_missing_record_is_not_found_and_has_no_head(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_more(bo, TOPIC_RECORD, RECORD_READ, "x", "9", NULL);
    expect_error(bo, RECORD_RECORD_NOT_FOUND, "x", RECORD_READ, NULL);
    say(bo, TOPIC_RECORD, RECORD_HEAD, "x");
    expect_head(bo, "x", -1);
}

static void an_excluded_record_is_in_no_storage(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.storage, "gone/r", 3, "{}");
    say(bo, TOPIC_RECORD, RECORD_HEAD, "gone/r");
    expect_head(bo, "gone/r", -1);
    assert_int_equal(world.storage.calls[STORE_GET], 0);
}

static void what_fails_to_load_is_an_error_of_the_question(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.cache.errors[STORE_GET] = "the cache is on fire";
    say(bo, TOPIC_RECORD, RECORD_READ, "r");
    expect_error(bo, RECORD_RECORD_LOAD_ERROR, "r", RECORD_READ, NULL);
    assert_true(memory_logged(&world.node.memory, "RECORD_LOAD_ERROR", "the cache is on fire"));
    world.cache.errors[STORE_GET] = NULL;
    world.storage.errors[STORE_GET] = "the disk is gone";
    say(bo, TOPIC_RECORD, RECORD_HEAD, "r");
    expect_error(bo, RECORD_RECORD_LOAD_ERROR, "r", RECORD_HEAD, NULL);
    assert_true(memory_logged(&world.node.memory, "RECORD_LOAD_ERROR", "the disk is gone"));
}

static void a_cache_or_storage_that_is_silent_is_a_timeout_and_its_late_answer_nothing(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 1, "{}");
    world.cache.is_late[STORE_GET] = true;
    say(bo, TOPIC_RECORD, RECORD_READ, "r");
    wait_for_message(bo);
    expect_error(bo, RECORD_CACHE_RETRIEVAL_TIMEOUT, "r", RECORD_READ, NULL);
    assert_true(store_answer(&world.cache));
    world.cache.is_late[STORE_GET] = false;
    world.storage.is_late[STORE_GET] = true;
    say(bo, TOPIC_RECORD, RECORD_HEAD, "s");
    wait_for_message(bo);
    expect_error(bo, RECORD_STORAGE_RETRIEVAL_TIMEOUT, "s", RECORD_HEAD, NULL);
    assert_true(store_answer(&world.storage));
    memory_expect_nothing(bo);
    assert_true(memory_logged(&world.node.memory, "STORAGE_RETRIEVAL_TIMEOUT", "s"));
}

static void later_messages_of_a_session_wait_for_its_read(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.storage, "r", 3, "{}");
    world.storage.is_late[STORE_GET] = true;
    say(bo, TOPIC_RECORD, RECORD_READ, "r");
    say(bo, TOPIC_RECORD, RECORD_HEAD, "gone/x");
    memory_expect_nothing(bo);
    assert_true(store_answer(&world.storage));
    expect_read(bo, "r", 3, "{}");
    expect_head(bo, "gone/x", -1);
}

static void readers_of_one_record_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    store_put(&world.cache, "r", 1, "{}");
    world.cache.is_late[STORE_GET] = true;
    say(bo, TOPIC_RECORD, RECORD_READ, "r");
    say(al, TOPIC_RECORD, RECORD_READ, "r");
    assert_int_equal(world.cache.waiting.count, 2);
    store_answer(&world.cache);
    store_answer(&world.cache);
    expect_read(bo, "r", 1, "{}");
    expect_read(al, "r", 1, "{}");
}

/* ---- subscriptions with an answer ---- */

static void read_only_open_of_a_missing_record_does_not_create_it(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDREAD, "1", "x", NULL);
    expect_ack_names(bo, RECORD_SUBSCRIBEANDREAD, "1", "x", NULL);
    expect_read(bo, "x", -1, "{}");
    expect_cached("x", -1, NULL);
    memory_expect_nothing(bo);
    /* asked at the door, and again with what is there */
    assert_int_equal(asked_count(), 2);
    assert_int_equal(asked_action(0), RECORD_SUBSCRIBEANDREAD);
    assert_int_equal(asked_action(1), RECORD_READ);
    say_write(login("al"), .action = RECORD_CREATEANDUPDATE, .name = "x", .version = -1,
              .data = "{\"a\":1}");
    expect_update(bo, "x", 1, "{\"a\":1}");
}

static void a_name_that_may_not_be_read_is_refused_and_not_subscribed(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "ok", 1, "{}");
    store_put(&world.cache, "secret", 1, "{}");
    world.denied_action = RECORD_READ;
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDREAD, "1", "secret", NULL);
    expect_ack_names(bo, RECORD_SUBSCRIBEANDREAD, "1", "secret", NULL);
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "secret", "1", RECORD_SUBSCRIBEANDREAD,
                   true);
    say_write(login("al"), .action = RECORD_UPDATE, .name = "secret", .version = 2, .data = "{}");
    memory_expect_nothing(bo);
}

static void the_answer_has_the_state_after_a_verdict_that_took_long(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    store_put(&world.cache, "r", 1, "{\"a\":1}");
    world.decides_late = true;
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDREAD, "1", "r", NULL);
    decide(DS_ALLOW);
    expect_ack_names(bo, RECORD_SUBSCRIBEANDREAD, "1", "r", NULL);
    world.decides_late = false;
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{\"a\":2}");
    memory_expect_nothing(bo);
    decide(DS_ALLOW);
    expect_read(bo, "r", 2, "{\"a\":2}");
}

static void a_record_that_vanished_before_the_answer_is_told(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    store_put(&world.cache, "r", 1, "{}");
    world.decides_late = true;
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    expect_ack_names(bo, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    world.decides_late = false;
    say(al, TOPIC_RECORD, RECORD_DELETE, "r");
    expect_name(al, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    decide(DS_ALLOW);
    expect_refusal(bo, TOPIC_RECORD, RECORD_RECORD_NOT_FOUND, "r", "1",
                   RECORD_SUBSCRIBECREATEANDREAD, true);
}

static void a_session_that_ended_meanwhile_is_not_subscribed(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    store_put(&world.cache, "r", 1, "{}");
    world.decides_late = true;
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    memory_disconnect(bo);
    decide(DS_ALLOW);
    world.decides_late = false;
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{}");
    expect_cached("r", 2, "{}");
    assert_false(world.node.services.cluster->states->has(world.node.services.cluster->states_self,
                                                          STATE_RECORD_SUBSCRIPTIONS, SLICE("r")));
}

static void plain_subscriptions_have_an_acknowledgement_only(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, "1", "a", "b", NULL);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "1");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, "2", "a", NULL);
    expect_refusal(bo, TOPIC_RECORD, RECORD_MULTIPLE_SUBSCRIPTIONS, "a", NULL, RECORD_SUBSCRIBE,
                   false);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "2");
    say_names(bo, TOPIC_RECORD, RECORD_UNSUBSCRIBE, "a", "a", "never", NULL);
    expect_ack(bo, TOPIC_RECORD, RECORD_UNSUBSCRIBE, NULL, "a");
    store_put(&world.cache, "a", 1, "{}");
    say_write(login("al"), .action = RECORD_UPDATE, .name = "a", .version = 2, .data = "{}");
    memory_expect_nothing(bo);
}

static void B1_a_denied_name_of_many_is_refused_alone(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.denied = "deny/1";
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, "1", "deny/1", "ok1", NULL);
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "deny/1", "1", RECORD_SUBSCRIBE, true);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "1");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBE, "2", "deny/1", NULL);
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "deny/1", "2", RECORD_SUBSCRIBE, true);
    memory_expect_nothing(bo);
}

/* ---- SUBSCRIBEANDHEAD ---- */

static void expect_heads(struct memory_client *client, const char *name, int32_t version)
{
    const struct message *bulk = memory_expect(client, TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    assert_false(MESSAGE_HAS(bulk, correlation_id));
    assert_int_equal(bulk->version_count, name == NULL ? 0 : 1);
    if (name == NULL)
        return;
    assert_true(slice_equal(bulk->versions[0].name, slice_of(name)));
    assert_int_equal(bulk->versions[0].version, version);
}

static void a_resync_has_heads_of_the_cache_then_the_others(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r1", 0, "{}");
    store_put(&world.storage, "cold", 5, "{}");
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, "4", "r1", "gone", "cold", NULL);
    expect_heads(bo, "r1", 0);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, NULL, "4");
    expect_head(bo, "gone", -1);
    expect_head(bo, "cold", 5);
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, "5", "r1", NULL);
    expect_heads(bo, "r1", 0);
    expect_refusal(bo, TOPIC_RECORD, RECORD_MULTIPLE_SUBSCRIPTIONS, "r1", NULL,
                   RECORD_SUBSCRIBEANDHEAD, false);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, NULL, "5");
    say_write(login("al"), .action = RECORD_UPDATE, .name = "r1", .version = 1, .data = "[]");
    expect_update(bo, "r1", 1, "[]");
}

static void B13_heads_that_the_cache_does_not_give_are_errors_of_each_name(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.cache.errors[STORE_HEADS] = "no";
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, "4", "a", "b", NULL);
    expect_refusal(bo, TOPIC_RECORD, RECORD_RECORD_LOAD_ERROR, "a", "4", RECORD_SUBSCRIBEANDHEAD,
                   true);
    expect_refusal(bo, TOPIC_RECORD, RECORD_RECORD_LOAD_ERROR, "b", "4", RECORD_SUBSCRIBEANDHEAD,
                   true);
    memory_expect_nothing(bo);
}

static void heads_that_come_late_are_answered_late_and_never_twice(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.cache.is_late[STORE_HEADS] = true;
    say_names(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, "4", "a", NULL);
    memory_expect_nothing(bo);
    store_answer(&world.cache);
    expect_heads(bo, NULL, 0);
    expect_ack(bo, TOPIC_RECORD, RECORD_SUBSCRIBEANDHEAD, NULL, "4");
    expect_head(bo, "a", -1);
    memory_expect_nothing(bo);
}

/* ---- many ---- */

static void say_many(struct memory_client *client, unsigned action, uint32_t count)
{
    char(*texts)[16] = calloc(count, sizeof *texts);
    slice *names = calloc(count, sizeof *names);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof texts[i], "gone/%u", i);
        names[i] = slice_of(texts[i]);
    }
    struct message message = MESSAGE(TOPIC_RECORD, (uint16_t)action);
    message_set_names(&message, names, count);
    MESSAGE_SET(&message, correlation_id, SLICE("1"));
    memory_send(client, &message);
    free(names);
    free(texts);
}

static void thousands_of_names_are_opened_with_one_message(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_many(bo, RECORD_SUBSCRIBECREATEANDREAD, 2000);
    memory_expect(bo, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD);
    for (int i = 0; i < 2000; i++)
        memory_expect(bo, TOPIC_RECORD, RECORD_READ_RESPONSE);
    memory_expect_nothing(bo);
    /* and when each answer comes later */
    struct memory_client *al = login("al");
    world.cache.is_late[STORE_GET] = true;
    say_many(al, RECORD_SUBSCRIBECREATEANDREAD, 2000);
    memory_expect(al, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD);
    while (store_answer(&world.cache)) {
    }
    for (int i = 0; i < 2000; i++)
        memory_expect(al, TOPIC_RECORD, RECORD_READ_RESPONSE);
}

/* ---- look-ups of plugins ---- */

struct found {
    int count;
    bool is_error;
    int32_t version;
};

static void on_found(void *context, const char *error, const struct ds_record *record)
{
    struct found *found = context;
    found->count++;
    found->is_error = error != NULL;
    found->version = record == NULL ? -9 : record->version;
}

static void plugins_read_cache_then_storage_without_being_asked_who_they_are(void **state)
{
    (void)state;
    struct found found = {0};
    world.denied_action = RECORD_READ;
    store_put(&world.storage, "r", 3, "{}");
    record_handler_read(world.records, SLICE("r"), on_found, &found);
    assert_int_equal(found.version, 3);
    expect_cached("r", 3, "{}");
    record_handler_read(world.records, SLICE("x"), on_found, &found);
    assert_int_equal(found.version, DS_MISSING);
    world.cache.errors[STORE_GET] = "no";
    record_handler_read(world.records, SLICE("r"), on_found, &found);
    assert_true(found.is_error);
    assert_int_equal(found.count, 3);
    assert_int_equal(asked_count(), 0);
}

static void a_lookup_does_not_wait_behind_a_write(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    struct found found = {0};
    store_put(&world.cache, "r", 1, "{}");
    world.cache.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{}");
    record_handler_read(world.records, SLICE("r"), on_found, &found);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.version, 1);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, record_world_set_up, record_world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_read_from_the_cache),
        TEST(a_record_of_the_storage_is_answered_and_kept_in_the_cache),
        TEST(a_missing_record_is_not_found_and_has_no_head),
        TEST(an_excluded_record_is_in_no_storage),
        TEST(what_fails_to_load_is_an_error_of_the_question),
        cmocka_unit_test_setup_teardown(
            a_cache_or_storage_that_is_silent_is_a_timeout_and_its_late_answer_nothing,
            record_world_set_up_hasty, record_world_tear_down),
        TEST(later_messages_of_a_session_wait_for_its_read),
        TEST(readers_of_one_record_do_not_wait_for_each_other),
        TEST(read_only_open_of_a_missing_record_does_not_create_it),
        TEST(a_name_that_may_not_be_read_is_refused_and_not_subscribed),
        TEST(the_answer_has_the_state_after_a_verdict_that_took_long),
        TEST(a_record_that_vanished_before_the_answer_is_told),
        TEST(a_session_that_ended_meanwhile_is_not_subscribed),
        TEST(plain_subscriptions_have_an_acknowledgement_only),
        TEST(B1_a_denied_name_of_many_is_refused_alone),
        TEST(a_resync_has_heads_of_the_cache_then_the_others),
        TEST(B13_heads_that_the_cache_does_not_give_are_errors_of_each_name),
        TEST(heads_that_come_late_are_answered_late_and_never_twice),
        TEST(thousands_of_names_are_opened_with_one_message),
        TEST(plugins_read_cache_then_storage_without_being_asked_who_they_are),
        TEST(a_lookup_does_not_wait_behind_a_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
