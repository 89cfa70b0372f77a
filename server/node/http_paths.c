#include "http_paths.h"

#include "base/check.h"

#include <stdlib.h>

/* How the server is told of a path. */
typedef void enter_path(struct http_server *server, slice prefix, http_handler *handler,
                        void *context);

struct http_path {
    struct http_paths *paths;
    enter_path *enter;
    ds_http_handler *handler;
    void *context;
    size_t length;
    char prefix[];
};

/* Plugins see the request in their own words. */
static struct ds_http_request request_of(struct http_paths *paths,
                                         const struct http_request *request)
{
    paths->headers.count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        VEC_PUSH(&paths->headers,
                 ((struct ds_http_header){request->headers[i].name, request->headers[i].value}));
    return (struct ds_http_request){.method = request->method,
                                    .target = request->target,
                                    .headers = paths->headers.items,
                                    .header_count = paths->headers.count,
                                    .remote_address = request->remote_address,
                                    .body = request->body};
}

static void hand_over(void *context, const struct http_request *request,
                      struct http_exchange *exchange)
{
    const struct http_path *path = context;
    struct ds_http_request asked = request_of(path->paths, request);
    path->handler(path->context, &asked, (struct ds_http_exchange *)exchange);
}

/* For plugins the exchange of the server has another name, and no members either. */
void http_paths_answer(struct ds_http_exchange *exchange, const struct ds_http_answer *answer)
{
    http_answer(
        (struct http_exchange *)exchange,
        &(struct http_answer){
            .status = answer->status == 0 ? 200 : answer->status,
            .content_type = answer->content_type.length == 0 ? HTTP_JSON : answer->content_type,
            .body = answer->body,
        });
}

static void enter(struct http_path *path)
{
    path->enter(path->paths->server, (slice){path->prefix, path->length}, hand_over, path);
}

static void add(struct http_paths *paths, struct http_path model, slice prefix)
{
    struct http_path *path = malloc(sizeof *path + prefix.length);
    CHECK(path != NULL);
    *path = model;
    path->paths = paths;
    path->length = prefix.length;
    if (prefix.length > 0)
        memcpy(path->prefix, prefix.at, prefix.length);
    VEC_PUSH(&paths->all, path);
    if (paths->server != NULL)
        enter(path);
}

void http_paths_add_get(struct http_paths *paths, slice prefix, ds_http_handler *handler,
                        void *context)
{
    struct http_path model = {.enter = http_server_add_get, .handler = handler, .context = context};
    add(paths, model, prefix);
}

void http_paths_add_post(struct http_paths *paths, slice prefix, ds_http_handler *handler,
                         void *context)
{
    struct http_path model = {
        .enter = http_server_add_post, .handler = handler, .context = context};
    add(paths, model, prefix);
}

void http_paths_enter(struct http_paths *paths, struct http_server *server)
{
    paths->server = server;
    for (size_t i = 0; i < paths->all.count; i++)
        enter(paths->all.items[i]);
}

void http_paths_leave(struct http_paths *paths)
{
    paths->server = NULL;
}

void http_paths_fini(struct http_paths *paths)
{
    for (size_t i = 0; i < paths->all.count; i++)
        free(paths->all.items[i]);
    VEC_FREE(&paths->all);
    VEC_FREE(&paths->headers);
}
