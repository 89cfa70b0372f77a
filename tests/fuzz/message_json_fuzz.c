/* Any frame is a message or none; what was decoded is encoded, decoded again, and is the same then.
 * Other protocols can say it: binary reads it back, and in the v3 protocol it is one message, or
 * one and its acknowledgement, or none. Little memory makes decoding fail, never crash. */

#include "message/codec.h"

#include "message/binary_fields.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/utf8.h"
#include "json_scan.h"

#include <stdlib.h>

#define LITTLE_MEMORY 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct message_limits limits = {.max_names = 50};

static void check_binary(const struct message *message)
{
    struct arena arena;
    struct message back;
    struct buf frame = BUF_EMPTY;
    if (!binary_has_topic(message->topic))
        return;
    arena_init(&arena, 0);
    binary_encode(message, &frame);
    CHECK(binary_decode(buf_slice(&frame), &limits, &arena, &back) == NULL);
    CHECK(back.topic == message->topic && back.action == message->action);
    arena_fini(&arena);
    buf_fini(&frame);
}

static void check_text(const struct message *message)
{
    struct buf frame = BUF_EMPTY;
    size_t ends = 0;
    text_encode(message, &frame);
    for (size_t i = 0; i < frame.length; i++)
        ends += frame.at[i] == '\x1E';
    CHECK(ends <= 2 && (ends > 0) == (frame.length > 0));
    CHECK(frame.length == 0 || frame.at[frame.length - 1] == '\x1E');
    CHECK(utf8_valid(buf_slice(&frame), false));
    buf_fini(&frame);
}

/* A payload goes out as the JSON that it is where the server has read it before: so it is JSON. */
static bool may_be_sent(const struct message *message, struct arena *arena)
{
    struct json_scan scan;
    slice value;
    bool is_payload_free = message->topic == TOPIC_EVENT || message->topic == TOPIC_RPC;
    if (is_payload_free || message->data.length == 0)
        return true;
    json_scan_init(&scan, message->data, arena);
    return json_scan_value(&scan, &value) && json_scan_end(&scan);
}

static enum decoded decode_and_encode(slice frame, size_t memory, struct buf *encoded)
{
    struct arena arena;
    struct message message;
    const char *problem = NULL;
    arena_init(&arena, memory);
    enum decoded decoded = json_decode(&frame, &limits, &arena, &message, &problem);
    CHECK(frame.length == 0 && decoded != DECODED_NOTHING);
    CHECK(decoded == DECODED_MESSAGE || problem != NULL);
    if (decoded == DECODED_MESSAGE && !may_be_sent(&message, &arena))
        decoded = DECODED_INVALID;
    if (decoded == DECODED_MESSAGE) {
        CHECK(message.name_count <= limits.max_names && message.version_count <= limits.max_names);
        struct message *copy = message_copy(&message);
        json_encode(copy, encoded);
        check_binary(copy);
        check_text(copy);
        free(copy);
    }
    arena_fini(&arena);
    return decoded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice frame = {(const char *)data, size};
    struct buf first = BUF_EMPTY, second = BUF_EMPTY, little = BUF_EMPTY;
    enum decoded decoded = decode_and_encode(frame, 0, &first);
    if (decoded == DECODED_MESSAGE) {
        CHECK(decode_and_encode(buf_slice(&first), 0, &second) == DECODED_MESSAGE);
        CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
    }
    if (decode_and_encode(frame, LITTLE_MEMORY, &little) == DECODED_MESSAGE)
        CHECK(decoded == DECODED_MESSAGE && slice_equal(buf_slice(&first), buf_slice(&little)));
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&little);
    return 0;
}
