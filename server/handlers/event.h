#pragma once
/* Events: publish and subscribe (behaviour.md 4). */

#include "handlers/handlers.h"

struct event_handler;

struct event_handler *event_handler_new(const struct handler_services *services,
                                        const struct listen_settings *listen);
void event_handler_free(struct event_handler **handler);
const struct handler *event_handler_table(const struct event_handler *handler);

/* Of listening; see listen_settings. */
struct listen_settings *event_handler_listen_settings(struct event_handler *handler);
