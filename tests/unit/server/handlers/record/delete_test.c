/* Deleting, notifying and the hot path (behaviour.md 5.6, 5.7; faults B13, B17, F11). */

#include "record_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- delete ---- */

static void a_deleted_record_is_gone_everywhere_and_nobody_is_subscribed(void **state)
{
    (void)state;
    struct memory_client *bo = subscribed("bo", "r"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 4, "{}");
    store_put(&world.storage, "r", 4, "{}");
    say_more(bo, TOPIC_RECORD, RECORD_DELETE, "r", "9", NULL);
    expect_name(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_name(al, TOPIC_RECORD, RECORD_DELETED, "r"); /* and no correlation id: F16 */
    expect_cached("r", -1, NULL);
    expect_stored("r", -1, NULL);
    say_write(login("cy"), .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1,
              .data = "{}");
    memory_expect_nothing(bo);
    memory_expect_nothing(al);
    expect_cached("r", 1, "{}");
}

static void deleting_what_is_missing_succeeds(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say(bo, TOPIC_RECORD, RECORD_DELETE, "x");
    expect_name(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "x");
}

static void who_may_not_delete_is_refused(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 4, "{}");
    world.denied_action = RECORD_DELETE;
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "r", NULL, RECORD_DELETE, true);
    expect_cached("r", 4, "{}");
}

static void B17_a_deletion_that_fails_is_an_error_and_nobody_else_hears_of_it(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 4, "{}");
    world.storage.errors[STORE_REMOVE] = "read only";
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    expect_error(bo, RECORD_RECORD_DELETE_ERROR, "r", RECORD_DELETE, NULL);
    assert_true(memory_logged(&world.node.memory, "RECORD_DELETE_ERROR", "read only"));
    expect_cached("r", 4, "{}");
    world.storage.errors[STORE_REMOVE] = NULL;
    world.cache.errors[STORE_REMOVE] = "no";
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    expect_error(bo, RECORD_RECORD_DELETE_ERROR, "r", RECORD_DELETE, NULL);
    memory_expect_nothing(al);
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 5, .data = "{}");
    expect_update(al, "r", 5, "{}");
}

static void a_deletion_that_is_not_answered_is_one_error(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.storage.is_late[STORE_REMOVE] = true;
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    wait_for_message(bo);
    expect_error(bo, RECORD_RECORD_DELETE_ERROR, "r", RECORD_DELETE, NULL);
    store_answer(&world.storage);
    memory_expect_nothing(bo);
}

static void B17_no_write_that_came_before_lands_behind_the_deletion(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    store_put(&world.cache, "r", 1, "{}");
    world.storage.is_late[STORE_SET] = world.storage.is_late[STORE_REMOVE] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[2]", .id = "1");
    say(al, TOPIC_RECORD, RECORD_DELETE, "r");
    while (store_answer(&world.storage)) {
    }
    expect_written(bo, "r", "1");
    expect_name(al, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_stored("r", -1, NULL);
    expect_cached("r", -1, NULL);
}

static void on_found(void *context, const char *error, const struct ds_record *record)
{
    assert_null(error);
    *(int32_t *)context = record->version;
}

static void a_read_that_overlaps_a_deletion_does_not_bring_the_record_back(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    int32_t found = -9;
    store_put(&world.storage, "r", 4, "{}");
    world.storage.is_late[STORE_GET] = world.cache.is_late[STORE_REMOVE] = true;
    record_handler_read(world.records, SLICE("r"), on_found, &found);
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    store_put(&world.storage, "r", 4, "{}"); /* as it was when storage read it */
    store_answer(&world.storage);
    assert_int_equal(found, 4);
    expect_cached("r", -1, NULL);
    store_answer(&world.cache);
    expect_name(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_cached("r", -1, NULL);
    /* the same, answered when the deletion has ended */
    store_put(&world.storage, "s", 4, "{}");
    world.cache.is_late[STORE_REMOVE] = false;
    record_handler_read(world.records, SLICE("s"), on_found, &found);
    say(bo, TOPIC_RECORD, RECORD_DELETE, "s");
    expect_name(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "s");
    store_put(&world.storage, "s", 4, "{}");
    store_answer(&world.storage);
    expect_cached("s", -1, NULL);
}

/* ---- notify ---- */

static void a_notification_tells_subscribers_what_the_database_has(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "n1"),
                         *cy = subscribed("cy", "n2");
    store_put(&world.cache, "n1", 4, "{\"old\":1}");
    store_put(&world.cache, "n2", 4, "{\"old\":1}");
    store_put(&world.cache, "n3", 4, "{\"old\":1}");
    store_put(&world.storage, "n1", 9, "{\"new\":1}");
    say_names(bo, TOPIC_RECORD, RECORD_NOTIFY, "7", "n1", "n2", "n3", NULL);
    expect_update(al, "n1", 9, "{\"new\":1}");
    expect_name(cy, TOPIC_RECORD, RECORD_DELETED, "n2");
    expect_ack_names(bo, RECORD_NOTIFY, "7", "n1", "n2", "n3", NULL);
    expect_cached("n1", 9, "{\"new\":1}");
    expect_cached("n3", -1, NULL);
    memory_expect_nothing(bo);
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "n2", .version = -1, .data = "{}");
    memory_expect_nothing(cy); /* is not subscribed any more */
}

