/* clusterRegistry `default`: every node says at intervals that it lives, and what its score is. Who
 * is silent for too long, or says that it goes, is gone. The highest score leads.
 *
 * A newcomer is told at once of the others, by a status from each, so that nobody has to wait for
 * an interval (S9). A node says that it leaves in both forms that others look for (S8). */

#include "deepstream/plugin.h"

#include "plugins/bus_message.h"
#include "plugins/cluster_registry/members.h"
#include "plugins/milliseconds.h"

#include "base/check.h"
#include "base/vec.h"

#include <uv.h>

extern const struct ds_plugin ds_cluster_registry_default;

enum { TOPIC_CLUSTER = 9, ACTION_REMOVE = 1, ACTION_STATUS = 2 };

#define LONGEST_NAME 255

struct registry {
    const struct ds_services *services;
    struct members members;
    struct bus_reader reader;
    struct ds_bus_listener listener;
    VEC(const struct ds_cluster_watcher *) watchers;
    char *role;
    uint64_t keep_alive_ms, check_ms, inactive_ms;
    uint64_t checked_at_ms;
    bool is_in;
    bool has_left;
    uv_timer_t keep_alive, check;
    unsigned open_timers;
    ds_done *closed;
    void *closed_context;
};

static void log_text(const struct registry *registry, enum ds_log_level level, const char *event,
                     struct buf *text)
{
    registry->services->log(registry->services->host, level, event, buf_slice(text));
    buf_fini(text);
}

static void log_change(const struct registry *registry, const char *event, slice server)
{
    struct buf size = BUF_EMPTY;
    registry->services->log(registry->services->host, DS_INFO, event, server);
    buf_printf(&size, "The cluster size is now %zu", registry->members.by_name.count);
    log_text(registry, DS_INFO, "CLUSTER_SIZE", &size);
}

/* ---- watchers ---- */

enum news { SERVER_ADDED, SERVER_REMOVED, SERVER_LEADS, SERVER_REGAINED };

typedef void on_server(void *context, ds_slice server);

static on_server *callback_of(const struct ds_cluster_watcher *watcher, enum news news)
{
    return news == SERVER_ADDED     ? watcher->on_added
           : news == SERVER_REMOVED ? watcher->on_removed
           : news == SERVER_LEADS   ? watcher->on_leader
                                    : watcher->on_regained;
}

static void tell(const struct registry *registry, enum news news, slice server)
{
    for (size_t i = 0; i < registry->watchers.count && !registry->has_left; i++) {
        const struct ds_cluster_watcher *watcher = registry->watchers.items[i];
        on_server *callback = callback_of(watcher, news);
        if (callback != NULL)
            callback(watcher->context, server);
    }
}

static void tell_of_leader(const struct registry *registry, double score_before)
{
    const struct member *leader = members_leader(&registry->members);
    if (leader->score != score_before)
        tell(registry, SERVER_LEADS, member_name(leader));
}

static void tell_of_newcomer(const struct registry *registry, slice server, double leader_before)
{
    log_change(registry, "CLUSTER_JOIN", server);
    tell(registry, SERVER_ADDED, server);
    tell_of_leader(registry, leader_before);
}

static double leader_score(const struct registry *registry)
{
    return members_leader(&registry->members)->score;
}

/* server is not of the member's own memory. */
static void remove_server(struct registry *registry, slice server)
{
    double before = leader_score(registry);
    if (!members_remove(&registry->members, server))
        return;
    log_change(registry, "CLUSTER_LEAVE", server);
    tell(registry, SERVER_REMOVED, server);
    tell_of_leader(registry, before);
}

/* ---- what is sent ---- */

/* Its end is the sender's. */
static struct buf status_of(const struct registry *registry)
{
    struct buf status = BUF_EMPTY;
    bus_begin(&status, TOPIC_CLUSTER, ACTION_STATUS);
    bus_add_text(&status, "serverName", registry->services->server_name);
    buf_printf(&status, ",\"leaderScore\":%.17g", registry->members.self->score);
    bus_add_text(&status, "role", slice_of(registry->role));
    return status;
}

static void send_to_all(const struct registry *registry, struct buf *status)
{
    registry->services->bus_send(registry->services->host, TOPIC_CLUSTER, buf_slice(status));
    buf_fini(status);
}

