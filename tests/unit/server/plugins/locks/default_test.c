/* Locks across nodes: who leads keeps them (S13). */

#include "deepstream/plugin.h"

#include "support/bus_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct ds_plugin ds_locks_default;

enum { A, B, C, NODES };

static const struct ds_lock_operations *operations;
static struct bus_double bus;
static struct node {
    struct double_node *on_bus;
    void *locks;
} nodes[NODES];
static const char *const SERVERS[NODES] = {"a", "b", "c"};
static const char *options;

static int open_nodes(void **state)
{
    (void)state;
    operations = ds_locks_default.operations;
    bus_double_init(&bus);
    for (size_t i = 0; i < NODES; i++) {
        nodes[i].on_bus = bus_double_add(&bus, SERVERS[i]);
        nodes[i].locks = double_node_open(nodes[i].on_bus, &ds_locks_default, options);
        double_node_follows(nodes[i].on_bus, "a");
    }
    return 0;
}

static int set_up(void **state)
{
    options = "{\"holdTimeout\": 60000, \"requestTimeout\": 60000}";
    return open_nodes(state);
}

static int set_up_impatient(void **state)
{
    options = "{\"holdTimeout\": 50, \"requestTimeout\": 50}";
    return open_nodes(state);
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < NODES; i++)
        double_node_close(nodes[i].on_bus, &ds_locks_default, nodes[i].locks);
    bus_double_fini(&bus);
    return 0;
}

enum { WAITING = -1 };

static void note(void *context, bool got)
{
    int *outcome = context;
    assert_int_equal(*outcome, WAITING);
    *outcome = got;
}

static void ask(size_t node, const char *name, int *outcome)
{
    *outcome = WAITING;
    operations->get(nodes[node].locks, slice_of(name), note, outcome);
}

static int get(size_t node, const char *name)
{
    static int outcome;
    ask(node, name, &outcome);
    bus_double_deliver(&bus);
    return outcome;
}

static void release(size_t node, const char *name)
{
    operations->release(nodes[node].locks, slice_of(name));
    bus_double_deliver(&bus);
}

static void one_node_at_a_time_gets_a_lock(void **state)
{
    (void)state;
    assert_int_equal(get(B, "x"), true);
    assert_int_equal(get(C, "x"), false);
    assert_int_equal(get(A, "x"), false);
    assert_int_equal(get(B, "x"), false);
    assert_int_equal(get(C, "y"), true);
    release(C, "x"); /* does not hold it */
    assert_int_equal(get(A, "x"), false);
    release(B, "x");
    assert_int_equal(get(A, "x"), true);
    release(A, "x");
    assert_int_equal(get(C, "x"), true);
}

static void a_second_request_while_one_waits_gets_nothing(void **state)
{
    (void)state;
    int first, second;
    ask(B, "x", &first);
    ask(B, "x", &second);
    assert_int_equal(second, false);
    assert_int_equal(first, WAITING);
    bus_double_deliver(&bus);
    assert_int_equal(first, true);
}

static bool has_ended(void *context)
{
    return *(int *)context != WAITING;
}

static void who_hears_nothing_in_time_has_no_lock_and_gives_a_late_one_back(void **state)
{
    (void)state;
    int outcome;
    ask(B, "x", &outcome);
    struct double_text late = bus.posted.items[--bus.posted.count];
    bus_double_run_until(&bus, has_ended, &outcome);
    assert_int_equal(outcome, false);
    assert_true(double_node_has_logged(nodes[B].on_bus, "LOCK_REQUEST_TIMEOUT request for lock x"));
    VEC_PUSH(&bus.posted, late);
    bus_double_deliver(&bus);
    assert_int_equal(get(C, "x"), true);
}

static bool c_gets_x(void *context)
{
    (void)context;
    int got = get(C, "x");
    return got == true;
}

static void a_lock_ends_by_itself(void **state)
{
    (void)state;
    assert_int_equal(get(B, "x"), true);
    bus_double_run_until(&bus, c_gets_x, NULL);
    assert_true(double_node_has_logged(nodes[A].on_bus, "LOCK_RELEASE_TIMEOUT lock x released"));
}

static void a_late_release_does_not_free_the_lock_of_the_next(void **state)
{
    (void)state;
    assert_int_equal(get(B, "x"), true);
    double_node_misses(nodes[A].on_bus, "b"); /* its locks are free */
    assert_int_equal(get(C, "x"), true);
    release(B, "x");
    assert_int_equal(get(A, "x"), false);
}

