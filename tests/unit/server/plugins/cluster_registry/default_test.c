/* Nodes find each other, leave, are missed; their messages are those of server.md 10. */

#include "deepstream/plugin.h"

#include "support/bus_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct ds_plugin ds_cluster_registry_default;

#define PATIENT "{\"keepAliveInterval\": 60000, \"nodeInactiveTimeout\": 60000}"
#define NODES 3

static const struct ds_cluster_registry_operations *operations;
static struct bus_double bus;

static struct node {
    struct double_node *on_bus;
    void *registry;
    struct ds_cluster_watcher watcher;
    unsigned added, removed, led, regained;
    char last_regained[32];
    char leader[32];
} nodes[NODES];

static void note_added(void *context, ds_slice server)
{
    (void)server;
    ((struct node *)context)->added++;
}

static void note_removed(void *context, ds_slice server)
{
    (void)server;
    ((struct node *)context)->removed++;
}

static void note_leader(void *context, ds_slice leader)
{
    struct node *node = context;
    node->led++;
    snprintf(node->leader, sizeof node->leader, SLICE_FORMAT, SLICE_ARGUMENTS(leader));
}

static void note_regained(void *context, ds_slice server)
{
    struct node *node = context;
    node->regained++;
    snprintf(node->last_regained, sizeof node->last_regained, SLICE_FORMAT,
             SLICE_ARGUMENTS(server));
}

static void open_node(struct node *node, const char *name, const char *options)
{
    *node = (struct node){.on_bus = bus_double_add(&bus, name)};
    node->registry = double_node_open(node->on_bus, &ds_cluster_registry_default, options);
    node->watcher =
        (struct ds_cluster_watcher){node, note_added, note_removed, note_leader, note_regained};
    operations->watch(node->registry, &node->watcher);
}

static void close_node(struct node *node)
{
    double_node_close(node->on_bus, &ds_cluster_registry_default, node->registry);
}

static int set_up(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    (void)state;
    operations = ds_cluster_registry_default.operations;
    bus_double_init(&bus);
    for (size_t i = 0; i < NODES; i++)
        open_node(&nodes[i], names[i], PATIENT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < NODES; i++)
        close_node(&nodes[i]);
    bus_double_fini(&bus);
    return 0;
}

static void join(size_t index)
{
    operations->join(nodes[index].registry);
    bus_double_deliver(&bus);
}

static void join_all(void)
{
    for (size_t i = 0; i < NODES; i++)
        join(i);
}

static size_t size_at(size_t index)
{
    return operations->count(nodes[index].registry);
}

static slice leader_at(size_t index)
{
    return operations->leader(nodes[index].registry);
}

static void a_newcomer_and_all_others_know_each_other_at_once(void **state)
{
    (void)state;
    join_all();
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(size_at(i), NODES);
        assert_int_equal(nodes[i].added, NODES - 1);
        assert_int_equal(nodes[i].removed, 0);
        assert_true(slice_equal(leader_at(i), leader_at(0)));
        assert_true(operations->has(nodes[i].registry, SLICE("b")));
        assert_true(
            double_node_has_logged(nodes[i].on_bus, "CLUSTER_SIZE The cluster size is now 3"));
    }
}

static void whoever_leads_is_told_to_all_who_see_another_one(void **state)
{
    (void)state;
    join_all();
    for (size_t i = 0; i < NODES; i++) {
        bool leads_itself = slice_equal(leader_at(i), slice_of(nodes[i].on_bus->name));
        assert_true(leads_itself || nodes[i].led > 0);
        if (!leads_itself)
            assert_true(slice_equal(slice_of(nodes[i].leader), leader_at(0)));
    }
}

static void who_leaves_is_gone_at_once_and_hears_of_nothing(void **state)
{
    (void)state;
    join_all();
    operations->leave(nodes[1].registry);
    operations->leave(nodes[1].registry);
    bus_double_deliver(&bus);
    assert_int_equal(size_at(0), 2);
    assert_int_equal(size_at(2), 2);
    assert_int_equal(nodes[0].removed, 1);
    assert_true(double_node_has_logged(nodes[0].on_bus, "CLUSTER_LEAVE b\n"));
    operations->leave(nodes[0].registry);
    bus_double_deliver(&bus);
    assert_int_equal(nodes[1].removed, 0);
    assert_true(slice_equal(leader_at(2), SLICE("c")));
}

static void say(const char *message)
{
    nodes[2].on_bus->services.bus_send(nodes[2].on_bus, 9, slice_of(message));
    bus_double_deliver(&bus);
}

static void both_forms_of_a_goodbye_are_understood(void **state)
{
    (void)state;
    join_all();
    say("{\"topic\":9,\"action\":1,\"name\":\"c\"}"); /* the Node.js server's (S8) */
    assert_int_equal(size_at(0), 2);
    say("{\"topic\":9,\"action\":2,\"serverName\":\"c\",\"leaderScore\":0.5,\"role\":\"x\"}");
    assert_int_equal(size_at(0), 3);
    say("{\"topic\":9,\"action\":1,\"serverName\":\"c\"}");
    assert_int_equal(size_at(0), 2);
}

