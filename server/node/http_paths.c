#include "http_paths.h"

#include "base/check.h"

#include <stdlib.h>

/* How the server is told of a path. */
typedef void enter_path(struct http_server *server, slice prefix, ds_http_handler *handler,
                        void *context);

struct http_path {
    struct http_paths *paths;
    enter_path *enter;
    ds_http_handler *handler;
    void *context;
    size_t length;
    char prefix[];
};

static void enter(struct http_path *path)
{
    path->enter(path->paths->server, (slice){path->prefix, path->length}, path->handler,
                path->context);
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
}
