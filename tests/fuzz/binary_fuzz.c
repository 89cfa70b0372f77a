/* Any frame is decoded or refused; what was decoded is encoded, decoded again, and is the same
 * then, also as a copy. Little memory makes decoding fail, never crash. */

#include "message/codec.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdlib.h>

#define LITTLE_MEMORY 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct message_limits limits = {.max_names = 50};

/* Whether it is a message; if so, `encoded` gets its frame. */
static bool decode_and_encode(slice frame, size_t memory, struct buf *encoded)
{
    struct arena arena;
    arena_init(&arena, memory);
    struct message message;
    bool is_message = binary_decode(frame, &limits, &arena, &message) == NULL;
    if (is_message) {
        CHECK(message.name_count <= limits.max_names && message.version_count <= limits.max_names);
        struct message *copy = message_copy(&message);
        binary_encode(copy, encoded);
        free(copy);
    }
    arena_fini(&arena);
    return is_message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice frame = {(const char *)data, size};
    struct buf first = BUF_EMPTY, second = BUF_EMPTY, little = BUF_EMPTY;
    bool is_message = decode_and_encode(frame, 0, &first);
    if (is_message) {
        CHECK(decode_and_encode(buf_slice(&first), 0, &second));
        CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
    }
    if (decode_and_encode(frame, LITTLE_MEMORY, &little))
        CHECK(is_message && slice_equal(buf_slice(&first), buf_slice(&little)));
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&little);
    return 0;
}
