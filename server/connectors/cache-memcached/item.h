#pragma once
/* Records as items of memcached: the key of a name, and the value of a record. Pure; nothing here
 * talks to a server.
 *
 *     key     <namespace><name>, when memcached can bear that; else <namespace>sha256:<64 digits>
 *     value   {"version":5,"data":{"a":1}}, flags ITEM_FLAGS; under a digest also the name, in
 *             hexadecimal digits: {"version":5,"name":"6120","data":{"a":1}}
 *
 * What stands under plain keys is what the Node.js connector writes and reads. */

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define ITEM_MAX_KEY_BYTES 250 /* doc/protocol.txt of memcached, "Keys" */
#define ITEM_MAX_NAMESPACE_BYTES 100
#define ITEM_FLAGS 2u /* "this is JSON", for the npm package memcached */

struct item_key {
    char text[ITEM_MAX_KEY_BYTES + 1];
    size_t length;
    bool is_digest;
};

/* namespace_ is at most ITEM_MAX_NAMESPACE_BYTES of what item_is_plain. */
void item_key_of(struct item_key *key, slice namespace_, slice name);

/* Whether memcached takes these bytes as (part of) a key: no spaces, no control characters. */
bool item_is_plain(slice bytes);

/* Appends the value. key is that of name. */
void item_write(struct buf *value, const struct item_key *key, slice name, int32_t version,
                slice data);

/* Takes a value apart; data is a part of it. False when it was not written by item_write, or for
 * another name. */
bool item_read(slice value, const struct item_key *key, slice name, int32_t *version, slice *data);
