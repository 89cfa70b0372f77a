/* Listening with the locks that nodes really use: whichever message about a lock is lost, and
 * whenever another node leads, a provider is found. */

#include "deepstream/plugin.h"

#include "support/bus_double.h"
#include "support/listening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

extern const struct ds_plugin ds_locks_default;

/* A has the subscriber, B and sometimes C a listener. */
enum { A, B, C, NODES };

static const char *const SERVERS[NODES] = {"a", "b", "c"};
static const char LOCK_OPTIONS[] = "{\"holdTimeout\": 50, \"requestTimeout\": 50}";
static const char PATIENT_LOCKS[] = "{\"holdTimeout\": 60000, \"requestTimeout\": 60000}";

static struct bus_double bus; /* of the locks; all else comes at once and is never lost */
static struct memory_cluster cluster;
static struct node {
    struct listening_node listening;
    struct double_node *on_bus;
    void *locks;
    struct memory_client *listener;
} nodes[NODES];
static struct memory_client *subscriber;
static bool is_provided;

/* What befalls the messages about locks, in their order. Nodes learn of the leader one message
 * after the other, the one called `first` before all. */
static struct fault {
    int lost;                   /* number of the message that is lost; -1: none */
    int changes_at;             /* number of the message before which another node leads; -1 */
    size_t leader;              /* at first */
    size_t new_leader, learner; /* who learns of it first */
    int seen;
} fault;

static const struct fault NO_FAULT = {.lost = -1, .changes_at = -1};

static bool befalls(void *context, const struct double_text *text)
{
    (void)context;
    (void)text;
    int number = fault.seen++;
    int learnt = number - fault.changes_at;
    if (fault.changes_at >= 0 && learnt >= 0 && learnt < NODES)
        double_node_follows(nodes[(fault.learner + (size_t)learnt) % NODES].on_bus,
                            SERVERS[fault.new_leader]);
    return number == fault.lost;
}

static void open_node(size_t index, const struct listen_settings *settings, const char *options)
{
    struct node *node = &nodes[index];
    *node = (struct node){.on_bus = bus_double_add(&bus, SERVERS[index])};
    node->locks = double_node_open(node->on_bus, &ds_locks_default, options);
    double_node_follows(node->on_bus, "a");
    handler_world_init_in(&node->listening.world, &cluster, SERVERS[index]);
    struct cluster *known = node->listening.world.services.cluster;
    known->locks = ds_locks_default.operations;
    known->locks_self = node->locks;
    listening_node_start(&node->listening, TOPIC_RECORD, settings);
}

static void open_nodes(uint32_t rematch_interval_ms, const char *options)
{
    static struct listen_settings settings;
    settings = LISTENING_PATIENT;
    settings.rematch_interval_ms = rematch_interval_ms;
    fault = NO_FAULT;
    is_provided = false;
    bus_double_init(&bus);
    bus.loses = befalls;
    memory_cluster_init(&cluster);
    for (size_t i = 0; i < NODES; i++)
        open_node(i, &settings, options);
    subscriber = memory_login(&nodes[A].listening.world.memory, "subscriber");
}

static void close_nodes(void)
{
    for (size_t i = 0; i < NODES; i++)
        listening_node_stop(&nodes[i].listening);
    for (size_t i = 0; i < NODES; i++)
        double_node_close(nodes[i].on_bus, &ds_locks_default, nodes[i].locks);
    bus_double_fini(&bus);
    memory_cluster_fini(&cluster);
}

static void listen_at(size_t index)
{
    nodes[index].listener = memory_login(&nodes[index].listening.world.memory, "listener");
    listen_to(nodes[index].listener, "f/.*");
    expect_listening(nodes[index].listener, "f/.*");
}

static void accept_what_is_offered(struct memory_client *listener)
{
    for (const struct message *message;
         listener != NULL && (message = memory_take(listener)) != NULL;)
        if (message->action == RECORD_SUBSCRIPTION_FOR_PATTERN_FOUND)
            accept_offer(listener, "f/.*", "f/1");
}

/* For bus_double_run_until: lets the nodes go on as well. */
static bool a_provider_is_found(void *context)
{
    (void)context;
    for (size_t i = 0; i < NODES; i++) {
        uv_run(&nodes[i].listening.world.memory.loop, UV_RUN_NOWAIT);
        accept_what_is_offered(nodes[i].listener);
    }
    memory_cluster_deliver(&cluster);
    for (const struct message *message; (message = memory_take(subscriber)) != NULL;)
        is_provided |= message->action == RECORD_SUBSCRIPTION_HAS_PROVIDER;
    return is_provided;
}

static void lead(size_t leader)
{
    for (size_t i = 0; i < NODES; i++)
        double_node_follows(nodes[i].on_bus, SERVERS[leader]);
}

