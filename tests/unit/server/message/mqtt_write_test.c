/* Packets of the server, byte by byte; and which messages have one (protocol.md 7). */

#include "message/codec.h"
#include "message/mqtt.h"

#include "hex.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_bytes(struct buf *written, const char *hex)
{
    struct buf expected = bytes_of_hex(hex);
    assert_int_equal(written->length, expected.length);
    assert_memory_equal(written->at, expected.at, expected.length);
    buf_fini(&expected);
    buf_clear(written);
}

static void answers_are_short(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    mqtt_write_connack(&out, true, MQTT_ACCEPTED);
    assert_bytes(&out, "20 02 01 00");
    mqtt_write_connack(&out, false, MQTT_NOT_AUTHORIZED);
    assert_bytes(&out, "20 02 00 05");
    mqtt_write_suback(&out, 0x0102, (const uint8_t[]){1, MQTT_REFUSED}, 2);
    assert_bytes(&out, "90 04 0102 01 80");
    mqtt_write_id(&out, MQTT_PUBACK, 7);
    assert_bytes(&out, "40 02 0007");
    mqtt_write_id(&out, MQTT_PUBREL, 7);
    assert_bytes(&out, "62 02 0007");
    mqtt_write_pingresp(&out);
    assert_bytes(&out, "d0 00");
    buf_fini(&out);
}

static void a_publish_has_an_id_only_when_it_is_acknowledged(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    struct mqtt_publish publish = {.topic = SLICE("a/b"), .payload = SLICE("xy")};
    mqtt_write_publish_head(&out, &publish, 9);
    assert_bytes(&out, "30 07 0003 612f62");
    assert_int_equal(mqtt_publish_bytes(&publish), 9);
    publish.qos = 1;
    publish.is_duplicate = publish.retain = true;
    mqtt_write_publish_head(&out, &publish, 9);
    assert_bytes(&out, "3b 09 0003 612f62 0009");
    buf_fini(&out);
}

static void lengths_take_as_many_bytes_as_they_need(void **state)
{
    (void)state;
    static const struct {
        size_t payload, head;
    } CASES[] = {{124, 2}, {125, 3}, {16380, 3}, {16381, 4}, {2097148, 4}, {2097149, 5}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct buf out = BUF_EMPTY;
        struct mqtt_publish publish = {.topic = SLICE("a"), .payload = {"", CASES[i].payload}};
        mqtt_write_publish_head(&out, &publish, 0);
        assert_int_equal(out.length, CASES[i].head + 3);
        assert_int_equal(mqtt_publish_bytes(&publish), out.length + CASES[i].payload);
        buf_fini(&out);
    }
    struct mqtt_publish longest = {.topic = SLICE("a"), .payload = {"", MQTT_MAX_LENGTH - 2}};
    assert_int_equal(mqtt_publish_bytes(&longest), 0);
    longest = (struct mqtt_publish){.topic = {"", MQTT_MAX_TEXT + 1}};
    assert_int_equal(mqtt_publish_bytes(&longest), 0);
}

static void encode(struct buf *out, unsigned topic, unsigned action, slice name, slice data)
{
    struct message message = MESSAGE((uint8_t)topic, (uint16_t)action);
    MESSAGE_SET(&message, name, name);
    MESSAGE_SET(&message, data, data);
    mqtt_codec.encode(&message, out);
}

static void what_subscribers_get_is_a_publish_with_the_json_as_it_is(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    encode(&out, TOPIC_EVENT, EVENT_EMIT, SLICE("a"), SLICE("\"x\""));
    assert_bytes(&out, "30 06 0001 61 227822");
    encode(&out, TOPIC_RECORD, RECORD_UPDATE, SLICE("a"), SLICE("{}"));
    assert_bytes(&out, "30 05 0001 61 7b7d");
    encode(&out, TOPIC_RECORD, RECORD_DELETED, SLICE("a"), SLICE(""));
    assert_bytes(&out, "30 03 0001 61");
    buf_fini(&out);
}

static void what_has_no_form_is_not_sent(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    encode(&out, TOPIC_RECORD, RECORD_PATCH, SLICE("a"), SLICE("1"));
    encode(&out, TOPIC_RPC, RPC_REQUEST, SLICE("a"), SLICE("1"));
    encode(&out, TOPIC_EVENT, EVENT_EMIT, SLICE("a/+"), SLICE("1"));
    encode(&out, TOPIC_EVENT, EVENT_EMIT, SLICE(""), SLICE("1"));
    encode(&out, TOPIC_EVENT, EVENT_EMIT, (slice){"a\0b", 3}, SLICE("1"));
    assert_int_equal(out.length, 0);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_short),
        cmocka_unit_test(a_publish_has_an_id_only_when_it_is_acknowledged),
        cmocka_unit_test(lengths_take_as_many_bytes_as_they_need),
        cmocka_unit_test(what_subscribers_get_is_a_publish_with_the_json_as_it_is),
        cmocka_unit_test(what_has_no_form_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
