#pragma once
/* Requests over HTTP, for plugins that answer some. */

#include "deepstream/plugin/values.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ds_http_header {
    ds_slice name; /* lower case */
    ds_slice value;
};

/* The certificate that a client has shown when it shook hands by TLS. */
struct ds_tls_peer {
    ds_slice subject, issuer; /* "CN=bo,O=Acme" (RFC 4514) */
    ds_slice fingerprint;     /* SHA-256 of the certificate: "AB:CD:..." */
    bool is_verified;         /* an authority of `ca` vouches for it, and it is valid */
};

struct ds_http_request {
    ds_slice method;
    ds_slice target; /* as sent: path and query */
    const struct ds_http_header *headers;
    size_t header_count;
    ds_slice remote_address;        /* X-Forwarded-For when it is trusted and present, else the
                                       peer */
    ds_slice body;                  /* of a POST, whole and not compressed any more */
    const struct ds_tls_peer *peer; /* NULL: it has shown no certificate */
};

/* The value of a header (name in lower case), or an empty slice with at NULL. */
ds_slice ds_http_header_find(const struct ds_http_request *request, ds_slice name);

/* One request that has to be answered: exactly once, by services->http_answer, at once or later. It
 * stays valid until then, also when its client is gone meanwhile; close answers what is open. */
struct ds_http_exchange;

/* One that is not as it says here is not sent: the client gets a 500, and the log the reason. */
struct ds_http_answer {
    unsigned status;       /* 200 to 599; 0: 200 */
    ds_slice content_type; /* one line; empty: "application/json; charset=utf-8" */
    ds_slice body;         /* as it is, with whatever line ends */
    const char *headers;   /* more lines, each with its CRLF; or NULL */
};

/* The request lives until the handler returns, the exchange until it is answered. */
typedef void ds_http_handler(void *context, const struct ds_http_request *request,
                             struct ds_http_exchange *exchange);

struct ds_statistics;
struct ds_bus_listener;
struct ds_cluster_watcher;

#ifdef __cplusplus
}
#endif
