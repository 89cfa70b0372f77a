/* Packets of MQTT clients: what is read of them, and each way to be malformed (MQTT 3.1.1). */

#include "message/mqtt.h"

#include "hex.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct given {
    struct buf bytes;
    struct mqtt_head head;
    struct mqtt_packet packet;
    const char *problem;
};

/* A whole packet, in memory that ends with it. */
static struct given read_hex(const char *hex)
{
    struct given given = {.bytes = bytes_of_hex(hex)};
    slice bytes = buf_slice(&given.bytes);
    assert_int_equal(mqtt_read_head(bytes, &given.head), MQTT_COMPLETE);
    assert_int_equal(given.head.bytes + (size_t)given.head.length, bytes.length);
    given.problem =
        mqtt_read(&given.head, slice_part(bytes, given.head.bytes, bytes.length), &given.packet);
    return given;
}

static void assert_text(slice text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.at, expected, text.length);
}

static void a_connect_says_who_comes_and_what_is_left_behind(void **state)
{
    (void)state;
    struct given given = read_hex("10 1d 0004 4d515454 04 ec 003c 0002 6964 0001 77 0002 6869"
                                  " 0003 616c65 0001 70");
    assert_null(given.problem);
    const struct mqtt_connect *connect = &given.packet.connect;
    assert_int_equal(given.packet.type, MQTT_CONNECT);
    assert_int_equal(connect->level, 4);
    assert_int_equal(connect->keep_alive_s, 60);
    assert_false(connect->clean_session);
    assert_true(connect->has_will && connect->has_username && connect->has_password);
    assert_text(connect->client_id, "id");
    assert_text(connect->will.topic, "w");
    assert_text(connect->will.payload, "hi");
    assert_true(connect->will.retain);
    assert_int_equal(connect->will.qos, 1);
    assert_text(connect->username, "ale");
    assert_text(connect->password, "p");
    buf_fini(&given.bytes);
}

static void the_connect_of_3_1_is_read_too(void **state)
{
    (void)state;
    struct given given = read_hex("10 0f 0006 4d5149736470 03 02 0000 0001 78");
    assert_null(given.problem);
    assert_int_equal(given.packet.connect.level, 3);
    assert_true(given.packet.connect.clean_session);
    buf_fini(&given.bytes);
}

static void of_another_version_nothing_else_is_read(void **state)
{
    (void)state;
    struct given given = read_hex("10 0a 0004 4d515454 05 ff ffff");
    assert_null(given.problem);
    assert_int_equal(given.packet.connect.level, 0);
    buf_fini(&given.bytes);
}

static void a_publish_has_a_topic_and_a_payload_and_an_id_if_it_wants_an_answer(void **state)
{
    (void)state;
    struct given given = read_hex("3b 08 0003 612f62 0102 78");
    assert_null(given.problem);
    assert_int_equal(given.packet.id, 0x0102);
    assert_int_equal(given.packet.publish.qos, 1);
    assert_true(given.packet.publish.is_duplicate && given.packet.publish.retain);
    assert_text(given.packet.publish.topic, "a/b");
    assert_text(given.packet.publish.payload, "x");
    buf_fini(&given.bytes);
    given = read_hex("30 05 0003 612f62");
    assert_null(given.problem);
    assert_int_equal(given.packet.publish.payload.length, 0);
    buf_fini(&given.bytes);
}

static void filters_come_one_by_one(void **state)
{
    (void)state;
    struct mqtt_filter filter;
    struct given given = read_hex("82 0a 0007 0001 23 02 0001 61 00");
    assert_null(given.problem);
    assert_int_equal(given.packet.id, 7);
    slice rest = given.packet.filters;
    assert_true(mqtt_filter_next(&given.packet, &rest, &filter));
    assert_text(filter.text, "#");
    assert_int_equal(filter.qos, 2);
    assert_true(mqtt_filter_next(&given.packet, &rest, &filter));
    assert_text(filter.text, "a");
    assert_int_equal(filter.qos, 0);
    assert_false(mqtt_filter_next(&given.packet, &rest, &filter));
    buf_fini(&given.bytes);
    given = read_hex("a2 08 0007 0001 61 0001 62");
    assert_null(given.problem);
    rest = given.packet.filters;
    assert_true(mqtt_filter_next(&given.packet, &rest, &filter));
    assert_true(mqtt_filter_next(&given.packet, &rest, &filter));
    assert_text(filter.text, "b");
    buf_fini(&given.bytes);
}

