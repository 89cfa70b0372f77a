#pragma once
/* The monitoring plugins of a node: what they may ask for, and what they are told. */

struct ds_node;

/* Offers statistics, and log lines with a namespace, to every plugin. */
void monitoring_offer(struct ds_node *node);

/* Makes the plugins that the configuration names. */
void monitoring_add(struct ds_node *node);

/* They are about to close: nothing is told any more. */
void monitoring_leave(struct ds_node *node);
