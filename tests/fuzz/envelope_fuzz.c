/* Any text that a bus may bring: what is an envelope is written and read the same. */

#include "node/envelope.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(struct arena *arena, const struct envelope *envelope)
{
    struct buf text = BUF_EMPTY;
    struct envelope again;
    envelope_begin(&text, envelope->from_server, envelope->to_server);
    buf_append(&text, envelope->message);
    if (envelope->result.length > 0)
        envelope_result(&text, envelope->result);
    buf_append_byte(&text, '}');
    CHECK(envelope_read(buf_slice(&text), arena, &again));
    CHECK(slice_equal(again.from_server, envelope->from_server));
    CHECK((again.to_server.at == NULL) == (envelope->to_server.at == NULL));
    CHECK(slice_equal(again.to_server, envelope->to_server));
    CHECK(slice_equal(again.message, envelope->message));
    CHECK(slice_equal(again.result, envelope->result));
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct envelope envelope;
    arena_init(&arena, 0);
    if (envelope_read((slice){(const char *)data, size}, &arena, &envelope))
        check_again(&arena, &envelope);
    arena_fini(&arena);
    return 0;
}
