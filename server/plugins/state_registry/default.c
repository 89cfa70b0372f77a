/* clusterStates `default`: each node tells the others which names it has, and which not any more.
 * Messages may be lost, so that it also says from time to time what the checksum of its names is;
 * who has another one asks for all of them.
 *
 *     first of a name here    -> add, to all; soon after the checksum of the set, to all
 *     a server has come       -> request, to it -> full state, to who asked
 *     checksums do not agree  -> after reconciliationTimeout request, unless they do by then
 *     a server has gone       -> its names go with it, in slices over turns of the loop
 *
 * Only servers that the cluster registry knows have names here: nothing else would take them away
 * again. */

#include "deepstream/plugin.h"

#include "plugins/bus_message.h"
#include "plugins/milliseconds.h"
#include "plugins/state_registry/arrival.h"
#include "plugins/state_registry/full_state.h"
#include "plugins/state_registry/repair.h"
#include "plugins/state_registry/state_sets.h"
#include "plugins/state_registry/wire.h"

#include "base/check.h"

#include <stdio.h>
#include <uv.h>

extern const struct ds_plugin ds_state_registry_default;

/* Checksums of sets that change often are sent once in so many ms. */
#define MOST_CHECKSUM_DELAY_MS 100
/* Between two checksums of all sets, in reconciliationTimeouts. */
#define AUDIT_TIMEOUTS 10
#define SETS_BELOW(end) ((UINT32_C(1) << (end)) - 1)
#define ALL_SETS (SETS_BELOW(LAST_SET + 1) & ~SETS_BELOW(FIRST_SET))

/* What is kept of another server beside its names. */
struct peer {
    struct repair repair;
    uint32_t awaited; /* sets that have not come for the first time */
    struct full_state *coming[STATE_SETS];
    uint64_t answered_ms[STATE_SETS]; /* when it was sent what this node has; 0: never */
};

struct registry {
    const struct ds_services *services;
    struct state_sets sets;
    struct bus_reader reader;
    struct ds_bus_listener listener;
    struct ds_cluster_watcher watcher;
    uint64_t timeout_ms;
    uint32_t used;         /* sets that this node had names of, as bits */
    uint32_t changed;      /* of them: whose checksum has to be sent */
    uint64_t repair_at_ms; /* when the timer was to fire */
    bool was_blocked;
    struct arrival arrival;
    uint64_t look_at_ms; /* when its timer was to fire */
    bool was_asleep;
    uv_timer_t checksum_timer, audit_timer, repair_timer, arrival_timer;
    uv_idle_t dropping; /* active while names of those that have ended are left */
    unsigned open_handles;
    ds_done *joined;
    void *joined_context;
    ds_done *closed;
    void *closed_context;
};

static struct state_server *next_server(const struct registry *registry, size_t *position)
{
    const struct hashmap_entry *entry = hashmap_next(&registry->sets.servers, position);
    return entry == NULL ? NULL : entry->value;
}

static struct peer *peer_of(const struct state_server *server)
{
    return server->data;
}

/* ---- sending ---- */

static void send_to_all(const struct registry *registry, struct buf *message)
{
    buf_append_byte(message, '}');
    registry->services->bus_send(registry->services->host, TOPIC_STATE_REGISTRY,
                                 buf_slice(message));
    buf_fini(message);
}

static struct buf message_about(unsigned set, enum state_action action)
{
    struct buf message = BUF_EMPTY;
    bus_begin(&message, TOPIC_STATE_REGISTRY, action);
    buf_printf(&message, ",\"registryTopic\":%u", set);
    return message;
}

static void send_checksums(const struct registry *registry, uint32_t sets)
{
    for (unsigned set = 0; set < STATE_SETS; set++) {
        if ((sets >> set & 1) == 0)
            continue;
        struct buf message = message_about(set, STATE_CHECKSUM);
        buf_printf(&message, ",\"checksum\":%lld,\"digest\":\"%016llx\"",
                   (long long)registry->sets.self->sets[set].checksum,
                   (unsigned long long)registry->sets.self->sets[set].digest);
        send_to_all(registry, &message);
    }
}

