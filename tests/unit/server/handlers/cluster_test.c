/* The cluster of a node that is alone. */

#include "handlers/cluster/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct cluster *cluster;

static int set_up(void **state)
{
    (void)state;
    cluster = cluster_single_new(SLICE("me"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cluster_single_free(&cluster);
    assert_null(cluster);
    return 0;
}

static void add(slice name)
{
    cluster->states->add(cluster->states_self, STATE_ONLINE_USERS, name);
}

static void take_away(slice name)
{
    cluster->states->remove(cluster->states_self, STATE_ONLINE_USERS, name);
}

static bool has(slice name)
{
    return cluster->states->has(cluster->states_self, STATE_ONLINE_USERS, name);
}

struct told {
    size_t added, removed;
};

static void note_added(void *context, slice name)
{
    struct told *told = context;
    told->added++;
    assert_true(has(name));
}

static void note_removed(void *context, slice name)
{
    struct told *told = context;
    told->removed++;
    assert_false(has(name));
    assert_true(slice_equal(name, SLICE("bo")));
}

static void a_name_is_there_as_long_as_it_was_added_more_often_than_removed(void **state)
{
    (void)state;
    assert_false(has(SLICE("bo")));
    add(SLICE("bo"));
    add(SLICE("bo"));
    assert_int_equal(cluster->states->count(cluster->states_self, STATE_ONLINE_USERS), 1);
    take_away(SLICE("bo"));
    assert_true(has(SLICE("bo")));
    take_away(SLICE("bo"));
    assert_false(has(SLICE("bo")));
    assert_int_equal(cluster->states->count(cluster->states_self, STATE_ONLINE_USERS), 0);
}

static void every_watcher_is_told_of_the_first_and_the_last(void **state)
{
    (void)state;
    struct told told[2] = {0};
    struct ds_state_watcher watchers[2];
    for (size_t i = 0; i < 2; i++) {
        watchers[i] = (struct ds_state_watcher){&told[i], note_added, note_removed, NULL};
        cluster->states->watch(cluster->states_self, STATE_ONLINE_USERS, &watchers[i]);
    }
    cluster->states->add(cluster->states_self, STATE_RPC_PROVIDERS, SLICE("bo"));
    assert_int_equal(told[0].added, 0);
    for (int i = 0; i < 3; i++)
        add(SLICE("bo"));
    for (int i = 0; i < 3; i++)
        take_away(SLICE("bo"));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(told[i].added, 1);
        assert_int_equal(told[i].removed, 1);
    }
}

static void count_name(void *context, slice name)
{
    size_t *seen = context;
    assert_int_equal(name.length, 1);
    seen[name.at[0] - 'a']++;
}

static void each_gives_every_name_of_its_set_once(void **state)
{
    (void)state;
    size_t seen[3] = {0};
    add(SLICE("a"));
    add(SLICE("b"));
    add(SLICE("b"));
    cluster->states->add(cluster->states_self, STATE_RPC_PROVIDERS, SLICE("c"));
    cluster->states->each(cluster->states_self, STATE_ONLINE_USERS, count_name, seen);
    assert_int_equal(seen[0], 1);
    assert_int_equal(seen[1], 1);
    assert_int_equal(seen[2], 0);
}

static void fail_on_server(void *context, slice server)
{
    (void)context;
    (void)server;
    fail_msg("there is no other server");
}

static void there_is_nobody_else(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    add(SLICE("a"));
    cluster->states->each_server(cluster->states_self, STATE_ONLINE_USERS, SLICE("a"),
                                 fail_on_server, NULL);
    cluster->bus->send(cluster->bus_self, &message);
    assert_false(cluster->bus->send_direct(cluster->bus_self, SLICE("me"), &message));
    assert_true(slice_equal(cluster->server_name, SLICE("me")));
}

static void note_lock(void *context, bool got)
{
    *(int *)context = got;
}

static int get_lock(slice name)
{
    int got = -1;
    cluster->locks->get(cluster->locks_self, name, note_lock, &got);
    return got;
}

static void a_lock_is_free_unless_it_is_held(void **state)
{
    (void)state;
    assert_int_equal(get_lock(SLICE("a")), true);
    assert_int_equal(get_lock(SLICE("a")), false);
    assert_int_equal(get_lock(SLICE("b")), true);
    cluster->locks->renew(cluster->locks_self, SLICE("a"));
    cluster->locks->release(cluster->locks_self, SLICE("a"));
    cluster->locks->release(cluster->locks_self, SLICE("never held"));
    assert_int_equal(get_lock(SLICE("a")), true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_there_as_long_as_it_was_added_more_often_than_removed),
        TEST(every_watcher_is_told_of_the_first_and_the_last),
        TEST(each_gives_every_name_of_its_set_once),
        TEST(there_is_nobody_else),
        TEST(a_lock_is_free_unless_it_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