static void send_status(const struct registry *registry)
{
    struct buf status = status_of(registry);
    buf_append_byte(&status, '}');
    send_to_all(registry, &status);
}

/* The original passes over the member that it does not know. */
static void send_regained(const struct registry *registry)
{
    struct buf status = status_of(registry);
    buf_append_text(&status, ",\"regained\":true}");
    send_to_all(registry, &status);
}

static void answer_status(const struct registry *registry, slice server)
{
    struct buf status = status_of(registry);
    buf_append_byte(&status, '}');
    registry->services->bus_send_direct(registry->services->host, server, TOPIC_CLUSTER,
                                        buf_slice(&status));
    buf_fini(&status);
}

static void on_keep_alive(uv_timer_t *timer)
{
    send_status(timer->data);
}

/* ---- what comes ---- */

static void log_twice(const struct registry *registry, slice server)
{
    struct buf text = BUF_EMPTY;
    buf_printf(&text,
               "two nodes are called " SLICE_FORMAT
               ": what they have is mixed up until each has a serverName of its own",
               SLICE_ARGUMENTS(server));
    log_text(registry, DS_ERROR, "CONFIG_ERROR", &text);
}

static void on_status(struct registry *registry, slice server, double score, bool regained)
{
    double before = leader_score(registry);
    uint64_t now = uv_now(registry->services->loop);
    switch (members_see(&registry->members, server, score, now)) {
    case MEMBER_RESTARTED:
        log_change(registry, "CLUSTER_LEAVE", server);
        tell(registry, SERVER_REMOVED, server);
        tell_of_newcomer(registry, server, before);
        answer_status(registry, server);
        break;
    case MEMBER_NEW:
        tell_of_newcomer(registry, server, before);
        answer_status(registry, server);
        break;
    case MEMBER_TWICE:
        log_twice(registry, server);
        tell_of_leader(registry, before);
        break;
    case MEMBER_KNOWN:
        if (regained)
            tell(registry, SERVER_REGAINED, server);
        break;
    case MEMBER_TOO_MANY:
        break;
    }
}

static void on_message(void *context, ds_slice from_server, ds_slice text)
{
    struct registry *registry = context;
    const struct value_object *message = bus_read(&registry->reader, text);
    if (!registry->is_in || message == NULL || from_server.length == 0 ||
        from_server.length > LONGEST_NAME)
        return;
    unsigned action = bus_action(message);
    double score = bus_number(message, SLICE("leaderScore"), -1);
    if (action == ACTION_STATUS && score >= 0 && score <= 1)
        on_status(registry, from_server, score, bus_boolean(message, SLICE("regained"), false));
    else if (action == ACTION_REMOVE)
        remove_server(registry, from_server);
}

static void on_connected(void *context)
{
    const struct registry *registry = context;
    if (!registry->is_in)
        return;
    send_regained(registry);
    tell(registry, SERVER_REGAINED, registry->services->server_name);
}

/* ---- who is silent ---- */

/* Whoever was not awake itself cannot say that others were silent. */
static bool was_asleep(const struct registry *registry, uint64_t now)
{
    return now - registry->checked_at_ms > 2 * registry->check_ms + registry->inactive_ms / 2;
}

static void on_check(uv_timer_t *timer)
{
    struct registry *registry = timer->data;
    uint64_t now = uv_now(registry->services->loop);
    if (was_asleep(registry, now))
        members_refresh(&registry->members, now);
    registry->checked_at_ms = now;
    for (const struct member *silent;
         (silent = members_find_silent(&registry->members, now, registry->inactive_ms)) != NULL;) {
        struct buf name = BUF_EMPTY;
        buf_append(&name, member_name(silent));
        remove_server(registry, buf_slice(&name));
        buf_fini(&name);
    }
}

/* ---- the operations ---- */

static void join(void *self)
{
    struct registry *registry = self;
    registry->is_in = true;
    registry->checked_at_ms = uv_now(registry->services->loop);
    log_change(registry, "CLUSTER_JOIN", registry->services->server_name);
    send_status(registry);
    uv_timer_start(&registry->keep_alive, on_keep_alive, registry->keep_alive_ms,
                   registry->keep_alive_ms);
    uv_timer_start(&registry->check, on_check, registry->check_ms, registry->check_ms);
}

