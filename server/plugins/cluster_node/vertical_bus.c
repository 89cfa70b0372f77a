#include "plugins/cluster_node/vertical_bus.h"

#include "base/check.h"
#include "base/hashmap.h"
#include "base/list.h"
#include "base/slice.h"

#include <stdatomic.h>

/* What may wait for one member. */
#define MOST_BYTES ((size_t)64 << 20)
#define MOST_TEXTS 100000
/* What a member is given in one turn of its loop, so that others of the loop have theirs. */
#define MOST_TEXTS_PER_TURN 256

/* A text on its way to several members. */
struct packet {
    atomic_uint references;
    uint8_t topic;
    size_t length;
    char text[];
};

struct waiting {
    struct packet **packets;
    size_t first; /* those before it are released */
    size_t count, capacity;
    size_t bytes;
    bool has_lost; /* something did not fit */
};

struct vertical_member {
    struct list_link link;
    struct vertical_bus *bus;
    ds_slice name;
    struct vertical_callbacks callbacks;
    struct waiting waiting; /* under the bus's lock */
    struct waiting taken;   /* of the member's thread */
    bool has_left;          /* of the member's thread */
    uv_async_t wake;
};

struct vertical_bus {
    uv_mutex_t lock;
    struct list_link members;
    struct hashmap names; /* -> struct vertical_member */
};

/* ---- packets ---- */

static struct packet *packet_new(uint8_t topic, ds_slice text)
{
    struct packet *packet = malloc(sizeof *packet + text.length);
    CHECK(packet != NULL);
    atomic_init(&packet->references, 1);
    packet->topic = topic;
    packet->length = text.length;
    if (text.length > 0)
        memcpy(packet->text, text.at, text.length);
    return packet;
}

static void packet_release(struct packet *packet)
{
    if (atomic_fetch_sub_explicit(&packet->references, 1, memory_order_acq_rel) == 1)
        free(packet);
}

static void waiting_drop(struct waiting *waiting)
{
    for (size_t i = waiting->first; i < waiting->count; i++)
        packet_release(waiting->packets[i]);
    free(waiting->packets);
    *waiting = (struct waiting){0};
}

static bool has_room(const struct waiting *waiting, size_t bytes)
{
    return waiting->count < MOST_TEXTS &&
           (waiting->count == 0 || (bytes <= MOST_BYTES && waiting->bytes <= MOST_BYTES - bytes));
}

static void put(struct waiting *waiting, struct packet *packet)
{
    if (!has_room(waiting, packet->length)) {
        waiting->has_lost = true;
        return;
    }
    if (waiting->count == waiting->capacity) {
        waiting->capacity = waiting->capacity == 0 ? 64 : waiting->capacity * 2;
        waiting->packets = realloc(waiting->packets, waiting->capacity * sizeof(struct packet *));
        CHECK(waiting->packets != NULL);
    }
    atomic_fetch_add_explicit(&packet->references, 1, memory_order_relaxed);
    waiting->packets[waiting->count++] = packet;
    waiting->bytes += packet->length;
}

/* ---- what waits for a member, on its thread ---- */

static void deliver(struct vertical_member *member, const struct packet *packet)
{
    if (!member->has_left)
        member->callbacks.on_text(member->callbacks.context, packet->topic,
                                  (ds_slice){packet->text, packet->length});
}

static void end_taken(struct vertical_member *member)
{
    struct waiting *taken = &member->taken;
    bool has_lost = taken->has_lost;
    taken->first = taken->count = taken->bytes = 0;
    taken->has_lost = false;
    if (has_lost && !member->has_left)
        member->callbacks.on_loss(member->callbacks.context);
}

/* Returns whether something is left for a later turn. */
static bool deliver_some(struct vertical_member *member)
{
    struct waiting *taken = &member->taken;
    for (size_t i = 0; i < MOST_TEXTS_PER_TURN && taken->first < taken->count; i++) {
        struct packet *packet = taken->packets[taken->first++];
        deliver(member, packet);
        packet_release(packet);
    }
    if (taken->first < taken->count)
        return true;
    end_taken(member);
    return false;
}

