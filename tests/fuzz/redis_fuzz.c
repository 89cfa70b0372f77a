/* What Redis answers, in pieces of any size, and what connectors read out of it: replies, slots of
 * a cluster, redirects, versions; and URLs of the configuration. The first byte is the size of the
 * pieces. */

#include "redis/record_keys.h"
#include "redis/slot_map.h"
#include "redis/url.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct redis_address asked = {.host = "h", .port = 1};

static void check_address(const struct redis_address *address)
{
    CHECK(address->port > 0 && strnlen(address->host, sizeof address->host) > 0);
    CHECK(strnlen(address->host, sizeof address->host) < sizeof address->host);
}

static void use_text(slice text)
{
    struct redis_address address;
    uint16_t slot;
    int32_t version;
    if (redis_redirect_read(text, &asked, &slot, &address) != REDIS_NO_REDIRECT) {
        CHECK(slot < REDIS_SLOTS);
        check_address(&address);
    }
    if (record_version_parse(text, &version))
        CHECK(version >= 0);
    CHECK(redis_slot(text) < REDIS_SLOTS);
}

static void use_reply(const redisReply *reply)
{
    struct redis_slot_range range;
    use_text(redis_reply_text(reply));
    for (size_t i = 0; redis_reply_at(reply, i) != NULL; i++)
        if (redis_slot_range_read(reply, i, &asked, &range)) {
            CHECK(range.first <= range.last && range.last < REDIS_SLOTS);
            check_address(&range.address);
        }
}

static void read_replies(slice bytes, size_t piece)
{
    struct redis_reader reader;
    const char *problem = NULL;
    redis_reader_init(&reader);
    for (size_t at = 0; problem == NULL && at < bytes.length; at += piece) {
        size_t end = bytes.length - at < piece ? bytes.length : at + piece;
        redisReply *reply = NULL;
        problem = redis_reader_feed(&reader, slice_part(bytes, at, end));
        while (problem == NULL) {
            problem = redis_reader_next(&reader, &reply);
            if (problem != NULL || reply == NULL)
                break;
            use_reply(reply);
            freeReplyObject(reply);
        }
    }
    redis_reader_fini(&reader);
}

static void read_url(slice text)
{
    struct redis_url url;
    struct arena arena;
    arena_init(&arena, 0);
    if (redis_url_parse(text, &arena, &url) == NULL)
        CHECK(url.port > 0 && url.host.length > 0 && url.host.length < 256);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    slice bytes = {(const char *)data + 1, size - 1};
    read_replies(bytes, data[0] == 0 ? 1 : data[0]);
    read_url(bytes);
    use_text(bytes);
    return 0;
}
