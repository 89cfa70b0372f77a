#pragma once
/* What plugins are given: struct ds_services of a node. */

#include "deepstream/plugin.h"

struct ds_node;
struct session;

/* Fills node->host with all that plugins may ask for from the beginning. */
void plugin_host_fill(struct ds_node *node);

/* The node whose function of struct ds_services is called, by a plugin on the thread of the node's
 * loop. Another thread is the end of the process. */
struct ds_node *plugin_host_node(void *host, const char *function);

/* The storage is made: those that are made after it may use it, and are closed before it. */
void plugin_host_offer_storage(struct ds_node *node);

/* A session in the words of plugin.h, without server data. Lives as long as the session. */
struct ds_client plugin_host_client(const struct session *session);