static void on_checksum_timer(uv_timer_t *timer)
{
    struct registry *registry = timer->data;
    send_checksums(registry, registry->changed);
    registry->changed = 0;
}

static void on_audit_timer(uv_timer_t *timer)
{
    const struct registry *registry = timer->data;
    send_checksums(registry, registry->used & ~registry->changed);
}

static void announce(struct registry *registry, unsigned set, slice name, enum state_action action)
{
    struct buf message = message_about(set, action);
    bus_add_text(&message, "name", name);
    send_to_all(registry, &message);
    uint64_t delay = registry->timeout_ms < MOST_CHECKSUM_DELAY_MS ? registry->timeout_ms
                                                                   : MOST_CHECKSUM_DELAY_MS;
    if (registry->changed == 0)
        uv_timer_start(&registry->checksum_timer, on_checksum_timer, delay, 0);
    registry->changed |= UINT32_C(1) << set;
    registry->used |= UINT32_C(1) << set;
}

/* ---- asking others ---- */

static void request(const struct registry *registry, slice server, uint32_t sets, uint32_t again)
{
    for (unsigned set = 0; set < STATE_SETS; set++) {
        if ((sets >> set & 1) == 0)
            continue;
        struct buf message = message_about(set, STATE_REQUEST_FULL);
        buf_append_text(&message, (again >> set & 1) != 0 ? ",\"again\":true}" : "}");
        registry->services->bus_send_direct(registry->services->host, server, TOPIC_STATE_REGISTRY,
                                            buf_slice(&message));
        buf_fini(&message);
    }
}

static void repair_due(struct registry *registry);

/* Whatever comes is one behind the other, so that nobody is asked again while something does. */
static void put_off_repairs(struct registry *registry)
{
    uint64_t until = uv_now(registry->services->loop) + registry->timeout_ms;
    size_t position = 0;
    for (struct state_server *server; (server = next_server(registry, &position)) != NULL;)
        repair_put_off(&peer_of(server)->repair, until);
}

/* When the loop was blocked, answers may be there that nobody has read yet. */
static void on_repair_timer(uv_timer_t *timer)
{
    struct registry *registry = timer->data;
    uint64_t late_ms = uv_now(registry->services->loop) - registry->repair_at_ms;
    registry->was_blocked = !registry->was_blocked && late_ms > registry->timeout_ms;
    if (registry->was_blocked)
        put_off_repairs(registry);
    repair_due(registry);
}

/* Asks whom it is time to ask, and waits for the next. */
static void repair_due(struct registry *registry)
{
    uint64_t now = uv_now(registry->services->loop), next = 0;
    size_t position = 0;
    for (struct state_server *server; (server = next_server(registry, &position)) != NULL;) {
        struct repair *repair = &peer_of(server)->repair;
        uint32_t asked = repair_take_due(repair, now, registry->timeout_ms);
        request(registry, state_server_name(server), asked, repair->again);
        if (repair->due_ms != 0 && (next == 0 || repair->due_ms < next))
            next = repair->due_ms;
    }
    uv_timer_stop(&registry->repair_timer);
    registry->repair_at_ms = next > now ? next : now;
    if (next != 0)
        uv_timer_start(&registry->repair_timer, on_repair_timer, next > now ? next - now : 0, 0);
}

/* ---- joining ---- */

static bool knows_all(const struct registry *registry)
{
    size_t position = 0;
    for (struct state_server *server; (server = next_server(registry, &position)) != NULL;) {
        if (peer_of(server)->awaited != 0)
            return false;
    }
    return true;
}

