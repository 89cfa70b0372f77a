#pragma once
/* Which server has which slot: what CLUSTER SLOTS, MOVED and ASK say, checked before it is
 * believed. Pure. */

#include "redis/reply.h"
#include "redis/settings.h"
#include "redis/slot.h"

/* One line of CLUSTER SLOTS: slots first..last are at address. */
struct redis_slot_range {
    uint16_t first, last;
    struct redis_address address;
};

/* Entry `index` of the answer to CLUSTER SLOTS; asked is who answered, for a server that does not
 * know its own name. False: that entry makes no sense. */
bool redis_slot_range_read(const redisReply *slots, size_t index, const struct redis_address *asked,
                           struct redis_slot_range *range);

enum redis_redirect { REDIS_NO_REDIRECT, REDIS_MOVED, REDIS_ASK };

/* "MOVED 3999 127.0.0.1:6381": what an error says. asked is who answered, for an empty host. */
enum redis_redirect redis_redirect_read(slice error, const struct redis_address *asked,
                                        uint16_t *slot, struct redis_address *address);