/* The two lists change places, so that their memory is used again. */
static void take_waiting(struct vertical_member *member)
{
    uv_mutex_lock(&member->bus->lock);
    struct waiting waiting = member->waiting;
    member->waiting = member->taken;
    member->taken = waiting;
    uv_mutex_unlock(&member->bus->lock);
}

/* What came while some was left has woken it already, so that it wakes itself for that too. */
static void on_wake(uv_async_t *wake)
{
    struct vertical_member *member = wake->data;
    bool was_left = member->taken.count > 0;
    if (!was_left)
        take_waiting(member);
    bool is_left = deliver_some(member);
    if ((is_left || was_left) && !member->has_left)
        uv_async_send(wake);
}

/* ---- members ---- */

struct vertical_member *vertical_bus_join(struct vertical_bus *bus, uv_loop_t *loop, ds_slice name,
                                          const struct vertical_callbacks *callbacks)
{
    struct vertical_member *member = calloc(1, sizeof *member);
    CHECK(member != NULL);
    member->bus = bus;
    member->name = name;
    member->callbacks = *callbacks;
    CHECK(uv_async_init(loop, &member->wake, on_wake) == 0);
    member->wake.data = member;
    uv_mutex_lock(&bus->lock);
    list_append(&bus->members, &member->link);
    hashmap_put(&bus->names, name, member);
    uv_mutex_unlock(&bus->lock);
    return member;
}

static void on_closed(uv_handle_t *wake)
{
    struct vertical_member *member = wake->data;
    struct vertical_callbacks callbacks = member->callbacks;
    waiting_drop(&member->waiting);
    waiting_drop(&member->taken);
    free(member);
    callbacks.on_left(callbacks.context);
}

/* Unless another one has taken it over. */
static void forget_name(struct vertical_member *member)
{
    struct hashmap *names = &member->bus->names;
    if (hashmap_find(names, member->name) == member)
        hashmap_remove(names, member->name);
}

/* Once it is out of the list nobody wakes it any more. */
void vertical_bus_leave(struct vertical_member *member)
{
    uv_mutex_lock(&member->bus->lock);
    list_remove(&member->link);
    forget_name(member);
    uv_mutex_unlock(&member->bus->lock);
    member->has_left = true;
    uv_close((uv_handle_t *)&member->wake, on_closed);
}

/* Under the bus's lock. */
static void hand_to(struct vertical_member *member, struct packet *packet)
{
    bool is_awake = member->waiting.count > 0 || member->waiting.has_lost;
    put(&member->waiting, packet);
    if (!is_awake)
        uv_async_send(&member->wake);
}

static void hand_to_others(const struct vertical_member *sender, struct packet *packet)
{
    const struct list_link *members = &sender->bus->members;
    for (struct list_link *at = members->next; at != members; at = at->next) {
        struct vertical_member *member = LIST_ITEM(at, struct vertical_member, link);
        if (member != sender)
            hand_to(member, packet);
    }
}

void vertical_bus_send(struct vertical_member *sender, ds_slice server, uint8_t topic,
                       ds_slice text)
{
    struct vertical_bus *bus = sender->bus;
    struct packet *packet = packet_new(topic, text);
    uv_mutex_lock(&bus->lock);
    if (server.at == NULL) {
        hand_to_others(sender, packet);
    } else {
        struct vertical_member *member = hashmap_find(&bus->names, server);
        if (member != NULL && member != sender)
            hand_to(member, packet);
    }
    uv_mutex_unlock(&bus->lock);
    packet_release(packet);
}

/* ---- the bus ---- */

struct vertical_bus *vertical_bus_new(void)
{
    struct vertical_bus *bus = calloc(1, sizeof *bus);
    CHECK(bus != NULL && uv_mutex_init(&bus->lock) == 0);
    list_init(&bus->members);
    hashmap_init(&bus->names);
    return bus;
}

void vertical_bus_free(struct vertical_bus *bus)
{
    CHECK(list_is_empty(&bus->members));
    hashmap_fini(&bus->names);
    uv_mutex_destroy(&bus->lock);
    free(bus);
}
