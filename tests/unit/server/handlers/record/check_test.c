/* What the rules are asked before a write (valve.md 3.4, 4.1, holes H4, H8 to H11, H28). */

#include "record_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* One question, the one with this number. */
static void expect_question(size_t index, unsigned action, const char *data)
{
    const struct ds_permission_request *request =
        &world.node.memory.permission.asked.items[index]->request;
    assert_true(index < asked_count());
    assert_int_equal(request->action, action);
    assert_int_equal(request->payload, data == NULL ? DS_PAYLOAD_NONE : DS_PAYLOAD_JSON);
    assert_string_equal(asked_data(index), data == NULL ? "" : data);
}

static void H9_the_presence_of_a_path_decides_whatever_the_action_says(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed("al", "r");
    size_t asked = asked_count();
    store_put(&world.cache, "r", 1, "{\"owner\":\"al\"}");
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .path = "a", .data = "1");
    expect_question(asked, RECORD_PATCH, "{\"owner\":\"al\",\"a\":1}");
    expect_patch(al, "r", 2, "a", "1");
    expect_cached("r", 2, "{\"owner\":\"al\",\"a\":1}");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 3, .data = "{\"b\":2}");
    expect_question(asked + 1, RECORD_UPDATE, "{\"b\":2}");
    expect_update(al, "r", 3, "{\"b\":2}");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 4, .path = "",
              .data = "{\"c\":2}");
    expect_question(asked + 2, RECORD_UPDATE, "{\"c\":2}");
    expect_update(al, "r", 4, "{\"c\":2}");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .path = "d",
              .data = "1");
    expect_question(asked + 3, RECORD_CREATE, NULL);
    expect_question(asked + 4, RECORD_PATCH, "{\"c\":2,\"d\":1}");
    expect_patch(al, "r", 5, "d", "1");
}

static void H8_B16_a_creating_patch_is_judged_by_the_patched_document(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    say_write(bo, .action = RECORD_CREATEANDPATCH, .name = "r", .version = -1, .path = "x",
              .data = "{\"owner\":\"bo\"}");
    expect_question(0, RECORD_CREATE, NULL);
    expect_question(1, RECORD_PATCH, "{\"x\":{\"owner\":\"bo\"}}");
    say_write(bo, .action = RECORD_CREATEANDPATCH, .name = "r", .version = -1, .path = "y",
              .data = "1");
    expect_question(2, RECORD_CREATE, NULL); /* also when the record exists */
    expect_question(3, RECORD_PATCH, "{\"x\":{\"owner\":\"bo\"},\"y\":1}");
}

static void H10_an_erase_has_no_payload_and_asks_delete(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 1, "{\"a\":1}");
    say_write(bo, .action = RECORD_ERASE, .name = "r", .version = 2, .path = "a", .data = "9",
              .id = "1");
    expect(bo, .action = RECORD_INVALID_MESSAGE_DATA, .name = "r", .has_version = true,
           .version = 2, .path = "a", .data = "9", .id = "1", .has_write_ack = true,
           .write_ack = true, .is_error = true, .original_action = RECORD_ERASE);
    expect_cached("r", 1, "{\"a\":1}");
    assert_int_equal(asked_count(), 0);
    world.denied_action = RECORD_ERASE;
    say_write(bo, .action = RECORD_ERASE, .name = "r", .version = 2, .path = "a");
    expect_question(0, RECORD_ERASE, NULL);
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "r", NULL, RECORD_ERASE, true);
}

static void H4_a_write_goes_to_its_name_and_to_none_of_its_names(void **state)
{
    static const slice names[] = {SLICE("harmless")};
    (void)state;
    struct memory_client *bo = login("bo");
    world.denied = "secret";
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_CREATEANDUPDATE);
    MESSAGE_SET(&message, name, SLICE("secret"));
    MESSAGE_SET(&message, version, -1);
    MESSAGE_SET(&message, data, SLICE("{}"));
    message_set_names(&message, names, 1);
    memory_send(bo, &message);
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "secret", NULL, RECORD_CREATEANDUPDATE,
                   true);
    expect_cached("secret", -1, NULL);
    expect_cached("harmless", -1, NULL);
}

static void create_and_write_are_both_asked_and_either_refuses(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.denied_action = RECORD_CREATE;
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}",
              .id = "1");
    const struct message *refusal = memory_expect(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED);
    assert_true(refusal->is_write_ack && refusal->is_error);
    assert_int_equal(refusal->original_action, RECORD_CREATEANDUPDATE);
    assert_int_equal(asked_count(), 1);
    world.denied_action = RECORD_UPDATE;
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "r", NULL, RECORD_CREATEANDUPDATE,
                   true);
    expect_cached("r", -1, NULL);
}

static void the_rule_comes_before_version_and_payload(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 5, "{\"secret\":1}");
    world.denied_action = RECORD_UPDATE;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 3, .data = "{}");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "r", NULL, RECORD_UPDATE, true);
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 6, .data = "7");
    expect_refusal(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED, "r", NULL, RECORD_UPDATE, true);
    memory_expect_nothing(bo);
}

/* A rule like data.offer > oldData.offer; the double keeps no record, so the test does. */
static int32_t version_seen;
static char document_seen[64];

