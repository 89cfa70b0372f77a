#include "redis/slot_map.h"
#include "redis/url.h"

#include <stdio.h>

static bool set_address(struct redis_address *address, slice host, uint32_t port,
                        const struct redis_address *asked)
{
    if (host.length == 0 || slice_equal(host, SLICE("?")))
        host = slice_of(asked->host);
    if (host.length >= sizeof address->host || port == 0 || port > 65535 ||
        memchr(host.at, '\0', host.length) != NULL)
        return false;
    memmove(address->host, host.at, host.length);
    address->host[host.length] = '\0';
    address->port = (uint16_t)port;
    return true;
}

static bool read_integer(const redisReply *reply, long long most, long long *number)
{
    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER)
        return false;
    *number = reply->integer;
    return reply->integer >= 0 && reply->integer <= most;
}

bool redis_slot_range_read(const redisReply *slots, size_t index, const struct redis_address *asked,
                           struct redis_slot_range *range)
{
    const redisReply *entry = redis_reply_at(slots, index);
    const redisReply *master = entry == NULL ? NULL : redis_reply_at(entry, 2);
    const redisReply *host = master == NULL ? NULL : redis_reply_at(master, 0);
    long long first, last, port;
    if (host == NULL || !read_integer(redis_reply_at(entry, 0), REDIS_SLOTS - 1, &first) ||
        !read_integer(redis_reply_at(entry, 1), REDIS_SLOTS - 1, &last) || first > last ||
        !read_integer(redis_reply_at(master, 1), 65535, &port))
        return false;
    range->first = (uint16_t)first;
    range->last = (uint16_t)last;
    return set_address(&range->address, redis_reply_text(host), (uint32_t)port, asked);
}

enum redis_redirect redis_redirect_read(slice error, const struct redis_address *asked,
                                        uint16_t *slot, struct redis_address *address)
{
    enum redis_redirect kind = slice_starts_with(error, SLICE("MOVED ")) ? REDIS_MOVED
                               : slice_starts_with(error, SLICE("ASK ")) ? REDIS_ASK
                                                                         : REDIS_NO_REDIRECT;
    if (kind == REDIS_NO_REDIRECT)
        return kind;
    slice rest = slice_part(error, kind == REDIS_MOVED ? 6 : 4, error.length);
    const char *space = memchr(rest.at, ' ', rest.length);
    const char *colon = redis_find_last(rest, ':');
    uint32_t number, port;
    if (space == NULL || colon == NULL || colon < space)
        return REDIS_NO_REDIRECT;
    size_t host_at = (size_t)(space - rest.at) + 1, port_at = (size_t)(colon - rest.at) + 1;
    bool is_sound =
        redis_number_parse(slice_part(rest, 0, host_at - 1), REDIS_SLOTS - 1, &number) &&
        redis_number_parse(slice_part(rest, port_at, rest.length), 65535, &port) &&
        set_address(address, slice_part(rest, host_at, port_at - 1), port, asked);
    *slot = is_sound ? (uint16_t)number : 0;
    return is_sound ? kind : REDIS_NO_REDIRECT;
}