static void list_unknown(const struct registry *registry, struct buf *out)
{
    size_t position = 0;
    for (struct state_server *server; (server = next_server(registry, &position)) != NULL;) {
        if (peer_of(server)->awaited != 0)
            buf_printf(out, " " SLICE_FORMAT, SLICE_ARGUMENTS(state_server_name(server)));
    }
    position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&registry->arrival.unknown, &position)) != NULL;)
        buf_printf(out, " " SLICE_FORMAT, SLICE_ARGUMENTS(at->key));
}

static void log_unknown(const struct registry *registry)
{
    struct buf text = BUF_EMPTY, servers = BUF_EMPTY;
    size_t seen = registry->sets.servers.count + 1;
    list_unknown(registry, &servers);
    if (servers.length > 0)
        buf_printf(&text, "clients are let in without knowing what these nodes have:" SLICE_FORMAT,
                   SLICE_ARGUMENTS(buf_slice(&servers)));
    else if (seen < registry->arrival.nodes)
        buf_printf(&text, "clients are let in, though others know %zu nodes and this one %zu",
                   registry->arrival.nodes, seen);
    if (text.length > 0)
        registry->services->log(registry->services->host, DS_WARN, "CLUSTER_JOIN",
                                buf_slice(&text));
    buf_fini(&servers);
    buf_fini(&text);
}

static void on_arrival_timer(uv_timer_t *timer);

static void look_at(struct registry *registry, uint64_t at_ms)
{
    uint64_t now = uv_now(registry->services->loop);
    registry->look_at_ms = at_ms;
    uv_timer_start(&registry->arrival_timer, on_arrival_timer, at_ms > now ? at_ms - now : 0, 0);
}

/* Something has changed. It is looked at in a turn of its own: clients are not let in from inside a
 * message. */
static void look_soon(struct registry *registry)
{
    if (registry->arrival.is_under_way)
        look_at(registry, uv_now(registry->services->loop));
}

/* As with repairs: whoever was blocked has perhaps not read what others have said. */
static bool has_slept(struct registry *registry, uint64_t now)
{
    bool is_late = now - registry->look_at_ms > registry->arrival.discovery_ms / 2;
    registry->was_asleep = is_late && !registry->was_asleep;
    return registry->was_asleep;
}

static void on_arrival_timer(uv_timer_t *timer)
{
    struct registry *registry = timer->data;
    uint64_t now = uv_now(registry->services->loop);
    if (has_slept(registry, now)) {
        look_at(registry, now + registry->arrival.discovery_ms);
        return;
    }
    uint64_t next = arrival_look(&registry->arrival, now, registry->sets.servers.count + 1,
                                 knows_all(registry));
    if (next != 0) {
        look_at(registry, next);
        return;
    }
    registry->arrival.is_under_way = false;
    log_unknown(registry);
    registry->joined(registry->joined_context, NULL);
}

/* ---- servers come and go ---- */

static void on_server_added(void *context, slice name)
{
    struct registry *registry = context;
    struct peer *peer = calloc(1, sizeof *peer);
    CHECK(peer != NULL);
    state_sets_add_server(&registry->sets, name)->data = peer;
    peer->awaited = ALL_SETS;
    repair_begin(&peer->repair, ALL_SETS, uv_now(registry->services->loop));
    repair_due(registry);
    arrival_forget(&registry->arrival, name);
}

static void peer_free(struct peer *peer)
{
    for (size_t i = 0; i < STATE_SETS; i++)
        full_state_free(&peer->coming[i]);
    free(peer);
}

static void on_dropping(uv_idle_t *dropping)
{
    struct registry *registry = dropping->data;
    if (!state_sets_drop_some(&registry->sets))
        uv_idle_stop(dropping);
}

/* Few names go at once, many in the turns that follow. */
static void on_server_removed(void *context, slice name)
{
    struct registry *registry = context;
    struct state_server *server = state_sets_server(&registry->sets, name);
    arrival_forget(&registry->arrival, name);
    look_soon(registry);
    if (server == NULL)
        return;
    peer_free(server->data);
    server->data = NULL;
    state_sets_end_server(&registry->sets, server);
    if (state_sets_drop_some(&registry->sets))
        uv_idle_start(&registry->dropping, on_dropping);
}

