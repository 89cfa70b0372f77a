#include "transport/acceptor.h"

#include "base/check.h"
#include "logging/log.h"

void acceptor_init(struct acceptor *acceptor, const struct acceptor_events *events, void *server,
                   uv_loop_t *loop, uint32_t max_connections, struct log *log)
{
    *acceptor =
        (struct acceptor){.events = events, .server = server, .max_connections = max_connections};
    stream_host_init(&acceptor->streams, loop, log, acceptor);
    uv_timer_init(loop, &acceptor->grace);
    uv_unref((uv_handle_t *)&acceptor->grace);
    acceptor->grace.data = acceptor;
}

/* ---- accepting ---- */

/* Accepted and closed again, so that the client sees an end and not a wait. */
static void turn_away(struct acceptor *acceptor, struct stream *stream)
{
    acceptor->streams.counters.turned_away++;
    if (!acceptor->is_full)
        log_line(acceptor->streams.log, DS_WARN, LOG_LIMIT_EXCEEDED,
                 "%u %s, new ones are turned away", (unsigned)acceptor->max_connections,
                 acceptor->events->full);
    acceptor->is_full = true;
    if (acceptor->events->on_excess != NULL)
        acceptor->events->on_excess(acceptor->server, stream);
    stream_end(stream);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct acceptor *acceptor = listener->data;
    if (status != 0) {
        log_line(acceptor->streams.log, DS_WARN, LOG_CONNECTION_ERROR,
                 "cannot accept a connection: %s", uv_strerror(status));
        return;
    }
    uint32_t max = acceptor->max_connections;
    bool is_full = max > 0 && acceptor->streams.stream_count >= max;
    struct stream *stream = stream_accept(&acceptor->streams, listener);
    if (stream == NULL)
        return;
    if (is_full) {
        turn_away(acceptor, stream);
        return;
    }
    acceptor->is_full = false;
    acceptor->events->on_connection(acceptor->server, stream);
}

int acceptor_listen(struct acceptor *acceptor, const struct listener_settings *settings)
{
    CHECK(acceptor->listener == NULL && acceptor->done == NULL);
    return listener_open(&acceptor->listener, acceptor->streams.loop, settings, on_connection,
                         acceptor);
}

void acceptor_stop_accepting(struct acceptor *acceptor)
{
    listener_close(&acceptor->listener);
}

/* ---- the end ---- */

static void on_part_closed(struct acceptor *acceptor)
{
    if (--acceptor->open_parts > 0)
        return;
    void (*done)(void *) = acceptor->done;
    void *context = acceptor->done_context;
    acceptor->events->on_closed(acceptor->server);
    done(context);
}

static void on_streams_closed(void *context)
{
    on_part_closed(context);
}

/* Every handle that is closed here knows its acceptor. */
static void on_handle_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

void acceptor_close_deadlines(struct acceptor *acceptor, struct deadlines *deadlines)
{
    acceptor->open_parts++;
    deadlines_close(deadlines, on_handle_closed);
    deadlines->timer.data = acceptor;
}

/* The last connection is gone: now the rest. */
static void close_parts(void *context)
{
    struct acceptor *acceptor = context;
    acceptor->streams.on_empty = NULL;
    acceptor->open_parts = 2;
    stream_host_close(&acceptor->streams, on_streams_closed);
    uv_close((uv_handle_t *)&acceptor->grace, on_handle_closed);
    if (acceptor->events->on_empty != NULL)
        acceptor->events->on_empty(acceptor->server);
}

static void on_grace_over(uv_timer_t *grace)
{
    struct acceptor *acceptor = grace->data;
    stream_abort_all(&acceptor->streams, "the server stops");
}

void acceptor_close(struct acceptor *acceptor, uint32_t grace_ms, void (*done)(void *context),
                    void *context)
{
    CHECK(acceptor->done == NULL && done != NULL);
    acceptor->done = done;
    acceptor->done_context = context;
    acceptor_stop_accepting(acceptor);
    stream_stop_all(&acceptor->streams);
    acceptor->streams.on_empty = close_parts;
    if (acceptor->streams.stream_count == 0)
        close_parts(acceptor);
    else
        uv_timer_start(&acceptor->grace, on_grace_over, grace_ms, 0);
}
