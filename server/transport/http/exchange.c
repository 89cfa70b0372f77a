/* Requests that are being answered. An exchange outlives its connection when the client leaves: who
 * answers later need not know. */

#include "transport/http/connection.h"

#include "base/check.h"

#include <stdlib.h>

struct ds_http_exchange {
    struct http_connection *connection; /* NULL: the client is gone */
    struct http_response response;
    void (*on_gone)(void *context);
    void *gone_context;
    char origin[]; /* of the response */
};

struct ds_http_exchange *http_exchange_new(struct http_connection *connection,
                                           const struct http_response *response)
{
    slice origin = response->origin;
    struct ds_http_exchange *exchange = malloc(sizeof *exchange + origin.length);
    CHECK(exchange != NULL && connection->exchange == NULL);
    *exchange = (struct ds_http_exchange){.connection = connection, .response = *response};
    if (origin.length > 0)
        memcpy(exchange->origin, origin.at, origin.length);
    exchange->response.origin = (slice){exchange->origin, origin.length};
    connection->exchange = exchange;
    deadline_clear(&connection->deadline);
    return exchange;
}

void http_exchange_leave(struct ds_http_exchange *exchange)
{
    void (*on_gone)(void *) = exchange->on_gone;
    exchange->connection = NULL;
    exchange->on_gone = NULL;
    if (on_gone != NULL)
        on_gone(exchange->gone_context);
}

void http_exchange_watch(struct ds_http_exchange *exchange, void (*on_gone)(void *context),
                         void *context)
{
    exchange->on_gone = on_gone;
    exchange->gone_context = context;
}

void http_answer(struct ds_http_exchange *exchange, const struct ds_http_answer *answer)
{
    struct http_connection *connection = exchange->connection;
    if (connection != NULL) {
        exchange->response.status = answer->status == 0 ? 200 : answer->status;
        exchange->response.content_type =
            answer->content_type.length == 0 ? HTTP_JSON : answer->content_type;
        exchange->response.body = answer->body;
        exchange->response.headers = answer->headers;
        connection->exchange = NULL;
        http_connection_answer(connection, &exchange->response);
    }
    free(exchange);
}
