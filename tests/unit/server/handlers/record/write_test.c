/* Writes: actions, versions, conflicts, what the author is told and what others get (behaviour.md
 * 5.3 to 5.5, protocol.md 2.6). */

#include "record_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- what is written, and what subscribers get ---- */

static void an_update_replaces_the_document_and_reaches_subscribers_but_its_author(void **state)
{
    (void)state;
    struct memory_client *bo = subscribed("bo", "r"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 0, "{}");
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "{\"a\": 1}");
    expect_update(al, "r", 1, "{\"a\": 1}");
    memory_expect_nothing(bo);
    expect_cached("r", 1, "{\"a\": 1}");
    expect_stored("r", 1, "{\"a\": 1}");
    assert_int_equal(store_reported(&world.cache, "r"), 1);
}

static void an_acknowledged_patch_changes_what_its_path_names(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 2, "{\"a\":1}");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 3, .path = "b.c[2]", .data = "4",
              .id = "w2");
    expect_written(bo, "r", "w2");
    expect_patch(al, "r", 3, "b.c[2]", "4");
    expect_cached("r", 3, "{\"a\":1,\"b\":{\"c\":[null,null,4]}}");
    expect_stored("r", 3, "{\"a\":1,\"b\":{\"c\":[null,null,4]}}");
}

static void an_erase_arrives_as_a_patch_without_data(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 3, "{\"a\":1,\"b\":2}");
    say_write(bo, .action = RECORD_ERASE, .name = "r", .version = 4, .path = "a");
    expect_patch(al, "r", 4, "a", NULL);
    expect_cached("r", 4, "{\"b\":2}");
}

static void a_patch_without_data_deletes(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 3, "{\"a\":1,\"b\":2}");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = -1, .path = "a");
    expect_cached("r", 4, "{\"b\":2}");
    assert_int_equal(asked_action(0), RECORD_PATCH);
}

static void a_multi_patch_is_one_version_and_all_or_nothing(void **state)
{
    static const char *const list = "[{\"path\":\"a\",\"data\":5},{\"path\":\"b\"}]";
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 1, "{\"b\":2}");
    say_write(bo, .action = RECORD_PATCH_MULTI, .name = "r", .version = 2, .data = list);
    expect(al, .action = RECORD_PATCH_MULTI, .name = "r", .has_version = true, .version = 2,
           .data = list, .has_write_ack = true);
    expect_cached("r", 2, "{\"a\":5}");
    assert_int_equal(asked_action(1), RECORD_PATCH_MULTI);
    assert_string_equal(asked_data(1), "{\"a\":5}");
    say_write(bo, .action = RECORD_PATCH_MULTI, .name = "r", .version = 3,
              .data = "[{\"path\":\"c\",\"data\":5},{\"path\":\"\",\"data\":1}]", .id = "1");
    expect(bo, .action = RECORD_INVALID_MESSAGE_DATA, .name = "r", .has_version = true,
           .version = 3, .data = "[{\"path\":\"c\",\"data\":5},{\"path\":\"\",\"data\":1}]",
           .id = "1", .has_write_ack = true, .write_ack = true, .is_error = true,
           .original_action = RECORD_PATCH_MULTI);
    expect_cached("r", 2, "{\"a\":5}");
    memory_expect_nothing(al);
}

static void a_forced_write_gets_the_next_version(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 6, "{}");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1,
              .data = "{\"a\":1}");
    expect_update(al, "r", 7, "{\"a\":1}");
    say_write(bo, .action = RECORD_CREATEANDPATCH, .name = "r", .version = -1, .path = "b",
              .data = "2");
    expect_patch(al, "r", 8, "b", "2");
    expect_cached("r", 8, "{\"a\":1,\"b\":2}");
}

static void an_upsert_starts_at_version_1_and_from_an_empty_object(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "a", .version = 1, .data = "[1]",
              .id = "1");
    expect_written(bo, "a", "1");
    expect_cached("a", 1, "[1]");
    say_write(bo, .action = RECORD_CREATEANDPATCH, .name = "b", .version = -1, .path = "x.y",
              .data = "1", .id = "2");
    expect_written(bo, "b", "2");
    expect_stored("b", 1, "{\"x\":{\"y\":1}}");
}