static enum double_answer remember_record(void *context,
                                          const struct ds_permission_request *request)
{
    (void)context;
    if (request->record == NULL)
        return ANSWER_ALLOW;
    version_seen = request->record->version;
    size_t length = request->record->data.length;
    assert_true(length < sizeof document_seen);
    if (length > 0)
        memcpy(document_seen, request->record->data.at, length);
    document_seen[length] = '\0';
    return world.decides_late ? ANSWER_LATER : ANSWER_ALLOW;
}

static void H28_a_write_is_judged_on_the_outcome_of_those_before_it(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    world.node.memory.permission.answer = remember_record;
    store_put(&world.cache, "r", 1, "{\"offer\":1}");
    world.decides_late = true;
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1,
              .data = "{\"offer\":5}");
    say_write(al, .action = RECORD_CREATEANDPATCH, .name = "r", .version = -1, .path = "by",
              .data = "\"al\"");
    assert_int_equal(asked_count(), 1); /* al is not asked about yet */
    decide(DS_ALLOW);
    decide(DS_ALLOW);
    expect_cached("r", 2, "{\"offer\":5}");
    assert_int_equal(version_seen, 2);
    assert_string_equal(document_seen, "{\"offer\":5}");
    decide(DS_ALLOW);
    expect_question(3, RECORD_PATCH, "{\"offer\":5,\"by\":\"al\"}");
    decide(DS_ALLOW);
    expect_cached("r", 3, "{\"offer\":5,\"by\":\"al\"}");
}

static void write_by_another_node(struct store_double *store)
{
    store->before_set = NULL;
    store_put(store, "r", 2, "{\"offer\":9}");
}

static void H28_a_conflict_with_another_node_is_judged_anew(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.node.memory.permission.answer = remember_record;
    store_put(&world.cache, "r", 1, "{\"offer\":1}");
    world.cache.before_set = write_by_another_node;
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = -1, .path = "by", .data = "1",
              .id = "1");
    expect_written(bo, "r", "1");
    assert_int_equal(asked_count(), 2);
    assert_int_equal(version_seen, 2);
    assert_string_equal(document_seen, "{\"offer\":9}");
    expect_cached("r", 3, "{\"offer\":9,\"by\":1}");
}

static void a_conflict_with_another_node_over_a_version_is_lost_by_the_later(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 1, "{}");
    world.cache.before_set = write_by_another_node;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{\"by\":\"bo\"}",
              .id = "1");
    expect(bo, .action = RECORD_VERSION_EXISTS, .name = "r", .has_version = true, .version = 2,
           .data = "{\"offer\":9}", .id = "1", .has_write_ack = true, .write_ack = true,
           .is_error = true, .original_action = RECORD_UPDATE);
    expect_cached("r", 2, "{\"offer\":9}");
    assert_int_equal(world.storage.calls[STORE_SET], 0);
}

static void delete_by_another_node(struct store_double *store)
{
    store->before_set = NULL;
    store_put(store, "r", 0, NULL);
}

static void a_record_that_another_node_deleted_is_missing(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 1, "{}");
    world.cache.before_set = delete_by_another_node;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{}", .id = "1");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_UPDATE, "1");
    expect_cached("r", -1, NULL);
}

static int32_t racing_version;

static void always_faster(struct store_double *store)
{
    store_put(store, "r", ++racing_version, "{}");
}

static void who_is_never_fast_enough_is_told_in_the_end(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    racing_version = 1;
    store_put(&world.cache, "r", 1, "{}");
    world.cache.before_set = always_faster;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = -1, .data = "{}", .id = "1");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_UPDATE, "1");
}

/* The text that was checked, also when the message is long gone and its memory used again. */
static void what_was_checked_is_what_is_written_however_late_the_verdict(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    store_put(&world.cache, "r", 1, "{\"a\":1}");
    world.decides_late = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{\"b\":2}",
              .id = "1");
    decide(DS_ALLOW);
    expect_question(0, RECORD_UPDATE, "{\"b\":2}");
    expect_written(bo, "r", "1");
    expect_cached("r", 2, "{\"b\":2}");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 3, .path = "c", .data = "3",
              .id = "2");
    decide(DS_ALLOW);
    expect_question(1, RECORD_PATCH, "{\"b\":2,\"c\":3}");
    expect_written(bo, "r", "2");
    expect_cached("r", 3, "{\"b\":2,\"c\":3}");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 3, .path = "c", .data = "4");
    decide(DS_ALLOW);
    expect(bo, .action = RECORD_VERSION_EXISTS, .name = "r", .has_version = true, .version = 3,
           .data = "{\"b\":2,\"c\":3}", .is_error = true, .original_action = RECORD_PATCH);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, record_world_set_up, record_world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(H9_the_presence_of_a_path_decides_whatever_the_action_says),
        TEST(H8_B16_a_creating_patch_is_judged_by_the_patched_document),
        TEST(H10_an_erase_has_no_payload_and_asks_delete),
        TEST(H4_a_write_goes_to_its_name_and_to_none_of_its_names),
        TEST(create_and_write_are_both_asked_and_either_refuses),
        TEST(the_rule_comes_before_version_and_payload),
        TEST(H28_a_write_is_judged_on_the_outcome_of_those_before_it),
        TEST(H28_a_conflict_with_another_node_is_judged_anew),
        TEST(a_conflict_with_another_node_over_a_version_is_lost_by_the_later),
        TEST(a_record_that_another_node_deleted_is_missing),
        TEST(who_is_never_fast_enough_is_told_in_the_end),
        TEST(what_was_checked_is_what_is_written_however_late_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
