#pragma once
/* What happened since the last look, as the JSON members that the Node.js server shows (server.md
 * 9): counts of the server only grow, so what was seen is kept and subtracted.
 *
 * Every member that dashboards know is there, and where its name was wrong, one with the right name
 * beside it: STATE_REGISTRY is EVENT_SUBSCRIPTIONS, LOCK is ONLINE_USERS. What is sent to many
 * counts in `send`, once per receiver (S12). */

#include "deepstream/plugin.h"

#include "base/buf.h"
#include "base/hashmap.h"

struct since {
    struct hashmap seen; /* "send EVENT EMIT" -> struct seen_count, which holds the key */
    double from_ms;      /* of the last look, or of since_init */
};

void since_init(struct since *since, double now_ms);
void since_fini(struct since *since);

/* Appends "clusterSize":1,"stateMetrics":{...},"errors":{...},"received":{...},"send":{...},
 * "logins":{...} and takes the look. */
void since_write(struct since *since, const struct ds_statistics *statistics, struct buf *out);
