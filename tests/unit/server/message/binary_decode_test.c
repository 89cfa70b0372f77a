/* What frames of ws-binary mean, and which are refused. The vectors are those of protocol.md 2.8.
 */

#include "message/codec.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_text(actual, expected) assert_true(slice_equal(actual, SLICE(expected)))
#define PRESENT(field) (UINT32_C(1) << FIELD_##field)

static const struct message_limits limits = {.max_names = 10000};

struct sample {
    struct buf frame;
    struct arena arena;
    struct message message;
    const char *problem;
};

/* The frame lies at the end of a block of its own, so that a sanitizer sees each byte too many. */
static void decode_bytes(struct sample *decoded, slice frame)
{
    decoded->frame = BUF_EMPTY;
    decoded->frame.at = malloc(frame.length + (frame.length == 0));
    assert_non_null(decoded->frame.at);
    if (frame.length > 0)
        memcpy(decoded->frame.at, frame.at, frame.length);
    decoded->frame.length = frame.length;
    arena_init(&decoded->arena, 0);
    decoded->problem =
        binary_decode(buf_slice(&decoded->frame), &limits, &decoded->arena, &decoded->message);
}

static void decoded_end(struct sample *decoded)
{
    buf_fini(&decoded->frame);
    arena_fini(&decoded->arena);
}

static void decode(struct sample *decoded, const char *hex)
{
    struct buf bytes = bytes_of_hex(hex);
    decode_bytes(decoded, buf_slice(&bytes));
    buf_fini(&bytes);
}

/* A frame of one message of the topic with these inner bytes, at most 100. */
static void decode_inner(struct sample *decoded, unsigned topic, const char *inner_hex)
{
    struct buf inner = bytes_of_hex(inner_hex), frame = BUF_EMPTY;
    assert_true(inner.length <= 100);
    buf_append_byte(&frame, (char)(inner.length + 4));
    buf_append_byte(&frame, 0x10);
    buf_append_byte(&frame, (char)topic);
    buf_append_byte(&frame, 0x1a);
    buf_append_byte(&frame, (char)inner.length);
    buf_append(&frame, buf_slice(&inner));
    decode_bytes(decoded, buf_slice(&frame));
    buf_fini(&inner);
    buf_fini(&frame);
}

static void assert_inner_refused(unsigned topic, const char *inner_hex, const char *problem)
{
    struct sample decoded;
    decode_inner(&decoded, topic, inner_hex);
    if (decoded.problem == NULL)
        fail_msg("accepted: %s", inner_hex);
    assert_string_equal(decoded.problem, problem);
    decoded_end(&decoded);
}

static void assert_refused(const char *hex, const char *problem)
{
    struct sample decoded;
    decode(&decoded, hex);
    if (decoded.problem == NULL)
        fail_msg("accepted: %s", hex);
    assert_string_equal(decoded.problem, problem);
    decoded_end(&decoded);
}

static const char *const vectors[] = {
    "06 10 02 1a 02 08 02",
    "06 10 02 1a 02 08 04",
    ("27 10 02 1a 23 08 05 2a 06 77733a2f2f78 32 04 302e3161 3a 05 372e302e35 42 0a "
     "6a617661736372697074"),
    "18 10 03 1a 14 08 02 12 10 7b22757365726e616d65223a2275227d",
    "0f 10 03 1a 0b 08 03 12 07 7b2261223a317d",
    "11 10 04 1a 0d 08 03 1a 01 30 3a 02 6531 3a 02 6532",
    "0b 10 04 1a 07 08 03 1a 01 30 28 01",
    "0d 10 04 1a 09 08 02 12 01 31 32 02 6531",
    "0f 10 05 1a 0b 08 04 12 02 7b7d 32 01 72 68 00",
    "1d 10 05 1a 19 08 10 12 02 7b7d 1a 01 31 32 01 72 58 01 68 ffffffffffffffffff01",
    "14 10 05 1a 10 08 08 72 05 0a 01 72 10 00 72 05 0a 01 73 10 03",
    "0d 10 05 1a 09 08 73 20 01 32 01 72 50 03",
};
#define VECTORS (sizeof vectors / sizeof *vectors)

