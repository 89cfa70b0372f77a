#pragma once
/* What a server has seen since it was made. Only ever counted up. */

#include <stdint.h>

struct transport_counters {
    uint64_t connections;       /* accepted */
    uint64_t turned_away;       /* of those: because there were too many */
    uint64_t handshakes;        /* of TLS, complete */
    uint64_t failed_handshakes; /* and those that were not */
    uint64_t requests;          /* HTTP, answered */
    uint64_t refused_heads;     /* of those: head or body broken, too large or too slow */
    uint64_t websockets;        /* opened */
    uint64_t messages;          /* that came whole */
    uint64_t protocol_errors;   /* WebSockets that the peer broke */
    uint64_t slow_receivers;    /* cut off because the peer did not read */
    uint64_t bytes_in;
    uint64_t bytes_out;
};
