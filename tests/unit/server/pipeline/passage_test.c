/* The permission stage: what is asked, and which names go on. */

#include "recorder.h"

#include "base/buf.h"

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
    world.permission.answer = by_first_letter;
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

/* names: words separated by spaces. */
static void send_names(unsigned topic, unsigned action, const char *names)
{
    struct message message = MESSAGE((uint8_t)topic, (uint16_t)action);
    slice list[32];
    size_t count = 0;
    for (const char *at = names; *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        list[count++] = (slice){at, length};
        at += length;
    }
    message_set_names(&message, list, count);
    MESSAGE_SET(&message, correlation_id, SLICE("c1"));
    memory_send(bo, &message);
}

static void expect_names(struct recorder *recorder, unsigned action, const char *names)
{
    const struct message *message = recorder_expect(recorder, action);
    struct buf joined = BUF_EMPTY;
    for (uint32_t i = 0; i < message->name_count; i++) {
        buf_append_text(&joined, i > 0 ? " " : "");
        buf_append(&joined, message->names[i]);
    }
    assert_true(slice_equal(buf_slice(&joined), slice_of(names)));
    buf_fini(&joined);
    assert_true(slice_equal(message->correlation_id, SLICE("c1")));
}

static void expect_denied(unsigned topic, unsigned action, unsigned original, const char *name)
{
    const struct message *answer = memory_expect(bo, topic, action);
    assert_int_equal(answer->original_action, original);
    assert_true(slice_equal(answer->name, slice_of(name)));
    assert_true(slice_equal(answer->correlation_id, SLICE("c1")));
    assert_true(answer->is_error);
    assert_false(MESSAGE_HAS(answer, is_write_ack));
    assert_false(MESSAGE_HAS(answer, data));
    assert_false(MESSAGE_HAS(answer, names));
}

static void h3_b1_exactly_the_allowed_names_go_on(void **state)
{
    (void)state;
    send_names(TOPIC_EVENT, EVENT_SUBSCRIBE, "n1 y1 n2 y2 y3 e1 y2");
    expect_denied(TOPIC_EVENT, EVENT_MESSAGE_DENIED, EVENT_SUBSCRIBE, "n1");
    expect_denied(TOPIC_EVENT, EVENT_MESSAGE_DENIED, EVENT_SUBSCRIBE, "n2");
    expect_denied(TOPIC_EVENT, EVENT_MESSAGE_PERMISSION_ERROR, EVENT_SUBSCRIBE, "e1");
    memory_expect_nothing(bo);
    expect_names(&events, EVENT_SUBSCRIBE, "y1 y2 y3 y2");
}

static void h3_b1_the_same_for_each_topic(void **state)
{
    (void)state;
    send_names(TOPIC_RECORD, RECORD_SUBSCRIBE, "n1 y1");
    expect_denied(TOPIC_RECORD, RECORD_MESSAGE_DENIED, RECORD_SUBSCRIBE, "n1");
    expect_names(&records, RECORD_SUBSCRIBE, "y1");
    send_names(TOPIC_RPC, RPC_PROVIDE, "y1 n1");
    expect_denied(TOPIC_RPC, RPC_MESSAGE_DENIED, RPC_PROVIDE, "n1");
    expect_names(&rpcs, RPC_PROVIDE, "y1");
    send_names(TOPIC_PRESENCE, PRESENCE_QUERY, "y1 e1");
    expect_denied(TOPIC_PRESENCE, PRESENCE_MESSAGE_PERMISSION_ERROR, PRESENCE_QUERY, "e1");
    expect_names(&presences, PRESENCE_QUERY, "y1");
    send_names(TOPIC_RECORD, RECORD_NOTIFY, "n1 y1");
    expect_denied(TOPIC_RECORD, RECORD_MESSAGE_DENIED, RECORD_NOTIFY, "n1");
    expect_names(&records, RECORD_NOTIFY, "y1");
}

static void b1_names_decided_late_are_still_the_right_ones(void **state)
{
    (void)state;
    send_names(TOPIC_EVENT, EVENT_SUBSCRIBE, "n1 y1 s1 n2 s2 y2");
    expect_denied(TOPIC_EVENT, EVENT_MESSAGE_DENIED, EVENT_SUBSCRIBE, "n1");
    recorder_expect_nothing(&events);
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_denied(TOPIC_EVENT, EVENT_MESSAGE_DENIED, EVENT_SUBSCRIBE, "n2");
    recorder_expect_nothing(&events);
    permission_double_decide(&world.permission, DS_DENY);
    expect_denied(TOPIC_EVENT, EVENT_MESSAGE_DENIED, EVENT_SUBSCRIBE, "s2");
    expect_names(&events, EVENT_SUBSCRIBE, "y1 s1 y2");
    assert_int_equal(bo->session->holds, 0);
}

