/* The endpoint as a whole: its paths, and its end while requests are under way. */

#include "session/http/http_endpoint.h"

#include "session/http/request.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <stdlib.h>

static void add_paths(struct http_endpoint *endpoint)
{
    const struct http_endpoint_settings *settings = endpoint->settings;
    const struct http_service *service = endpoint->service;
    const struct ds_http_service_operations *operations = service->operations;
    if (settings->auth_path.length > 0)
        operations->add_post(service->self, settings->auth_path, login_on_post, endpoint);
    operations->add_post(service->self, settings->post_path, batch_on_post, endpoint);
    operations->add_get(service->self, settings->get_path, read_on_get, endpoint);
}

/* Of the ends of a turn that libuv calls, those that began last come first. So the turn of the
 * endpoint ends before that of the service, which is there already, and what is answered in it is
 * written in the same turn. */
struct http_endpoint *http_endpoint_new(const struct http_endpoint_settings *settings,
                                        const struct http_service *service)
{
    struct http_endpoint *endpoint = calloc(1, sizeof *endpoint);
    CHECK(endpoint != NULL);
    endpoint->settings = settings;
    endpoint->sessions = session_endpoint_new(&settings->sessions);
    endpoint->service = service;
    turn_init(&endpoint->turn, settings->sessions.loop);
    deadlines_init(&endpoint->timeouts, settings->sessions.loop, settings->request_timeout_ms);
    list_init(&endpoint->requests);
    snprintf(endpoint->id_prefix, sizeof endpoint->id_prefix, "h%llx",
             (unsigned long long)hash_random_seed());
    add_paths(endpoint);
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

void http_endpoint_answer_text(const struct http_endpoint *endpoint,
                               struct ds_http_exchange *exchange, unsigned status, slice text)
{
    const struct http_service *service = endpoint->service;
    struct buf body = BUF_EMPTY;
    buf_append(&body, text);
    buf_append_text(&body, "\r\n\r\n");
    service->operations->answer(
        service->self, exchange,
        &(struct ds_http_answer){.status = status,
                                 .content_type = SLICE("text/plain; charset=utf-8"),
                                 .body = buf_slice(&body)});
    buf_fini(&body);
}

static void on_part_closed(struct http_endpoint *endpoint)
{
    if (--endpoint->open_parts == 0)
        free(endpoint);
}

static void on_timer_closed(uv_handle_t *timer)
{
    on_part_closed(LIST_ITEM(timer, struct http_endpoint, timeouts.timer));
}

static void on_turn_closed(struct turn *turn)
{
    on_part_closed(LIST_ITEM(turn, struct http_endpoint, turn));
}

/* What is left has been answered, and waits for authentication to say who asked. */
void http_endpoint_free(struct http_endpoint **endpoint)
{
    struct http_endpoint *freed = *endpoint;
    *endpoint = NULL;
    if (freed == NULL)
        return;
    freed->open_parts = 2;
    turn_close(&freed->turn, on_turn_closed);
    while (!list_is_empty(&freed->requests)) {
        struct request *request = LIST_ITEM(freed->requests.next, struct request, in_endpoint);
        CHECK(request->is_asking && request->exchange == NULL);
        request->endpoint = NULL;
        list_remove(&request->in_endpoint);
    }
    session_endpoint_free(&freed->sessions);
    deadlines_close(&freed->timeouts, on_timer_closed);
}
