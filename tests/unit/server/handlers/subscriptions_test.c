/* Who subscribes to what: both directions, their limits, and what watchers are told. */

#include "handlers/subscriptions.h"
#include "support/handler_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct handler_world world;
static struct subscriptions *subscriptions;

static const struct subscriptions_settings SETTINGS = {
    .topic = TOPIC_EVENT,
    .subscribe_action = EVENT_SUBSCRIBE,
    .multiple_action = EVENT_MULTIPLE_SUBSCRIPTIONS,
    .slot = SESSION_SLOT_EVENT_SUBSCRIPTIONS,
    .state_set = STATE_EVENT_SUBSCRIPTIONS,
};

/* Sessions end with their subscriptions, as in a handler. */
static void drop_on_close(void *self, struct session *session)
{
    (void)self;
    subscriptions_drop_session(subscriptions, session);
}

static const struct handler handler = {.on_close = drop_on_close};

static int set_up(void **state)
{
    (void)state;
    handler_world_init(&world);
    subscriptions = subscriptions_new(&world.services, &SETTINGS);
    pipeline_add_handler(world.memory.pipeline, TOPIC_EVENT, &handler);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handler_world_leave(&world);
    subscriptions_free(&subscriptions);
    handler_world_fini(&world);
    return 0;
}

static struct memory_client *login(const char *user)
{
    return memory_login(&world.memory, user);
}

static bool add(struct memory_client *client, const char *name)
{
    return subscriptions_add(subscriptions, client->session, slice_of(name), 0);
}

static size_t count_of(const char *name)
{
    size_t count;
    subscriptions_of(subscriptions, slice_of(name), &count);
    return count;
}

static void a_subscription_is_found_from_both_sides(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    assert_true(add(bo, "news"));
    assert_true(add(al, "news"));
    assert_true(add(al, "sport"));
    assert_int_equal(count_of("news"), 2);
    assert_int_equal(count_of("sport"), 1);
    assert_int_equal(count_of("other"), 0);
    assert_true(subscriptions_has(subscriptions, al->session, SLICE("sport")));
    assert_false(subscriptions_has(subscriptions, bo->session, SLICE("sport")));

    assert_true(subscriptions_remove(subscriptions, bo->session, SLICE("news")));
    assert_false(subscriptions_remove(subscriptions, bo->session, SLICE("news")));
    assert_false(subscriptions_remove(subscriptions, bo->session, SLICE("other")));
    size_t count;
    void *const *left = subscriptions_of(subscriptions, SLICE("news"), &count);
    assert_int_equal(count, 1);
    assert_ptr_equal(left[0], al->session);
}

static void the_cluster_knows_a_name_as_long_as_somebody_subscribes(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    assert_false(subscriptions_exist(subscriptions, SLICE("news")));
    add(bo, "news");
    add(al, "news");
    memory_disconnect(bo);
    assert_true(subscriptions_exist(subscriptions, SLICE("news")));
    memory_disconnect(al);
    assert_false(subscriptions_exist(subscriptions, SLICE("news")));
    assert_int_equal(count_of("news"), 0);
}

static void a_repeated_subscription_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    add(bo, "news");
    assert_true(add(bo, "news"));
    expect_refusal(bo, TOPIC_EVENT, EVENT_MULTIPLE_SUBSCRIPTIONS, "news", NULL, EVENT_SUBSCRIBE,
                   false);
    assert_true(memory_logged(&world.memory, "MULTIPLE_SUBSCRIPTIONS", "news"));
    assert_int_equal(count_of("news"), 1);
    subscriptions_add(subscriptions, bo->session, SLICE("news"), EVENT_LISTEN);
    expect_refusal(bo, TOPIC_EVENT, EVENT_MULTIPLE_SUBSCRIPTIONS, "news", NULL, EVENT_LISTEN,
                   false);
    assert_true(subscriptions_remove(subscriptions, bo->session, SLICE("news")));
    assert_int_equal(count_of("news"), 0);
}

