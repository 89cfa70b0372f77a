/* locks `default`: the node that leads the cluster keeps them, the others ask it.
 *
 *     request {name, id}  -> response {name, locked, id}
 *     renew {name, id}, release {name, id}   no answer
 *
 * Every request has an id, so that a late answer is not taken for that of the next request; a lock
 * that comes too late is given back. Nodes of the Node.js server know no ids: their answers are
 * matched by name. When another node leads, the one that led forgets its locks, and who waits for
 * an answer asks anew (S13). Nodes learn at different times who leads: whoever does not lead
 * answers nothing, as it does in the original, and who asks takes no answer of a node that does not
 * lead. A refusal would be final, while the time to wait is short. */

#include "deepstream/plugin.h"

#include "plugins/bus_message.h"
#include "plugins/locks/lock_table.h"
#include "plugins/milliseconds.h"

#include "base/check.h"

#include <uv.h>

extern const struct ds_plugin ds_locks_default;

enum { TOPIC_LOCK = 10 };
enum lock_action { LOCK_REQUEST = 2, LOCK_RESPONSE = 3, LOCK_RELEASE = 4, LOCK_RENEW = 5 };

/* A lock that this node asks the leader for, or has from it. */
struct claim {
    struct list_link link; /* while it is asked for, from the oldest on */
    double id;
    uint64_t ends_ms;
    ds_lock_done *done; /* NULL: it is held */
    void *context;
    size_t length;
    char name[];
};

struct locks {
    const struct ds_services *services;
    struct lock_table table; /* empty unless this node leads */
    struct hashmap claims;   /* -> struct claim, which holds the key */
    struct list_link asking; /* claims; all wait for the same time, so the first ends first */
    struct bus_reader reader;
    struct ds_bus_listener listener;
    struct ds_cluster_watcher watcher;
    uint64_t request_ms;
    double last_id;
    uv_timer_t timer; /* of both lists */
    ds_done *closed;
    void *closed_context;
};

static void log_about(const struct locks *locks, enum ds_log_level level, const char *event,
                      const char *before, slice name, const char *after)
{
    struct buf text = BUF_EMPTY;
    buf_printf(&text, "%s" SLICE_FORMAT "%s", before, SLICE_ARGUMENTS(name), after);
    locks->services->log(locks->services->host, level, event, buf_slice(&text));
    buf_fini(&text);
}

static slice leader_of(const struct locks *locks)
{
    return locks->services->cluster_leader(locks->services->host);
}

static bool is_leader(const struct locks *locks)
{
    return slice_equal(leader_of(locks), locks->services->server_name);
}

/* ---- time ---- */

static void set_timer(struct locks *locks);

static slice claim_name(const struct claim *claim)
{
    return (slice){claim->name, claim->length};
}

/* Ends a claim that is asked for. */
static void answer_claim(struct locks *locks, struct claim *claim, bool got)
{
    ds_lock_done *done = claim->done;
    void *context = claim->context;
    claim->done = NULL;
    list_remove(&claim->link);
    if (!got) {
        hashmap_remove(&locks->claims, claim_name(claim));
        free(claim);
    }
    done(context, got);
}

static struct claim *first_asking(const struct locks *locks)
{
    return list_is_empty(&locks->asking) ? NULL : LIST_ITEM(locks->asking.next, struct claim, link);
}

static void on_timer(uv_timer_t *timer)
{
    struct locks *locks = timer->data;
    uint64_t now = uv_now(locks->services->loop);
    for (const struct held_lock *held;
         (held = lock_table_first(&locks->table)) != NULL && held->ends_ms <= now;) {
        log_about(locks, DS_WARN, "LOCK_RELEASE_TIMEOUT", "lock ", held->name,
                  " released due to timeout");
        lock_table_end_first(&locks->table);
    }
    for (struct claim *claim; (claim = first_asking(locks)) != NULL && claim->ends_ms <= now;) {
        log_about(locks, DS_WARN, "LOCK_REQUEST_TIMEOUT", "request for lock ", claim_name(claim),
                  " timed out");
        answer_claim(locks, claim, false);
    }
    set_timer(locks);
}

