/* The endpoint as a whole: its paths, and its end while requests are under way. */

#include "session/http/http_endpoint.h"

#include "session/http/request.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <stdlib.h>

struct http_endpoint *http_endpoint_new(const struct http_endpoint_settings *settings,
                                        struct http_server *server)
{
    struct http_endpoint *endpoint = calloc(1, sizeof *endpoint);
    CHECK(endpoint != NULL);
    endpoint->settings = settings;
    endpoint->sessions = session_endpoint_new(&settings->sessions);
    endpoint->turn = http_server_turn(server);
    deadlines_init(&endpoint->timeouts, settings->sessions.loop, settings->request_timeout_ms);
    list_init(&endpoint->requests);
    snprintf(endpoint->id_prefix, sizeof endpoint->id_prefix, "h%llx",
             (unsigned long long)hash_random_seed());
    if (settings->auth_path.length > 0)
        http_server_add_post(server, settings->auth_path, login_on_post, endpoint);
    http_server_add_post(server, settings->post_path, batch_on_post, endpoint);
    http_server_add_get(server, settings->get_path, read_on_get, endpoint);
    return endpoint;
}

void http_endpoint_stop(struct http_endpoint *endpoint)
{
    endpoint->is_stopping = true;
}

void http_endpoint_close(struct http_endpoint *endpoint)
{
    struct list_link *next;
    endpoint->is_stopping = true;
    for (struct list_link *at = endpoint->requests.next; at != &endpoint->requests; at = next) {
        next = at->next;
        request_give_up(LIST_ITEM(at, struct request, in_endpoint));
    }
}

static void on_timer_closed(uv_handle_t *timer)
{
    free(LIST_ITEM(timer, struct http_endpoint, timeouts.timer));
}

/* What is left has been answered, and waits for authentication to say who asked. */
void http_endpoint_free(struct http_endpoint **endpoint)
{
    struct http_endpoint *freed = *endpoint;
    *endpoint = NULL;
    if (freed == NULL)
        return;
    while (!list_is_empty(&freed->requests)) {
        struct request *request = LIST_ITEM(freed->requests.next, struct request, in_endpoint);
        CHECK(request->is_asking && request->exchange == NULL);
        request->endpoint = NULL;
        list_remove(&request->in_endpoint);
    }
    session_endpoint_free(&freed->sessions);
    deadlines_close(&freed->timeouts, on_timer_closed);
}