static void a_ping_is_a_topic_and_an_action(void **state)
{
    (void)state;
    struct sample it;
    decode(&it, vectors[0]);
    assert_null(it.problem);
    assert_int_equal(it.message.topic, TOPIC_CONNECTION);
    assert_int_equal(it.message.action, CONNECTION_PING);
    assert_int_equal(it.message.present, 0);
    decoded_end(&it);
}

static void a_challenge_tells_url_and_versions(void **state)
{
    (void)state;
    struct sample it;
    decode(&it, vectors[2]);
    assert_null(it.problem);
    assert_int_equal(it.message.action, CONNECTION_CHALLENGE);
    assert_text(it.message.url, "ws://x");
    assert_text(it.message.protocol_version, "0.1a");
    assert_text(it.message.sdk_version, "7.0.5");
    assert_text(it.message.sdk_type, "javascript");
    assert_int_equal(it.message.present, PRESENT(url) | PRESENT(protocol_version) |
                                             PRESENT(sdk_version) | PRESENT(sdk_type));
    decoded_end(&it);
}

static void a_subscription_names_its_events(void **state)
{
    (void)state;
    struct sample it;
    decode(&it, vectors[5]);
    assert_null(it.problem);
    assert_int_equal(it.message.topic, TOPIC_EVENT);
    assert_int_equal(it.message.action, EVENT_SUBSCRIBE);
    assert_text(it.message.correlation_id, "0");
    assert_int_equal(it.message.name_count, 2);
    assert_text(it.message.names[0], "e1");
    assert_text(it.message.names[1], "e2");
    assert_int_equal(it.message.present, PRESENT(correlation_id) | PRESENT(names));
    decoded_end(&it);
}

static void version_0_is_present(void **state)
{
    (void)state;
    struct sample it;
    decode(&it, vectors[8]);
    assert_null(it.problem);
    assert_int_equal(it.message.action, RECORD_READ_RESPONSE);
    assert_true(MESSAGE_HAS(&it.message, version));
    assert_int_equal(it.message.version, 0);
    assert_text(it.message.data, "{}");
    assert_false(MESSAGE_HAS(&it.message, is_write_ack));
    decoded_end(&it);
}

static void version_minus_1_is_read_from_ten_bytes_and_from_five(void **state)
{
    (void)state;
    struct sample ten, five;
    decode(&ten, vectors[9]);
    decode(&five, "18 10 05 1a 14 08 10 12 02 7b7d 1a 01 31 32 01 72 58 01 68 ffffffff0f");
    assert_null(ten.problem);
    assert_null(five.problem);
    assert_int_equal(ten.message.version, -1);
    assert_int_equal(five.message.version, -1);
    assert_true(ten.message.is_write_ack);
    assert_int_equal(ten.message.present, five.message.present);
    decoded_end(&ten);
    decoded_end(&five);
}

static void a_map_of_versions_is_a_list(void **state)
{
    (void)state;
    struct sample it;
    decode(&it, vectors[10]);
    assert_null(it.problem);
    assert_int_equal(it.message.version_count, 2);
    assert_text(it.message.versions[0].name, "r");
    assert_int_equal(it.message.versions[0].version, 0);
    assert_text(it.message.versions[1].name, "s");
    assert_int_equal(it.message.versions[1].version, 3);
    decoded_end(&it);
}

static void an_entry_without_key_or_value_has_their_defaults(void **state)
{
    (void)state;
    struct sample it;
    decode_inner(&it, TOPIC_RECORD, "08 08 72 00 72 02 10 05 72 03 0a 01 61");
    assert_null(it.problem);
    assert_int_equal(it.message.version_count, 3);
    assert_text(it.message.versions[0].name, "");
    assert_int_equal(it.message.versions[0].version, 0);
    assert_int_equal(it.message.versions[1].version, 5);
    assert_text(it.message.versions[2].name, "a");
    decoded_end(&it);
}

