#pragma once
/* The plugins of `plugins`: made with the others, started when the handlers work, told of logins
 * and logouts. */

#include "session/session.h"

struct ds_node;

/* Makes those that the configuration names; one that cannot be made is refused there. */
void custom_plugins_add(struct ds_node *node);

/* Where the events of sessions go: to the pipeline, and then to the plugins. Once the pipeline is
 * there. */
const struct session_events *custom_plugins_session_events(struct ds_node *node);
