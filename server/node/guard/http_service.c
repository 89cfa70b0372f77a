/* A loaded HTTP service: only the end of its connections answers later. */

#include "node/guard/internal.h"

GUARD_ASSERT_MEMBERS(ds_http_service_operations, 12);

static const struct ds_http_service_operations *theirs(const struct plugin_guard *guard)
{
    return guard->plugin->operations;
}

static void pass_add_get(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->add_get(guard->self, prefix, handler, context);
}

static void pass_add_post(void *self, ds_slice prefix, ds_http_handler *handler, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->add_post(guard->self, prefix, handler, context);
}

static void pass_add_websocket(void *self, ds_slice path, const struct ds_endpoint *endpoint)
{
    struct plugin_guard *guard = self;
    theirs(guard)->add_websocket(guard->self, path, endpoint);
}

static void pass_answer(void *self, struct ds_http_exchange *exchange,
                        const struct ds_http_answer *answer)
{
    struct plugin_guard *guard = self;
    theirs(guard)->answer(guard->self, exchange, answer);
}

static void pass_watch(void *self, struct ds_http_exchange *exchange,
                       void (*on_gone)(void *context), void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->watch(guard->self, exchange, on_gone, context);
}

static bool pass_listen(void *self, struct ds_error *error)
{
    struct plugin_guard *guard = self;
    return theirs(guard)->listen(guard->self, error);
}

static uint16_t pass_port(const void *self)
{
    const struct plugin_guard *guard = self;
    return theirs(guard)->port(guard->self);
}

static void pass_stop_accepting(void *self)
{
    struct plugin_guard *guard = self;
    theirs(guard)->stop_accepting(guard->self);
}

static void pass_close_connections(void *self, uint32_t grace_ms, ds_done *done, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->close_connections(
        guard->self, grace_ms, guard_on_done,
        GUARD_CALL(guard, GUARD_CLOSE_CONNECTIONS, context, .done = done));
}

static bool pass_reload(void *self, const struct ds_value *options, struct ds_error *error)
{
    struct plugin_guard *guard = self;
    return theirs(guard)->reload(guard->self, options, error);
}

static const struct ds_transport_counters *pass_counters(const void *self)
{
    const struct plugin_guard *guard = self;
    return theirs(guard)->counters(guard->self);
}

static size_t pass_queued_bytes(const void *self)
{
    const struct plugin_guard *guard = self;
    return theirs(guard)->queued_bytes(guard->self);
}

void guard_fill_http_service(struct plugin_guard *guard)
{
    guard->operations.http_service = (struct ds_http_service_operations){
        .add_get = pass_add_get,
        .add_post = pass_add_post,
        .add_websocket = pass_add_websocket,
        .answer = pass_answer,
        .watch = pass_watch,
        .listen = pass_listen,
        .port = pass_port,
        .stop_accepting = pass_stop_accepting,
        .close_connections = pass_close_connections,
        .reload = theirs(guard)->reload == NULL ? NULL : pass_reload,
        .counters = theirs(guard)->counters == NULL ? NULL : pass_counters,
        .queued_bytes = theirs(guard)->queued_bytes == NULL ? NULL : pass_queued_bytes,
    };
}
