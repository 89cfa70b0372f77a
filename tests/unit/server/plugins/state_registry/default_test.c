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

/* ---- joining ---- */

static const char LONG_WAIT[] =
    "{\"reconciliationTimeout\": 1000000, \"discoveryTimeout\": 1, \"joinTimeout\": 1000000}";

static void open_again(size_t node, const char *options)
{
    double_node_close(nodes[node].on_bus, &ds_state_registry_default, nodes[node].states);
    nodes[node].on_bus->is_cut_off = false;
    nodes[node].states = double_node_open(nodes[node].on_bus, &ds_state_registry_default, options);
}

static void note_joined(void *context, const char *error)
{
    assert_null(error);
    ++*(unsigned *)context;
}

static bool is_set(void *context)
{
    return *(const unsigned *)context > 0;
}

/* Everything that the clock can bring about has happened. */
static void let_time_pass(uint64_t milliseconds)
{
    uint64_t end = uv_hrtime() + milliseconds * 1000000;
    while (uv_hrtime() < end)
        uv_run(&bus.loop, UV_RUN_NOWAIT);
}

static void send_raw(size_t node, const char *server, const char *text)
{
    struct double_node *from = nodes[node].on_bus;
    from->services.bus_send_direct(from, slice_of(server), 11, slice_of(text));
}

static void clients_of_a_node_that_is_alone_wait_for_a_moment(void **state)
{
    (void)state;
    unsigned joined = 0;
    open_again(1, LONG_WAIT);
    operations->join(nodes[1].states, note_joined, &joined);
    assert_int_equal(joined, 0);
    bus_double_run_until(&bus, is_set, &joined);
    let_time_pass(5);
    assert_int_equal(joined, 1);
    assert_false(double_node_has_logged(nodes[1].on_bus, "CLUSTER_JOIN"));
}

static void clients_wait_until_it_is_known_what_the_others_have(void **state)
{
    (void)state;
    unsigned joined = 0;
    open_again(0, LONG_WAIT);
    open_again(1, LONG_WAIT);
    nodes[2].on_bus->is_cut_off = nodes[3].on_bus->is_cut_off = true;
    for (unsigned name = 0; name < NAMES; name++)
        add(0, name % SETS, name);
    bus_double_deliver(&bus);
    operations->join(nodes[1].states, note_joined, &joined);
    double_node_sees(nodes[1].on_bus, "a");
    for (bool is_more = true; is_more; is_more = bus_double_deliver_one(&bus)) {
        bool knows_all = true;
        for (unsigned name = 0; name < NAMES; name++)
            knows_all = knows_all && has(1, name % SETS, name);
        let_time_pass(2);
        assert_true(knows_all || joined == 0);
    }
    bus_double_run_until(&bus, is_set, &joined);
    assert_false(double_node_has_logged(nodes[1].on_bus, "CLUSTER_JOIN"));
}

static void a_node_that_never_answers_does_not_keep_clients_out_for_ever(void **state)
{
    (void)state;
    unsigned joined = 0;
    open_again(1, "{\"discoveryTimeout\": 1, \"joinTimeout\": 20}");
    nodes[0].on_bus->is_cut_off = true;
    operations->join(nodes[1].states, note_joined, &joined);
    double_node_sees(nodes[1].on_bus, "a");
    double_node_sees(nodes[1].on_bus, "c");
    bus_double_run_until(&bus, is_set, &joined);
    assert_true(double_node_has_logged(
        nodes[1].on_bus,
        "CLUSTER_JOIN clients are let in without knowing what these nodes have: a\n"));
}

static void a_node_that_others_count_is_missed_but_not_for_long(void **state)
{
    (void)state;
    unsigned joined = 0;
    double_node_sees(nodes[0].on_bus, "dead");
    double_node_sees(nodes[0].on_bus, "b");
    open_again(1, LONG_WAIT);
    operations->join(nodes[1].states, note_joined, &joined);
    double_node_sees(nodes[1].on_bus, "a");
    bus_double_run_until(&bus, is_set, &joined);
    assert_true(double_node_has_logged(
        nodes[1].on_bus, "clients are let in, though others know 3 nodes and this one 2"));
}