/* What others said while the bus was lost is not known, nor whether they heard this node. */
static void on_connected(void *context)
{
    struct registry *registry = context;
    size_t position = 0;
    for (struct state_server *server; (server = next_server(registry, &position)) != NULL;)
        repair_begin(&peer_of(server)->repair, ALL_SETS, uv_now(registry->services->loop));
    repair_due(registry);
    send_checksums(registry, registry->used);
}

/* ---- what comes ---- */

struct asker {
    const struct registry *registry;
    slice server;
};

static void send_full_part(void *context, slice message)
{
    const struct asker *asker = context;
    const struct ds_services *services = asker->registry->services;
    services->bus_send_direct(services->host, asker->server, TOPIC_STATE_REGISTRY, message);
}

/* Answers come in the order of the requests, and the Node.js server does not answer for what it
 * does not have. It does not count nodes. */
static void note_known(struct registry *registry, struct peer *peer, unsigned set,
                       const struct value_object *message)
{
    double nodes = bus_number(message, SLICE("nodes"), 0);
    peer->awaited &= ~(UINT32_C(1) << set);
    if (nodes >= 1 && nodes <= UINT32_MAX)
        arrival_count(&registry->arrival, (size_t)nodes);
    else
        peer->awaited &= SETS_BELOW(LAST_SET) & ~SETS_BELOW(set);
    if (peer->awaited == 0)
        look_soon(registry);
}

static void on_full_state(struct registry *registry, struct state_server *server, unsigned set,
                          const struct value_object *message)
{
    struct peer *peer = server->data;
    struct full_state *state = peer->coming[set];
    if (bus_number(message, SLICE("part"), 0) == 0)
        full_state_free(&state);
    if (state == NULL)
        state = full_state_new();
    enum full_state_news news = full_state_add(state, message);
    peer->coming[set] = news == FULL_STATE_MORE ? state : NULL;
    if (news == FULL_STATE_COMPLETE) {
        repair_end(&peer->repair, set);
        state_sets_replace(&registry->sets, server, set, &state->names);
        note_known(registry, peer, set, message);
    }
    if (news != FULL_STATE_MORE)
        full_state_free(&state);
    uv_update_time(registry->services->loop); /* it may have taken long */
    put_off_repairs(registry);
}

/* A repetition crosses with the answer, which was long or late. */
static bool is_answered(const struct registry *registry, const struct peer *peer, unsigned set,
                        const struct value_object *message)
{
    return bus_boolean(message, SLICE("again"), false) && peer->answered_ms[set] != 0 &&
           uv_now(registry->services->loop) - peer->answered_ms[set] < registry->timeout_ms;
}

/* Whoever asks may know this node before this node knows it. */
static void on_request(struct registry *registry, slice from_server, unsigned set,
                       const struct value_object *message)
{
    const struct state_server *server = state_sets_server(&registry->sets, from_server);
    struct peer *peer = server == NULL ? NULL : server->data;
    struct asker asker = {registry, from_server};
    if (peer != NULL && is_answered(registry, peer, set, message))
        return;
    full_state_write(&registry->sets, set, send_full_part, &asker);
    uv_update_time(registry->services->loop); /* it may have taken long */
    if (peer != NULL)
        peer->answered_ms[set] = uv_now(registry->services->loop);
    else
        arrival_hear_of(&registry->arrival, from_server);
}

/* The Node.js server sends no digest. */
static bool agrees(const struct state_server *server, unsigned set,
                   const struct value_object *message)
{
    char digest[17];
    slice theirs = bus_text(message, SLICE("digest"));
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)server->sets[set].digest);
    return bus_number(message, SLICE("checksum"), 0) == (double)server->sets[set].checksum &&
           (theirs.at == NULL || slice_equal(theirs, slice_of(digest)));
}

