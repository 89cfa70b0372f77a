#include "redis/reply.h"

#include "base/check.h"

static void *(*make_array)(const redisReadTask *, int); /* of hiredis: the same for every reader */

/* A reader allocates what an array announces; ours never wants more than this. */
static void *make_bounded_array(const redisReadTask *task, int elements)
{
    return elements > REDIS_MOST_ELEMENTS ? NULL : make_array(task, elements);
}

void redis_reader_init(struct redis_reader *reader)
{
    *reader = (struct redis_reader){.reader = redisReaderCreate()};
    CHECK(reader->reader != NULL);
    reader->functions = *reader->reader->fn;
    make_array = reader->functions.createArray;
    reader->functions.createArray = make_bounded_array;
    reader->reader->fn = &reader->functions;
}

void redis_reader_fini(struct redis_reader *reader)
{
    if (reader->reader != NULL)
        redisReaderFree(reader->reader);
    reader->reader = NULL;
}

const char *redis_reader_feed(struct redis_reader *reader, slice bytes)
{
    reader->pending_bytes += bytes.length;
    if (reader->pending_bytes > REDIS_MOST_REPLY_BYTES)
        return "it sent a reply that is too large";
    if (redisReaderFeed(reader->reader, bytes.at, bytes.length) != REDIS_OK)
        return "it sent what is no reply of Redis";
    return NULL;
}

const char *redis_reader_next(struct redis_reader *reader, redisReply **reply)
{
    void *next = NULL;
    if (redisReaderGetReply(reader->reader, &next) != REDIS_OK)
        return "it sent what is no reply of Redis";
    *reply = next;
    if (next != NULL)
        reader->pending_bytes = reader->reader->len - reader->reader->pos;
    return NULL;
}