static void leave(void *self)
{
    struct registry *registry = self;
    struct buf message = BUF_EMPTY;
    if (!registry->is_in)
        return;
    registry->is_in = false;
    registry->has_left = true;
    uv_timer_stop(&registry->keep_alive);
    uv_timer_stop(&registry->check);
    registry->services->log(registry->services->host, DS_INFO, "CLUSTER_LEAVE",
                            registry->services->server_name);
    bus_begin(&message, TOPIC_CLUSTER, ACTION_REMOVE);
    bus_add_text(&message, "serverName", registry->services->server_name);
    bus_add_text(&message, "name", registry->services->server_name);
    buf_append_byte(&message, '}');
    registry->services->bus_send(registry->services->host, TOPIC_CLUSTER, buf_slice(&message));
    buf_fini(&message);
}

static ds_slice leader(void *self)
{
    const struct registry *registry = self;
    return member_name(members_leader(&registry->members));
}

static void each_member(void *self, void (*each)(void *context, ds_slice server), void *context)
{
    const struct registry *registry = self;
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&registry->members.by_name, &position)) != NULL;)
        each(context, at->key);
}

static bool has(void *self, ds_slice server)
{
    const struct registry *registry = self;
    return hashmap_find(&registry->members.by_name, server) != NULL;
}

static size_t count(void *self)
{
    return ((const struct registry *)self)->members.by_name.count;
}

static void watch(void *self, const struct ds_cluster_watcher *watcher)
{
    VEC_PUSH(&((struct registry *)self)->watchers, watcher);
}

/* ---- the plugin ---- */

static double random_score(void)
{
    return (double)((hash_random_seed() >> 11) + 1) / 9007199254740992.0; /* 0 < it <= 1 */
}

static void open_timer(struct registry *registry, uv_timer_t *timer)
{
    CHECK(uv_timer_init(registry->services->loop, timer) == 0);
    timer->data = registry;
    registry->open_timers++;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct registry *registry = calloc(1, sizeof *registry);
    CHECK(registry != NULL);
    if (!option_milliseconds(options, "keepAliveInterval", 5000, 1, &registry->keep_alive_ms,
                             error) ||
        !option_milliseconds(options, "activeCheckInterval", 1000, 1, &registry->check_ms, error) ||
        !option_milliseconds(options, "nodeInactiveTimeout", 6000, 1, &registry->inactive_ms,
                             error)) {
        free(registry);
        return NULL;
    }
    registry->services = services;
    registry->role =
        slice_to_text(ds_value_text(ds_value_member(options, "role"), SLICE("deepstream")));
    members_init(&registry->members, services->server_name, random_score());
    bus_reader_init(&registry->reader);
    open_timer(registry, &registry->keep_alive);
    open_timer(registry, &registry->check);
    registry->listener =
        (struct ds_bus_listener){TOPIC_CLUSTER, registry, on_message, on_connected};
    services->bus_listen(services->host, &registry->listener);
    return registry;
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct registry *registry = timer->data;
    if (--registry->open_timers > 0)
        return;
    ds_done *done = registry->closed;
    void *context = registry->closed_context;
    members_fini(&registry->members);
    bus_reader_fini(&registry->reader);
    VEC_FREE(&registry->watchers);
    free(registry->role);
    free(registry);
    done(context, NULL);
}

static void close_registry(void *self, ds_done *done, void *context)
{
    struct registry *registry = self;
    leave(registry);
    registry->closed = done;
    registry->closed_context = context;
    uv_close((uv_handle_t *)&registry->keep_alive, on_timer_closed);
    uv_close((uv_handle_t *)&registry->check, on_timer_closed);
}

static const struct ds_cluster_registry_operations operations = {
    .join = join,
    .leave = leave,
    .leader = leader,
    .each = each_member,
    .has = has,
    .count = count,
    .watch = watch,
};

const struct ds_plugin ds_cluster_registry_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CLUSTER_REGISTRY,
    .name = "default",
    .description = "nodes that say at intervals that they live",
    .create = create,
    .close = close_registry,
    .operations = &operations,
};
