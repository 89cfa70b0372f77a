/* Any JSON is an item of a batch or is refused; and what a client is told about any message that it
 * might cause is JSON. */

#include "message/jif.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/utf8.h"
#include "json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const struct message *message, enum message_field field, slice text)
{
    if ((message->present >> field & 1) != 0)
        CHECK(utf8_valid(text, false));
}

static void check_json(struct arena *arena, slice text)
{
    valve_value value;
    CHECK(json_read(text, (struct json_limits){200}, arena, &value, NULL));
}

/* As if the answer to the item had that action; fields are those of the item. */
static void check_answers(struct arena *arena, struct message message)
{
    struct buf out = BUF_EMPTY;
    for (uint16_t action = 0; action < ACTION_NUMBERS; action++) {
        message.action = action;
        MESSAGE_SET(&message, original_action, action);
        buf_clear(&out);
        jif_encode(&message, &out);
        if (out.length > 0)
            check_json(arena, buf_slice(&out));
    }
    buf_fini(&out);
}

static void check_item(struct arena *arena, valve_value item)
{
    struct buf reason = BUF_EMPTY;
    struct message message;
    if (jif_decode(item, arena, &message, &reason)) {
        CHECK(reason.length == 0);
        CHECK(action_way(message.topic, message.action) != WAY_REFUSE);
        check_text(&message, FIELD_name, message.name);
        check_text(&message, FIELD_path, message.path);
        for (uint32_t i = 0; i < message.name_count; i++)
            CHECK(utf8_valid(message.names[i], false));
        if (MESSAGE_HAS(&message, data))
            check_json(arena, message.data);
        check_answers(arena, message);
    }
    buf_fini(&reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    valve_value value;
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    arena_init(&arena, (size_t)64 << 20);
    if (json_read((slice){text, size}, (struct json_limits){128}, &arena, &value, NULL))
        check_item(&arena, value);
    arena_fini(&arena);
    free(text);
    return 0;
}
