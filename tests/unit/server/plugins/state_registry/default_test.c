/* Nodes tell each other their names, and agree in the end whatever the bus does to the messages. */

#include "deepstream/plugin.h"

#include "support/bus_double.h"

#include "base/hashmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

extern const struct ds_plugin ds_state_registry_default;

enum { FIRST = 10, SETS = 3, NODES = 4, NAMES = 12 };

static const struct ds_state_registry_operations *operations;
static struct bus_double bus;

static struct node {
    struct double_node *on_bus;
    void *states;
    unsigned counts[SETS][NAMES]; /* what the test added */
    bool is_gone;
} nodes[NODES];

static const char *const SERVERS[NODES] = {"a", "b", "c", "d"};

static int set_up(void **state)
{
    (void)state;
    operations = ds_state_registry_default.operations;
    bus_double_init(&bus);
    for (size_t i = 0; i < NODES; i++) {
        nodes[i] = (struct node){.on_bus = bus_double_add(&bus, SERVERS[i])};
        nodes[i].states = double_node_open(nodes[i].on_bus, &ds_state_registry_default,
                                           "{\"reconciliationTimeout\": 5}");
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < NODES; i++)
        double_node_close(nodes[i].on_bus, &ds_state_registry_default, nodes[i].states);
    bus_double_fini(&bus);
    return 0;
}

static slice name_of(unsigned index)
{
    static char text[32];
    snprintf(text, sizeof text, "name/%u", index);
    return slice_of(text);
}

static void add(size_t node, unsigned set, unsigned name)
{
    nodes[node].counts[set][name]++;
    operations->add(nodes[node].states, (uint8_t)(FIRST + set), name_of(name));
}

static void take_away(size_t node, unsigned set, unsigned name)
{
    nodes[node].counts[set][name]--;
    operations->remove(nodes[node].states, (uint8_t)(FIRST + set), name_of(name));
}

static bool has(size_t node, unsigned set, unsigned name)
{
    return operations->has(nodes[node].states, (uint8_t)(FIRST + set), name_of(name));
}

static void count_server(void *context, ds_slice server)
{
    (void)server;
    ++*(unsigned *)context;
}

static unsigned servers_of(size_t node, unsigned set, unsigned name)
{
    unsigned count = 0;
    operations->each_server(nodes[node].states, (uint8_t)(FIRST + set), name_of(name), count_server,
                            &count);
    return count;
}

static bool is_right(size_t at, unsigned set, unsigned name)
{
    unsigned others = 0;
    for (size_t i = 0; i < NODES; i++)
        others += i != at && !nodes[i].is_gone && nodes[i].counts[set][name] > 0;
    return servers_of(at, set, name) == others &&
           has(at, set, name) == (others > 0 || nodes[at].counts[set][name] > 0);
}

static bool all_agree(void *context)
{
    (void)context;
    for (size_t at = 0; at < NODES; at++)
        for (unsigned set = 0; set < SETS && !nodes[at].is_gone; set++)
            for (unsigned name = 0; name < NAMES; name++)
                if (!is_right(at, set, name))
                    return false;
    return true;
}

static void a_name_is_known_everywhere_at_once(void **state)
{
    (void)state;
    bus_double_meet(&bus);
    add(0, 0, 1);
    bus_double_deliver(&bus);
    for (size_t i = 0; i < NODES; i++)
        assert_true(has(i, 0, 1));
    assert_int_equal(servers_of(0, 0, 1), 0);
    assert_int_equal(servers_of(1, 0, 1), 1);
    take_away(0, 0, 1);
    bus_double_deliver(&bus);
    assert_false(has(1, 0, 1));
}

static void only_the_first_and_the_last_cross_the_bus(void **state)
{
    (void)state;
    bus_double_meet(&bus);
    bus_double_deliver(&bus);
    size_t before = bus.sent;
    for (int i = 0; i < 5; i++)
        add(0, 0, 1);
    for (int i = 0; i < 4; i++)
        take_away(0, 0, 1);
    assert_int_equal(bus.sent, before + 1);
    take_away(0, 0, 1);
    assert_int_equal(bus.sent, before + 2);
}

static void a_newcomer_gets_all_that_is_there(void **state)
{
    (void)state;
    for (unsigned name = 0; name < NAMES; name++)
        add(0, name % SETS, name);
    bus_double_deliver(&bus);
    assert_false(has(1, 0, 0)); /* nobody knows node 0 yet */
    bus_double_meet(&bus);
    bus_double_deliver(&bus);
    assert_true(all_agree(NULL));
}

