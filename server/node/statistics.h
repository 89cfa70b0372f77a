#pragma once
/* From what the parts of a node count to what plugins see of it (struct ds_statistics). */

#include "deepstream/plugin.h"
#include "metrics/metrics.h"

#include "base/vec.h"

struct ds_node;

/* The numbers of a node, and room for the last view of them. Zeroed is a fit start. */
struct statistics {
    struct metrics metrics;
    double started_ms;

    struct ds_statistics view;
    struct ds_named_count closings[CLOSING_COUNT];
    struct ds_login_count logins[LOGIN_WAY_COUNT];
    VEC(struct ds_message_count) messages;
    VEC(struct ds_decision_count) decisions;
    struct ds_operation_count cache[METER_OPERATION_COUNT];
    struct ds_operation_count storage[METER_OPERATION_COUNT];
    VEC(struct ds_log_count) log;
    VEC(struct ds_named_count) registries;
};

void statistics_init(struct statistics *statistics);
void statistics_fini(struct statistics *statistics);

/* Lives until the next call. Of a node in any state. */
const struct ds_statistics *statistics_take(struct ds_node *node);

/* The same without the figures of the process, which is dear to look at. */
const struct ds_statistics *statistics_count(struct ds_node *node);
