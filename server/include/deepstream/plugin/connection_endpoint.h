#pragma once
/* Connection endpoints: further ways for clients to connect, beside the paths of the HTTP service.
 * An endpoint accepts connections by its own means and carries whole messages of one of the
 * server's protocols; what they mean, logins, rules and heartbeats are the server's business. An
 * entry of `connectionEndpoints` names one by `name` or `path`.
 *
 * The server reads these options of its entry, whose bounds and defaults are those of the WebSocket
 * endpoints: heartbeatInterval, unauthenticatedClientTimeout, maxAuthAttempts, logInvalidAuthData,
 * maxMessageSize, maxQueueBytes, outgoingBufferTimeout, maxBufferByteSize, maxNames,
 * maxSubscriptions, maxWaitingMessages, perMessageDeflate. All others are the plugin's own.
 *
 * Order of calls: create, start and its done, protocol, listen, stop_accepting, close_connections
 * and its done, close. It is made after the custom plugins and closed before them. A start that
 * fails leaves out what it did not reach. */

#include <stdint.h>
#include "deepstream/plugin/common.h"
#include "deepstream/plugin/connections.h"

/* What a message of a client is (protocol.md of the project). */
enum ds_protocol {
    DS_PROTOCOL_BINARY, /* of ws-binary: frames of DS_FRAME_BINARY */
    DS_PROTOCOL_JSON,   /* of ws-json: one JSON object, DS_FRAME_TEXT */
    DS_PROTOCOL_TEXT,   /* of ws-text, the v3 protocol: DS_FRAME_TEXT */
};

/* All run on the thread of the loop, and none blocks. */
struct ds_connection_endpoint_operations {
    /* What its clients speak; always the same. */
    enum ds_protocol (*protocol)(const void *self);

    /* Starts to take connections, which endpoint is told of; it is borrowed until close_connections
     * has called its done. Returns false and fills error when that is not possible: the start of
     * the server fails. Who can connect is the plugin's to log. */
    bool (*listen)(void *self, const struct ds_endpoint *endpoint, struct ds_error *error);

    /* Takes no new connections from now on; those that exist go on. */
    void (*stop_accepting)(void *self);

    /* Ends every connection behind what is queued, with whatever goodbye its kind knows and
     * DS_OUTLET_SERVER_STOP, and by force what is not gone after grace_ms. done: all are gone, and
     * endpoint has had the on_close of each. An error is logged. self may be gone when done
     * returns. */
    void (*close_connections)(void *self, uint32_t grace_ms, ds_done *done, void *context);

    /* ---- those below may be left out: NULL ---- */

    /* What it has counted; lives as long as self. */
    const struct ds_transport_counters *(*counters)(const void *self);

    /* Bytes that wait for clients to read them, of all connections. */
    size_t (*queued_bytes)(const void *self);
};
