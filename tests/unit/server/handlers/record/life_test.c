/* The end of the handler, the drain, bounds of what is on its way to the storage, other nodes. */

#include "record_world.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- drain ---- */

static void note(void *context)
{
    *(bool *)context = true;
}

static bool is_noted(void *context)
{
    return *(bool *)context;
}

static void an_idle_handler_is_drained_at_once(void **state)
{
    (void)state;
    bool is_drained = false;
    record_handler_drain(world.records, note, &is_drained);
    memory_run_until(&world.node.memory, is_noted, &is_drained);
}

static void the_drain_waits_for_queued_writes_and_for_the_storage(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    bool is_drained = false;
    store_put(&world.cache, "r", 0, "{}");
    world.cache.is_late[STORE_SET] = world.storage.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "[1]", .id = "1");
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[2]");
    record_handler_drain(world.records, note, &is_drained);
    while (store_answer(&world.cache)) {
    }
    assert_true(store_answer(&world.storage));
    uv_run(&world.node.memory.loop, UV_RUN_NOWAIT);
    assert_false(is_drained);
    assert_true(store_answer(&world.storage));
    memory_run_until(&world.node.memory, is_noted, &is_drained);
    expect_stored("r", 2, "[2]");
}

static void free_records(void *context)
{
    record_handler_free(&world.records);
    *(bool *)context = true;
}

static void who_is_told_of_the_drain_may_free_the_handler(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    bool is_drained = false;
    store_put(&world.cache, "r", 0, "{}");
    world.storage.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "[1]", .id = "1");
    record_handler_drain(world.records, free_records, &is_drained);
    store_answer(&world.storage);
    memory_run_until(&world.node.memory, is_noted, &is_drained);
    expect_written(bo, "r", "1");
}

/* ---- the end ---- */

static void the_end_answers_what_is_pending_and_late_answers_meet_nobody(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al"), *cy = login("cy"), *di = login("di"),
                         *ed = login("ed"), *fa = login("fa");
    store_put(&world.cache, "r", 0, "{}");
    store_put(&world.cache, "s", 0, "{}");
    world.storage.is_late[STORE_SET] = true;
    say_write(fa, .action = RECORD_UPDATE, .name = "s", .version = 1, .data = "[1]", .id = "6");
    world.cache.is_late[STORE_SET] = world.storage.is_late[STORE_GET] = true;
    world.storage.is_late[STORE_REMOVE] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "[1]", .id = "1");
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[2]", .id = "2");
    say(cy, TOPIC_RECORD, RECORD_READ, "x");
    say_names(di, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    expect_ack_names(di, RECORD_SUBSCRIBECREATEANDREAD, "1", "r", NULL);
    say(ed, TOPIC_RECORD, RECORD_DELETE, "y");
    size_t sets = world.storage.calls[STORE_SET];
    record_handler_free(&world.records);
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_UPDATE, "1");
    expect_error(al, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_UPDATE, "2");
    expect_error(cy, RECORD_RECORD_LOAD_ERROR, "x", RECORD_READ, NULL);
    expect_refusal(di, TOPIC_RECORD, RECORD_RECORD_CREATE_ERROR, "r", "1",
                   RECORD_SUBSCRIBECREATEANDREAD, true);
    expect_error(ed, RECORD_RECORD_DELETE_ERROR, "y", RECORD_DELETE, NULL);
    expect_error(fa, RECORD_RECORD_UPDATE_ERROR, "s", RECORD_UPDATE, "6");
    while (store_answer(&world.cache) || store_answer(&world.storage)) {
    }
    assert_int_equal(world.storage.calls[STORE_SET], sets);
}

static void a_verdict_that_comes_after_the_end_meets_nobody(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    world.decides_late = true;
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = 1, .data = "{}",
              .id = "1");
    record_handler_free(&world.records);
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_CREATEANDUPDATE, "1");
    decide(DS_ALLOW);
    memory_expect_nothing(bo);
    expect_cached("r", -1, NULL);
}

/* ---- bounds ---- */

static void a_writer_waits_when_too_much_is_on_its_way_to_the_storage(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    const int32_t many = 24;
    struct buf data = BUF_EMPTY;
    buf_append_text(&data, "[\"");
    memset(buf_extend(&data, 1 << 20), 'x', 1 << 20);
    buf_append_text(&data, "\"]");
    buf_append_byte(&data, '\0');
    store_put(&world.cache, "r", 0, "{}");
    world.storage.is_late[STORE_SET] = true;
    for (int32_t i = 1; i <= many; i++)
        say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = i, .data = data.at);
    int32_t accepted = store_version(&world.cache, "r", NULL);
    assert_true(accepted >= 16 && accepted < 20);
    while (store_answer(&world.storage)) {
    }
    assert_int_equal(store_version(&world.storage, "r", NULL), many);
    buf_fini(&data);
}

/* ---- other nodes ---- */

static struct memory_cluster nodes;
static struct handler_world other;
static struct record_handler *other_records;

static void enter_cluster(struct record_world *self)
{
    handler_world_leave(&self->node);
    record_handler_free(&self->records);
    handler_world_fini(&self->node);
    memory_cluster_init(&nodes);
    handler_world_init_in(&self->node, &nodes, "one");
    handler_world_init_in(&other, &nodes, "two");
    self->records = record_handler_new(&self->node.services, &self->settings);
    other_records = record_handler_new(&other.services, &self->settings);
    pipeline_add_handler(self->node.memory.pipeline, TOPIC_RECORD,
                         record_handler_table(self->records));
    pipeline_add_handler(other.memory.pipeline, TOPIC_RECORD, record_handler_table(other_records));
}