/* It says who it is some seconds later, and does not know sets of other features. */
static void a_node_of_the_original_is_waited_for_from_its_first_question_on(void **state)
{
    (void)state;
    unsigned joined = 0;
    open_again(1, LONG_WAIT);
    operations->join(nodes[1].states, note_joined, &joined);
    send_raw(0, "b", "{\"topic\":11,\"registryTopic\":10,\"action\":4}");
    nodes[0].on_bus->listeners.count = 0; /* nobody answers but the test */
    bus_double_deliver(&bus);
    let_time_pass(20);
    assert_int_equal(joined, 0);
    double_node_sees(nodes[1].on_bus, "a");
    for (unsigned set = 12; set < 18; set++) {
        char text[96];
        snprintf(text, sizeof text,
                 "{\"topic\":11,\"registryTopic\":%u,\"action\":5,\"fullState\":[]}", set);
        send_raw(0, "b", text);
    }
    bus_double_deliver(&bus);
    let_time_pass(5);
    assert_int_equal(joined, 0);
    send_raw(0, "b", "{\"topic\":11,\"registryTopic\":18,\"action\":5,\"fullState\":[\"x\"]}");
    bus_double_run_until(&bus, is_set, &joined);
    assert_true(operations->has(nodes[1].states, 18, SLICE("x")));
}

static void a_node_that_has_left_lets_nobody_in(void **state)
{
    (void)state;
    unsigned joined = 0;
    open_again(1, "{\"discoveryTimeout\": 2}");
    operations->join(nodes[1].states, note_joined, &joined);
    operations->leave(nodes[1].states);
    let_time_pass(10);
    double_node_sees(nodes[1].on_bus, "a");
    double_node_misses(nodes[1].on_bus, "a");
    let_time_pass(10);
    assert_int_equal(joined, 0);
}

/* ---- states that are large ---- */

enum { LARGE = 10, LARGE_TIMEOUT_MS = 1000, LARGE_PARTS = 12 };

static void add_large(size_t node)
{
    char name[4096];
    memset(name, 'n', sizeof name);
    for (unsigned i = 0; i < LARGE_PARTS * 64; i++) {
        int length = snprintf(name, sizeof name, "%u", i);
        name[length] = 'n';
        operations->add(nodes[node].states, LARGE, (slice){name, sizeof name});
    }
}

static bool asks_for_large(const struct double_text *text)
{
    slice asked = SLICE("{\"topic\":11,\"action\":4,\"registryTopic\":10");
    return text->from == nodes[1].on_bus && slice_starts_with(text->text, asked);
}

/* Each part in time, and all of them much later than an answer has to come. */
static void a_state_that_takes_long_is_asked_for_once(void **state)
{
    (void)state;
    unsigned asked = 0;
    open_again(0, "{\"reconciliationTimeout\": 1000}");
    open_again(1, "{\"reconciliationTimeout\": 1000}");
    add_large(0);
    bus_double_deliver(&bus);
    double_node_sees(nodes[0].on_bus, "b");
    double_node_sees(nodes[1].on_bus, "a");
    do {
        asked += bus.posted.count > 0 && asks_for_large(&bus.posted.items[0]);
        if (bus.posted.count > 0 && bus.posted.items[0].text.length > 100000)
            let_time_pass(2 * LARGE_TIMEOUT_MS / LARGE_PARTS);
    } while (bus_double_deliver_one(&bus));
    assert_int_equal(operations->count(nodes[1].states, LARGE), LARGE_PARTS * 64);
    assert_int_equal(asked, 1);
}

