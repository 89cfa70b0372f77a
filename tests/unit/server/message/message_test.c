/* Names, ways and copies of messages. */

#include "message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_text(actual, expected) assert_true(slice_equal(actual, SLICE(expected)))

static void every_action_of_the_list_has_its_name_and_way(void **state)
{
    (void)state;
#define ACTION(topic, name, number, way)                                                           \
    assert_text(action_name(TOPIC_##topic, number), #name);                                        \
    assert_int_equal(action_way(TOPIC_##topic, number), WAY_##way);
#include "message/actions.def"
#undef ACTION
    assert_int_equal(action_way(TOPIC_RECORD, RECORD_UPDATE), WAY_IN_HANDLER);
    assert_int_equal(action_way(TOPIC_EVENT, EVENT_EMIT), WAY_ASK_NAME);
}

static void numbers_in_no_list_are_refused_and_unknown(void **state)
{
    (void)state;
    static const unsigned numbers[][2] = {{0, 0},          {0, 2},
                                          {4, 0},          {4, 13},
                                          {4, 127},        {4, 128},
                                          {6, 3},          {8, 0},
                                          {12, 2},         {100, 2},
                                          {4, UINT16_MAX}, {4, 65536 + 2},
                                          {4 + 65536, 2},  {UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_int_equal(action_way(numbers[i][0], numbers[i][1]), WAY_REFUSE);
        assert_text(action_name(numbers[i][0], numbers[i][1]), "UNKNOWN");
    }
    assert_text(topic_name(0), "UNKNOWN");
    assert_text(topic_name(12), "UNKNOWN");
    assert_text(topic_name(100), "UNKNOWN");
}

static void topics_have_names(void **state)
{
    (void)state;
    assert_text(topic_name(TOPIC_PARSER), "PARSER");
    assert_text(topic_name(TOPIC_RECORD), "RECORD");
    assert_text(topic_name(TOPIC_STATE_REGISTRY), "STATE_REGISTRY");
}

static void an_echo_copies_what_is_present_and_nothing_else(void **state)
{
    (void)state;
    struct message request = MESSAGE(TOPIC_RECORD, RECORD_READ);
    MESSAGE_SET(&request, name, SLICE("r"));
    struct message reply = MESSAGE(TOPIC_RECORD, RECORD_READ_RESPONSE);
    MESSAGE_ECHO(&reply, &request, name);
    MESSAGE_ECHO(&reply, &request, correlation_id);
    MESSAGE_SET(&reply, version, 0);
    assert_text(reply.name, "r");
    assert_true(MESSAGE_HAS(&reply, name));
    assert_true(MESSAGE_HAS(&reply, version));
    assert_false(MESSAGE_HAS(&reply, correlation_id));
}

static void a_copy_has_texts_and_lists_of_its_own(void **state)
{
    (void)state;
    char text[] = "abcdef";
    slice names[] = {{text, 2}, {text + 2, 0}, {text + 2, 3}};
    struct message_version versions[] = {{{text, 1}, -1}, {{text + 5, 1}, 7}};
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    MESSAGE_SET(&message, data, ((slice){text, 6}));
    MESSAGE_SET(&message, path, SLICE(""));
    MESSAGE_SET(&message, version, 12);
    MESSAGE_SET(&message, is_ack, true);
    message_set_names(&message, names, 3);
    message_set_versions(&message, versions, 2);

    struct message *copy = message_copy(&message);
    memset(text, '-', sizeof text);
    memset(names, 0, sizeof names);
    memset(versions, 0, sizeof versions);
    assert_int_equal(copy->present, message.present);
    assert_int_equal(copy->topic, TOPIC_RECORD);
    assert_int_equal(copy->action, RECORD_HEAD_RESPONSE_BULK);
    assert_text(copy->data, "abcdef");
    assert_int_equal(copy->path.length, 0);
    assert_int_equal(copy->version, 12);
    assert_true(copy->is_ack);
    assert_int_equal(copy->name_count, 3);
    assert_text(copy->names[0], "ab");
    assert_text(copy->names[1], "");
    assert_text(copy->names[2], "cde");
    assert_int_equal(copy->version_count, 2);
    assert_text(copy->versions[0].name, "a");
    assert_int_equal(copy->versions[0].version, -1);
    assert_text(copy->versions[1].name, "f");
    assert_int_equal(copy->versions[1].version, 7);
    free(copy);
}

static void an_empty_message_is_copied_too(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    struct message *copy = message_copy(&message);
    assert_int_equal(copy->present, 0);
    assert_null(copy->names);
    assert_null(copy->versions);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action_of_the_list_has_its_name_and_way),
        cmocka_unit_test(numbers_in_no_list_are_refused_and_unknown),
        cmocka_unit_test(topics_have_names),
        cmocka_unit_test(an_echo_copies_what_is_present_and_nothing_else),
        cmocka_unit_test(a_copy_has_texts_and_lists_of_its_own),
        cmocka_unit_test(an_empty_message_is_copied_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
