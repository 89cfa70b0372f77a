#pragma once
/* What goes over the bus of a cluster: a message in its envelope, as JSON (plugin.h, cluster
 * node). */

#include "base/arena.h"
#include "base/buf.h"

struct envelope {
    slice from_server;
    slice to_server; /* at is NULL: to all */
    slice message;   /* a JSON object */
};

/* Appends everything before the message; the message and a brace follow. */
void envelope_begin(struct buf *out, slice from_server, slice to_server);

/* Reads one. Texts are slices of `text`, or of arena. Returns false when it is none. */
bool envelope_read(slice text, struct arena *arena, struct envelope *envelope);
