#pragma once
/* Presence: who is online (behaviour.md 8). The user ids "open" and "OPEN" are nobody (B18). */

#include "handlers/handlers.h"

struct presence_handler;

struct presence_handler *presence_handler_new(const struct handler_services *services);
void presence_handler_free(struct presence_handler **handler);
const struct handler *presence_handler_table(const struct presence_handler *handler);