static void a_session_has_a_bounded_number_of_subscriptions(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al");
    world.memory.settings.max_subscriptions = 2;
    assert_true(add(bo, "one"));
    assert_true(add(bo, "two"));
    assert_false(add(bo, "three"));
    expect_refusal(bo, TOPIC_EVENT, EVENT_MULTIPLE_SUBSCRIPTIONS, "three", NULL, EVENT_SUBSCRIBE,
                   false);
    assert_true(memory_logged(&world.memory, "LIMIT_EXCEEDED", "three"));
    assert_true(add(al, "three"));
    subscriptions_remove(subscriptions, bo->session, SLICE("one"));
    assert_true(add(bo, "three"));
}

static void long_names_use_a_session_s_share_up(void **state)
{
    (void)state;
    static char name[100000];
    struct memory_client *bo = login("bo");
    world.memory.settings.max_subscriptions = 1000;
    world.memory.settings.max_message_bytes = 200000;
    size_t accepted = 0;
    memset(name, 'x', sizeof name);
    for (size_t i = 0; i < 100; i++) {
        name[i] = 'y';
        slice text = {name, sizeof name};
        accepted += subscriptions_add(subscriptions, bo->session, text, 0);
    }
    assert_int_equal(accepted, (1000 * 256 + 200000) / 100000);
}

static void who_has_left_subscribes_to_nothing(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    struct session *session = session_retain(bo->session);
    memory_disconnect(bo);
    assert_false(subscriptions_add(subscriptions, session, SLICE("late"), 0));
    assert_int_equal(count_of("late"), 0);
    session_release(&session);
}

static void the_bulk_forms_acknowledge_once_with_the_same_id(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo");
    const slice names[] = {SLICE("a"), SLICE("b"), SLICE("a")};
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
    message_set_names(&message, names, 3);
    MESSAGE_SET(&message, correlation_id, SLICE("7"));
    subscriptions_add_all(subscriptions, bo->session, &message);
    expect_refusal(bo, TOPIC_EVENT, EVENT_MULTIPLE_SUBSCRIPTIONS, "a", NULL, EVENT_SUBSCRIBE,
                   false);
    expect_ack(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "7");
    message.action = EVENT_UNSUBSCRIBE;
    subscriptions_remove_all(subscriptions, bo->session, &message);
    expect_ack(bo, TOPIC_EVENT, EVENT_UNSUBSCRIBE, NULL, "7");
    memory_expect_nothing(bo);
    assert_int_equal(count_of("a") + count_of("b"), 0);
}

/* ---- watching ---- */

struct witnessed {
    size_t made, firsts, removed, lasts;
};

static void note_made(void *context, slice name, struct session *session, bool is_first)
{
    struct witnessed *witnessed = context;
    witnessed->made++;
    witnessed->firsts += is_first;
    assert_true(subscriptions_has(subscriptions, session, name));
}

static void note_removed(void *context, slice name, struct session *session, bool is_last)
{
    struct witnessed *witnessed = context;
    witnessed->removed++;
    witnessed->lasts += is_last;
    assert_false(subscriptions_has(subscriptions, session, name));
    assert_int_equal(is_last, !subscriptions_exist(subscriptions, name));
}

static void the_watcher_is_told_of_each_and_of_first_and_last(void **state)
{
    (void)state;
    struct witnessed witnessed = {0};
    const struct subscription_watcher watcher = {&witnessed, note_made, note_removed};
    struct memory_client *bo = login("bo"), *al = login("al"), *cy = login("cy");
    subscriptions_watch(subscriptions, &watcher);
    add(bo, "news");
    add(al, "news");
    add(al, "sport");
    add(cy, "news");
    assert_int_equal(witnessed.made, 4);
    assert_int_equal(witnessed.firsts, 2);
    memory_disconnect(al);
    assert_int_equal(witnessed.removed, 2);
    assert_int_equal(witnessed.lasts, 1);
    subscriptions_drop_name(subscriptions, SLICE("news"));
    assert_int_equal(witnessed.removed, 4);
    assert_int_equal(witnessed.lasts, 2);
    assert_int_equal(count_of("news"), 0);
    memory_expect_nothing(bo);
    memory_expect_nothing(cy);
}

/* ---- sending ---- */

