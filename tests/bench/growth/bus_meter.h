#pragma once
/* Counts what the nodes of this process send each other. The program is linked so that
 * vertical_bus_send comes here first; all nodes are on one thread, and so is who reads. */

#include <stddef.h>
#include <stdint.h>

enum meter_kind {
#define METER(name, about) METER_##name,
#include "meters.def"
#undef METER
    METER_KINDS,
};

struct meter {
    uint64_t messages, bytes;           /* as they are sent */
    uint64_t deliveries, bytes_brought; /* a message to all counts once for each of the others */
};

/* Of all that was sent to now, by enum meter_kind; sends go to so many nodes. */
extern struct meter bus_meters[METER_KINDS];
extern size_t bus_meter_nodes;