static void h7_a_bulk_with_many_late_verdicts_has_one_outcome(void **state)
{
    (void)state;
    send_names(TOPIC_EVENT, EVENT_SUBSCRIBE, "s1 s2 s3");
    for (int i = 0; i < 3; i++)
        assert_true(permission_double_decide(&world.permission, DS_ALLOW));
    assert_false(permission_double_decide(&world.permission, DS_ALLOW));
    expect_names(&events, EVENT_SUBSCRIBE, "s1 s2 s3");
    recorder_expect_nothing(&events);
}

static void when_no_name_is_left_nothing_more_happens(void **state)
{
    (void)state;
    send_names(TOPIC_EVENT, EVENT_SUBSCRIBE, "n1");
    expect_denied(TOPIC_EVENT, EVENT_MESSAGE_DENIED, EVENT_SUBSCRIBE, "n1");
    memory_expect_nothing(bo);
    recorder_expect_nothing(&events);
}

static void h4_a_single_name_action_is_asked_about_its_name_alone(void **state)
{
    (void)state;
    static const slice harmless[] = {{"yes", 3}};
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, SLICE("no"));
    message_set_names(&message, harmless, 1);
    memory_send(bo, &message);
    memory_expect(bo, TOPIC_EVENT, EVENT_MESSAGE_DENIED);
    recorder_expect_nothing(&events);
}

static void h4_a_bulk_action_is_asked_about_its_names_alone(void **state)
{
    (void)state;
    static const slice secret[] = {{"no", 2}};
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
    MESSAGE_SET(&message, name, SLICE("yes"));
    message_set_names(&message, secret, 1);
    memory_send(bo, &message);
    memory_expect(bo, TOPIC_EVENT, EVENT_MESSAGE_DENIED);
    recorder_expect_nothing(&events);
}

static const struct double_question *last_question(void)
{
    assert_true(world.permission.asked.count > 0);
    return world.permission.asked.items[world.permission.asked.count - 1];
}

static void h24_payloads_of_events_and_calls_are_seen_by_rules(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, SLICE("y"));
    memory_send(bo, &message);
    assert_int_equal(last_question()->request.payload, DS_PAYLOAD_NONE);
    MESSAGE_SET(&message, data, SLICE("null"));
    memory_send(bo, &message);
    assert_int_equal(last_question()->request.payload, DS_PAYLOAD_JSON);
    assert_string_equal(last_question()->data, "null");
    struct message call = MESSAGE(TOPIC_RPC, RPC_REQUEST);
    MESSAGE_SET(&call, name, SLICE("y"));
    MESSAGE_SET(&call, data, SLICE("{\"a\":1}"));
    memory_send(bo, &call);
    assert_int_equal(last_question()->request.topic, TOPIC_RPC);
    assert_int_equal(last_question()->request.action, RPC_REQUEST);
    assert_string_equal(last_question()->data, "{\"a\":1}");
    assert_ptr_equal(last_question()->request.user, bo->session->user);
}

static void other_messages_have_no_payload_for_rules(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_READ);
    MESSAGE_SET(&message, name, SLICE("y"));
    MESSAGE_SET(&message, data, SLICE("{\"forged\":true}"));
    memory_send(bo, &message);
    assert_int_equal(last_question()->request.payload, DS_PAYLOAD_NONE);
    assert_string_equal(last_question()->data, "");
}

static void h25_questions_about_everybody_have_no_name(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_PRESENCE, PRESENCE_QUERY_ALL);
    MESSAGE_SET(&message, name, SLICE("forged"));
    memory_send(bo, &message);
    assert_false(last_question()->request.has_name);
    assert_string_equal(last_question()->name, "");
    recorder_expect(&presences, PRESENCE_QUERY_ALL);
}

static enum double_answer deny(void *context, const struct ds_permission_request *request)
{
    (void)context;
    (void)request;
    return ANSWER_DENY;
}

