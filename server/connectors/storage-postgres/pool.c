#include "pool.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TICK_MS = 50,
    FIRST_RETRY_MS = 100,
    MOST_RETRY_MS = 5000,
    GROW_PAUSE_MS = 5000,   /* after the server did not want another connection */
    MOST_IN_PIPELINE = 100, /* requests on one connection */
    GROW_AT = 4,            /* requests on each connection, at which there is to be another */
};

static uint64_t now_of(const struct pool *pool)
{
    return uv_now(pool->services->loop);
}

bool pool_is_connected(const struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        if (connection_is_ready(pool->connections[i]))
            return true;
    return false;
}

static bool is_connecting(const struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        if (!connection_is_ready(pool->connections[i]))
            return true;
    return false;
}

/* The ready one with the least to do, or NULL. */
static struct connection *least_loaded(const struct pool *pool)
{
    struct connection *best = NULL;
    for (size_t i = 0; i < pool->count; i++) {
        struct connection *connection = pool->connections[i];
        if (connection_is_ready(connection) &&
            (best == NULL || connection_load(connection) < connection_load(best)))
            best = connection;
    }
    return best;
}

/* ---- connections come and go ---- */

static void dispatch(struct pool *pool);
static void watch(struct pool *pool);

static void take_out(struct pool *pool, const struct connection *connection)
{
    for (size_t i = 0; i < pool->count; i++)
        if (pool->connections[i] == connection)
            pool->connections[i--] = pool->connections[--pool->count];
}

static void on_ready(void *context, struct connection *connection)
{
    struct pool *pool = context;
    (void)connection;
    backoff_reset(&pool->backoff);
    outage_over(&pool->outage);
    dispatch(pool);
}

static void on_room(void *context, struct connection *connection)
{
    (void)connection;
    dispatch(context);
}

static void on_lost(void *context, struct connection *connection, const char *reason)
{
    struct pool *pool = context;
    take_out(pool, connection);
    if (pool_is_connected(pool)) {
        pool->next_try_ms = now_of(pool) + GROW_PAUSE_MS;
    } else {
        if (!outage_is_on(&pool->outage))
            pool->lost_ms = now_of(pool);
        pool->next_try_ms = now_of(pool) + backoff_next(&pool->backoff);
        snprintf(pool->reason, sizeof pool->reason, "%s", reason);
        outage_lost(&pool->outage, reason);
    }
    watch(pool);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct pool *pool = handle->data;
    free(pool->connections);
    pool->connections = NULL;
    pool->on_closed(pool->context);
}

static void end_when_empty(struct pool *pool)
{
    if (pool->is_closing && pool->living == 0)
        uv_close((uv_handle_t *)&pool->tick, on_timer_closed);
}

static void on_gone(void *context)
{
    struct pool *pool = context;
    pool->living--;
    end_when_empty(pool);
}

static void open_one(struct pool *pool)
{
    const struct connection_owner owner = {pool, on_ready, on_lost, on_room, on_gone};
    struct connection *connection = connection_new(pool->services->loop, pool->options, &owner);
    pool->connections[pool->count++] = connection;
    pool->living++;
    connection_start(connection);
}

/* ---- requests ---- */

static bool may_open(const struct pool *pool)
{
    return pool->count < pool->options->most_connections && !is_connecting(pool) &&
           now_of(pool) >= pool->next_try_ms;
}

static void dispatch(struct pool *pool)
{
    struct connection *best;
    while (pool->waiting.first != NULL && (best = least_loaded(pool)) != NULL) {
        if (connection_load(best) >= GROW_AT && may_open(pool))
            open_one(pool);
        else if (connection_load(best) >= MOST_IN_PIPELINE)
            break;
        else
            connection_send(best, request_list_take(&pool->waiting));
    }
    watch(pool);
}

static void fail_waiting(struct pool *pool, const char *reason)
{
    struct failure failure = {.is_lost = true};
    snprintf(failure.text, sizeof failure.text, "%.180s: %.200s", pool->outage.backend, reason);
    struct request_list waiting = pool->waiting;
    pool->waiting = (struct request_list){0};
    for (struct request *request; (request = request_list_take(&waiting)) != NULL;)
        request_fail(request, &failure);
}

/* Whether the last connection was lost so long ago that nobody waits for the next one. */
static bool is_given_up(const struct pool *pool)
{
    return !pool_is_connected(pool) && now_of(pool) - pool->lost_ms >= pool->options->connect_ms;
}

/* ---- time ---- */

static void check_connections(struct pool *pool)
{
    for (size_t i = pool->count; i > 0; i--) {
        if (i > pool->count)
            continue;
        struct connection *connection = pool->connections[i - 1];
        bool is_spare = pool->count > 1 && connection_is_ready(connection) &&
                        connection_load(connection) == 0 && pool->waiting.first == NULL;
        uint64_t idle_ms = now_of(pool) - connection_idle_since_ms(connection);
        if (is_spare && idle_ms >= pool->options->idle_ms) {
            take_out(pool, connection);
            connection_close(connection);
        } else {
            connection_check(connection);
        }
    }
}

/* Nothing is under way that time could end. */
static bool is_quiet(const struct pool *pool)
{
    return pool->waiting.first == NULL && pool->count == 1 &&
           connection_is_ready(pool->connections[0]) && connection_load(pool->connections[0]) == 0;
}

static void on_tick(uv_timer_t *timer)
{
    struct pool *pool = timer->data;
    check_connections(pool);
    if (!pool_is_connected(pool) && may_open(pool))
        open_one(pool);
    if (is_given_up(pool))
        fail_waiting(pool, pool->reason[0] == '\0' ? "no connection yet" : pool->reason);
    if (!pool->is_closing)
        dispatch(pool);
}

static void watch(struct pool *pool)
{
    if (pool->is_closing || is_quiet(pool))
        uv_timer_stop(&pool->tick);
    else if (!uv_is_active((uv_handle_t *)&pool->tick))
        uv_timer_start(&pool->tick, on_tick, TICK_MS, TICK_MS);
}

void pool_submit(struct pool *pool, struct request *request)
{
    CHECK(!pool->is_closing);
    request_list_append(&pool->waiting, request);
    dispatch(pool);
    if (is_given_up(pool)) /* fails in the next turn of the loop */
        uv_timer_start(&pool->tick, on_tick, 0, TICK_MS);
}

/* ---- beginning and end ---- */

void pool_open(struct pool *pool, const struct ds_services *services, const struct options *options)
{
    *pool = (struct pool){.services = services, .options = options};
    pool->backoff = (struct backoff){.first_ms = FIRST_RETRY_MS, .most_ms = MOST_RETRY_MS};
    outage_init(&pool->outage, services, options->backend);
    pool->connections = calloc(options->most_connections, sizeof *pool->connections);
    CHECK(pool->connections != NULL && uv_timer_init(services->loop, &pool->tick) == 0);
    pool->tick.data = pool;
    pool->lost_ms = now_of(pool);
    watch(pool);
    open_one(pool);
}

void pool_close(struct pool *pool, void (*on_closed)(void *context), void *context)
{
    pool->is_closing = true;
    pool->on_closed = on_closed;
    pool->context = context;
    fail_waiting(pool, "the storage is closing");
    pool->living++; /* of the moment */
    while (pool->count > 0)
        connection_close(pool->connections[--pool->count]);
    watch(pool);
    on_gone(pool);
}