static void a_record_that_only_storage_has_is_written_on(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.storage, "r", 4, "{\"a\":1}");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 5, .path = "b", .data = "2",
              .id = "1");
    expect_written(bo, "r", "1");
    expect_cached("r", 5, "{\"a\":1,\"b\":2}");
    expect_stored("r", 5, "{\"a\":1,\"b\":2}");
    assert_int_equal(world.cache.calls[STORE_SET], 1);
}

static void an_excluded_record_is_written_to_the_cache_alone(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "gone/r", .version = -1, .data = "{}",
              .id = "1");
    expect_written(bo, "gone/r", "1");
    expect_cached("gone/r", 1, "{}");
    assert_int_equal(world.storage.calls[STORE_SET], 0);
    assert_int_equal(store_reported(&world.cache, "gone/r"), DS_MISSING); /* never to be dropped */
}

static void without_storage_the_cache_acknowledges(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}",
              .id = "1");
    expect_written(bo, "r", "1");
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    expect_name(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_cached("r", -1, NULL);
    assert_int_equal(world.storage.calls[STORE_GET], 0);
}

/* ---- versions ---- */

static void of_two_writers_of_one_version_the_second_learns_what_stands_there(void **state)
{
    (void)state;
    struct memory_client *bo = subscribed("bo", "r"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 1, "{}");
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{\"by\":\"bo\"}",
              .id = "x1");
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{\"by\":\"al\"}",
              .id = "x2");
    expect_update(al, "r", 2, "{\"by\":\"bo\"}");
    expect(al, .action = RECORD_VERSION_EXISTS, .name = "r", .has_version = true, .version = 2,
           .data = "{\"by\":\"bo\"}", .id = "x2", .has_write_ack = true, .write_ack = true,
           .is_error = true, .original_action = RECORD_UPDATE);
    expect_written(bo, "r", "x1");
    memory_expect_nothing(al);
}

static void F10_a_gap_in_versions_is_an_error_with_the_current_version(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 5, "{}");
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 50, .data = "{\"a\":1}",
              .id = "w5");
    expect(bo, .action = RECORD_INVALID_VERSION, .name = "r", .has_version = true, .version = 5,
           .data = "{\"a\":1}", .id = "w5", .has_write_ack = true, .write_ack = true,
           .is_error = true, .original_action = RECORD_UPDATE);
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 7, .path = "a", .data = "1");
    expect(bo, .action = RECORD_INVALID_VERSION, .name = "r", .has_version = true, .version = 5,
           .path = "a", .data = "1", .is_error = true, .original_action = RECORD_PATCH);
    expect_cached("r", 5, "{}");
}

static void versions_that_are_past_or_absent_are_taken(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 5, "{\"a\":1}");
    static const int versions[] = {5, 4, 0, -2, INT32_MIN};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = versions[i], .data = "{}");
        expect(bo, .action = RECORD_VERSION_EXISTS, .name = "r", .has_version = true, .version = 5,
               .data = "{\"a\":1}", .is_error = true, .original_action = RECORD_UPDATE);
    }
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .has_no_version = true, .data = "{}");
    expect(bo, .action = RECORD_VERSION_EXISTS, .name = "r", .has_version = true, .version = 5,
           .data = "{\"a\":1}", .is_error = true, .original_action = RECORD_UPDATE);
}

static void a_record_at_the_last_version_takes_no_more_writes(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", INT32_MAX, "{}");
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = -1, .data = "{}", .id = "1");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_UPDATE, "1");
    store_put(&world.cache, "hot/r", INT32_MAX, "{}");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "hot/r", .version = -1, .data = "{}",
              .id = "2");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "hot/r", RECORD_CREATEANDUPDATE, "2");
}

/* ---- what is not fit ---- */

/* echoed: the data that comes back. */
static void expect_unfit_echoing(struct memory_client *client, unsigned action, const char *path,
                                 const char *data, const char *echoed)
{
    say_write(client, .action = action, .name = "r", .version = 2, .path = path, .data = data,
              .id = "1");
    expect(client, .action = RECORD_INVALID_MESSAGE_DATA, .name = "r", .has_version = true,
           .version = 2, .path = path, .data = echoed, .id = "1", .has_write_ack = true,
           .write_ack = true, .is_error = true, .original_action = action);
}

