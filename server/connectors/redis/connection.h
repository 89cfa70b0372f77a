#pragma once
/* One server of Redis, connected for as long as the connector lives: requests are pipelined, those
 * of one turn of the loop leave in one write, answers come in the order of the requests. A lost
 * connection is made again, sooner at first and later after a while.
 *
 * What becomes of requests when the server is lost:
 * - those that were sent are answered with an error: whether they took effect is not known, so they
 *   are never sent again;
 * - new ones wait for its return, at most the timeout of a request, so that a restart is not
 *   noticed;
 * - once it has been away for longer than that, they are answered with an error at once.
 *
 * All on the loop's thread. */

#include "redis/reply.h"
#include "redis/settings.h"

#include "base/buf.h"

#include <uv.h>

struct redis_connection;

/* Of an answer that is an error of Redis, both are set; error is its text. Both live until the
 * callback returns. */
struct redis_answer {
    const char *error;       /* NULL: none */
    const redisReply *reply; /* NULL: no answer came, and error says why */
};

/* Called exactly once, perhaps before the function that asked returns. */
typedef void redis_done(void *context, const struct redis_answer *answer);

/* Any may be NULL. */
struct redis_connection_events {
    /* It can be used now: the first time, or again. */
    void (*on_ready)(void *context);
    /* It was lost, or could not be made. is_final: trying again makes no sense before somebody
     * changes something, such as the password; it is tried nevertheless. */
    void (*on_lost)(void *context, const char *reason, bool is_final);
    /* Not NULL: every reply is told here, and none belongs to a request: for subscribers. */
    void (*on_push)(void *context, const redisReply *reply);
};

/* settings are borrowed; greeting, which may be NULL, is sent whenever the connection was made,
 * before all requests: whole commands, `greeting_count` of them, whose answers are looked at only
 * for errors. */
struct redis_connection_config {
    const struct ds_services *services;
    const struct redis_settings *settings;
    const struct redis_connection_events *events;
    void *context;
    slice greeting; /* borrowed */
    size_t greeting_count;
};

/* Begins to connect at once. */
struct redis_connection *redis_connection_new(const struct redis_connection_config *config,
                                              const struct redis_address *address);

const struct redis_address *redis_connection_address(const struct redis_connection *connection);
bool redis_connection_is_ready(const struct redis_connection *connection);

/* Sends whole commands, of which the last one's answer is told and those before it are only looked
 * at when they fail. commands is copied. */
void redis_connection_send(struct redis_connection *connection, slice commands, size_t count,
                           redis_done *done, void *context);

/* The same for a connection of a subscriber: nobody waits, and while it is down nothing is sent. */
void redis_connection_push(struct redis_connection *connection, slice commands);

/* It answers nothing any more, or what makes no sense. */
void redis_connection_drop(struct redis_connection *connection, const char *reason);

/* Answers what is pending with an error, and calls closed when nothing of it is left. No event
 * comes any more. */
void redis_connection_close(struct redis_connection *connection, void (*closed)(void *context),
                            void *context);