static void set_timer(struct locks *locks)
{
    const struct held_lock *held = lock_table_first(&locks->table);
    const struct claim *claim = first_asking(locks);
    uint64_t now = uv_now(locks->services->loop), next = UINT64_MAX;
    if (held != NULL)
        next = held->ends_ms;
    if (claim != NULL && claim->ends_ms < next)
        next = claim->ends_ms;
    if (next == UINT64_MAX)
        uv_timer_stop(&locks->timer);
    else
        uv_timer_start(&locks->timer, on_timer, next > now ? next - now : 0, 0);
}

/* ---- messages ---- */

static struct buf message_about(enum lock_action action, slice name, double id)
{
    struct buf message = BUF_EMPTY;
    bus_begin(&message, TOPIC_LOCK, action);
    bus_add_text(&message, "name", name);
    if (id != 0)
        buf_printf(&message, ",\"id\":%.17g", id);
    return message;
}

static void send_to(const struct locks *locks, slice server, struct buf *message)
{
    buf_append_byte(message, '}');
    locks->services->bus_send_direct(locks->services->host, server, TOPIC_LOCK, buf_slice(message));
    buf_fini(message);
}

static void tell_leader(const struct locks *locks, enum lock_action action, slice name, double id)
{
    struct buf message = message_about(action, name, id);
    send_to(locks, leader_of(locks), &message);
}

static bool take(struct locks *locks, slice name, slice holder, double id)
{
    bool got = lock_table_take(&locks->table, name, holder, id, uv_now(locks->services->loop));
    set_timer(locks);
    return got;
}

static void on_request(struct locks *locks, slice server, slice name, double id)
{
    if (!is_leader(locks)) {
        log_about(locks, DS_WARN, "INVALID_LEADER_REQUEST", "server ", server,
                  " assumes this node is the leader");
        return;
    }
    struct buf message = message_about(LOCK_RESPONSE, name, id);
    buf_printf(&message, ",\"locked\":%s", take(locks, name, server, id) ? "true" : "false");
    send_to(locks, server, &message);
}

static void on_response(struct locks *locks, slice server, slice name, double id, bool got)
{
    struct claim *claim = hashmap_find(&locks->claims, name);
    bool is_expected = claim != NULL && claim->done != NULL && (id == 0 || id == claim->id) &&
                       slice_equal(server, leader_of(locks));
    if (is_expected) {
        answer_claim(locks, claim, got);
        set_timer(locks);
    } else if (got && id != 0) {
        struct buf message = message_about(LOCK_RELEASE, name, id);
        send_to(locks, server, &message);
    }
}

static void on_message(void *context, ds_slice from_server, ds_slice text)
{
    struct locks *locks = context;
    const struct value_object *message = bus_read(&locks->reader, text);
    slice name = message == NULL ? (slice){0} : bus_text(message, SLICE("name"));
    if (name.at == NULL)
        return;
    double id = bus_number(message, SLICE("id"), 0);
    switch (bus_action(message)) {
    case LOCK_REQUEST:
        on_request(locks, from_server, name, id);
        break;
    case LOCK_RESPONSE:
        on_response(locks, from_server, name, id, bus_boolean(message, SLICE("locked"), false));
        break;
    case LOCK_RENEW:
        lock_table_renew(&locks->table, name, from_server, id, uv_now(locks->services->loop));
        set_timer(locks);
        break;
    case LOCK_RELEASE:
        lock_table_release(&locks->table, name, from_server, id);
        set_timer(locks);
        break;
    default:
        break;
    }
}

/* ---- other nodes ---- */

static void on_server_removed(void *context, slice server)
{
    struct locks *locks = context;
    lock_table_drop_holder(&locks->table, server);
    set_timer(locks);
}

/* Locks got from the one that led are lost: nobody keeps them any more. */
static void on_leader(void *context, slice leader)
{
    struct locks *locks = context;
    (void)leader;
    lock_table_drop_all(&locks->table);
    struct list_link again;
    list_init(&again);
    while (!list_is_empty(&locks->asking)) {
        struct claim *claim = first_asking(locks);
        list_remove(&claim->link);
        list_append(&again, &claim->link);
    }
    while (!list_is_empty(&again)) {
        struct claim *claim = LIST_ITEM(again.next, struct claim, link);
        list_remove(&claim->link);
        list_append(&locks->asking, &claim->link);
        if (is_leader(locks))
            answer_claim(locks, claim,
                         take(locks, claim_name(claim), locks->services->server_name, claim->id));
        else
            tell_leader(locks, LOCK_REQUEST, claim_name(claim), claim->id);
    }
    set_timer(locks);
}

