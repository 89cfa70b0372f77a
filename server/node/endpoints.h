#pragma once
/* Where clients come in: the HTTP service of a node, the endpoints behind its paths, and those that
 * have ports of their own. */

#include "services.h"

#include "session/http/http_endpoint.h"
#include "session/http/service.h"
#include "session/session.h"

#include "base/vec.h"

struct ds_process;
struct mqtt_endpoint_entry;

/* One entry of connectionEndpoints whose messages come whole: WebSockets, or a plugin's. */
struct endpoint {
    struct endpoints *endpoints;
    const struct service *service; /* the plugin; NULL: the HTTP service carries it */
    bool is_listening;             /* the plugin, and its connections are not closed */
    struct session_settings settings;
    struct session_endpoint *sessions;
};

/* One of type `http`. */
struct request_endpoint {
    struct http_endpoint_settings settings;
    struct http_endpoint *requests;
};

struct endpoints {
    struct log *log;
    struct http_service http;
    const struct config_plugin *http_wanted; /* what it is, in the configuration */
    VEC(const struct service *) plugins;     /* of connectionEndpoints, in their order */
    struct ds_process *process;              /* NULL: the node is alone in it */
    bool is_ready;                           /* this node is */
    bool is_open;                            /* from endpoints_init to endpoints_close */
    bool is_http_closed;                     /* all of its connections */
    VEC(struct endpoint *) all;
    VEC(struct request_endpoint *) for_requests;
    VEC(struct mqtt_endpoint_entry *) mqtt;
    size_t open_servers; /* when closing: what is not closed yet */
    void (*done)(void *context);
    void *done_context;
};

/* For a struct that was zeroed before http and plugins came in. shared: what the sessions of every
 * endpoint have in common; the rest is read from config, which is borrowed, as log and what is in
 * shared, until endpoints_fini. */
void endpoints_init(struct endpoints *endpoints, const struct config *config,
                    const struct session_settings *shared);

/* Once nobody holds a session any more, which may be long after its end. */
void endpoints_fini(struct endpoints *endpoints);

/* Refuses in the configuration what endpoints that are built in cannot offer. */
void endpoints_check(struct config *config);

/* The HTTP service is made: adds the paths that say whether the node lives and is ready. Before
 * endpoints_init; the service is there until endpoints_close is done. */
void endpoints_use_http(struct endpoints *endpoints, const struct config *config,
                        const struct http_service *http);

/* Takes the certificates of a configuration that was loaded again, for connections that come from
 * now on. The outcome is logged; returns false, with those of before in use, when they are of no
 * use. */
bool endpoints_reload(struct endpoints *endpoints, const struct config *fresh, struct log *log);

/* Starts to listen. Returns false, with a reason, when that is not possible. */
bool endpoints_listen(struct endpoints *endpoints, const struct config *config,
                      struct ds_error *error);

/* Calls visit with every session that is open, until it says to stop. */
void endpoints_each_session(const struct endpoints *endpoints,
                            bool (*visit)(void *context, struct session *session), void *context);

/* Whether the node works as it should: what load balancers ask at the readiness path. Nodes of one
 * process share a port, so that it is ready when all of them are. */
void endpoints_set_ready(struct endpoints *endpoints, bool is_ready);

/* Lets nobody in any more. */
void endpoints_stop_accepting(struct endpoints *endpoints);

/* Says goodbye to everybody, and parts with who is not gone after grace_ms. */
void endpoints_close(struct endpoints *endpoints, uint32_t grace_ms, void (*done)(void *context),
                     void *context);

/* Time is up: logs who has not closed its connections and calls the done of endpoints_close. */
void endpoints_give_up_close(struct endpoints *endpoints);

/* Ends the sessions that are left, once all is closed. */
void endpoints_end_sessions(struct endpoints *endpoints);
