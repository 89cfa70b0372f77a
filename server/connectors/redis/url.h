#pragma once
/* redis://[[user]:password@]host[:port][/db], and rediss:// for TLS, as ioredis and redis-cli read
 * them. Pure: text in, parts out. */

#include "base/arena.h"

struct redis_url {
    bool is_tls;
    slice host; /* without the brackets of an IPv6 address */
    uint16_t port;
    slice user, password; /* decoded; empty: none */
    uint32_t database;
};

#define REDIS_DEFAULT_PORT 6379

/* Parts live as long as the arena and the text. Returns NULL, or what is wrong: never with a piece
 * of the text, which may be a password. */
const char *redis_url_parse(slice text, struct arena *arena, struct redis_url *url);

/* Digits of a number up to `most`; false for anything else. */
bool redis_number_parse(slice text, uint32_t most, uint32_t *number);

/* Where the last `mark` stands, or NULL. */
const char *redis_find_last(slice text, char mark);
