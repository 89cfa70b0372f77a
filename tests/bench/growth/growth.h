#pragma once
/* What is measured, with what, and how it is shown. */

#include "bench/growth/bus_meter.h"

#include <stdbool.h>

#define MOST_SIZES 16

struct growth_options {
    size_t sizes[MOST_SIZES], size_count;
    uint32_t names, updates;
    double idle_s;
    bool is_json;
};

/* What one size of cluster costs. */
struct growth_row {
    size_t nodes;
    double node_bytes;                           /* of a node that knows nothing */
    double foreign_bytes;                        /* of a name that another node has, on each node */
    struct meter login, subscription, checksums; /* at one node, known to all others */
    struct meter shared, single, local, call;    /* updates by who follows them; calls */
    struct meter join;
    double subscribe_s, join_s, start_s;
    double update_cpu_us, single_cpu_us; /* of all nodes together, as are those below */
    double subscribe_cpu_s, join_cpu_s, leave_cpu_s;
    struct meter alive_second, checksum_second;
};

/* One column for each size, or one line of JSON. */
void growth_print_table(const struct growth_row *rows, const struct growth_options *options);
void growth_print_json(const struct growth_row *rows, const struct growth_options *options);
