#pragma once
/* Replies of Redis (RESP2) read by hiredis out of bytes as they come, with bounds of ours on what a
 * server may make us keep. */

#include "base/slice.h"

#include <hiredis/hiredis.h>

#define REDIS_MOST_ELEMENTS 100000               /* of one array */
#define REDIS_MOST_REPLY_BYTES ((size_t)1 << 29) /* of one reply, as Redis bounds a value */

struct redis_reader {
    redisReader *reader;
    redisReplyObjectFunctions functions;
    size_t pending_bytes; /* fed since the last complete reply */
};

void redis_reader_init(struct redis_reader *reader);
void redis_reader_fini(struct redis_reader *reader);

/* Returns NULL, or why these bytes can be no reply. */
const char *redis_reader_feed(struct redis_reader *reader, slice bytes);

/* The next complete reply in *reply, which freeReplyObject() frees, or NULL: more bytes are needed.
 * Returns NULL, or why there never will be one. */
const char *redis_reader_next(struct redis_reader *reader, redisReply **reply);

/* The text of a string or status; empty for anything else. */
static inline slice redis_reply_text(const redisReply *reply)
{
    bool is_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
                   reply->type == REDIS_REPLY_ERROR;
    return is_text ? (slice){reply->str, (size_t)reply->len} : SLICE("");
}

/* Element `index` of an array, or NULL. */
static inline const redisReply *redis_reply_at(const redisReply *reply, size_t index)
{
    return reply->type == REDIS_REPLY_ARRAY && index < (size_t)reply->elements
               ? reply->element[index]
               : NULL;
}
