/* What is done with a request: an upgrade, a handler's business, or a text that says no. */

#include "transport/http/connection.h"

#include "base/check.h"

#include <stdlib.h>
#include <strings.h>

static bool is_method(const struct ds_http_request *request, slice method)
{
    return slice_equal(request->method, method);
}

static bool has_body(const struct http_head *head)
{
    return head->content_length > 0 || head->is_chunked;
}

/* address has to live as long as the request. */
static struct ds_http_request request_of(struct http_connection *connection,
                                         const struct http_head *head,
                                         char address[STREAM_ADDRESS_BYTES])
{
    stream_address(connection->stream, address);
    if (connection->peer == NULL)
        connection->peer = stream_peer(connection->stream);
    struct ds_http_request request = {
        .method = head->method,
        .target = head->target,
        .headers = head->headers,
        .header_count = head->header_count,
        .remote_address = slice_of(address),
        .peer = connection->peer,
    };
    slice forwarded = ds_http_header_find(&request, SLICE("x-forwarded-for"));
    if (connection->server->settings->trust_forwarded_for && forwarded.length > 0)
        request.remote_address = forwarded;
    return request;
}

/* ---- requests without a body ---- */

static void hand_over(struct http_connection *connection, const struct http_route *route,
                      const struct ds_http_request *request, const struct http_response *response)
{
    route->handler(route->context, request, http_exchange_new(connection, response));
}

static void answer_not_found(struct http_connection *connection, struct http_response response)
{
    response.status = 404;
    http_connection_answer_text(connection, response, SLICE("Endpoint not found."));
}

static void answer_method(struct http_connection *connection, struct http_response response)
{
    response.status = 405;
    response.headers = "Allow: GET, HEAD, POST, OPTIONS\r\n";
    http_connection_answer_text(connection, response,
                                SLICE("Unsupported method. Supported methods: GET, POST, OPTIONS"));
}

static void answer_get(struct http_connection *connection, const struct ds_http_request *request,
                       struct http_response response)
{
    const struct http_route *route =
        http_route_find(&connection->server->get_routes, request->target);
    if (route != NULL)
        hand_over(connection, route, request, &response);
    else if (response.is_for_head)
        answer_method(connection, response);
    else
        answer_not_found(connection, response);
}

static void answer_preflight(struct http_connection *connection,
                             const struct ds_http_request *request, struct http_response response)
{
    struct buf text = BUF_EMPTY;
    response.status = http_preflight(request, &text);
    if (response.status == 204) {
        buf_append_byte(&text, '\0');
        response.headers = text.at;
        http_connection_answer(connection, &response);
    } else {
        http_connection_answer_text(connection, response, buf_slice(&text));
    }
    buf_fini(&text);
}

static void answer_request(struct http_connection *connection,
                           const struct ds_http_request *request, struct http_response response)
{
    response.is_for_head = is_method(request, SLICE("HEAD"));
    if (is_method(request, SLICE("GET")) || response.is_for_head)
        answer_get(connection, request, response);
    else if (is_method(request, SLICE("OPTIONS")))
        answer_preflight(connection, request, response);
    else
        answer_method(connection, response);
}

/* ---- requests with a body ---- */

void http_incoming_free(struct http_incoming **incoming)
{
    if (*incoming == NULL)
        return;
    buf_fini(&(*incoming)->bytes);
    http_body_fini(&(*incoming)->body);
    free(*incoming);
    *incoming = NULL;
}

/* The whole head is there again. An origin that may not ask has been turned away before. */
static struct ds_http_request request_again(struct http_connection *connection,
                                            const struct http_head *head, char *address,
                                            struct http_response *response)
{
    struct ds_http_request request = request_of(connection, head, address);
    struct buf why = BUF_EMPTY;
    *response = (struct http_response){.closes = !head->keep_alive};
    http_origin_refused(connection->server->settings, &request, &response->origin, &why);
    buf_fini(&why);
    return request;
}

static void refuse_body(struct http_connection *connection, const struct http_head *head,
                        const struct http_body *body)
{
    char address[STREAM_ADDRESS_BYTES];
    char reason[sizeof body->reason + 64];
    struct http_response response;
    request_again(connection, head, address, &response);
    response.status = 400;
    snprintf(reason, sizeof reason, "Failed to parse body of request: %s", body->reason);
    http_connection_refuse(connection, response, reason);
}

static void post(struct http_connection *connection, const struct http_head *head,
                 const struct http_body *body)
{
    char address[STREAM_ADDRESS_BYTES];
    struct http_response response;
    struct ds_http_request request = request_again(connection, head, address, &response);
    request.body = buf_slice(&body->content);
    hand_over(connection, http_route_find(&connection->server->post_routes, request.target),
              &request, &response);
}