static void the_acknowledgement_of_a_notification_waits_for_every_name(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "n1");
    store_put(&world.storage, "n1", 9, "{}");
    world.storage.is_late[STORE_GET] = true;
    say_names(bo, TOPIC_RECORD, RECORD_NOTIFY, "7", "n1", NULL);
    memory_expect_nothing(bo);
    store_answer(&world.storage);
    expect_update(al, "n1", 9, "{}");
    expect_ack_names(bo, RECORD_NOTIFY, "7", "n1", NULL);
}

static void B13_a_notification_about_nothing_is_acknowledged(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_names(bo, TOPIC_RECORD, RECORD_NOTIFY, "7", NULL);
    expect_ack_names(bo, RECORD_NOTIFY, "7", NULL);
}

static void a_cache_that_does_not_forget_fails_the_notification(void **state)
{
    static const char *const text =
        "\"Error deleting messages in bulk when attempting to notify of remote changes\"";
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "n1");
    world.cache.errors[STORE_REMOVE] = "no";
    say_names(bo, TOPIC_RECORD, RECORD_NOTIFY, "7", "n1", NULL);
    expect(bo, .action = RECORD_RECORD_NOTIFY_ERROR, .data = text, .id = "7", .is_error = true);
    memory_expect_nothing(bo);
    memory_expect_nothing(al);
}

static void a_name_that_does_not_load_does_not_stop_a_notification(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    subscribed("al", "n1");
    world.storage.errors[STORE_GET] = "no";
    say_names(bo, TOPIC_RECORD, RECORD_NOTIFY, "7", "n1", "n2", NULL);
    expect_refusal(bo, TOPIC_RECORD, RECORD_RECORD_LOAD_ERROR, "n1", "7", RECORD_NOTIFY, true);
    expect_ack_names(bo, RECORD_NOTIFY, "7", "n1", "n2", NULL);
}

/* ---- hot path ---- */

static void F11_a_hot_write_has_a_real_version_and_a_real_acknowledgement(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "hot/1");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/1", .version = -1,
              .data = "{\"a\":1}", .id = "1");
    expect_written(bo, "hot/1", "1");
    expect_update(al, "hot/1", 1, "{\"a\":1}");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/1", .version = 70,
              .data = "{\"a\":2}");
    expect_update(al, "hot/1", 2, "{\"a\":2}");
    expect_cached("hot/1", 2, "{\"a\":2}");
    expect_stored("hot/1", 2, "{\"a\":2}");
    assert_int_equal(world.cache.calls[STORE_GET], 0);
    assert_int_equal(world.storage.calls[STORE_GET],
                     1); /* the cache had no version to go on from */
    assert_int_equal(asked_action(1), RECORD_CREATE);
    assert_int_equal(asked_action(2), RECORD_UPDATE);
    assert_string_equal(asked_data(2), "{\"a\":1}");
}

