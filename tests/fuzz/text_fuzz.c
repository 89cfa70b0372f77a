/* Any text is read to its end, message by message; what each says is Unicode with payloads that are
 * JSON where the protocol types them, and comes back the same through JSON. Little memory makes
 * decoding fail, never crash. */

#include "message/codec.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/utf8.h"
#include "json_scan.h"

#define LITTLE_MEMORY 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct message_limits limits = {.max_names = 20};

static void check_through_json(const struct message *message, struct arena *arena)
{
    struct buf first = BUF_EMPTY, second = BUF_EMPTY;
    struct message back;
    const char *problem;
    struct message sent = *message;
    if (sent.data.length == 0)
        sent.present &= ~(UINT32_C(1) << FIELD_data);
    sent.topic = sent.topic == TOPIC_RECORD ? TOPIC_EVENT : sent.topic; /* data as a string */
    json_encode(&sent, &first);
    slice frame = buf_slice(&first);
    CHECK(json_decode(&frame, &limits, arena, &back, &problem) == DECODED_MESSAGE);
    json_encode(&back, &second);
    CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_fini(&first);
    buf_fini(&second);
}

static void check_payload(const struct message *message, struct arena *arena)
{
    struct json_scan scan;
    slice value;
    bool is_typed = (message->topic == TOPIC_EVENT || message->topic == TOPIC_RPC) &&
                    MESSAGE_HAS(message, data);
    if (!is_typed)
        return;
    json_scan_init(&scan, message->data, arena);
    CHECK(json_scan_value(&scan, &value) && json_scan_end(&scan));
}

static size_t decode_all(slice rest, size_t memory)
{
    size_t messages = 0;
    do {
        struct arena arena;
        struct message message;
        const char *problem = NULL;
        size_t before = rest.length;
        arena_init(&arena, memory);
        enum decoded decoded = text_decode(&rest, &limits, &arena, &message, &problem);
        CHECK(rest.length < before || before == 0);
        CHECK(decoded == DECODED_MESSAGE || decoded == DECODED_NOTHING ||
              (decoded == DECODED_INVALID && problem != NULL));
        if (decoded == DECODED_MESSAGE && memory == 0) {
            CHECK(message.name_count <= limits.max_names);
            check_payload(&message, &arena);
            check_through_json(&message, &arena);
        }
        messages += decoded == DECODED_MESSAGE;
        arena_fini(&arena);
    } while (rest.length > 0);
    return messages;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice frame = {(const char *)data, size};
    if (!utf8_valid(frame, false)) /* the transport has refused it */
        return 0;
    size_t messages = decode_all(frame, 0);
    CHECK(decode_all(frame, LITTLE_MEMORY) <= messages);
    return 0;
}