static void on_checksum(struct registry *registry, struct state_server *server, unsigned set,
                        const struct value_object *message)
{
    struct peer *peer = server->data;
    repair_compare(&peer->repair, set, agrees(server, set, message),
                   uv_now(registry->services->loop), registry->timeout_ms);
    repair_due(registry);
}

static void on_server_message(struct registry *registry, struct state_server *server, unsigned set,
                              const struct value_object *message)
{
    slice name = bus_text(message, SLICE("name"));
    switch (bus_action(message)) {
    case STATE_ADD:
        if (name.at != NULL)
            state_sets_set(&registry->sets, server, set, name);
        break;
    case STATE_REMOVE:
        if (name.at != NULL)
            state_sets_unset(&registry->sets, server, set, name);
        break;
    case STATE_FULL:
        on_full_state(registry, server, set, message);
        break;
    case STATE_CHECKSUM:
        on_checksum(registry, server, set, message);
        break;
    default:
        break;
    }
}

static void on_message(void *context, ds_slice from_server, ds_slice text)
{
    struct registry *registry = context;
    const struct value_object *message = bus_read(&registry->reader, text);
    if (message == NULL)
        return;
    double set = bus_number(message, SLICE("registryTopic"), -1);
    if (!(set >= 0 && set < STATE_SETS && set == (unsigned)set))
        return;
    if (bus_action(message) == STATE_REQUEST_FULL) {
        on_request(registry, from_server, (unsigned)set, message);
        return;
    }
    struct state_server *server = state_sets_server(&registry->sets, from_server);
    if (server != NULL)
        on_server_message(registry, server, (unsigned)set, message);
}

/* ---- the operations ---- */

static void add(void *self, uint8_t set, ds_slice name)
{
    struct registry *registry = self;
    CHECK(set < STATE_SETS);
    if (state_sets_add(&registry->sets, set, name))
        announce(registry, set, name, STATE_ADD);
}

static void remove_name(void *self, uint8_t set, ds_slice name)
{
    struct registry *registry = self;
    struct buf copy = BUF_EMPTY; /* it may be the set's own */
    CHECK(set < STATE_SETS);
    buf_append(&copy, name);
    if (state_sets_remove(&registry->sets, set, name))
        announce(registry, set, buf_slice(&copy), STATE_REMOVE);
    buf_fini(&copy);
}

static bool has(void *self, uint8_t set, ds_slice name)
{
    CHECK(set < STATE_SETS);
    return state_sets_has(&((struct registry *)self)->sets, set, name);
}

static void each_name(void *self, uint8_t set, void (*each)(void *context, ds_slice name),
                      void *context)
{
    CHECK(set < STATE_SETS);
    state_sets_each(&((struct registry *)self)->sets, set, each, context);
}

static size_t count(void *self, uint8_t set)
{
    CHECK(set < STATE_SETS);
    return ((struct registry *)self)->sets.sets[set].names.count;
}

static void each_server(void *self, uint8_t set, ds_slice name,
                        void (*each)(void *context, ds_slice server), void *context)
{
    CHECK(set < STATE_SETS);
    state_sets_each_server(&((struct registry *)self)->sets, set, name, each, context);
}

static void watch(void *self, uint8_t set, const struct ds_state_watcher *watcher)
{
    CHECK(set < STATE_SETS);
    VEC_PUSH(&((struct registry *)self)->sets.sets[set].watchers, watcher);
}

/* A start is work for the loop, so that its time is not that of now. */
static void join(void *self, ds_done *done, void *context)
{
    struct registry *registry = self;
    registry->joined = done;
    registry->joined_context = context;
    uv_update_time(registry->services->loop);
    arrival_begin(&registry->arrival, uv_now(registry->services->loop));
    look_soon(registry);
}

