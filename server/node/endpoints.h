#pragma once
/* Where clients come in: the HTTP server of a node and the endpoints behind its paths. */

#include "session/http/http_endpoint.h"
#include "session/session.h"
#include "transport/http/http.h"

#include "base/vec.h"

struct config;
struct ds_error;
struct tls_context;
struct mqtt_endpoint_entry;

/* One entry of connectionEndpoints. */
struct endpoint {
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
    struct http_settings http;
    slice *origins;
    char *host;
    char *health_check_path;
    bool is_ready;              /* what the readiness path answers */
    struct tls_context *tls;    /* of the HTTP server; NULL: it does not encrypt */
    struct http_server *server; /* NULL: not started, or closed */
    VEC(struct endpoint *) all;
    VEC(struct request_endpoint *) for_requests;
    VEC(struct mqtt_endpoint_entry *) mqtt;
    size_t open_servers; /* when closing: what is not closed yet */
    void (*done)(void *context);
    void *done_context;
};

/* shared: what the sessions of every endpoint have in common; the rest is read from config, which
 * is borrowed, as log and what is in shared, until endpoints_fini. */
void endpoints_init(struct endpoints *endpoints, const struct config *config,
                    const struct session_settings *shared);

/* Once nobody holds a session any more, which may be long after its end. */
void endpoints_fini(struct endpoints *endpoints);

/* Before endpoints_init, for a zeroed struct: refuses what cannot be offered, in the configuration,
 * and keeps what it has read, the certificates. */
void endpoints_check(struct endpoints *endpoints, struct config *config);

/* Takes the certificates of a configuration that was loaded again, for connections that come from
 * now on. The outcome is logged; returns false, with those of before in use, when they are of no
 * use. */
bool endpoints_reload(struct endpoints *endpoints, const struct config *fresh, struct log *log);

/* Starts to listen. Returns false, with a reason, when that is not possible. */
bool endpoints_listen(struct endpoints *endpoints, struct ds_error *error);

/* Calls visit with every session that is open, until it says to stop. */
void endpoints_each_session(const struct endpoints *endpoints,
                            bool (*visit)(void *context, struct session *session), void *context);

/* Whether the node works as it should: what load balancers ask at the readiness path. */
void endpoints_set_ready(struct endpoints *endpoints, bool is_ready);

/* Lets nobody in any more. */
void endpoints_stop_accepting(struct endpoints *endpoints);

/* Says goodbye to everybody, and parts with who is not gone after grace_ms. */
void endpoints_close(struct endpoints *endpoints, uint32_t grace_ms, void (*done)(void *context),
                     void *context);

/* Ends the sessions that are left, once all is closed. */
void endpoints_end_sessions(struct endpoints *endpoints);
