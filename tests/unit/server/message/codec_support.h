#pragma once
/* Messages of the codecs of text, shown as JSON; in texts of the v3 protocol | and + stand for its
 * separators. */

#include "message/codec.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static inline char *swapped(slice text, const char *from, const char *to)
{
    char *copy = test_malloc(text.length + 1);
    for (size_t i = 0; i < text.length; i++) {
        const char *found = text.at[i] != '\0' ? strchr(from, text.at[i]) : NULL;
        copy[i] = found == NULL ? text.at[i] : to[found - from];
    }
    copy[text.length] = '\0';
    return copy;
}

/* What a codec makes of a frame, one after the other: each message as JSON, "nothing", "unknown",
 * "broken", or "invalid" and what is known of the message. Ended by test_free. */
static inline char *decoded(const struct codec *codec, slice frame, uint32_t max_names)
{
    static const char *const outcomes[] = {"", "nothing", "invalid ", "unknown", "broken"};
    struct message_limits limits = {max_names};
    struct arena arena;
    struct buf shown = BUF_EMPTY;
    arena_init(&arena, 0);
    do {
        struct message message;
        const char *problem = NULL;
        size_t before = frame.length;
        enum decoded outcome = codec->decode(&frame, &limits, &arena, &message, &problem);
        assert_true(frame.length < before || before == 0);
        if (outcome != DECODED_MESSAGE && outcome != DECODED_NOTHING)
            assert_non_null(problem);
        buf_append_text(&shown, outcomes[outcome]);
        if (outcome == DECODED_MESSAGE || outcome == DECODED_INVALID)
            json_encode(&message, &shown);
        if (frame.length > 0)
            buf_append_byte(&shown, '\n');
    } while (frame.length > 0);
    char *text = swapped(buf_slice(&shown), "", "");
    buf_fini(&shown);
    arena_fini(&arena);
    return text;
}

/* A message from JSON; its texts live as long as the arena. */
static inline struct message message_of(const char *json, struct arena *arena)
{
    struct message_limits limits = {100};
    struct message message;
    const char *problem;
    slice rest = slice_of(json);
    assert_int_equal(json_decode(&rest, &limits, arena, &message, &problem), DECODED_MESSAGE);
    return message;
}
