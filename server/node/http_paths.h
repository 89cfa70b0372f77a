#pragma once
/* Paths of the HTTP server that plugins answer. They may be added before there is a server. */

#include "deepstream/plugin.h"
#include "transport/http/http.h"

#include "base/vec.h"

struct http_path;

/* Zeroed is a fit start. */
struct http_paths {
    VEC(struct http_path *) all;
    struct http_server *server; /* NULL: not yet, or no more */
};

/* prefix is copied, context borrowed until http_paths_leave. */
void http_paths_add_get(struct http_paths *paths, slice prefix, ds_http_handler *handler,
                        void *context);
void http_paths_add_post(struct http_paths *paths, slice prefix, ds_http_handler *handler,
                         void *context);

/* From now on the server, which is borrowed until http_paths_leave, asks for them. */
void http_paths_enter(struct http_paths *paths, struct http_server *server);
void http_paths_leave(struct http_paths *paths);

/* Once there is no server any more. */
void http_paths_fini(struct http_paths *paths);