/* A storage ignores what is older than what it has. */
static void a_hot_write_goes_on_from_what_only_the_storage_has(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "hot/1");
    store_put(&world.storage, "hot/1", 50, "{\"old\":1}");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/1", .version = -1,
              .data = "{\"a\":1}", .id = "1");
    expect_written(bo, "hot/1", "1");
    expect_update(al, "hot/1", 51, "{\"a\":1}");
    expect_cached("hot/1", 51, "{\"a\":1}");
    expect_stored("hot/1", 51, "{\"a\":1}");
    store_put(&world.storage, "hot/2", 50, "{}");
    world.storage.errors[STORE_GET] = "no";
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/2", .version = -1, .data = "{}",
              .id = "2");
    expect_error(bo, RECORD_RECORD_LOAD_ERROR, "hot/2", RECORD_CREATEANDUPDATE, "2");
}

static void a_hot_patch_is_refused_before_any_question(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_write(bo, .action = RECORD_CREATEANDPATCH, .name = "hot/1", .version = -1, .path = "a",
              .data = "1", .id = "1");
    expect_error(bo, RECORD_INVALID_PATCH_ON_HOTPATH, "hot/1", RECORD_CREATEANDPATCH, "1");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/1", .version = -1, .path = "a",
              .data = "1");
    expect_error(bo, RECORD_INVALID_PATCH_ON_HOTPATH, "hot/1", RECORD_CREATEANDUPDATE, NULL);
    assert_int_equal(asked_count(), 0);
}

static void other_writes_to_hot_names_go_the_usual_way(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_write(bo, .action = RECORD_UPDATE, .name = "hot/1", .version = 1, .data = "{}", .id = "1");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "hot/1", RECORD_UPDATE, "1");
    store_put(&world.cache, "hot/1", 1, "{}");
    say_write(bo, .action = RECORD_PATCH, .name = "hot/1", .version = 2, .path = "a", .data = "1");
    expect_cached("hot/1", 2, "{\"a\":1}");
}

static void a_hot_write_that_is_not_fit_or_not_allowed_or_not_written_is_an_error(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    static const char *const unfit[] = {"7", "{"};
    static const char *const echoed[] = {"7", NULL};
    for (size_t i = 0; i < 2; i++) {
        say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/1", .version = -1,
                  .data = unfit[i]);
        expect(bo, .action = RECORD_INVALID_MESSAGE_DATA, .name = "hot/1", .has_version = true,
               .version = -1, .data = echoed[i], .is_error = true,
               .original_action = RECORD_CREATEANDUPDATE);
    }
    world.denied_action = RECORD_UPDATE;
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/1", .version = -1, .data = "{}");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "hot/1", NULL, RECORD_CREATEANDUPDATE,
                   true);
    world.denied_action = 0;
    world.cache.errors[STORE_SET] = "full";
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/1", .version = -1, .data = "{}",
              .id = "1");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "hot/1", RECORD_CREATEANDUPDATE, "1");
    world.cache.errors[STORE_SET] = NULL;
    world.storage.errors[STORE_SET] = "disk full"; /* B4 */
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/1", .version = -1, .data = "{}",
              .id = "2");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "hot/1", RECORD_CREATEANDUPDATE, "2");
    memory_expect_nothing(bo);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, record_world_set_up, record_world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_deleted_record_is_gone_everywhere_and_nobody_is_subscribed),
        TEST(deleting_what_is_missing_succeeds),
        TEST(who_may_not_delete_is_refused),
        TEST(B17_a_deletion_that_fails_is_an_error_and_nobody_else_hears_of_it),
        cmocka_unit_test_setup_teardown(a_deletion_that_is_not_answered_is_one_error,
                                        record_world_set_up_hasty, record_world_tear_down),
        TEST(B17_no_write_that_came_before_lands_behind_the_deletion),
        TEST(a_read_that_overlaps_a_deletion_does_not_bring_the_record_back),
        TEST(a_notification_tells_subscribers_what_the_database_has),
        TEST(the_acknowledgement_of_a_notification_waits_for_every_name),
        TEST(B13_a_notification_about_nothing_is_acknowledged),
        TEST(a_cache_that_does_not_forget_fails_the_notification),
        TEST(a_name_that_does_not_load_does_not_stop_a_notification),
        TEST(F11_a_hot_write_has_a_real_version_and_a_real_acknowledgement),
        TEST(a_hot_write_goes_on_from_what_only_the_storage_has),
        TEST(a_hot_patch_is_refused_before_any_question),
        TEST(other_writes_to_hot_names_go_the_usual_way),
        TEST(a_hot_write_that_is_not_fit_or_not_allowed_or_not_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