static void leave(void *self)
{
    struct registry *registry = self;
    registry->arrival.is_under_way = false;
    uv_timer_stop(&registry->arrival_timer);
    uv_idle_stop(&registry->dropping);
}

/* ---- the plugin ---- */

static bool read_options(struct registry *registry, const struct ds_value *options,
                         struct ds_error *error)
{
    uint64_t discovery_ms, join_ms;
    if (!option_milliseconds(options, "reconciliationTimeout", 500, 1, &registry->timeout_ms,
                             error) ||
        !option_milliseconds(options, "discoveryTimeout", 200, 0, &discovery_ms, error) ||
        !option_milliseconds(options, "joinTimeout", 10000, 0, &join_ms, error))
        return false;
    arrival_init(&registry->arrival, discovery_ms, join_ms);
    return true;
}

static void own_handle(struct registry *registry, void *handle)
{
    ((uv_handle_t *)handle)->data = registry;
    registry->open_handles++;
}

static void open_timer(struct registry *registry, uv_timer_t *timer)
{
    CHECK(uv_timer_init(registry->services->loop, timer) == 0);
    own_handle(registry, timer);
}

static void open_handles(struct registry *registry)
{
    open_timer(registry, &registry->checksum_timer);
    open_timer(registry, &registry->audit_timer);
    open_timer(registry, &registry->repair_timer);
    open_timer(registry, &registry->arrival_timer);
    CHECK(uv_idle_init(registry->services->loop, &registry->dropping) == 0);
    own_handle(registry, &registry->dropping);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct registry *registry = calloc(1, sizeof *registry);
    CHECK(registry != NULL);
    if (!read_options(registry, options, error)) {
        free(registry);
        return NULL;
    }
    registry->services = services;
    state_sets_init(&registry->sets, services->server_name);
    bus_reader_init(&registry->reader);
    open_handles(registry);
    uint64_t audit_ms = registry->timeout_ms * AUDIT_TIMEOUTS;
    uv_timer_start(&registry->audit_timer, on_audit_timer, audit_ms, audit_ms);
    registry->listener =
        (struct ds_bus_listener){TOPIC_STATE_REGISTRY, registry, on_message, on_connected};
    services->bus_listen(services->host, &registry->listener);
    registry->watcher =
        (struct ds_cluster_watcher){registry, on_server_added, on_server_removed, NULL, NULL};
    services->cluster_watch(services->host, &registry->watcher);
    return registry;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct registry *registry = handle->data;
    if (--registry->open_handles > 0)
        return;
    ds_done *done = registry->closed;
    void *context = registry->closed_context;
    size_t position = 0;
    for (struct state_server *server; (server = next_server(registry, &position)) != NULL;)
        peer_free(server->data);
    state_sets_fini(&registry->sets);
    arrival_fini(&registry->arrival);
    bus_reader_fini(&registry->reader);
    free(registry);
    done(context, NULL);
}

static void close_registry(void *self, ds_done *done, void *context)
{
    struct registry *registry = self;
    registry->closed = done;
    registry->closed_context = context;
    uv_close((uv_handle_t *)&registry->checksum_timer, on_handle_closed);
    uv_close((uv_handle_t *)&registry->audit_timer, on_handle_closed);
    uv_close((uv_handle_t *)&registry->repair_timer, on_handle_closed);
    uv_close((uv_handle_t *)&registry->arrival_timer, on_handle_closed);
    uv_close((uv_handle_t *)&registry->dropping, on_handle_closed);
}

static const struct ds_state_registry_operations operations = {
    .add = add,
    .remove = remove_name,
    .has = has,
    .each = each_name,
    .count = count,
    .each_server = each_server,
    .watch = watch,
    .join = join,
    .leave = leave,
};

const struct ds_plugin ds_state_registry_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STATE_REGISTRY,
    .name = "default",
    .description = "names that nodes tell each other, compared by checksums",
    .create = create,
    .close = close_registry,
    .operations = &operations,
};