static void fields_come_in_any_order_and_unknown_ones_are_skipped(void **state)
{
    (void)state;
    struct sample it;
    /* The topic after the message; inside: name, an unknown one of each type, a group in a group,
     * a field with a tag of two bytes, the action last. */
    decode(&it, "31 20 07 "
                "1a 2b 32 01 72 78 96 01 79 0102030405060708 7a 02 ffff 7d 01020304 "
                "7b 08 01 7b 0a 01 00 7c 7c c2 3e 01 ff 42 02 7878 08 03 "
                "10 05");
    assert_string_equal(it.problem == NULL ? "" : it.problem, "");
    assert_int_equal(it.message.topic, TOPIC_RECORD);
    assert_int_equal(it.message.action, RECORD_READ);
    assert_text(it.message.name, "r");
    assert_int_equal(it.message.present, PRESENT(name));
    decoded_end(&it);
}

static void the_last_of_a_repeated_scalar_counts(void **state)
{
    (void)state;
    struct sample it;
    decode_inner(&it, TOPIC_RECORD, "08 03 32 01 61 68 01 32 02 6262 68 02 08 05");
    assert_null(it.problem);
    assert_int_equal(it.message.action, RECORD_HEAD);
    assert_text(it.message.name, "bb");
    assert_int_equal(it.message.version, 2);
    decoded_end(&it);
}

static void the_last_inner_message_counts(void **state)
{
    (void)state;
    struct sample it;
    decode(&it, "0a 10 02 1a 02 08 05 1a 02 08 02");
    assert_null(it.problem);
    assert_int_equal(it.message.action, CONNECTION_PING);
    decoded_end(&it);
}

static void bytes_behind_the_message_are_ignored(void **state)
{
    (void)state;
    struct sample it;
    decode(&it, "06 10 02 1a 02 08 02 ff ff ff");
    assert_null(it.problem);
    assert_int_equal(it.message.action, CONNECTION_PING);
    decoded_end(&it);
}

static void empty_texts_and_false_are_present(void **state)
{
    (void)state;
    struct sample it;
    decode_inner(&it, TOPIC_EVENT, "08 02 12 00 32 00 28 00 3a 00");
    assert_null(it.problem);
    assert_int_equal(it.message.present,
                     PRESENT(data) | PRESENT(name) | PRESENT(is_ack) | PRESENT(names));
    assert_int_equal(it.message.name_count, 1);
    assert_int_equal(it.message.names[0].length, 0);
    assert_false(it.message.is_ack);
    decoded_end(&it);
}

static void absent_names_are_absent(void **state)
{
    (void)state;
    struct sample it;
    decode_inner(&it, TOPIC_EVENT, "08 03");
    assert_null(it.problem);
    assert_false(MESSAGE_HAS(&it.message, names));
    assert_int_equal(it.message.name_count, 0);
    decoded_end(&it);
}

static void actions_that_do_not_fit_are_not_taken_for_others(void **state)
{
    (void)state;
    static const char *const actions[] = {"08 82 80 04", "08 feffffffffffffffff01",
                                          "08 82808080 08"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        struct sample it;
        decode_inner(&it, TOPIC_EVENT, actions[i]);
        assert_null(it.problem);
        assert_int_equal(it.message.action, UINT16_MAX);
        assert_int_equal(action_way(it.message.topic, it.message.action), WAY_REFUSE);
        decoded_end(&it);
    }
}

static void topics_of_the_bus_and_unknown_ones_are_refused(void **state)
{
    (void)state;
    assert_refused("06 10 00 1a 02 08 02", "unknown topic");
    assert_refused("06 10 09 1a 02 08 02", "unknown topic");
    assert_refused("06 10 0a 1a 02 08 02", "unknown topic");
    assert_refused("06 10 0b 1a 02 08 02", "unknown topic");
    assert_refused("06 10 0c 1a 02 08 02", "unknown topic");
    assert_refused("06 10 64 1a 02 08 02", "unknown topic");
    assert_refused("08 10 84 80 04 1a 02 08 02", "unknown topic"); /* 65536 + 4 */
    assert_refused("04 1a 02 08 02", "unknown topic");             /* none */
    assert_refused("00", "unknown topic");
    assert_refused("", "message is cut short");
}

