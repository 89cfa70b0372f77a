/* Listening at several nodes: behaviour.md 9, B8. */

#include "support/listening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LOCK "5_LISTEN_LOCK_f/1"

static struct memory_cluster cluster;
enum { NODES = 3 };

static struct listening_node nodes[NODES];
static struct listen_settings cluster_settings;

static int set_up_cluster(void **state)
{
    (void)state;
    static const char *const servers[] = {"n0", "n1", "n2"};
    memory_cluster_init(&cluster);
    cluster_settings = LISTENING_PATIENT;
    cluster_settings.match_cooldown_ms = 30;
    for (size_t i = 0; i < NODES; i++) {
        handler_world_init_in(&nodes[i].world, &cluster, servers[i]);
        listening_node_start(&nodes[i], TOPIC_RECORD, &cluster_settings);
    }
    return 0;
}

static int tear_down_cluster(void **state)
{
    (void)state;
    for (size_t i = 0; i < NODES; i++)
        listening_node_stop(&nodes[i]);
    memory_cluster_fini(&cluster);
    return 0;
}

static struct memory_client *login_at(size_t index, const char *user)
{
    return memory_login(&nodes[index].world.memory, user);
}

static struct memory_client *listener_at(size_t index, const char *user, const char *pattern)
{
    struct memory_client *client = login_at(index, user);
    listen_to(client, pattern);
    expect_listening(client, pattern);
    return client;
}

static void a_provider_on_another_node_is_found_and_heard_of(void **state)
{
    (void)state;
    struct memory_client *p = listener_at(1, "p", "f/.*"), *a = login_at(0, "a"),
                         *b = login_at(1, "b");
    subscribe(a, "f/1");
    expect_subscribed(a);
    expect_found(p, "f/.*", "f/1");
    assert_true(memory_cluster_is_locked(&cluster, LOCK));
    accept_offer(p, "f/.*", "f/1");
    assert_false(memory_cluster_is_locked(&cluster, LOCK));
    expect_provided(a, "f/1");
    subscribe(b, "f/1");
    expect_provided(b, "f/1");
    expect_subscribed(b);
    memory_disconnect(a);
    memory_expect_nothing(p);
    memory_disconnect(b);
    expect_removed(p, "f/.*", "f/1");
}

static void one_node_asks_at_a_time_and_the_next_after_its_failure(void **state)
{
    (void)state;
    struct memory_client *p = listener_at(0, "p", "f/.*"), *q = listener_at(1, "q", "f/.*"),
                         *a = login_at(0, "a");
    subscribe(a, "f/1");
    expect_subscribed(a);
    bool p_first = has_mail(p);
    struct memory_client *first = p_first ? p : q, *second = p_first ? q : p;
    expect_found(first, "f/.*", "f/1");
    memory_expect_nothing(second);
    reject_offer(first, "f/.*", "f/1");
    assert_false(memory_cluster_is_locked(&cluster, LOCK));
    memory_cluster_deliver(&cluster);
    expect_found(second, "f/.*", "f/1");
    accept_offer(second, "f/.*", "f/1");
    expect_provided(a, "f/1");
    memory_expect_nothing(first);
}

/* n0 fails to find a provider for f/1. */
static void fail_at_first(struct memory_client *p)
{
    subscribe(login_at(0, "a"), "f/1");
    expect_found(p, "f/.*", "f/1");
    cluster.sent = cluster.direct = 0;
    reject_offer(p, "f/.*", "f/1");
}

static void told(size_t to_all, size_t to_one)
{
    assert_int_equal(cluster.sent, to_all);
    assert_int_equal(cluster.direct, to_one);
}

static void only_nodes_whose_listeners_may_provide_a_name_are_told_of_a_failure(void **state)
{
    (void)state;
    struct memory_client *p = listener_at(0, "p", "f/.*"), *q = listener_at(1, "q", "f/.*");
    listener_at(0, "p", "other/.*");
    listener_at(2, "r", "other/.*");
    fail_at_first(p);
    told(0, 1);
    memory_cluster_deliver(&cluster);
    expect_found(q, "f/.*", "f/1");
}

static void nobody_is_told_of_a_failure_when_no_other_node_listens(void **state)
{
    (void)state;
    fail_at_first(listener_at(0, "p", "f/.*"));
    told(0, 0);
}

