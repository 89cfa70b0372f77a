#include "redis/link.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define READ_BYTES 65536
#define KEEPALIVE_SECONDS 30

struct redis_link {
    const struct redis_link_events *events;
    void *context;
    uv_loop_t *loop;
    uv_getaddrinfo_t resolver;
    struct addrinfo *addresses, *next_address;
    uv_tcp_t tcp;
    uv_connect_t connector;
    struct redis_tls *tls; /* NULL: plain */
    char last_problem[160];
    unsigned references; /* what of it is on the loop */
    bool has_tcp, is_open, is_lost, is_closed;
    char read_buffer[READ_BYTES];
};

struct write {
    uv_write_t request;
    struct redis_link *link;
    struct buf bytes;
};

static void release(struct redis_link *link)
{
    if (--link->references > 0 || !link->is_closed)
        return;
    void (*on_gone)(void *context) = link->events->on_gone;
    void *context = link->context;
    redis_tls_free(&link->tls);
    uv_freeaddrinfo(link->addresses);
    free(link);
    on_gone(context);
}

static void lose(struct redis_link *link, const char *reason)
{
    if (link->is_lost || link->is_closed)
        return;
    link->is_lost = true;
    bool is_refused = !link->is_open && link->tls != NULL && redis_tls_is_refused(link->tls);
    link->events->on_lost(link->context, reason, is_refused);
}

/* ---- writing ---- */

static void on_written(uv_write_t *request, int status)
{
    struct write *write = (struct write *)(void *)request;
    struct redis_link *link = write->link;
    buf_fini(&write->bytes);
    free(write);
    if (status < 0)
        lose(link, uv_strerror(status));
    release(link);
}

/* Takes the bytes. */
static void send_bytes(struct redis_link *link, struct buf *bytes)
{
    if (bytes->length == 0)
        return;
    struct write *write = malloc(sizeof *write);
    CHECK(write != NULL);
    write->link = link;
    write->bytes = *bytes;
    *bytes = BUF_EMPTY;
    uv_buf_t part = {.base = write->bytes.at, .len = write->bytes.length};
    link->references++;
    int status = uv_write(&write->request, (uv_stream_t *)&link->tcp, &part, 1, on_written);
    if (status < 0)
        on_written(&write->request, status);
}

void redis_link_write(struct redis_link *link, struct buf *bytes)
{
    if (link->is_lost)
        return;
    if (link->tls == NULL) {
        send_bytes(link, bytes);
        return;
    }
    struct buf wire = BUF_EMPTY;
    const char *problem = redis_tls_send(link->tls, buf_slice(bytes), &wire);
    buf_clear(bytes);
    send_bytes(link, &wire);
    buf_fini(&wire);
    if (problem != NULL)
        lose(link, problem);
}

size_t redis_link_unsent(const struct redis_link *link)
{
    return link->has_tcp ? uv_stream_get_write_queue_size((const uv_stream_t *)&link->tcp) : 0;
}

/* ---- reading ---- */

static void opened(struct redis_link *link)
{
    link->is_open = true;
    link->events->on_open(link->context);
}

static void receive_encrypted(struct redis_link *link, slice bytes)
{
    struct buf plain = BUF_EMPTY, wire = BUF_EMPTY;
    const char *problem = redis_tls_receive(link->tls, bytes, &plain, &wire);
    send_bytes(link, &wire);
    buf_fini(&wire);
    link->references++;
    if (!link->is_open && !link->is_closed && redis_tls_is_open(link->tls))
        opened(link);
    if (plain.length > 0 && !link->is_closed)
        link->events->on_bytes(link->context, buf_slice(&plain));
    buf_fini(&plain);
    if (problem != NULL)
        lose(link, problem);
    release(link);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    struct redis_link *link = handle->data;
    (void)suggested;
    *room = (uv_buf_t){.base = link->read_buffer, .len = sizeof link->read_buffer};
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
    struct redis_link *link = stream->data;
    if (count < 0) {
        lose(link, count == UV_EOF ? "it closed the connection" : uv_strerror((int)count));
    } else if (count > 0) {
        slice received = {bytes->base, (size_t)count};
        if (link->tls != NULL)
            receive_encrypted(link, received);
        else
            link->events->on_bytes(link->context, received);
    }
}

/* ---- connecting ---- */

static void try_next(struct redis_link *link);

static void on_tcp_closed(uv_handle_t *handle)
{
    struct redis_link *link = handle->data;
    link->has_tcp = false;
    if (!link->is_closed)
        try_next(link);
    release(link);
}

static void close_tcp(struct redis_link *link)
{
    if (link->has_tcp && !uv_is_closing((uv_handle_t *)&link->tcp))
        uv_close((uv_handle_t *)&link->tcp, on_tcp_closed);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct redis_link *link = request->data;
    if (link->is_closed)
        return;
    if (status < 0) {
        snprintf(link->last_problem, sizeof link->last_problem, "%s", uv_strerror(status));
        close_tcp(link);
        return;
    }
    uv_tcp_nodelay(&link->tcp, 1);
    uv_tcp_keepalive(&link->tcp, 1, KEEPALIVE_SECONDS);
    uv_read_start((uv_stream_t *)&link->tcp, on_room, on_read);
    if (link->tls != NULL)
        receive_encrypted(link, SLICE(""));
    else
        opened(link);
}

static void try_next(struct redis_link *link)
{
    struct addrinfo *address = link->next_address;
    if (address == NULL) {
        lose(link, link->last_problem);
        return;
    }
    link->next_address = address->ai_next;
    uv_tcp_init(link->loop, &link->tcp);
    link->tcp.data = link->connector.data = link;
    link->has_tcp = true;
    link->references++;
    int status = uv_tcp_connect(&link->connector, &link->tcp, address->ai_addr, on_connected);
    if (status < 0) {
        snprintf(link->last_problem, sizeof link->last_problem, "%s", uv_strerror(status));
        close_tcp(link);
    }
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct redis_link *link = request->data;
    link->addresses = link->next_address = addresses;
    if (status < 0)
        snprintf(link->last_problem, sizeof link->last_problem, "its name cannot be resolved: %s",
                 uv_strerror(status));
    if (!link->is_closed)
        try_next(link);
    release(link);
}

struct redis_link *redis_link_open(uv_loop_t *loop, const struct redis_address *address,
                                   const struct redis_settings *settings,
                                   const struct redis_link_events *events, void *context)
{
    char port[8];
    struct redis_link *link = malloc(sizeof *link);
    CHECK(link != NULL);
    memset(link, 0, offsetof(struct redis_link, read_buffer));
    link->events = events;
    link->context = context;
    link->loop = loop;
    link->references = 1;
    snprintf(link->last_problem, sizeof link->last_problem, "it has no address");
    if (settings->tls != NULL)
        link->tls = redis_tls_new(settings->tls, address->host);
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    snprintf(port, sizeof port, "%u", address->port);
    link->resolver.data = link;
    if (uv_getaddrinfo(loop, &link->resolver, on_resolved, address->host, port, &hints) == 0)
        return link;
    redis_tls_free(&link->tls);
    free(link);
    return NULL;
}

void redis_link_close(struct redis_link **closed)
{
    struct redis_link *link = *closed;
    *closed = NULL;
    if (link == NULL)
        return;
    link->is_closed = true;
    uv_cancel((uv_req_t *)&link->resolver);
    close_tcp(link);
    if (link->references == 0) {
        link->references++;
        release(link);
    }
}
