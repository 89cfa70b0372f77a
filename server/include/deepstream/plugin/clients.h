#pragma once
/* Clients, as plugins see them, and events that plugins hear. */

#include <stdbool.h>
#include "deepstream/plugin/values.h"

/* A connection of a user who is logged in; borrowed for the call that brings it. */
struct ds_client {
    const void *connection; /* tells two of one user apart, from its login to its logout */
    const char *endpoint;   /* "websocket", "http", "mqtt", or the name of an endpoint's plugin */
    ds_slice user_id;       /* "OPEN": nobody in particular */
    ds_slice client_data;   /* JSON text that the client was sent; empty for none */
    ds_slice server_data;   /* JSON text that rules see; only at the login, then empty */
    ds_slice remote_address;
};

/* Returns whether to go on to the next one. */
typedef bool ds_client_visit(void *context, const struct ds_client *client);

/* An event that somebody has published: data is JSON text, or empty when there was none. */
typedef void ds_event_handler(void *context, ds_slice name, ds_slice data);

struct ds_event_subscription;