static void when_another_node_leads_the_old_locks_are_forgotten(void **state)
{
    (void)state;
    assert_int_equal(get(C, "x"), true);
    for (size_t i = 0; i < NODES; i++)
        double_node_follows(nodes[i].on_bus, "b");
    assert_int_equal(get(A, "x"), true);
    for (size_t i = 0; i < NODES; i++)
        double_node_follows(nodes[i].on_bus, "a");
    assert_int_equal(get(B, "x"), true);
}

static void who_waits_asks_the_new_leader(void **state)
{
    (void)state;
    int of_c, of_b;
    nodes[A].on_bus->is_cut_off = true;
    ask(C, "x", &of_c);
    ask(B, "y", &of_b);
    bus_double_deliver(&bus);
    assert_int_equal(of_c, WAITING);
    double_node_follows(nodes[B].on_bus, "b");
    assert_int_equal(of_b, true); /* it leads itself */
    double_node_follows(nodes[C].on_bus, "b");
    bus_double_deliver(&bus);
    assert_int_equal(of_c, true);
}

/* A refusal would be final, while C may learn at any time who leads. */
static void who_does_not_lead_says_so_in_its_log_and_answers_nothing(void **state)
{
    (void)state;
    int outcome;
    double_node_follows(nodes[C].on_bus, "b");
    ask(C, "x", &outcome);
    bus_double_deliver(&bus);
    assert_int_equal(outcome, WAITING);
    assert_true(double_node_has_logged(nodes[B].on_bus, "INVALID_LEADER_REQUEST"));
    double_node_follows(nodes[C].on_bus, "a");
    bus_double_deliver(&bus);
    assert_int_equal(outcome, true);
}

static void an_answer_of_the_one_that_led_is_not_that_of_the_one_that_leads(void **state)
{
    (void)state;
    int outcome;
    assert_int_equal(get(B, "x"), true);
    ask(C, "x", &outcome);
    nodes[C].on_bus->leader = "b"; /* learns it before the refusal has come */
    bus_double_deliver(&bus);
    assert_int_equal(outcome, WAITING);
    for (size_t i = 0; i < NODES; i++)
        double_node_follows(nodes[i].on_bus, "b");
    bus_double_deliver(&bus);
    assert_int_equal(outcome, true);
}

static void last_posted_is(const char *text)
{
    assert_true(slice_equal(bus.posted.items[bus.posted.count - 1].text, slice_of(text)));
}

static void say(size_t node, const char *to, const char *message)
{
    nodes[node].on_bus->services.bus_send_direct(nodes[node].on_bus, slice_of(to), 10,
                                                 slice_of(message));
    bus_double_deliver(&bus);
}

static void messages_are_understood_by_nodes_without_ids(void **state)
{
    (void)state;
    int outcome;
    ask(B, "x", &outcome);
    last_posted_is("{\"topic\":10,\"action\":2,\"name\":\"x\",\"id\":1}");
    bus.posted.count--;
    free((char *)(uintptr_t)bus.posted.items[bus.posted.count].text.at);
    say(A, "b", "{\"topic\":10,\"action\":3,\"name\":\"x\",\"locked\":true}");
    assert_int_equal(outcome, true);
    say(C, "a", "{\"topic\":10,\"action\":2,\"name\":\"y\"}");
    assert_int_equal(get(A, "y"), false);
    say(C, "a", "{\"topic\":10,\"action\":4,\"name\":\"y\"}");
    assert_int_equal(get(A, "y"), true);
    say(C, "a", "{\"topic\":10,\"action\":4}");
    say(C, "a", "7");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define IMPATIENT(name) cmocka_unit_test_setup_teardown(name, set_up_impatient, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_node_at_a_time_gets_a_lock),
        TEST(a_second_request_while_one_waits_gets_nothing),
        IMPATIENT(who_hears_nothing_in_time_has_no_lock_and_gives_a_late_one_back),
        IMPATIENT(a_lock_ends_by_itself),
        TEST(a_late_release_does_not_free_the_lock_of_the_next),
        TEST(when_another_node_leads_the_old_locks_are_forgotten),
        TEST(who_waits_asks_the_new_leader),
        TEST(who_does_not_lead_says_so_in_its_log_and_answers_nothing),
        TEST(an_answer_of_the_one_that_led_is_not_that_of_the_one_that_leads),
        TEST(messages_are_understood_by_nodes_without_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