static void a_node_that_was_started_again_is_removed_and_added(void **state)
{
    (void)state;
    join_all();
    say("{\"topic\":9,\"action\":2,\"serverName\":\"c\",\"leaderScore\":0.123}");
    assert_int_equal(nodes[0].removed, 1);
    assert_int_equal(nodes[0].added, NODES);
    assert_int_equal(size_at(0), NODES);
}

static void two_nodes_of_one_name_are_reported(void **state)
{
    (void)state;
    struct node twin;
    join_all();
    open_node(&twin, "a", PATIENT);
    operations->join(twin.registry);
    bus_double_deliver(&bus);
    assert_true(double_node_has_logged(nodes[0].on_bus, "CONFIG_ERROR two nodes are called a"));
    close_node(&twin);
}

/* Whoever follows the leader by what it is told must not follow another one than whoever asks. */
static void whoever_leads_is_told_also_while_two_are_called_the_same(void **state)
{
    (void)state;
    static const char *const STATUS[] = {
        "{\"topic\":9,\"action\":2,\"serverName\":\"c\",\"leaderScore\":1}",
        "{\"topic\":9,\"action\":2,\"serverName\":\"c\",\"leaderScore\":0}",
    };
    join(0);
    for (size_t i = 0; i < 6; i++) {
        say(STATUS[i % 2]);
        assert_true(slice_equal(slice_of(nodes[0].leader), leader_at(0)));
    }
    assert_true(double_node_has_logged(nodes[0].on_bus, "CONFIG_ERROR two nodes are called c"));
}

static void nonsense_changes_nothing(void **state)
{
    (void)state;
    static const char *const messages[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"action\":2}",
        "{\"action\":2,\"leaderScore\":\"x\"}",
        "{\"action\":2,\"leaderScore\":7}",
        "{\"action\":-1}",
        "{\"action\":1e300}",
        "{\"action\":99,\"leaderScore\":0.5}",
    };
    join(0);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        say(messages[i]);
    assert_int_equal(size_at(0), 1);
}

static bool a_and_b_alone(void *context)
{
    (void)context;
    return size_at(0) == 2 && size_at(1) == 2;
}

static bool has_all(void *context)
{
    (void)context;
    return size_at(0) == NODES && size_at(1) == NODES && size_at(2) == NODES;
}

static void use_short_times(void)
{
    for (size_t i = 0; i < NODES; i++)
        close_node(&nodes[i]);
    for (size_t i = 0; i < NODES; i++)
        open_node(&nodes[i], (const char *[]){"x", "y", "z"}[i],
                  "{\"keepAliveInterval\":20,\"activeCheckInterval\":20,"
                  "\"nodeInactiveTimeout\":1000}");
}

static void a_silent_node_is_missed_and_comes_back(void **state)
{
    (void)state;
    use_short_times();
    join_all();
    nodes[2].on_bus->is_cut_off = true;
    bus_double_run_until(&bus, a_and_b_alone, NULL);
    assert_true(double_node_has_logged(nodes[0].on_bus, "CLUSTER_LEAVE z\n"));
    nodes[2].on_bus->is_cut_off = false;
    bus_double_run_until(&bus, has_all, NULL);
    assert_true(slice_equal(leader_at(0), leader_at(2)));
}

static void after_the_bus_was_lost_a_node_says_at_once_that_it_lives(void **state)
{
    (void)state;
    join_all();
    size_t before = bus.sent;
    double_node_reconnect(nodes[0].on_bus);
    assert_int_equal(bus.sent, before + 1);
}

static void after_the_bus_was_lost_all_know_that_messages_may_have_been_lost(void **state)
{
    (void)state;
    join_all();
    double_node_reconnect(nodes[0].on_bus);
    bus_double_deliver(&bus);
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(nodes[i].regained, 1);
        assert_string_equal(nodes[i].last_regained, "a");
        assert_int_equal(nodes[i].removed, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_newcomer_and_all_others_know_each_other_at_once),
        TEST(whoever_leads_is_told_to_all_who_see_another_one),
        TEST(who_leaves_is_gone_at_once_and_hears_of_nothing),
        TEST(both_forms_of_a_goodbye_are_understood),
        TEST(a_node_that_was_started_again_is_removed_and_added),
        TEST(two_nodes_of_one_name_are_reported),
        TEST(whoever_leads_is_told_also_while_two_are_called_the_same),
        TEST(nonsense_changes_nothing),
        TEST(a_silent_node_is_missed_and_comes_back),
        TEST(after_the_bus_was_lost_a_node_says_at_once_that_it_lives),
        TEST(after_the_bus_was_lost_all_know_that_messages_may_have_been_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
