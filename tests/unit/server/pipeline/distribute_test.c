/* The allow-list of actions, and what a message must name. */

#include "recorder.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;
static struct recorder events, records, rpcs, presences;
static struct memory_client *bo;

static int set_up(void **state)
{
    (void)state;
    memory_world_init(&world);
    recorder_init(&events, &world, TOPIC_EVENT);
    recorder_init(&records, &world, TOPIC_RECORD);
    recorder_init(&rpcs, &world, TOPIC_RPC);
    recorder_init(&presences, &world, TOPIC_PRESENCE);
    bo = memory_login(&world, "bo");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    recorder_fini(&events);
    recorder_fini(&records);
    recorder_fini(&rpcs);
    recorder_fini(&presences);
    return 0;
}

static struct recorder *recorder_of(unsigned topic)
{
    struct recorder *const recorders[] = {[TOPIC_EVENT] = &events,
                                          [TOPIC_RECORD] = &records,
                                          [TOPIC_RPC] = &rpcs,
                                          [TOPIC_PRESENCE] = &presences};
    return recorders[topic];
}

static const slice NAMES[] = {{"a", 1}, {"b", 1}};

/* With a name and names, so that nothing is missing. */
static struct message full(unsigned topic, unsigned action)
{
    struct message message = MESSAGE((uint8_t)topic, (uint16_t)action);
    MESSAGE_SET(&message, name, SLICE("a"));
    message_set_names(&message, NAMES, 2);
    return message;
}

struct known_action {
    unsigned topic, action;
    enum action_way way;
};

static const struct known_action KNOWN[] = {
#define ACTION(topic, name, number, way) {TOPIC_##topic, number, WAY_##way},
#include "message/actions.def"
#undef ACTION
};

static bool is_handled(unsigned topic)
{
    return topic >= TOPIC_EVENT && topic <= TOPIC_PRESENCE;
}

static void h22_only_actions_of_the_allow_list_reach_a_handler(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        if (!is_handled(KNOWN[i].topic))
            continue;
        struct message message = full(KNOWN[i].topic, KNOWN[i].action);
        memory_send(bo, &message);
        if (KNOWN[i].way == WAY_REFUSE || KNOWN[i].way == WAY_FILTERS) { /* of MQTT alone */
            const struct message *answer = memory_expect(bo, TOPIC_PARSER, PARSER_UNKNOWN_ACTION);
            assert_int_equal(answer->original_topic, KNOWN[i].topic);
            assert_int_equal(answer->original_action, KNOWN[i].action);
        } else {
            recorder_expect(recorder_of(KNOWN[i].topic), KNOWN[i].action);
        }
        memory_expect_nothing(bo);
        recorder_expect_nothing(recorder_of(KNOWN[i].topic));
    }
}

static void h22_every_other_number_is_an_unknown_action(void **state)
{
    (void)state;
    unsigned refused = 0;
    for (unsigned topic = TOPIC_EVENT; topic <= TOPIC_PRESENCE; topic++) {
        for (unsigned action = 0; action < 200; action++) {
            if (action_way(topic, action) != WAY_REFUSE)
                continue;
            struct message message = full(topic, action);
            memory_send(bo, &message);
            memory_expect(bo, TOPIC_PARSER, PARSER_UNKNOWN_ACTION);
            refused++;
        }
        recorder_expect_nothing(recorder_of(topic));
    }
    assert_true(refused > 700);
    assert_int_equal(world.permission.asked.count, 0);
}

static void each_way_asks_as_often_as_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        if (!is_handled(KNOWN[i].topic))
            continue;
        size_t before = world.permission.asked.count, expected = 0;
        struct message message = full(KNOWN[i].topic, KNOWN[i].action);
        memory_send(bo, &message);
        if (KNOWN[i].way == WAY_ASK_NOBODY || KNOWN[i].way == WAY_ASK_NAME)
            expected = 1;
        else if (KNOWN[i].way == WAY_ASK_NAMES)
            expected = 2;
        assert_int_equal(world.permission.asked.count - before, expected);
    }
}

static bool needs_name(enum action_way way)
{
    return way == WAY_FREE_NAME || way == WAY_ASK_NAME || way == WAY_IN_HANDLER;
}

static bool needs_names(const struct known_action *known)
{
    bool may_be_empty = known->topic == TOPIC_RECORD && known->action == RECORD_NOTIFY;
    return !may_be_empty && (known->way == WAY_ASK_NAMES || known->way == WAY_IN_HANDLER_NAMES);
}

static unsigned malformed_action(unsigned topic)
{
    static const unsigned actions[] = {[TOPIC_EVENT] = EVENT_INVALID_MESSAGE_DATA,
                                       [TOPIC_RECORD] = RECORD_INVALID_MESSAGE_DATA,
                                       [TOPIC_RPC] = RPC_INVALID_MESSAGE_DATA,
                                       [TOPIC_PRESENCE] = PRESENCE_INVALID_PRESENCE_USERS};
    return actions[topic];
}