/* S9: requests that reach a node which is still starting are lost. */
static void who_does_not_answer_is_asked_again(void **state)
{
    (void)state;
    add(0, 0, 1);
    bus_double_deliver(&bus);
    nodes[0].on_bus->is_cut_off = true;
    bus_double_meet(&bus);
    bus_double_deliver(&bus);
    assert_false(has(1, 0, 1));
    nodes[0].on_bus->is_cut_off = false;
    bus_double_run_until(&bus, all_agree, NULL);
}

static void a_server_that_goes_leaves_no_ghosts(void **state)
{
    (void)state;
    bus_double_meet(&bus);
    add(0, 0, 1);
    add(1, 0, 1);
    add(0, 1, 2);
    bus_double_deliver(&bus);
    nodes[0].is_gone = true;
    for (size_t i = 1; i < NODES; i++)
        double_node_misses(nodes[i].on_bus, "a");
    assert_true(all_agree(NULL));
    nodes[0].on_bus->services.bus_send(
        nodes[0].on_bus, 11,
        SLICE("{\"topic\":11,\"registryTopic\":10,\"action\":2,\"name\":\"ghost\"}"));
    bus_double_deliver(&bus);
    assert_false(operations->has(nodes[1].states, FIRST, SLICE("ghost")));
}

static void what_was_lost_with_the_bus_is_made_good(void **state)
{
    (void)state;
    bus_double_meet(&bus);
    add(0, 0, 1);
    add(1, 0, 2);
    bus_double_deliver(&bus);
    nodes[0].on_bus->is_cut_off = true;
    take_away(0, 0, 1);
    add(0, 0, 3);
    take_away(1, 0, 2);
    add(1, 1, 4);
    bus_double_deliver(&bus);
    assert_false(all_agree(NULL));
    nodes[0].on_bus->is_cut_off = false;
    double_node_reconnect(nodes[0].on_bus);
    bus_double_run_until(&bus, all_agree, NULL);
}

static void shake(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        size_t node = bus_double_dice(&bus, NODES);
        unsigned set = bus_double_dice(&bus, SETS), name = bus_double_dice(&bus, NAMES);
        if (nodes[node].counts[set][name] > 0 && bus_double_dice(&bus, 2) == 0)
            take_away(node, set, name);
        else
            add(node, set, name);
        if (bus_double_dice(&bus, 8) == 0)
            bus_double_deliver(&bus);
        if (bus_double_dice(&bus, 32) == 0)
            uv_run(&bus.loop, UV_RUN_NOWAIT);
    }
}

static void all_agree_whatever_was_lost_and_mixed_up(void **state)
{
    (void)state;
    const char *given = getenv("SEED");
    bus.chance = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("SEED=%llu\n", (unsigned long long)bus.chance);
    for (int round = 0; round < 20; round++) {
        bus.loss_percent = bus_double_dice(&bus, 60);
        bus.is_mixed_up = bus_double_dice(&bus, 2) == 0;
        if (round == 0)
            bus_double_meet(&bus);
        shake(300);
        bus_double_deliver(&bus);
        bus.loss_percent = 0;
        bus.is_mixed_up = false;
        bus_double_run_until(&bus, all_agree, NULL);
    }
}

static void nonsense_changes_nothing(void **state)
{
    (void)state;
    static const char *const messages[] = {
        "",
        "{}",
        "{\"registryTopic\":99,\"action\":2,\"name\":\"x\"}",
        "{\"registryTopic\":-1,\"action\":2,\"name\":\"x\"}",
        "{\"registryTopic\":10.5,\"action\":2,\"name\":\"x\"}",
        "{\"registryTopic\":10,\"action\":2}",
        "{\"registryTopic\":10,\"action\":2,\"name\":7}",
        "{\"registryTopic\":10,\"action\":5}",
        "{\"registryTopic\":10,\"action\":5,\"fullState\":[\"x\",1]}",
        "{\"registryTopic\":10,\"action\":6,\"checksum\":\"x\"}",
        "{\"registryTopic\":10,\"action\":1e99,\"name\":\"x\"}",
    };
    bus_double_meet(&bus);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        nodes[1].on_bus->services.bus_send(nodes[1].on_bus, 11, slice_of(messages[i]));
    bus_double_deliver(&bus);
    assert_int_equal(operations->count(nodes[0].states, FIRST), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_known_everywhere_at_once),
        TEST(only_the_first_and_the_last_cross_the_bus),
        TEST(a_newcomer_gets_all_that_is_there),
        TEST(who_does_not_answer_is_asked_again),
        TEST(a_server_that_goes_leaves_no_ghosts),
        TEST(what_was_lost_with_the_bus_is_made_good),
        TEST(all_agree_whatever_was_lost_and_mixed_up),
        TEST(nonsense_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