static void expect_unfit(struct memory_client *client, unsigned action, const char *path,
                         const char *data)
{
    expect_unfit_echoing(client, action, path, data, data);
}

/* Clients throw at `data` that is not JSON. */
static void expect_unreadable(struct memory_client *client, unsigned action, const char *path,
                              const char *data)
{
    expect_unfit_echoing(client, action, path, data, NULL);
}

static void F10_payloads_and_paths_that_are_not_fit_are_errors(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 1, "{\"null\":null}");
    expect_unreadable(bo, RECORD_UPDATE, NULL, "{");
    expect_unfit(bo, RECORD_UPDATE, NULL, "5");
    expect_unfit(bo, RECORD_UPDATE, NULL, "null");
    expect_unfit(bo, RECORD_UPDATE, NULL, NULL);
    expect_unfit(bo, RECORD_CREATEANDUPDATE, NULL, "\"text\"");
    expect_unreadable(bo, RECORD_UPDATE, NULL, "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]");
    expect_unreadable(bo, RECORD_PATCH, "a", "nonsense");
    expect_unfit(bo, RECORD_PATCH, "__proto__.x", "1");
    expect_unfit(bo, RECORD_PATCH, "a[-1]", "1");
    expect_unfit(bo, RECORD_PATCH, ".", "1");
    expect_unfit(bo, RECORD_PATCH, "null.x", "1");
    expect_unfit(bo, RECORD_PATCH, "a.b.c.d.e.f.g.h", "[[[[[[[[[1]]]]]]]]]");
    expect_unfit(bo, RECORD_PATCH_MULTI, NULL, "[]");
    expect_unfit(bo, RECORD_PATCH_MULTI, NULL, "{}");
    expect_unfit(bo, RECORD_PATCH_MULTI, NULL, NULL);
    expect_unfit(bo, RECORD_ERASE, NULL, NULL);
    expect_cached("r", 1, "{\"null\":null}");
    memory_expect_nothing(bo);
}

static void what_is_stored_and_no_document_cannot_be_patched(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 1, "5");
    store_put(&world.cache, "s", 1, "broken");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 2, .path = "a", .data = "1");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_PATCH, NULL);
    say_write(bo, .action = RECORD_PATCH, .name = "s", .version = 2, .path = "a", .data = "1");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "s", RECORD_PATCH, NULL);
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{}", .id = "1");
    expect_written(bo, "r", "1");
}

/* ---- missing records ---- */

static void H11_B3_updates_and_patches_never_create(void **state)
{
    static const struct said writes[] = {
        {.action = RECORD_UPDATE, .data = "{}"},
        {.action = RECORD_PATCH, .path = "a", .data = "1"},
        {.action = RECORD_ERASE, .path = "a"},
        {.action = RECORD_PATCH_MULTI, .data = "[{\"path\":\"a\",\"data\":1}]"},
    };
    (void)state;
    struct memory_client *bo = login("bo");
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        say_write(bo, .action = writes[i].action, .name = "new", .version = 1,
                  .path = writes[i].path, .data = writes[i].data);
        expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "new", writes[i].action, NULL);
        say_write(bo, .action = writes[i].action, .name = "new", .version = 1,
                  .path = writes[i].path, .data = writes[i].data, .id = "1");
        expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "new", writes[i].action, "1");
    }
    expect_cached("new", -1, NULL);
    assert_int_equal(world.cache.calls[STORE_SET], 0);
}

static void a_patch_of_a_missing_record_is_undecided_where_the_rule_needs_its_outcome(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.undecided_data = ""; /* as rules that read `data` find what is no JSON */
    say_write(bo, .action = RECORD_PATCH, .name = "new", .version = 1, .path = "a", .data = "1");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_PERMISSION_ERROR, "new", NULL, RECORD_PATCH,
                   true);
    memory_expect_nothing(bo);
}

/* ---- errors of cache and storage ---- */