static void a_pattern_that_is_not_known_here_may_match(void **state)
{
    (void)state;
    struct memory_client *p = listener_at(0, "p", "f/.*");
    listener_at(2, "r", "unknown");
    fail_at_first(p);
    told(0, 1);
}

static void a_node_is_told_once_whatever_its_patterns(void **state)
{
    (void)state;
    struct memory_client *p = listener_at(0, "p", "f/.*");
    listener_at(2, "q", "/1");
    listener_at(2, "r", "1$");
    fail_at_first(p);
    told(0, 1);
}

static void all_are_told_with_one_message(void **state)
{
    (void)state;
    struct memory_client *p = listener_at(0, "p", "f/.*");
    listener_at(1, "q", "/1");
    listener_at(2, "r", "1$");
    fail_at_first(p);
    told(1, 0);
}

static void tick(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static bool is_true(void *context)
{
    return *(bool *)context;
}

static void wait_at(size_t index, uint64_t milliseconds)
{
    struct memory_world *world = &nodes[index].world.memory;
    uv_timer_t timer;
    bool is_over = false;
    uv_timer_init(&world->loop, &timer);
    timer.data = &is_over;
    uv_timer_start(&timer, tick, milliseconds, 0);
    memory_run_until(world, is_true, &is_over);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&world->loop, UV_RUN_NOWAIT);
}

static void announce_failure(size_t from)
{
    const struct cluster *node_cluster = nodes[from].world.services.cluster;
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_LISTEN_UNSUCCESSFUL);
    MESSAGE_SET(&message, subscription, SLICE("f/1"));
    node_cluster->bus->send(node_cluster->bus_self, &message);
    memory_cluster_deliver(&cluster);
}

static void B8b_after_an_own_failure_others_are_ignored_until_it_has_cooled_down(void **state)
{
    (void)state;
    struct memory_client *p = listener_at(0, "p", "f/.*"), *a = login_at(0, "a");
    subscribe(a, "f/1");
    expect_subscribed(a);
    expect_found(p, "f/.*", "f/1");
    reject_offer(p, "f/.*", "f/1");
    announce_failure(1);
    memory_expect_nothing(p);
    wait_at(0, cluster_settings.match_cooldown_ms + 1);
    announce_failure(1);
    expect_found(p, "f/.*", "f/1");
}

static void B8f_the_lock_is_held_on_to_with_each_candidate(void **state)
{
    (void)state;
    struct memory_client *listeners[3] = {listener_at(0, "p", "f/.*"), listener_at(0, "q", "f/.*"),
                                          listener_at(0, "r", "f/.*")};
    subscribe(login_at(1, "a"), "f/1");
    for (size_t i = 0; i < 3; i++) {
        expect_found(listeners[i], "f/.*", "f/1");
        assert_int_equal(cluster.renewed, i + 1);
        assert_true(memory_cluster_is_locked(&cluster, LOCK));
        reject_offer(listeners[i], "f/.*", "f/1");
    }
    assert_false(memory_cluster_is_locked(&cluster, LOCK));
}

static void a_lock_that_comes_late_is_given_back_when_nobody_needs_it(void **state)
{
    (void)state;
    cluster.locks_come_later = true;
    struct memory_client *p = listener_at(0, "p", "f/.*"), *a = login_at(0, "a");
    subscribe(a, "f/1");
    memory_expect_nothing(p);
    unsubscribe(a, "f/1");
    memory_cluster_grant(&cluster);
    assert_false(memory_cluster_is_locked(&cluster, LOCK));
    memory_expect_nothing(p);

    subscribe(a, "f/1");
    memory_cluster_grant(&cluster);
    expect_found(p, "f/.*", "f/1");
    assert_true(memory_cluster_is_locked(&cluster, LOCK));
    memory_disconnect(p);
    assert_false(memory_cluster_is_locked(&cluster, LOCK));
}