static void a_wrong_type_of_a_known_field_is_refused(void **state)
{
    (void)state;
    assert_inner_refused(TOPIC_EVENT, "0a 01 02", "field has the wrong type");
    assert_inner_refused(TOPIC_EVENT, "08 02 10 01", "field has the wrong type");
    assert_inner_refused(TOPIC_EVENT, "08 02 2a 01 01", "field has the wrong type");
    assert_inner_refused(TOPIC_EVENT, "08 02 38 01", "field has the wrong type");
    assert_inner_refused(TOPIC_RECORD, "08 02 6d 01020304", "field has the wrong type");
    assert_inner_refused(TOPIC_RECORD, "08 02 70 01", "field has the wrong type");
    assert_inner_refused(TOPIC_RECORD, "08 02 72 02 08 01", "field has the wrong type");
    assert_inner_refused(TOPIC_RECORD, "08 02 72 03 12 01 01", "field has the wrong type");
    assert_refused("03 12 01 04", "field has the wrong type");
    assert_refused("04 10 04 18 01", "field has the wrong type");
}

static void what_is_not_protobuf_is_refused(void **state)
{
    (void)state;
    assert_inner_refused(TOPIC_EVENT, "00 01", "field is not of protobuf"); /* field number 0 */
    assert_inner_refused(TOPIC_EVENT, "7e", "field is not of protobuf");    /* type 6 */
    assert_inner_refused(TOPIC_EVENT, "7f", "field is not of protobuf");
    assert_inner_refused(TOPIC_EVENT, "7c", "field is not of protobuf"); /* the end of no group */
    assert_inner_refused(TOPIC_EVENT, "7b 08 01", "message is cut short");
    assert_inner_refused(TOPIC_EVENT, "80 80 80 80 10 01", "field is not of protobuf");
    assert_inner_refused(TOPIC_EVENT, "08 80 80 80 80 80 80 80 80 80 80 01",
                         "number is longer than 64 bits");
    assert_inner_refused(TOPIC_EVENT, "08 80 80 80 80 80 80 80 80 80 02",
                         "number is longer than 64 bits");
    assert_refused("ff ff ff ff ff ff ff ff ff ff ff 01", "number is longer than 64 bits");
}

static void groups_nest_only_so_deep(void **state)
{
    (void)state;
    struct buf frame = BUF_EMPTY;
    buf_append(&frame, SLICE("\x80\x08\x10\x04\x1a\xfb\x07"));
    memset(buf_extend(&frame, 1019), 0x7b, 1019);
    struct sample it;
    decode_bytes(&it, buf_slice(&frame));
    assert_string_equal(it.problem, "field is not of protobuf");
    decoded_end(&it);
    buf_fini(&frame);
}

static void hostile_lengths_are_refused(void **state)
{
    (void)state;
    assert_refused("07 10 02 1a 02 08 02", "message is cut short");
    assert_refused("ff ff ff ff 0f 10 02 1a 02 08 02", "message is cut short");
    assert_refused("ff ff ff ff ff ff ff ff 7f 10 02", "message is cut short");
    assert_refused("ff ff ff ff ff ff ff ff ff 01 10 02", "message is cut short");
    assert_refused("06 10 02 1a 03 08 02", "message is cut short");
    assert_inner_refused(TOPIC_EVENT, "12 05 31", "message is cut short");
    assert_inner_refused(TOPIC_EVENT, "12 ffffffff0f 31", "message is cut short");
    assert_inner_refused(TOPIC_EVENT, "12 ffffffffffffffffff01 31", "message is cut short");
    assert_inner_refused(TOPIC_EVENT, "3a 01 61 3a ffffffffffffffffff01 31",
                         "message is cut short");
    assert_inner_refused(TOPIC_RECORD, "72 05 0a 7f 61 10 01", "message is cut short");
    assert_inner_refused(TOPIC_EVENT, "79 01 02", "message is cut short");
    assert_inner_refused(TOPIC_EVENT, "7d 01 02", "message is cut short");
}

