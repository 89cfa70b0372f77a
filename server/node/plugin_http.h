#pragma once
/* Requests over HTTP that plugins answer: which of them are open, so that a plugin that answers one
 * twice is told so and does no harm. */

#include "base/hashmap.h"
#include "base/vec.h"

struct ds_node;
struct plugin_path;

struct plugin_http {
    VEC(struct plugin_path *) paths;
    struct hashmap open; /* exchange -> struct open_exchange, which holds the key */
};

void plugin_http_init(struct plugin_http *http);
/* Once no handler is called any more. */
void plugin_http_fini(struct plugin_http *http);

/* Offers paths and answers to every plugin. */
void plugin_http_offer(struct ds_node *node);
