#pragma once
/* What tests of handlers begin with: a node whose clients live in memory, alone or in a cluster,
 * and short ways to say and to expect messages. */

#include "handlers/handlers.h"
#include "support/memory_cluster.h"
#include "support/memory_session.h"

struct handler_world {
    struct memory_world memory;
    struct cluster *single; /* NULL: in a cluster of the test */
    struct handler_services services;
};

/* A node that is alone. */
void handler_world_init(struct handler_world *world);
void handler_world_init_in(struct handler_world *world, struct memory_cluster *cluster,
                           const char *server_name);
/* Ends every connection and leaves the cluster; then handlers are freed. */
void handler_world_leave(struct handler_world *world);
/* After the handlers were freed. */
void handler_world_fini(struct handler_world *world);

/* ---- saying; texts may be NULL: the field is absent then ---- */

void say(struct memory_client *client, enum topic topic, unsigned action, const char *name);

/* With data and correlation id. */
void say_more(struct memory_client *client, enum topic topic, unsigned action, const char *name,
              const char *id, const char *data);

/* Names end with NULL:  say_names(bo, TOPIC_EVENT, EVENT_SUBSCRIBE, "0", "a", "b", NULL); */
void say_names(struct memory_client *client, enum topic topic, unsigned action, const char *id, ...)
    __attribute__((sentinel));

/* LISTEN_ACCEPT and LISTEN_REJECT. */
void say_about(struct memory_client *client, enum topic topic, unsigned action, const char *pattern,
               const char *subscription);

/* ---- expecting the next message; its fields must be these and no others ---- */

void expect_ack(struct memory_client *client, enum topic topic, unsigned action, const char *name,
                const char *id);
void expect_name(struct memory_client *client, enum topic topic, unsigned action, const char *name);
void expect_more(struct memory_client *client, enum topic topic, unsigned action, const char *name,
                 const char *id, const char *data);
/* name and originalAction, and so on: what refusals carry */
void expect_refusal(struct memory_client *client, enum topic topic, unsigned action,
                    const char *name, const char *id, unsigned original_action, bool is_error);
void expect_about(struct memory_client *client, enum topic topic, unsigned action,
                  const char *pattern, const char *subscription);
