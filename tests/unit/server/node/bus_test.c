/* What goes over the bus, and to whom in the node what comes goes. */

#include "node/bus.h"

#include "logging/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct log node_log;
static struct bus bus;
static const struct ds_cluster_node_listener *listener;
static char sent[512], sent_to[64];
static unsigned sent_topic;
static bool wanted[256];

static void cluster_node_send(void *self, uint8_t topic, ds_slice text)
{
    (void)self;
    sent_topic = topic;
    sent_to[0] = '\0';
    snprintf(sent, sizeof sent, SLICE_FORMAT, SLICE_ARGUMENTS(text));
}

static void cluster_node_send_direct(void *self, ds_slice server, uint8_t topic, ds_slice text)
{
    cluster_node_send(self, topic, text);
    snprintf(sent_to, sizeof sent_to, SLICE_FORMAT, SLICE_ARGUMENTS(server));
}

static void cluster_node_subscribe(void *self, uint8_t topic)
{
    (void)self;
    assert_false(wanted[topic]);
    wanted[topic] = true;
}

static void cluster_node_listen(void *self, const struct ds_cluster_node_listener *given)
{
    (void)self;
    listener = given;
}

static const struct ds_cluster_node_operations CLUSTER_NODE = {
    cluster_node_send, cluster_node_send_direct, cluster_node_subscribe, cluster_node_listen};

/* ---- what the node hears ---- */

static unsigned texts, messages, connections;
static char heard[128];

static void on_text(void *context, ds_slice from_server, ds_slice message)
{
    (void)context;
    texts++;
    snprintf(heard, sizeof heard, SLICE_FORMAT " " SLICE_FORMAT, SLICE_ARGUMENTS(from_server),
             SLICE_ARGUMENTS(message));
}

static void on_connected(void *context)
{
    (void)context;
    connections++;
}

static void on_message(void *context, const struct message *message, slice from_server)
{
    messages++;
    assert_int_equal(message->topic, *(enum topic *)context);
    snprintf(heard, sizeof heard, SLICE_FORMAT " " SLICE_FORMAT, SLICE_ARGUMENTS(from_server),
             SLICE_ARGUMENTS(message->topic == TOPIC_EVENT && MESSAGE_HAS(message, subscription)
                                 ? message->subscription
                                 : message->name));
}

static const struct ds_bus_listener LOCKS = {10, NULL, on_text, on_connected};
static const struct ds_bus_listener REGISTRY = {9, NULL, on_text, NULL};
static enum topic events = TOPIC_EVENT;

static int set_up(void **state)
{
    (void)state;
    texts = messages = connections = 0;
    memset(wanted, 0, sizeof wanted);
    sent[0] = heard[0] = '\0';
    bus_init(&bus, &node_log, SLICE("me"));
    bus_attach(&bus, &CLUSTER_NODE, NULL);
    bus_listen(&bus, &LOCKS);
    bus_listen(&bus, &REGISTRY);
    bus_subscribe(&bus, TOPIC_EVENT, on_message, &events);
    bus_subscribe(&bus, TOPIC_EVENT, on_message, &events);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bus_fini(&bus);
    return 0;
}

static void come(uint8_t topic, const char *text)
{
    listener->on_text(listener->context, topic, slice_of(text));
}

static void topics_are_subscribed_to_once_with_those_of_listening(void **state)
{
    (void)state;
    assert_true(wanted[4] && wanted[9] && wanted[10] && wanted[20]);
    assert_false(wanted[5] || wanted[19]);
}

static void messages_go_in_an_envelope(void **state)
{
    (void)state;
    struct message event = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&event, name, SLICE("e"));
    bus_send_message(&bus, (slice){0}, &event);
    assert_int_equal(sent_topic, 4);
    assert_string_equal(
        sent, "{\"fromServer\":\"me\",\"message\":{\"topic\":4,\"action\":2,\"name\":\"e\"}}");
    bus_send_text(&bus, SLICE("b"), 10, SLICE("{}"));
    assert_string_equal(sent, "{\"fromServer\":\"me\",\"toServer\":\"b\",\"message\":{}}");
    assert_string_equal(sent_to, "b");
}

static void unsuccessful_searches_travel_under_topics_of_their_own(void **state)
{
    (void)state;
    struct message notice = MESSAGE(TOPIC_EVENT, EVENT_LISTEN_UNSUCCESSFUL);
    MESSAGE_SET(&notice, subscription, SLICE("f/1"));
    bus_send_message(&bus, (slice){0}, &notice);
    assert_int_equal(sent_topic, 20);
    come(20, "{\"fromServer\":\"b\",\"message\":{\"topic\":20,\"action\":102,"
             "\"subscription\":\"f/1\"}}");
    assert_int_equal(messages, 2);
    assert_string_equal(heard, "b f/1");
}

static void what_comes_goes_to_who_listens_to_its_topic(void **state)
{
    (void)state;
    come(4, "{\"fromServer\":\"b\",\"message\":{\"topic\":4,\"action\":2,\"name\":\"e\"}}");
    assert_int_equal(messages, 2);
    assert_string_equal(heard, "b e");
    come(10, "{\"fromServer\":\"b\",\"toServer\":\"me\",\"message\":{\"x\":1}}");
    assert_int_equal(texts, 1);
    assert_string_equal(heard, "b {\"x\":1}");
    assert_int_equal(messages, 2);
}

static void its_own_and_what_is_for_others_is_passed_over(void **state)
{
    (void)state;
    come(10, "{\"fromServer\":\"me\",\"message\":{}}");
    come(10, "{\"fromServer\":\"b\",\"toServer\":\"c\",\"message\":{}}");
    assert_int_equal(texts, 0);
    come(9, "{\"fromServer\":\"me\",\"message\":{}}"); /* perhaps of another node of that name */
    assert_int_equal(texts, 1);
}

static void nonsense_is_logged_and_goes_no_further(void **state)
{
    (void)state;
    uint64_t before = node_log.counts[LOG_PLUGIN_ERROR][DS_ERROR];
    come(4, "x");
    come(4, "{\"fromServer\":\"b\",\"message\":{\"topic\":4,\"action\":2,\"name\":7}}");
    come(4, "{\"fromServer\":\"b\",\"message\":{}}");
    assert_int_equal(messages, 0);
    assert_int_equal(node_log.counts[LOG_PLUGIN_ERROR][DS_ERROR], before + 3);
}

static void only_a_bus_that_is_back_is_told_of(void **state)
{
    (void)state;
    listener->on_state(listener->context, false);
    assert_int_equal(connections, 0);
    listener->on_state(listener->context, true);
    assert_int_equal(connections, 1);
}

static void who_has_left_hears_and_says_nothing(void **state)
{
    (void)state;
    bus_leave(&bus);
    bus_send_text(&bus, (slice){0}, 10, SLICE("{}"));
    come(10, "{\"fromServer\":\"b\",\"message\":{}}");
    listener->on_state(listener->context, true);
    assert_string_equal(sent, "");
    assert_int_equal(texts + connections, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(topics_are_subscribed_to_once_with_those_of_listening),
        TEST(messages_go_in_an_envelope),
        TEST(unsuccessful_searches_travel_under_topics_of_their_own),
        TEST(what_comes_goes_to_who_listens_to_its_topic),
        TEST(its_own_and_what_is_for_others_is_passed_over),
        TEST(nonsense_is_logged_and_goes_no_further),
        TEST(only_a_bus_that_is_back_is_told_of),
        TEST(who_has_left_hears_and_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