static void texts_must_be_utf8(void **state)
{
    (void)state;
    struct sample it;
    decode_inner(&it, TOPIC_EVENT, "08 02 32 09 c3a9 e282ac f09f9880");
    assert_null(it.problem);
    decoded_end(&it);
    static const char *const wrong[] = {
        "12 01 ff",          "12 01 80", "32 02 c3 28",          "32 02 c0 80",
        "32 03 ed a0 80", /* a lone surrogate */
        "1a 04 f4 90 80 80", "3a 01 c3", "3a 01 61 3a 02 61 c3", "32 0a 61616161 6161616161 ff",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_inner_refused(TOPIC_EVENT, wrong[i], "text is not UTF-8");
    assert_inner_refused(TOPIC_RECORD, "72 03 0a 01 ff", "text is not UTF-8");
}

static void each_part_of_a_vector_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        struct buf whole = bytes_of_hex(vectors[i]);
        for (size_t length = 0; length < whole.length; length++) {
            struct sample it;
            decode_bytes(&it, (slice){whole.at, length});
            assert_string_equal(it.problem, "message is cut short");
            decoded_end(&it);
        }
        buf_fini(&whole);
    }
}

/* With the outer lengths made right, a part may be a message of its own; it must only end well. */
static void each_part_of_an_inner_message_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        struct buf whole = bytes_of_hex(vectors[i]);
        for (size_t length = 5; length < whole.length; length++) {
            struct buf part = BUF_EMPTY;
            buf_append(&part, (slice){whole.at, length});
            part.at[0] = (char)(length - 1);
            part.at[4] = (char)(length - 5);
            struct sample it;
            decode_bytes(&it, buf_slice(&part));
            decoded_end(&it);
            buf_fini(&part);
        }
        buf_fini(&whole);
    }
}

static struct buf frame_with_names(uint32_t count)
{
    struct buf frame = BUF_EMPTY;
    slice *names = malloc(count * sizeof *names);
    assert_non_null(names);
    for (uint32_t i = 0; i < count; i++)
        names[i] = SLICE("name");
    struct message message = MESSAGE(TOPIC_PRESENCE, PRESENCE_SUBSCRIBE);
    message_set_names(&message, names, count);
    MESSAGE_SET(&message, correlation_id, SLICE("1"));
    binary_encode(&message, &frame);
    free(names);
    return frame;
}

static void ten_thousand_names_are_read_and_one_more_is_refused(void **state)
{
    (void)state;
    struct buf most = frame_with_names(10000), more = frame_with_names(10001);
    struct sample it;
    decode_bytes(&it, buf_slice(&most));
    assert_null(it.problem);
    assert_int_equal(it.message.name_count, 10000);
    assert_text(it.message.names[0], "name");
    assert_text(it.message.names[9999], "name");
    decoded_end(&it);
    decode_bytes(&it, buf_slice(&more));
    assert_string_equal(it.problem, "too many names in one message");
    decoded_end(&it);
    buf_fini(&most);
    buf_fini(&more);
}

static void a_million_entries_are_refused_before_anything_is_allocated(void **state)
{
    (void)state;
    struct buf frame = BUF_EMPTY;
    buf_append(&frame, SLICE("\x86\x89\x7a\x10\x05\x1a\x80\x89\x7a")); /* 2,000,000 bytes */
    for (size_t i = 0; i < 1000000; i++)
        buf_append(&frame, SLICE("\x72\x00"));
    struct arena arena;
    arena_init(&arena, 0);
    struct message message;
    const char *problem = binary_decode(buf_slice(&frame), &limits, &arena, &message);
    assert_string_equal(problem, "too many names in one message");
    assert_int_equal(arena.used_bytes, 0);
    arena_fini(&arena);
    buf_fini(&frame);
}

