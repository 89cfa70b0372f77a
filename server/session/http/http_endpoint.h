#pragma once
/* The HTTP endpoint (protocol.md 6.2 and 6.3): batches of messages by POST, tokens, and records by
 * GET. Each request logs in by itself; each message of it is a session of its own that ends with
 * the request, so nobody comes or goes and nothing is pushed. */

#include "session/session.h"

struct http_endpoint;
struct http_service;

struct http_endpoint_settings {
    struct session_settings sessions; /* PROTOCOL_HTTP; log_invalid_auth_data counts */
    slice auth_path;                  /* empty: no tokens */
    slice post_path, get_path;
    bool allows_auth_data;
    uint32_t request_timeout_ms;
    uint32_t max_items; /* of a batch */
};

/* Enters its paths. settings and service are borrowed until http_endpoint_free. */
struct http_endpoint *http_endpoint_new(const struct http_endpoint_settings *settings,
                                        const struct http_service *service);

/* Requests are answered with 503 from now on; those that are under way go on. */
void http_endpoint_stop(struct http_endpoint *endpoint);

/* Requests that are under way are answered with what is there, before the service closes. */
void http_endpoint_close(struct http_endpoint *endpoint);

/* Once the connections of the service are closed. */
void http_endpoint_free(struct http_endpoint **endpoint);
