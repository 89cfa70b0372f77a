#pragma once
/* Tells once that a backend was lost, and once that it is back, however often it is tried
 * meanwhile:
 *
 *     ERROR  BACKEND_LOST     | redis at 127.0.0.1:6379: connection refused; trying again
 *     INFO   BACKEND_REGAINED | redis at 127.0.0.1:6379: back after 3.2 s
 *
 * One that is there again but refuses us is not back; that is told once, too.
 *
 * All calls on the loop's thread, since they log: a connector with a thread of its own hands the
 * news over (uv_async_send). Between them any number of calls in any order. */

#include "deepstream/plugin.h"

struct outage {
    const struct ds_services *services;
    char backend[300];    /* "redis at 127.0.0.1:6379" */
    uint64_t began_nanos; /* 0: it is there */
    bool has_refused;     /* since then */
};

/* backend is copied, cut at 299 bytes; it holds no password. */
void outage_init(struct outage *outage, const struct ds_services *services, const char *backend);

/* The backend does not answer. reason: "connection refused". */
void outage_lost(struct outage *outage, const char *reason);

/* It answers that it wants nothing of us: "WRONGPASS ...". */
void outage_refused(struct outage *outage, const char *reason);

/* It answers. Nothing is said when it was never lost. */
void outage_over(struct outage *outage);

static inline bool outage_is_on(const struct outage *outage)
{
    return outage->began_nanos != 0;
}
