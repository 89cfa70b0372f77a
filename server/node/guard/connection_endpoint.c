/* A loaded connection endpoint: only the end of its connections answers later. */

#include "node/guard/internal.h"

GUARD_ASSERT_MEMBERS(ds_connection_endpoint_operations, 6);

static const struct ds_connection_endpoint_operations *theirs(const struct plugin_guard *guard)
{
    return guard->plugin->operations;
}

static enum ds_protocol pass_protocol(const void *self)
{
    const struct plugin_guard *guard = self;
    return theirs(guard)->protocol(guard->self);
}

static bool pass_listen(void *self, const struct ds_endpoint *endpoint, struct ds_error *error)
{
    struct plugin_guard *guard = self;
    return theirs(guard)->listen(guard->self, endpoint, error);
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

void guard_fill_connection_endpoint(struct plugin_guard *guard)
{
    guard->operations.connection_endpoint = (struct ds_connection_endpoint_operations){
        .protocol = pass_protocol,
        .listen = pass_listen,
        .stop_accepting = pass_stop_accepting,
        .close_connections = pass_close_connections,
        .counters = theirs(guard)->counters == NULL ? NULL : pass_counters,
        .queued_bytes = theirs(guard)->queued_bytes == NULL ? NULL : pass_queued_bytes,
    };
}
