#pragma once
/* What goes over the bus of a cluster: a message in its envelope, as JSON (plugin.h, cluster
 * node). */

#include "base/arena.h"
#include "base/buf.h"

struct envelope {
    slice from_server;
    slice to_server; /* at is NULL: to all */
    slice message;   /* a JSON object */
    slice result;    /* JSON, the field of that name (fields.def); at is NULL: none */
};

/* Appends everything before the message; the message and a brace follow. */
void envelope_begin(struct buf *out, slice from_server, slice to_server);

/* Appends the result of the message, behind it. Nodes of the original pass it over. */
void envelope_result(struct buf *out, slice json);

/* Reads one. Texts are slices of `text`, or of arena. Returns false when it is none. */
bool envelope_read(slice text, struct arena *arena, struct envelope *envelope);