static void a_provider_is_found_in_spite_of(const struct fault *wanted, bool has_two_listeners)
{
    open_nodes(1001, LOCK_OPTIONS);
    lead(wanted->leader);
    listen_at(B);
    if (has_two_listeners)
        listen_at(C);
    fault = *wanted;
    subscribe(subscriber, "f/1");
    bus_double_run_until(&bus, a_provider_is_found, NULL);
    close_nodes();
}

/* ---- tests ---- */

/* Of B, and then of C, a request, an answer, holding on to it and its release. */
static void whichever_message_about_a_lock_is_lost_a_provider_is_found(void **state)
{
    (void)state;
    for (int lost = 0; lost < 8; lost++) {
        struct fault losing = NO_FAULT;
        losing.lost = lost;
        a_provider_is_found_in_spite_of(&losing, true);
        a_provider_is_found_in_spite_of(&losing, false);
    }
}

static void every_change_of_leader(int moment, int lost, bool has_two_listeners)
{
    for (size_t i = 0; i < (size_t)NODES * NODES * NODES; i++) {
        const struct fault changing = {.lost = lost,
                                       .changes_at = moment,
                                       .leader = i % NODES,
                                       .new_leader = i / NODES % NODES,
                                       .learner = i / NODES / NODES};
        if (changing.leader != changing.new_leader)
            a_provider_is_found_in_spite_of(&changing, has_two_listeners);
    }
}

static void whoever_leads_from_whichever_message_on_a_provider_is_found(void **state)
{
    (void)state;
    for (int moment = 0; moment < 4; moment++) {
        every_change_of_leader(moment, -1, false);
        every_change_of_leader(moment, -1, true);
    }
}

static void also_when_a_message_is_lost_after_the_change(void **state)
{
    (void)state;
    every_change_of_leader(0, 1, true);
    every_change_of_leader(1, 2, true);
}

/* Nobody tells C, who was refused the lock, that it is free again. */
static void who_dies_or_is_paused_with_the_lock_delays_others_until_they_search_again(void **state)
{
    (void)state;
    for (int is_missed = 0; is_missed < 2; is_missed++) {
        open_nodes(1001, is_missed ? PATIENT_LOCKS : LOCK_OPTIONS);
        listen_at(B);
        listen_at(C);
        struct memory_client *silent = nodes[B].listener;
        nodes[B].listener = NULL;
        subscribe(subscriber, "f/1");
        bus_double_deliver(&bus);
        expect_found(silent, "f/.*", "f/1");
        nodes[B].on_bus->is_cut_off = true;
        if (is_missed)
            double_node_misses(nodes[A].on_bus, "b");
        bus_double_run_until(&bus, a_provider_is_found, NULL);
        close_nodes();
    }
}

/* Without rematching. */
static void who_subscribes_anew_while_the_lock_is_asked_for_has_a_provider(void **state)
{
    (void)state;
    open_nodes(1000, PATIENT_LOCKS);
    listen_at(B);
    subscribe(subscriber, "f/1");
    unsubscribe(subscriber, "f/1");
    subscribe(subscriber, "f/1");
    bus_double_run_until(&bus, a_provider_is_found, NULL);
    close_nodes();
}

/* The old leader knows of the new one before those do who ask: without rematching. */
static void who_asks_the_one_that_led_waits_for_the_one_that_leads(void **state)
{
    (void)state;
    open_nodes(1000, PATIENT_LOCKS);
    listen_at(B);
    double_node_follows(nodes[A].on_bus, "c");
    subscribe(subscriber, "f/1");
    bus_double_deliver(&bus);
    double_node_follows(nodes[C].on_bus, "c");
    double_node_follows(nodes[B].on_bus, "c");
    bus_double_run_until(&bus, a_provider_is_found, NULL);
    close_nodes();
}

static void a_lock_that_comes_when_nobody_subscribes_any_more_is_given_back(void **state)
{
    (void)state;
    open_nodes(1000, PATIENT_LOCKS);
    listen_at(B);
    subscribe(subscriber, "f/1");
    unsubscribe(subscriber, "f/1");
    bus_double_deliver(&bus);
    memory_expect_nothing(nodes[B].listener);
    listen_at(C);
    subscribe(subscriber, "f/1");
    bus_double_run_until(&bus, a_provider_is_found, NULL);
    close_nodes();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whichever_message_about_a_lock_is_lost_a_provider_is_found),
        cmocka_unit_test(whoever_leads_from_whichever_message_on_a_provider_is_found),
        cmocka_unit_test(also_when_a_message_is_lost_after_the_change),
        cmocka_unit_test(who_dies_or_is_paused_with_the_lock_delays_others_until_they_search_again),
        cmocka_unit_test(who_subscribes_anew_while_the_lock_is_asked_for_has_a_provider),
        cmocka_unit_test(who_asks_the_one_that_led_waits_for_the_one_that_leads),
        cmocka_unit_test(a_lock_that_comes_when_nobody_subscribes_any_more_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