static void what_another_node_provides_meanwhile_is_not_asked_for(void **state)
{
    (void)state;
    cluster.locks_come_later = true;
    struct memory_client *p = listener_at(0, "p", "f/.*"), *a = login_at(0, "a");
    const struct cluster *other = nodes[1].world.services.cluster;
    subscribe(a, "f/1");
    expect_subscribed(a);
    other->states->add(other->states_self, STATE_RECORD_PUBLISHED, SLICE("f/1"));
    expect_provided(a, "f/1");
    memory_cluster_grant(&cluster);
    memory_expect_nothing(p);
    assert_false(memory_cluster_is_locked(&cluster, LOCK));
    other->states->remove(other->states_self, STATE_RECORD_PUBLISHED, SLICE("f/1"));
    expect_unprovided(a, "f/1");
    memory_cluster_grant(&cluster);
    expect_found(p, "f/.*", "f/1");
}

/* As after nodes had lost each other: n0 comes before n1. */
static void of_two_who_provide_one_name_the_one_at_the_later_node_is_told_to_stop(void **state)
{
    (void)state;
    struct memory_client *p[2], *a = login_at(0, "a");
    const struct cluster *other[2];
    for (size_t i = 0; i < 2; i++) {
        p[i] = listener_at(i, "p", "f/.*");
        other[i] = nodes[1 - i].world.services.cluster;
    }
    subscribe(a, "f/1");
    expect_subscribed(a);
    expect_found(p[0], "f/.*", "f/1");
    accept_offer(p[0], "f/.*", "f/1");
    expect_provided(a, "f/1");
    other[0]->states->add(other[0]->states_self, STATE_RECORD_PUBLISHED, SLICE("f/1"));
    memory_expect_nothing(p[0]); /* it stays */
    other[0]->states->remove(other[0]->states_self, STATE_RECORD_PUBLISHED, SLICE("f/1"));

    memory_disconnect(p[0]);
    expect_unprovided(a, "f/1");
    expect_found(p[1], "f/.*", "f/1");
    accept_offer(p[1], "f/.*", "f/1");
    expect_provided(a, "f/1");
    other[1]->states->add(other[1]->states_self, STATE_RECORD_PUBLISHED, SLICE("f/1"));
    expect_removed(p[1], "f/.*", "f/1");
    memory_expect_nothing(a); /* there is a provider all the time */
}

static void who_accepts_what_an_earlier_node_provides_meanwhile_is_told_to_stop(void **state)
{
    (void)state;
    struct memory_client *p = listener_at(1, "p", "f/.*"), *a = login_at(1, "a");
    const struct cluster *other = nodes[0].world.services.cluster;
    subscribe(a, "f/1");
    expect_subscribed(a);
    expect_found(p, "f/.*", "f/1");
    other->states->add(other->states_self, STATE_RECORD_PUBLISHED, SLICE("f/1"));
    expect_provided(a, "f/1");
    accept_offer(p, "f/.*", "f/1");
    expect_removed(p, "f/.*", "f/1");
    memory_expect_nothing(a);
}

static void a_node_may_end_while_a_search_waits_for_the_rules(void **state)
{
    (void)state;
    nodes[0].world.memory.permission.answer = decide_names_later;
    listener_at(0, "p", "f/.*");
    subscribe(login_at(1, "a"), "f/1"); /* the verdict comes after the handler of n0 is gone */
    assert_int_equal(nodes[0].world.memory.permission.waiting.count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_cluster, tear_down_cluster)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_provider_on_another_node_is_found_and_heard_of),
        TEST(one_node_asks_at_a_time_and_the_next_after_its_failure),
        TEST(only_nodes_whose_listeners_may_provide_a_name_are_told_of_a_failure),
        TEST(nobody_is_told_of_a_failure_when_no_other_node_listens),
        TEST(a_pattern_that_is_not_known_here_may_match),
        TEST(a_node_is_told_once_whatever_its_patterns),
        TEST(all_are_told_with_one_message),
        TEST(B8b_after_an_own_failure_others_are_ignored_until_it_has_cooled_down),
        TEST(B8f_the_lock_is_held_on_to_with_each_candidate),
        TEST(a_lock_that_comes_late_is_given_back_when_nobody_needs_it),
        TEST(what_another_node_provides_meanwhile_is_not_asked_for),
        TEST(of_two_who_provide_one_name_the_one_at_the_later_node_is_told_to_stop),
        TEST(who_accepts_what_an_earlier_node_provides_meanwhile_is_told_to_stop),
        TEST(a_node_may_end_while_a_search_waits_for_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