static void a_repetition_that_crosses_with_the_answer_is_passed_over(void **state)
{
    (void)state;
    open_again(0, "{\"reconciliationTimeout\": 1000000}");
    double_node_sees(nodes[0].on_bus, "b");
    bus_double_deliver(&bus);
    size_t before = bus.sent;
    send_raw(1, "a", "{\"topic\":11,\"registryTopic\":10,\"action\":4,\"again\":true}");
    bus_double_deliver(&bus);
    assert_int_equal(bus.sent, before + 2); /* it was the first that came */
    send_raw(1, "a", "{\"topic\":11,\"registryTopic\":10,\"action\":4,\"again\":true}");
    bus_double_deliver(&bus);
    assert_int_equal(bus.sent, before + 3);
    send_raw(1, "a", "{\"topic\":11,\"registryTopic\":10,\"action\":4}");
    bus_double_deliver(&bus);
    assert_int_equal(bus.sent, before + 5);
}

/* ---- many names that go ---- */

enum { MANY = 20000 };

static unsigned removed;

static void note_added(void *context, slice name)
{
    (void)context;
    (void)name;
}

static void note_removed(void *context, slice name)
{
    (void)context;
    (void)name;
    removed++;
}

static const struct ds_state_watcher WATCHER = {NULL, note_added, note_removed, NULL};

static void fill_and_lose(size_t node)
{
    removed = 0;
    operations->watch(nodes[1].states, FIRST, &WATCHER);
    double_node_sees(nodes[1].on_bus, SERVERS[node]);
    for (unsigned i = 0; i < MANY; i++) {
        operations->add(nodes[node].states, FIRST, name_of(i));
        if (i % 100 == 0)
            bus_double_deliver(&bus);
    }
    bus_double_deliver(&bus);
    assert_int_equal(operations->count(nodes[1].states, FIRST), MANY);
    double_node_misses(nodes[1].on_bus, SERVERS[node]);
}

static bool is_empty(void *context)
{
    (void)context;
    return operations->count(nodes[1].states, FIRST) == 0;
}

static bool is_full(void *context)
{
    (void)context;
    return operations->count(nodes[1].states, FIRST) == MANY && removed > 0;
}

static void many_names_of_a_server_that_goes_leave_the_loop_its_turns(void **state)
{
    (void)state;
    fill_and_lose(0);
    assert_true(removed > 0 && removed < MANY / 10);
    bus_double_run_until(&bus, is_empty, NULL);
    assert_int_equal(removed, MANY);
}

static void a_server_that_is_back_meanwhile_has_all_its_names(void **state)
{
    (void)state;
    fill_and_lose(0);
    double_node_sees(nodes[1].on_bus, SERVERS[0]);
    bus_double_run_until(&bus, is_full, NULL);
    let_time_pass(50);
    assert_int_equal(operations->count(nodes[1].states, FIRST), MANY);
    assert_int_equal(servers_of(1, 0, MANY - 1), 1);
}

static void a_node_that_has_left_is_told_of_nothing_more(void **state)
{
    (void)state;
    fill_and_lose(0);
    unsigned before = removed;
    operations->leave(nodes[1].states);
    let_time_pass(50);
    assert_int_equal(removed, before);
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
        TEST(clients_of_a_node_that_is_alone_wait_for_a_moment),
        TEST(clients_wait_until_it_is_known_what_the_others_have),
        TEST(a_node_that_never_answers_does_not_keep_clients_out_for_ever),
        TEST(a_node_that_others_count_is_missed_but_not_for_long),
        TEST(a_node_of_the_original_is_waited_for_from_its_first_question_on),
        TEST(a_node_that_has_left_lets_nobody_in),
        TEST(a_state_that_takes_long_is_asked_for_once),
        TEST(a_repetition_that_crosses_with_the_answer_is_passed_over),
        TEST(many_names_of_a_server_that_goes_leave_the_loop_its_turns),
        TEST(a_server_that_is_back_meanwhile_has_all_its_names),
        TEST(a_node_that_has_left_is_told_of_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
