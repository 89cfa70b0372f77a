#pragma once
/* One client of an MQTT server, from its connection to its end. Private to this folder.
 *
 * A peer is open, then gone: its stream is let go, its owner is told at the end of the turn, and
 * the peer is freed there, after all callers have returned. */

#include "transport/mqtt/mqtt.h"
#include "transport/stream.h"

#include "base/buf.h"

struct mqtt_peer {
    struct ds_outlet outlet;
    struct stream *stream; /* not to be touched once the peer is gone */
    const struct mqtt_endpoint *endpoint;
    void *owner;
    const char *end_reason; /* set: the peer is gone */
    struct turn_task task;
    struct buf partial; /* what came and was not read: part of a packet; more while it is paused */
    bool is_paused;
    bool has_identity; /* the owner knows the certificate, or there is none */
};

/* Takes over a stream. */
void mqtt_peer_open(const struct mqtt_endpoint *endpoint, struct stream *stream);