static void say_continue(struct http_connection *connection)
{
    stream_queue(connection->stream, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
    stream_flush_soon(connection->stream);
}

/* What is read goes on in memory of its own. The head has been read once, so it can be again. */
static void await_body(struct http_connection *connection, const struct http_head *head,
                       const struct http_body *body)
{
    struct http_incoming *incoming = malloc(sizeof *incoming);
    CHECK(incoming != NULL);
    incoming->bytes = BUF_EMPTY;
    buf_append(&incoming->bytes, head->bytes);
    CHECK(http_head_read(incoming->bytes.at, incoming->bytes.length, &incoming->head) ==
          HTTP_HEAD_COMPLETE);
    incoming->body = *body;
    connection->incoming = incoming;
    deadline_set(&connection->server->bodies, &connection->deadline);
}

static void begin_post(struct http_connection *connection, const struct http_head *head,
                       slice expectation, slice *rest)
{
    struct http_body body;
    enum http_body_result result =
        http_body_begin(&body, head, connection->server->settings->max_message_bytes);
    if (result == HTTP_BODY_INCOMPLETE && rest->length == 0 && expectation.length > 0 &&
        has_body(head))
        say_continue(connection);
    if (result == HTTP_BODY_INCOMPLETE)
        result = http_body_read(&body, rest);
    if (result == HTTP_BODY_INCOMPLETE) {
        await_body(connection, head, &body);
        return;
    }
    if (result == HTTP_BODY_REFUSED)
        refuse_body(connection, head, &body);
    else
        post(connection, head, &body);
    http_body_fini(&body);
}

void http_serve_more(struct http_connection *connection, slice *rest)
{
    struct http_incoming *incoming = connection->incoming;
    enum http_body_result result = http_body_read(&incoming->body, rest);
    if (result == HTTP_BODY_INCOMPLETE)
        return;
    connection->incoming = NULL;
    if (result == HTTP_BODY_REFUSED)
        refuse_body(connection, &incoming->head, &incoming->body);
    else
        post(connection, &incoming->head, &incoming->body);
    http_incoming_free(&incoming);
}

/* ---- upgrades ---- */

static void refuse_upgrade(struct http_connection *connection, unsigned status, slice why)
{
    const char *headers =
        status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : NULL;
    http_connection_answer_text(
        connection, (struct http_response){.status = status, .headers = headers, .closes = true},
        why);
}

/* The stream changes hands: what has come behind the head is the first of the WebSocket. */
static void become_websocket(struct http_connection *connection, struct ws_route *route,
                             const struct ds_http_request *request, slice answer,
                             const struct ws_handshake *handshake, slice *rest)
{
    struct stream *stream = connection->stream;
    slice first = *rest;
    *rest = (slice){rest->at + rest->length, 0};
    http_connection_let_go(connection);
    stream_queue(stream, answer);
    stream_flush_soon(stream);
    ws_peer_open(&connection->server->websockets, route, stream, request, handshake,
                 (char *)(uintptr_t)first.at, first.length);
}

static void upgrade(struct http_connection *connection, const struct ds_http_request *request,
                    slice *rest)
{
    struct http_server *server = connection->server;
    struct ws_route *route = http_websocket_route(server, request->target);
    struct ws_handshake handshake;
    struct buf text = BUF_EMPTY;
    slice origin;
    if (route == NULL)
        refuse_upgrade(connection, 404, SLICE("Endpoint not found."));
    else if (http_origin_refused(server->settings, request, &origin, &text))
        refuse_upgrade(connection, 403, buf_slice(&text));
    else if (!ws_handshake_answer(request, route->endpoint->deflate, &handshake, &text))
        refuse_upgrade(connection, handshake.status, slice_of(handshake.reason));
    else
        become_websocket(connection, route, request, buf_slice(&text), &handshake, rest);
    buf_fini(&text);
}

/* ---- any request ---- */

static bool is_expectation_known(slice expectation)
{
    return expectation.length == 0 ||
           (expectation.length == 12 && strncasecmp(expectation.at, "100-continue", 12) == 0);
}

/* A body that nobody reads ends the connection behind the answer. */
static void serve(struct http_connection *connection, const struct http_head *head,
                  const struct ds_http_request *request, slice *rest)
{
    struct http_server *server = connection->server;
    struct http_response response = {.closes = !head->keep_alive || has_body(head)};
    slice expectation =
        head->is_old ? (slice){"", 0} : ds_http_header_find(request, SLICE("expect"));
    struct buf why = BUF_EMPTY;
    if (http_origin_refused(server->settings, request, &response.origin, &why)) {
        response.status = 403;
        response.is_for_head = is_method(request, SLICE("HEAD"));
        http_connection_answer_text(connection, response, buf_slice(&why));
    } else if (!is_expectation_known(expectation)) {
        response.status = 417;
        http_connection_refuse(connection, response, "an expectation that is not known");
    } else if (!is_method(request, SLICE("POST"))) {
        answer_request(connection, request, response);
    } else if (http_route_find(&server->post_routes, request->target) == NULL) {
        answer_not_found(connection, response);
    } else {
        begin_post(connection, head, expectation, rest);
    }
    buf_fini(&why);
}

void http_serve(struct http_connection *connection, const struct http_head *head, slice *rest)
{
    char address[STREAM_ADDRESS_BYTES];
    struct ds_http_request request = request_of(connection, head, address);
    bool may_upgrade = is_method(&request, SLICE("GET")) && !head->is_old && !has_body(head);
    if (may_upgrade && ws_handshake_is_asked(&request))
        upgrade(connection, &request, rest);
    else
        serve(connection, head, &request, rest);
}