static void a_head_is_read_as_far_as_it_has_come(void **state)
{
    (void)state;
    struct mqtt_head head;
    assert_int_equal(mqtt_read_head((slice){"", 0}, &head), MQTT_INCOMPLETE);
    assert_int_equal(mqtt_read_head((slice){"\x30", 1}, &head), MQTT_INCOMPLETE);
    assert_int_equal(mqtt_read_head((slice){"\x30\xff\xff", 3}, &head), MQTT_INCOMPLETE);
    assert_int_equal(mqtt_read_head((slice){"\x30\xff\xff\xff\x7f", 5}, &head), MQTT_COMPLETE);
    assert_int_equal(head.length, MQTT_MAX_LENGTH);
    assert_int_equal(head.bytes, MQTT_HEAD_BYTES);
    assert_int_equal(mqtt_read_head((slice){"\x30\xff\xff\xff\xff", 5}, &head), MQTT_MALFORMED);
}

static void what_is_malformed_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *problem;
    } CASES[] = {
        {"10 00", "a CONNECT ends early"},
        {"10 0d 0004 4d515458 04 02 0000 0001 78", "a CONNECT names another protocol"},
        {"10 0d 0004 4d515454 04 03 0000 0001 78", "a CONNECT has its reserved flag set"},
        {"10 0d 0004 4d515454 04 1e 0000 0001 78", "a will has QoS 3"},
        {"10 0d 0004 4d515454 04 22 0000 0001 78", "a CONNECT without a will has flags of one"},
        {"10 0d 0004 4d515454 04 42 0000 0001 78", "a CONNECT has a password and no user name"},
        {"10 0d 0004 4d515454 04 02 0000 0001 00", "the client id of a CONNECT cannot be read"},
        {"10 0d 0004 4d515454 04 02 0000 0002 78", "the client id of a CONNECT cannot be read"},
        {"10 0d 0004 4d515454 04 06 0000 0001 78", "the will of a CONNECT cannot be read"},
        {"10 12 0004 4d515454 04 06 0000 0001 78 0001 2b 0000", "the topic of a will is none"},
        {"10 0d 0004 4d515454 04 82 0000 0001 78", "the user name of a CONNECT cannot be read"},
        {"10 10 0004 4d515454 04 c2 0000 0001 78 0001 79",
         "the password of a CONNECT cannot be read"},
        {"10 0e 0004 4d515454 04 02 0000 0001 78 00", "a packet is longer than its contents"},
        {"20 02 0000", "a packet has a type that no client sends"},
        {"00 00", "a packet has a type that no client sends"},
        {"f0 00", "a packet has a type that no client sends"},
        {"36 03 0001 61", "a PUBLISH has QoS 3"},
        {"38 03 0001 61", "a PUBLISH of QoS 0 is marked as a duplicate"},
        {"30 02 0000", "the topic of a PUBLISH is none"},
        {"30 03 0001 23", "the topic of a PUBLISH is none"},
        {"30 03 0002 61", "the topic of a PUBLISH is none"},
        {"30 05 0003 eda080", "the topic of a PUBLISH is none"},
        {"32 05 0001 61 0000", "a PUBLISH has no packet id"},
        {"32 04 0001 61 00", "a PUBLISH has no packet id"},
        {"40 00", "an acknowledgement has no packet id"},
        {"40 03 0001 00", "a packet is longer than its contents"},
        {"41 02 0001", "the reserved flags of a packet are set"},
        {"60 02 0001", "the reserved flags of a packet are set"},
        {"80 06 0001 0001 61 00", "the reserved flags of a packet are set"},
        {"82 02 0001", "a subscription names no filter"},
        {"82 06 0000 0001 61 00", "a subscription has no packet id"},
        {"82 06 0001 0001 61 03", "a filter is none, or its QoS is none"},
        {"82 05 0001 0001 61", "a filter is none, or its QoS is none"},
        {"82 05 0001 0000 00", "a filter is none, or its QoS is none"},
        {"82 07 0001 0002 6123 00", "a filter is none, or its QoS is none"},
        {"c0 01 00", "a packet is longer than its contents"},
        {"e1 00", "the reserved flags of a packet are set"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct given given = read_hex(CASES[i].hex);
        if (given.problem == NULL)
            fail_msg("%s was read", CASES[i].hex);
        assert_string_equal(given.problem, CASES[i].problem);
        buf_fini(&given.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connect_says_who_comes_and_what_is_left_behind),
        cmocka_unit_test(the_connect_of_3_1_is_read_too),
        cmocka_unit_test(of_another_version_nothing_else_is_read),
        cmocka_unit_test(a_publish_has_a_topic_and_a_payload_and_an_id_if_it_wants_an_answer),
        cmocka_unit_test(filters_come_one_by_one),
        cmocka_unit_test(a_head_is_read_as_far_as_it_has_come),
        cmocka_unit_test(what_is_malformed_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
