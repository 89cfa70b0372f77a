#define _GNU_SOURCE /* memmem */

#include "bench/growth/bus_meter.h"

#include "plugins/cluster_node/vertical_bus.h"
#include "plugins/state_registry/wire.h"

#include "base/slice.h"

#include <stdlib.h>
#include <string.h>

struct meter bus_meters[METER_KINDS];
size_t bus_meter_nodes;

enum { TOPIC_OF_RECORDS = 5, TOPIC_OF_STATUSES = 9, TOPIC_OF_LOCKS = 10 };
enum { NOTIFY = 2, HEAD_RESPONSE_BULK = 8 }; /* of records */

/* The first `"action":N` is the message's: names of servers have no quotes in them here. */
static unsigned action_in(slice text)
{
    static const char KEY[] = "\"action\":";
    const char *at = memmem(text.at, text.length, KEY, sizeof KEY - 1);
    unsigned action = 0;
    if (at == NULL)
        return 0;
    for (at += sizeof KEY - 1; *at >= '0' && *at <= '9'; at++)
        action = action * 10 + (unsigned)(*at - '0');
    return action;
}

static enum meter_kind kind_of_state(unsigned action)
{
    switch (action) {
    case STATE_ADD:
    case STATE_REMOVE:
        return METER_CHANGE;
    case STATE_CHECKSUM:
        return METER_CHECKSUM;
    case STATE_REQUEST_FULL:
        return METER_REQUEST;
    default:
        return METER_FULL;
    }
}

/* What a node tells one that has just joined, or subscribed, comes when it comes. */
static enum meter_kind kind_of_record(unsigned action)
{
    return action == NOTIFY || action == HEAD_RESPONSE_BULK ? METER_OTHER : METER_FEATURE;
}

static enum meter_kind kind_of(uint8_t topic, slice text)
{
    switch (topic) {
    case TOPIC_OF_STATUSES:
        return METER_ALIVE;
    case TOPIC_OF_LOCKS:
        return METER_OTHER;
    case TOPIC_STATE_REGISTRY:
        return kind_of_state(action_in(text));
    case TOPIC_OF_RECORDS:
        return kind_of_record(action_in(text));
    default:
        return METER_FEATURE;
    }
}

void __real_vertical_bus_send(struct vertical_member *member, ds_slice server, uint8_t topic,
                              ds_slice text);
void __wrap_vertical_bus_send(struct vertical_member *member, ds_slice server, uint8_t topic,
                              ds_slice text);

void __wrap_vertical_bus_send(struct vertical_member *member, ds_slice server, uint8_t topic,
                              ds_slice text)
{
    struct meter *meter = &bus_meters[kind_of(topic, text)];
    size_t receivers = server.at == NULL ? bus_meter_nodes - 1 : 1;
    meter->messages++;
    meter->bytes += text.length;
    meter->deliveries += receivers;
    meter->bytes_brought += receivers * text.length;
    __real_vertical_bus_send(member, server, topic, text);
}
