#pragma once
/* Records as documents of MongoDB, in the layout of the Node.js connector. Pure; nothing here talks
 * to a server.
 *
 *     {"a":1}   {a: 1, ds_key: "<key>", ds_version: 5}
 *     ["x"]     {ds_list: ["x"], ds_key: "<key>", ds_version: 5}
 *
 * Numbers are written as the Node.js driver does: int32 when they are whole and fit, else double;
 * beyond that, whole numbers that a double does not hold are int64. */

#include "deepstream/plugin.h"

#include "base/buf.h"

#include <bson/bson.h>

#define DOCUMENT_MAX_BYTES                                                                         \
    ((16u << 20) - (16u << 10)) /* of 16 MiB; the rest is for the command                          \
                                 */
#define DOCUMENT_MAX_DEPTH 100  /* MongoDB's own limit */

/* Writes the record into document, which is initialised. False, and an error, when it cannot be a
 * document. */
bool document_write(bson_t *document, ds_slice key, const struct ds_record *record,
                    struct ds_error *error);

/* Reads a document, also one that somebody else has written: appends the record's JSON to data.
 * False, and an error, when it is not one. */
bool document_read(const bson_t *document, int32_t *version, struct buf *data,
                   struct ds_error *error);