static void expect_malformed(const struct known_action *known, const struct message *message)
{
    size_t asked = world.permission.asked.count;
    memory_send(bo, message);
    const struct message *answer = memory_expect(bo, known->topic, malformed_action(known->topic));
    assert_int_equal(answer->original_action, known->action);
    assert_true(answer->is_error);
    assert_true(slice_equal(answer->correlation_id, SLICE("7")));
    assert_int_equal(world.permission.asked.count, asked);
    recorder_expect_nothing(recorder_of(known->topic));
}

static void f1_f4_a_message_without_its_name_or_names_is_malformed(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct message message = full(KNOWN[i].topic, KNOWN[i].action);
        MESSAGE_SET(&message, correlation_id, SLICE("7"));
        if (needs_name(KNOWN[i].way)) {
            message.present &= ~(UINT32_C(1) << FIELD_name);
        } else if (needs_names(&KNOWN[i])) {
            message.present &= ~(UINT32_C(1) << FIELD_names);
            message.name_count = 0;
        } else {
            continue;
        }
        expect_malformed(&KNOWN[i], &message);
        tried++;
    }
    assert_true(tried > 30);
}

static void h26_names_that_are_not_text_are_undecodable(void **state)
{
    (void)state;
    /* EVENT.SUBSCRIBE whose one name is the byte FF */
    memory_send_bytes(bo, DS_FRAME_BINARY, SLICE("\x09\x10\x04\x1a\x05\x08\x03\x3a\x01\xff"));
    memory_expect(bo, TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
    recorder_expect_nothing(&events);
}

static void b13_an_empty_notify_reaches_its_handler_unasked(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_NOTIFY);
    memory_send(bo, &message);
    assert_int_equal(recorder_expect(&records, RECORD_NOTIFY)->name_count, 0);
    assert_int_equal(world.permission.asked.count, 0);
}

static void an_unsubscribe_without_names_reaches_its_handler(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_UNSUBSCRIBE);
    memory_send(bo, &message);
    recorder_expect(&events, EVENT_UNSUBSCRIBE);
}

static void too_many_names_are_refused_before_anything_is_asked(void **state)
{
    (void)state;
    static slice names[10001];
    for (size_t i = 0; i < 10001; i++)
        names[i] = SLICE("n");
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
    message_set_names(&message, names, 10001);
    memory_send(bo, &message);
    memory_expect(bo, TOPIC_EVENT, EVENT_INVALID_MESSAGE_DATA);
    assert_int_equal(world.permission.asked.count, 0);
    message_set_names(&message, names, 10000);
    memory_send(bo, &message);
    assert_int_equal(recorder_expect(&events, EVENT_SUBSCRIBE)->name_count, 10000);
}

static void f18_unknown_topics_say_which(void **state)
{
    (void)state;
    static const unsigned topics[] = {TOPIC_PARSER, TOPIC_AUTH, TOPIC_CONNECTION};
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        struct message message = MESSAGE((uint8_t)topics[i], 1);
        memory_send(bo, &message);
        const struct message *answer = memory_expect(bo, TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
        assert_int_equal(answer->original_topic, topics[i]);
        assert_int_equal(answer->original_action, 1);
    }
}

static void topics_of_the_bus_are_unknown_topics(void **state)
{
    (void)state;
    static const slice frames[] = {{"\x06\x10\x09\x1a\x02\x08\x01", 7},
                                   {"\x06\x10\x0a\x1a\x02\x08\x01", 7},
                                   {"\x06\x10\x0b\x1a\x02\x08\x01", 7},
                                   {"\x06\x10\x63\x1a\x02\x08\x01", 7}};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        memory_send_bytes(bo, DS_FRAME_BINARY, frames[i]);
        memory_expect(bo, TOPIC_PARSER, PARSER_UNKNOWN_TOPIC);
        memory_expect_nothing(bo);
    }
}

static void handlers_hear_of_logins_and_ends_in_turn(void **state)
{
    (void)state;
    assert_int_equal(events.logins, 1);
    assert_int_equal(presences.logins, 1);
    struct memory_client *stranger = memory_connect(&world);
    memory_disconnect(stranger);
    assert_int_equal(events.closes, 0);
    memory_disconnect(bo);
    assert_int_equal(events.closes, 1);
    assert_int_equal(presences.closes, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(h22_only_actions_of_the_allow_list_reach_a_handler),
        TEST(h22_every_other_number_is_an_unknown_action),
        TEST(each_way_asks_as_often_as_it_should),
        TEST(f1_f4_a_message_without_its_name_or_names_is_malformed),
        TEST(h26_names_that_are_not_text_are_undecodable),
        TEST(b13_an_empty_notify_reaches_its_handler_unasked),
        TEST(an_unsubscribe_without_names_reaches_its_handler),
        TEST(too_many_names_are_refused_before_anything_is_asked),
        TEST(f18_unknown_topics_say_which),
        TEST(topics_of_the_bus_are_unknown_topics),
        TEST(handlers_hear_of_logins_and_ends_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
