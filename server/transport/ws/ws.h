#pragma once
/* WebSockets (RFC 6455, permessage-deflate of RFC 7692): whole messages up, frames down.
 *
 * Strict: a peer that breaks a rule is closed with the code that the RFC names for it; text is
 * checked as it arrives. Pings are answered here. */

#include "base/slice.h"
#include "deepstream/plugin/connections.h"

/* As the send of the outlet, which is a WebSocket's, but of the kind named here. */
void ws_send(struct ds_outlet *outlet, enum ds_frame_kind kind, slice payload);