static int set_up_two(void **state)
{
    record_world_set_up(state);
    enter_cluster(&world);
    return 0;
}

static int tear_down_two(void **state)
{
    handler_world_leave(&other);
    record_handler_free(&other_records);
    record_world_tear_down(state);
    handler_world_fini(&other);
    memory_cluster_fini(&nodes);
    return 0;
}

static struct memory_client *subscribed_there(const char *user, const char *name)
{
    struct memory_client *client = memory_login(&other.memory, user);
    say_names(client, TOPIC_RECORD, RECORD_SUBSCRIBE, "s", name, NULL);
    expect_ack(client, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "s");
    return client;
}

static void changes_reach_the_subscribers_of_other_nodes(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed_there("al", "r");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}");
    say_write(bo, .action = RECORD_PATCH, .name = "r", .version = 2, .path = "a", .data = "1");
    say_write(bo, .action = RECORD_PATCH_MULTI, .name = "r", .version = 3,
              .data = "[{\"path\":\"b\",\"data\":1}]");
    say(bo, TOPIC_RECORD, RECORD_DELETE, "r");
    memory_cluster_deliver(&nodes);
    expect(al, .action = RECORD_UPDATE, .name = "r", .has_version = true, .version = 1,
           .data = "{}");
    expect(al, .action = RECORD_PATCH, .name = "r", .has_version = true, .version = 2, .path = "a",
           .data = "1");
    expect(al, .action = RECORD_PATCH_MULTI, .name = "r", .has_version = true, .version = 3,
           .data = "[{\"path\":\"b\",\"data\":1}]");
    expect_name(bo, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_name(al, TOPIC_RECORD, RECORD_DELETED, "r");
    say_write(bo, .action = RECORD_CREATEANDUPDATE, .name = "r", .version = -1, .data = "{}");
    memory_cluster_deliver(&nodes);
    memory_expect_nothing(al); /* is not subscribed any more */
    assert_int_equal(other.memory.permission.asked.count, 1);
}

static void a_notification_reaches_the_subscribers_of_other_nodes(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = subscribed_there("al", "r"),
                         *cy = subscribed_there("cy", "s");
    store_put(&world.storage, "r", 5, "[5]");
    store_put(&world.cache, "s", 5, "[5]");
    say_names(bo, TOPIC_RECORD, RECORD_NOTIFY, "7", "r", "s", NULL);
    expect_ack_names(bo, RECORD_NOTIFY, "7", "r", "s", NULL);
    memory_cluster_deliver(&nodes);
    expect_update(al, "r", 5, "[5]");
    expect_name(cy, TOPIC_RECORD, RECORD_DELETED, "s");
    memory_expect_nothing(al);
    memory_expect_nothing(bo);
}

static void of_two_nodes_that_write_at_once_one_wins_and_none_is_lost(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = memory_login(&other.memory, "al");
    store_put(&world.cache, "r", 1, "{}");
    world.cache.is_late[STORE_SET] = true; /* both have read version 1 then */
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[\"bo\"]",
              .id = "1");
    say_write(al, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "[\"al\"]",
              .id = "1");
    while (store_answer(&world.cache)) {
    }
    expect_written(bo, "r", "1");
    expect(al, .action = RECORD_VERSION_EXISTS, .name = "r", .has_version = true, .version = 2,
           .data = "[\"bo\"]", .id = "1", .has_write_ack = true, .write_ack = true,
           .is_error = true, .original_action = RECORD_UPDATE);
    expect_cached("r", 2, "[\"bo\"]");
}

static void a_write_that_waits_while_another_node_deletes_is_answered(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = memory_login(&other.memory, "al");
    store_put(&world.cache, "r", 1, "{}");
    store_put(&world.storage, "r", 1, "{}");
    world.cache.is_late[STORE_SET] = true;
    say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 2, .data = "{}", .id = "1");
    say(al, TOPIC_RECORD, RECORD_DELETE, "r");
    memory_cluster_deliver(&nodes);
    while (store_answer(&world.cache)) {
    }
    expect_name(al, TOPIC_RECORD, RECORD_DELETE_SUCCESS, "r");
    expect_error(bo, RECORD_RECORD_UPDATE_ERROR, "r", RECORD_UPDATE, "1");
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, record_world_set_up, record_world_tear_down)
#define TEST_TWO(name) cmocka_unit_test_setup_teardown(name, set_up_two, tear_down_two)
    const struct CMUnitTest tests[] = {
        TEST(an_idle_handler_is_drained_at_once),
        TEST(the_drain_waits_for_queued_writes_and_for_the_storage),
        TEST(who_is_told_of_the_drain_may_free_the_handler),
        TEST(the_end_answers_what_is_pending_and_late_answers_meet_nobody),
        TEST(a_verdict_that_comes_after_the_end_meets_nobody),
        TEST(a_writer_waits_when_too_much_is_on_its_way_to_the_storage),
        TEST_TWO(changes_reach_the_subscribers_of_other_nodes),
        TEST_TWO(a_notification_reaches_the_subscribers_of_other_nodes),
        TEST_TWO(of_two_nodes_that_write_at_once_one_wins_and_none_is_lost),
        TEST_TWO(a_write_that_waits_while_another_node_deletes_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