static void a_cache_that_does_not_write_is_one_error_to_the_author(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    world.cache.errors[STORE_SET] = "full";
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}",
              .id = "1");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_CREATEANDUPDATE, "1");
    memory_expect_nothing(bo);
    memory_expect_nothing(al);
    assert_int_equal(world.storage.calls[STORE_SET], 0);
    assert_true(memory_logged(&world.node.memory, "RECORD_UPDATE_ERROR", "full"));
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_CREATEANDUPDATE, NULL);
}

static void B4_a_failing_storage_is_no_acknowledgement(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    world.storage.errors[STORE_SET] = "disk full";
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}",
              .id = "1");
    expect_update(al, "r", 1, "{}");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_CREATEANDUPDATE, "1");
    assert_true(memory_logged(&world.node.memory, "STORAGE_ERROR", "disk full"));
    assert_int_equal(store_reported(&world.cache, "r"), DS_MISSING);
    /* without an acknowledgement: the log alone says so */
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{}");
    memory_expect_nothing(bo);
    expect_cached("r", 2, "{}");
}

static void B6_each_acknowledgement_goes_to_its_own_author(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    store_put(&world.cache, "r", 0, "{}");
    world.storage.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "[1]", .id = "1");
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[2]", .id = "1");
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 3, .data = "[3]", .id = "2");
    expect_cached("r", 3, "[3]");
    memory_expect_nothing(bo);
    assert_true(store_answer(&world.storage));
    expect_written(bo, "r", "1");
    memory_expect_nothing(al);
    assert_int_equal(store_reported(&world.cache, "r"), 1);
    assert_true(store_answer(&world.storage));
    expect_written(al, "r", "1");
    assert_true(store_answer(&world.storage));
    expect_written(bo, "r", "2");
    expect_stored("r", 3, "[3]");
}

static void F16_nothing_of_the_authors_message_but_the_change_travels_on(void **state)
{
    (void)state;
    static const slice names[] = {SLICE("forged")};
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    store_put(&world.cache, "r", 0, "{}");
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&message, name, SLICE("r"));
    MESSAGE_SET(&message, version, 1);
    MESSAGE_SET(&message, data, SLICE("{}"));
    MESSAGE_SET(&message, correlation_id, SLICE("7"));
    MESSAGE_SET(&message, is_ack, true);
    MESSAGE_SET(&message, is_error, true);
    MESSAGE_SET(&message, subscription, SLICE("forged"));
    MESSAGE_SET(&message, original_action, RECORD_READ);
    message_set_names(&message, names, 1);
    memory_send(bo, &message);
    expect_update(al, "r", 1, "{}");
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, record_world_set_up, record_world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_update_replaces_the_document_and_reaches_subscribers_but_its_author),
        TEST(an_acknowledged_patch_changes_what_its_path_names),
        TEST(an_erase_arrives_as_a_patch_without_data),
        TEST(a_patch_without_data_deletes),
        TEST(a_multi_patch_is_one_version_and_all_or_nothing),
        TEST(a_forced_write_gets_the_next_version),
        TEST(an_upsert_starts_at_version_1_and_from_an_empty_object),
        TEST(a_record_that_only_storage_has_is_written_on),
        TEST(an_excluded_record_is_written_to_the_cache_alone),
        cmocka_unit_test_setup_teardown(without_storage_the_cache_acknowledges,
                                        record_world_set_up_without_storage,
                                        record_world_tear_down),
        TEST(of_two_writers_of_one_version_the_second_learns_what_stands_there),
        TEST(F10_a_gap_in_versions_is_an_error_with_the_current_version),
        TEST(versions_that_are_past_or_absent_are_taken),
        TEST(a_record_at_the_last_version_takes_no_more_writes),
        TEST(F10_payloads_and_paths_that_are_not_fit_are_errors),
        TEST(what_is_stored_and_no_document_cannot_be_patched),
        TEST(H11_B3_updates_and_patches_never_create),
        TEST(a_patch_of_a_missing_record_is_undecided_where_the_rule_needs_its_outcome),
        TEST(a_cache_that_does_not_write_is_one_error_to_the_author),
        TEST(B4_a_failing_storage_is_no_acknowledgement),
        TEST(B6_each_acknowledgement_goes_to_its_own_author),
        TEST(F16_nothing_of_the_authors_message_but_the_change_travels_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
