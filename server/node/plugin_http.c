#include "plugin_http.h"

#include "internal.h"
#include "plugin_host.h"

#include "base/check.h"

/* What the HTTP service has instead of a plugin's handler. */
struct plugin_path {
    struct ds_node *node;
    ds_http_handler *handler;
    void *context;
};

struct open_exchange {
    const struct ds_http_exchange *exchange; /* its bytes are the key */
};

void plugin_http_init(struct plugin_http *http)
{
    *http = (struct plugin_http){0};
    hashmap_init(&http->open);
}

void plugin_http_fini(struct plugin_http *http)
{
    size_t position = 0;
    const struct hashmap_entry *entry;
    while ((entry = hashmap_next(&http->open, &position)) != NULL)
        free(entry->value);
    hashmap_fini(&http->open);
    for (size_t i = 0; i < http->paths.count; i++)
        free(http->paths.items[i]);
    VEC_FREE(&http->paths);
}

/* ---- exchanges ---- */

static slice key_of(const struct ds_http_exchange *const *exchange)
{
    return (slice){(const char *)exchange, sizeof *exchange};
}

static void on_request(void *context, const struct ds_http_request *request,
                       struct ds_http_exchange *exchange)
{
    const struct plugin_path *path = context;
    struct open_exchange *open = malloc(sizeof *open);
    CHECK(open != NULL);
    *open = (struct open_exchange){exchange};
    CHECK(hashmap_put(&path->node->plugin_http.open, key_of(&open->exchange), open) == NULL);
    path->handler(path->context, request, exchange);
}

/* Whether it was open. */
static bool end(struct plugin_http *http, const struct ds_http_exchange *exchange)
{
    struct open_exchange *open = hashmap_remove(&http->open, key_of(&exchange));
    bool was_open = open != NULL;
    free(open);
    return was_open;
}

/* ---- what plugins call ---- */

/* NULL: it could not be made, and the node does not start; or it is closed. */
static const struct http_service *service_of(const struct ds_node *node)
{
    bool is_there = node->http_service != NULL && node->http_service->self != NULL;
    return is_there ? &node->endpoints.http : NULL;
}

static struct plugin_path *path_new(struct ds_node *node, ds_http_handler *handler, void *context)
{
    struct plugin_path *path = malloc(sizeof *path);
    CHECK(path != NULL);
    *path = (struct plugin_path){node, handler, context};
    VEC_PUSH(&node->plugin_http.paths, path);
    return path;
}

static void host_add_http_get(void *host, ds_slice prefix, ds_http_handler *handler, void *context)
{
    struct ds_node *node = plugin_host_node(host, "add_http_get");
    const struct http_service *http = service_of(node);
    if (http != NULL)
        http->operations->add_get(http->self, prefix, on_request, path_new(node, handler, context));
}

static void host_add_http_post(void *host, ds_slice prefix, ds_http_handler *handler, void *context)
{
    struct ds_node *node = plugin_host_node(host, "add_http_post");
    const struct http_service *http = service_of(node);
    if (http != NULL)
        http->operations->add_post(http->self, prefix, on_request,
                                   path_new(node, handler, context));
}

static bool is_line(slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] < ' ' && text.at[i] != '\t')
            return false;
    return true;
}

/* Whether each line has its end, and something before it. */
static bool are_lines(const char *headers)
{
    for (const char *end; headers != NULL && *headers != '\0'; headers = end + 2) {
        end = strstr(headers, "\r\n");
        if (end == NULL || end == headers || !is_line((slice){headers, (size_t)(end - headers)}))
            return false;
    }
    return true;
}

/* What would be another answer on the wire than the one that is meant. */
static const char *why_unfit(const struct ds_http_answer *answer)
{
    if (answer->status != 0 && (answer->status < 200 || answer->status > 599))
        return "its status is not from 200 to 599";
    if (!is_line(answer->content_type))
        return "its content type is not one line";
    return are_lines(answer->headers) ? NULL : "its headers are not lines, each with its CRLF";
}

static void answer_or_refuse(struct ds_node *node, const struct http_service *http,
                             struct ds_http_exchange *exchange, const struct ds_http_answer *answer)
{
    static const struct ds_http_answer REFUSED = {.status = 500,
                                                  .body = SLICE("\"the answer cannot be sent\"")};
    const char *why = why_unfit(answer);
    if (why != NULL)
        log_line(&node->log, DS_ERROR, LOG_PLUGIN_ERROR,
                 "a plugin's answer over HTTP cannot be sent: %s", why);
    http->operations->answer(http->self, exchange, why == NULL ? answer : &REFUSED);
}

static void host_http_answer(void *host, struct ds_http_exchange *exchange,
                             const struct ds_http_answer *answer)
{
    struct ds_node *node = plugin_host_node(host, "http_answer");
    const struct http_service *http = service_of(node);
    if (!end(&node->plugin_http, exchange))
        log_line(&node->log, DS_ERROR, LOG_PLUGIN_ERROR,
                 "a plugin answered a request over HTTP that is not open, such as one that it had "
                 "answered before; this is ignored");
    else if (http != NULL)
        answer_or_refuse(node, http, exchange, answer);
}

void plugin_http_offer(struct ds_node *node)
{
    node->host.add_http_get = host_add_http_get;
    node->host.add_http_post = host_add_http_post;
    node->host.http_answer = host_http_answer;
}