static void a_message_reaches_all_but_one(void **state)
{
    (void)state;
    struct memory_client *bo = login("bo"), *al = login("al"), *cy = login("cy");
    add(bo, "news");
    add(al, "news");
    add(cy, "sport");
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, SLICE("news"));
    assert_int_equal(
        subscriptions_send(subscriptions, SLICE("news"), &message, bo->session, SEND_TO_CLUSTER),
        1);
    expect_name(al, TOPIC_EVENT, EVENT_EMIT, "news");
    memory_expect_nothing(bo);
    memory_expect_nothing(cy);
    assert_int_equal(
        subscriptions_send(subscriptions, SLICE("none"), &message, NULL, SEND_LOCAL_ONLY), 0);
}

/* ---- many ---- */

#define SESSIONS 40
#define NAMES 60

static void any_order_of_making_and_ending_keeps_both_sides_alike(void **state)
{
    (void)state;
    static bool model[SESSIONS][NAMES];
    struct memory_client *clients[SESSIONS];
    char names[NAMES][16];
    for (int i = 0; i < SESSIONS; i++)
        clients[i] = login("many");
    for (int i = 0; i < NAMES; i++)
        snprintf(names[i], sizeof names[i], "n%d", i);
    unsigned random = 12345;
    for (int step = 0; step < 20000; step++) {
        random = random * 1103515245u + 12345u;
        size_t who = random >> 16 & 0xffff, what = (who / SESSIONS) % NAMES;
        who %= SESSIONS;
        slice name = slice_of(names[what]);
        bool made = !model[who][what];
        if (made)
            assert_true(add(clients[who], names[what]));
        else
            assert_true(subscriptions_remove(subscriptions, clients[who]->session, name));
        model[who][what] = made;
    }
    for (int what = 0; what < NAMES; what++) {
        size_t expected = 0;
        for (int who = 0; who < SESSIONS; who++) {
            expected += model[who][what];
            assert_int_equal(
                subscriptions_has(subscriptions, clients[who]->session, slice_of(names[what])),
                model[who][what]);
        }
        assert_int_equal(count_of(names[what]), expected);
    }
    for (int who = 0; who < SESSIONS; who++)
        memory_disconnect(clients[who]);
    for (int what = 0; what < NAMES; what++)
        assert_int_equal(count_of(names[what]), 0);
}

/* ---- a cluster ---- */

static void the_bus_is_used_only_when_another_node_has_a_subscriber(void **state)
{
    (void)state;
    struct memory_cluster cluster;
    struct handler_world here;
    memory_cluster_init(&cluster);
    handler_world_init_in(&here, &cluster, "here");
    const struct cluster *there = memory_cluster_join(&cluster, "there");
    struct subscriptions *ours = subscriptions_new(&here.services, &SETTINGS);
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, SLICE("news"));

    subscriptions_send(ours, SLICE("news"), &message, NULL, SEND_TO_CLUSTER);
    assert_int_equal(cluster.sent, 0);
    there->states->add(there->states_self, STATE_EVENT_SUBSCRIPTIONS, SLICE("news"));
    assert_true(subscriptions_exist(ours, SLICE("news")));
    subscriptions_send(ours, SLICE("news"), &message, NULL, SEND_LOCAL_ONLY);
    assert_int_equal(cluster.sent, 0);
    subscriptions_send(ours, SLICE("news"), &message, NULL, SEND_TO_CLUSTER);
    assert_int_equal(cluster.sent, 1);

    subscriptions_free(&ours);
    handler_world_fini(&here);
    memory_cluster_fini(&cluster);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_subscription_is_found_from_both_sides),
        TEST(the_cluster_knows_a_name_as_long_as_somebody_subscribes),
        TEST(a_repeated_subscription_is_refused_and_changes_nothing),
        TEST(a_session_has_a_bounded_number_of_subscriptions),
        TEST(long_names_use_a_session_s_share_up),
        TEST(who_has_left_subscribes_to_nothing),
        TEST(the_bulk_forms_acknowledge_once_with_the_same_id),
        TEST(the_watcher_is_told_of_each_and_of_first_and_last),
        TEST(a_message_reaches_all_but_one),
        TEST(any_order_of_making_and_ending_keeps_both_sides_alike),
        TEST(the_bus_is_used_only_when_another_node_has_a_subscriber),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
