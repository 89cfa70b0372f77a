#pragma once
/* Requests over HTTP, for plugins that answer some. */

#include "deepstream/plugin/values.h"

struct ds_http_header {
    ds_slice name; /* lower case */
    ds_slice value;
};

struct ds_http_request {
    ds_slice method;
    ds_slice target; /* as sent: path and query */
    const struct ds_http_header *headers;
    size_t header_count;
    ds_slice remote_address;
    ds_slice body; /* of a POST, whole and not compressed any more */
};

/* One request that has to be answered: exactly once, by services->http_answer, at once or later. It
 * stays valid until then, also when its client is gone meanwhile; close answers what is open. */
struct ds_http_exchange;

struct ds_http_answer {
    unsigned status;       /* 0: 200 */
    ds_slice content_type; /* empty: "application/json; charset=utf-8" */
    ds_slice body;
};

/* The request lives until the handler returns, the exchange until it is answered. */
typedef void ds_http_handler(void *context, const struct ds_http_request *request,
                             struct ds_http_exchange *exchange);

struct ds_statistics;
struct ds_bus_listener;
struct ds_cluster_watcher;