/* ---- the operations ---- */

static struct claim *claim_new(struct locks *locks, slice name)
{
    struct claim *claim = malloc(sizeof *claim + name.length);
    CHECK(claim != NULL);
    *claim = (struct claim){.id = ++locks->last_id, .length = name.length};
    if (name.length > 0)
        memcpy(claim->name, name.at, name.length);
    list_init(&claim->link);
    hashmap_put(&locks->claims, claim_name(claim), claim);
    return claim;
}

static void get(void *self, ds_slice name, ds_lock_done *done, void *context)
{
    struct locks *locks = self;
    if (hashmap_find(&locks->claims, name) != NULL) {
        done(context, false);
        return;
    }
    struct claim *claim = claim_new(locks, name);
    claim->done = done;
    claim->context = context;
    claim->ends_ms = uv_now(locks->services->loop) + locks->request_ms;
    list_append(&locks->asking, &claim->link);
    if (is_leader(locks)) {
        answer_claim(locks, claim, take(locks, name, locks->services->server_name, claim->id));
        return;
    }
    tell_leader(locks, LOCK_REQUEST, name, claim->id);
    set_timer(locks);
}

static void renew(void *self, ds_slice name)
{
    struct locks *locks = self;
    const struct claim *claim = hashmap_find(&locks->claims, name);
    if (claim == NULL || claim->done != NULL)
        return;
    if (is_leader(locks))
        lock_table_renew(&locks->table, name, locks->services->server_name, claim->id,
                         uv_now(locks->services->loop));
    else
        tell_leader(locks, LOCK_RENEW, name, claim->id);
    set_timer(locks);
}

static void release(void *self, ds_slice name)
{
    struct locks *locks = self;
    struct claim *claim = hashmap_find(&locks->claims, name);
    if (claim == NULL || claim->done != NULL)
        return;
    if (is_leader(locks))
        lock_table_release(&locks->table, name, locks->services->server_name, claim->id);
    else
        tell_leader(locks, LOCK_RELEASE, name, claim->id);
    hashmap_remove(&locks->claims, name);
    free(claim);
    set_timer(locks);
}

/* ---- the plugin ---- */

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    uint64_t hold_ms, request_ms;
    if (!option_milliseconds(options, "holdTimeout", 1000, 50, &hold_ms, error) ||
        !option_milliseconds(options, "requestTimeout", 1000, 50, &request_ms, error))
        return NULL;
    struct locks *locks = calloc(1, sizeof *locks);
    CHECK(locks != NULL);
    locks->services = services;
    locks->request_ms = request_ms;
    lock_table_init(&locks->table, hold_ms);
    hashmap_init(&locks->claims);
    list_init(&locks->asking);
    bus_reader_init(&locks->reader);
    CHECK(uv_timer_init(services->loop, &locks->timer) == 0);
    locks->timer.data = locks;
    locks->listener = (struct ds_bus_listener){TOPIC_LOCK, locks, on_message, NULL};
    services->bus_listen(services->host, &locks->listener);
    locks->watcher = (struct ds_cluster_watcher){locks, NULL, on_server_removed, on_leader, NULL};
    services->cluster_watch(services->host, &locks->watcher);
    return locks;
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct locks *locks = timer->data;
    ds_done *done = locks->closed;
    void *context = locks->closed_context;
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&locks->claims, &position)) != NULL;)
        free(at->value);
    hashmap_fini(&locks->claims);
    lock_table_fini(&locks->table);
    bus_reader_fini(&locks->reader);
    free(locks);
    done(context, NULL);
}

static void close_locks(void *self, ds_done *done, void *context)
{
    struct locks *locks = self;
    while (!list_is_empty(&locks->asking))
        answer_claim(locks, first_asking(locks), false);
    locks->closed = done;
    locks->closed_context = context;
    uv_close((uv_handle_t *)&locks->timer, on_timer_closed);
}

static const struct ds_lock_operations operations = {
    .get = get, .renew = renew, .release = release};

const struct ds_plugin ds_locks_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_LOCKS,
    .name = "default",
    .description = "locks that the leading node of the cluster keeps",
    .create = create,
    .close = close_locks,
    .operations = &operations,
};
