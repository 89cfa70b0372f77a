#include "http_paths.h"

#include "base/check.h"

#include <stdlib.h>

struct http_path {
    struct http_paths *paths;
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

static void answer_get(void *context, const struct http_request *request,
                       struct http_answer *answer)
{
    const struct http_path *path = context;
    struct ds_http_request asked = request_of(path->paths, request);
    struct ds_http_answer given = {
        .status = answer->status, .content_type = answer->content_type, .body = answer->body};
    path->handler(path->context, &asked, &given);
    *answer = (struct http_answer){
        .status = given.status, .content_type = given.content_type, .body = given.body};
}

static void enter(struct http_path *path)
{
    http_server_add_get(path->paths->server, (slice){path->prefix, path->length}, answer_get, path);
}

void http_paths_add_get(struct http_paths *paths, slice prefix, ds_http_handler *handler,
                        void *context)
{
    struct http_path *path = malloc(sizeof *path + prefix.length);
    CHECK(path != NULL);
    *path = (struct http_path){paths, handler, context, prefix.length};
    if (prefix.length > 0)
        memcpy(path->prefix, prefix.at, prefix.length);
    VEC_PUSH(&paths->all, path);
    if (paths->server != NULL)
        enter(path);
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