/* Its sender is told which of his messages it was, also by what stands behind the names. */
static void a_message_with_too_many_names_is_known_by_its_other_fields(void **state)
{
    (void)state;
    static const struct message_limits two = {.max_names = 2};
    struct buf frame = BUF_EMPTY;
    struct message sent = MESSAGE(TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD), got;
    message_set_names(&sent, (slice[]){SLICE("a"), SLICE("b"), SLICE("c")}, 3);
    MESSAGE_SET(&sent, correlation_id, SLICE("7"));
    MESSAGE_SET(&sent, path, SLICE("p"));
    binary_encode(&sent, &frame);
    struct arena arena;
    arena_init(&arena, 0);
    const char *problem;
    slice bytes = buf_slice(&frame), rest = bytes;
    assert_int_equal(binary_decode_any(&rest, &two, &arena, &got, &problem), DECODED_INVALID);
    assert_int_equal(rest.length, 0);
    assert_string_equal(problem, "too many names in one message");
    assert_int_equal(got.topic, TOPIC_RECORD);
    assert_int_equal(got.action, RECORD_SUBSCRIBECREATEANDREAD);
    assert_true(MESSAGE_HAS(&got, correlation_id));
    assert_memory_equal(got.correlation_id.at, "7", 1);
    assert_int_equal(got.name_count, 0);
    assert_int_equal(arena.used_bytes, 0);
    bytes.length--; /* and is none of ours when it is broken besides */
    assert_int_equal(binary_decode_any(&bytes, &two, &arena, &got, &problem), DECODED_UNKNOWN);
    assert_int_equal(bytes.length, 0);
    arena_fini(&arena);
    buf_fini(&frame);
}

static void a_full_arena_refuses(void **state)
{
    (void)state;
    struct buf frame = frame_with_names(100);
    struct arena arena;
    arena_init(&arena, 512);
    struct message message;
    assert_string_equal(binary_decode(buf_slice(&frame), &limits, &arena, &message),
                        "message needs too much memory");
    arena_fini(&arena);
    buf_fini(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_is_a_topic_and_an_action),
        cmocka_unit_test(a_challenge_tells_url_and_versions),
        cmocka_unit_test(a_subscription_names_its_events),
        cmocka_unit_test(version_0_is_present),
        cmocka_unit_test(version_minus_1_is_read_from_ten_bytes_and_from_five),
        cmocka_unit_test(a_map_of_versions_is_a_list),
        cmocka_unit_test(an_entry_without_key_or_value_has_their_defaults),
        cmocka_unit_test(fields_come_in_any_order_and_unknown_ones_are_skipped),
        cmocka_unit_test(the_last_of_a_repeated_scalar_counts),
        cmocka_unit_test(the_last_inner_message_counts),
        cmocka_unit_test(bytes_behind_the_message_are_ignored),
        cmocka_unit_test(empty_texts_and_false_are_present),
        cmocka_unit_test(absent_names_are_absent),
        cmocka_unit_test(actions_that_do_not_fit_are_not_taken_for_others),
        cmocka_unit_test(topics_of_the_bus_and_unknown_ones_are_refused),
        cmocka_unit_test(a_wrong_type_of_a_known_field_is_refused),
        cmocka_unit_test(what_is_not_protobuf_is_refused),
        cmocka_unit_test(groups_nest_only_so_deep),
        cmocka_unit_test(hostile_lengths_are_refused),
        cmocka_unit_test(texts_must_be_utf8),
        cmocka_unit_test(each_part_of_a_vector_is_refused),
        cmocka_unit_test(each_part_of_an_inner_message_is_read_or_refused),
        cmocka_unit_test(ten_thousand_names_are_read_and_one_more_is_refused),
        cmocka_unit_test(a_million_entries_are_refused_before_anything_is_allocated),
        cmocka_unit_test(a_message_with_too_many_names_is_known_by_its_other_fields),
        cmocka_unit_test(a_full_arena_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