static void a_refused_question_about_everybody_is_answered_without_a_name(void **state)
{
    (void)state;
    world.permission.answer = deny;
    struct message message = MESSAGE(TOPIC_PRESENCE, PRESENCE_SUBSCRIBE_ALL);
    memory_send(bo, &message);
    const struct message *answer = memory_expect(bo, TOPIC_PRESENCE, PRESENCE_MESSAGE_DENIED);
    assert_int_equal(answer->original_action, PRESENCE_SUBSCRIBE_ALL);
    assert_false(MESSAGE_HAS(answer, name));
    recorder_expect_nothing(&presences);
}

static void a_late_verdict_about_an_event_finds_its_payload(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    char data[] = "{\"n\":1}";
    MESSAGE_SET(&message, name, SLICE("slow"));
    MESSAGE_SET(&message, data, slice_of(data));
    memory_send(bo, &message);
    memset(data, 'x', sizeof data);
    permission_double_decide(&world.permission, DS_ALLOW);
    assert_true(slice_equal(recorder_expect(&events, EVENT_EMIT)->data, SLICE("{\"n\":1}")));
}

static void a_verdict_after_the_end_is_safe(void **state)
{
    (void)state;
    send_names(TOPIC_EVENT, EVENT_SUBSCRIBE, "s1 n1");
    memory_disconnect(bo);
    assert_int_equal(world.permission.user_count, 1);
    permission_double_decide(&world.permission, DS_ALLOW);
    expect_names(&events, EVENT_SUBSCRIBE, "s1");
    assert_int_equal(events.closes, 1);
    assert_int_equal(world.permission.user_count, 0);
}

/* ---- questions of handlers ---- */

struct verdicts {
    unsigned count;
    enum ds_verdict last;
};

static void on_verdict(void *context, enum ds_verdict verdict)
{
    struct verdicts *verdicts = context;
    verdicts->count++;
    verdicts->last = verdict;
}

static void handlers_ask_on_their_own(void **state)
{
    (void)state;
    struct verdicts verdicts = {0};
    struct ds_record record = {.version = 3, .data = SLICE("{}")};
    struct permission_question question = {.session = bo->session,
                                           .topic = TOPIC_RECORD,
                                           .action = RECORD_UPDATE,
                                           .has_name = true,
                                           .name = SLICE("yes"),
                                           .payload = DS_PAYLOAD_JSON,
                                           .data = SLICE("{\"a\":1}"),
                                           .record = &record};
    pipeline_ask(world.pipeline, &question, on_verdict, &verdicts);
    assert_int_equal(verdicts.count, 1);
    assert_int_equal(verdicts.last, DS_ALLOW);
    assert_int_equal(last_question()->request.action, RECORD_UPDATE);
    assert_string_equal(last_question()->data, "{\"a\":1}");
}

static void a_session_lives_until_its_question_is_decided(void **state)
{
    (void)state;
    struct verdicts verdicts = {0};
    struct permission_question question = {.session = bo->session,
                                           .topic = TOPIC_RECORD,
                                           .action = RECORD_READ,
                                           .has_name = true,
                                           .name = SLICE("slow")};
    pipeline_ask(world.pipeline, &question, on_verdict, &verdicts);
    memory_disconnect(bo);
    assert_int_equal(world.permission.user_count, 1);
    permission_double_decide(&world.permission, DS_UNDECIDED);
    assert_int_equal(verdicts.count, 1);
    assert_int_equal(verdicts.last, DS_UNDECIDED);
    assert_int_equal(world.permission.user_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(h3_b1_exactly_the_allowed_names_go_on),
        TEST(h3_b1_the_same_for_each_topic),
        TEST(b1_names_decided_late_are_still_the_right_ones),
        TEST(h7_a_bulk_with_many_late_verdicts_has_one_outcome),
        TEST(when_no_name_is_left_nothing_more_happens),
        TEST(h4_a_single_name_action_is_asked_about_its_name_alone),
        TEST(h4_a_bulk_action_is_asked_about_its_names_alone),
        TEST(h24_payloads_of_events_and_calls_are_seen_by_rules),
        TEST(other_messages_have_no_payload_for_rules),
        TEST(h25_questions_about_everybody_have_no_name),
        TEST(a_refused_question_about_everybody_is_answered_without_a_name),
        TEST(a_late_verdict_about_an_event_finds_its_payload),
        TEST(a_verdict_after_the_end_is_safe),
        TEST(handlers_ask_on_their_own),
        TEST(a_session_lives_until_its_question_is_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
