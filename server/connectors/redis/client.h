#pragma once
/* Redis as a connector uses it: one server or a cluster of them, with the same two questions. Keys
 * of one request have to be in one slot of a cluster; where that slot is, and where it moves to, is
 * found out here (CLUSTER SLOTS, MOVED, ASK).
 *
 *     struct redis_client *client = redis_client_new(services, &settings, SLICE(""), 0);
 *     redis_client_start(client, done, context);      // when it answers for the first time
 *     redis_client_ask(client, key, words, count, on_reply, context);
 *     redis_client_close(client, closed, context);    // after the last answer
 *
 * connection.h says what becomes of requests when a server is lost. On the loop's thread. */

#include "redis/connection.h"

struct redis_client;

/* greeting: commands that each server is sent first (see struct redis_connection_config). settings
 * and greeting are borrowed until it is closed. */
struct redis_client *redis_client_new(const struct ds_services *services,
                                      const struct redis_settings *settings, slice greeting,
                                      size_t greeting_count);

/* Calls done once Redis answers, or with an error when it refuses us: password, database, TLS.
 * Until then it goes on trying. */
void redis_client_start(struct redis_client *client, ds_done *done, void *context);

/* Sends one command; key says where to. The words are copied. */
void redis_client_ask(struct redis_client *client, slice key, const slice *words, size_t count,
                      redis_done *done, void *context);

/* Frees it, once everything that was asked was answered: that takes no longer than the timeout of a
 * request. */
void redis_client_close(struct redis_client *client, void (*closed)(void *context), void *context);
