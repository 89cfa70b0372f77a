/* Updates of one record come to subscribers in the order of its versions, also when they were made
 * at several nodes and the bus brings them in another order.
 *
 * Of a record that was updated a moment ago the last version is known. The next one goes through,
 * an older one is dropped, since whoever has the newer one has its outcome too, and one from
 * further ahead waits for those between. What waits for too long goes through all the same: a
 * message may be lost, and clients read the record when they miss a version. Of nodes that are
 * gone nothing is waited for, but what they have said may still come. Without a bus nothing of
 * this is kept. */

#include "handlers/record/record_internal.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>

#define WAIT_MS 1000        /* for the versions between */
#define REMEMBERED_MS 20000 /* a bus that is silent for so long is taken for lost */
#define MOST_WAITING 1000   /* updates of one record */
#define MOST_RECORDS 100000 /* remembered at a time */
#define RETOLD_MS 10000     /* in which others tell of the same deletion */
#define UNHEARD_PLACES 1024 /* a power of two */

struct waiting_update {
    struct message *message;
    const struct session *except; /* only to compare */
};

struct recent {
    struct list_link in_order; /* the one updated longest ago first */
    struct list_link in_waiting;
    int32_t version;
    uint64_t updated_ms;
    uint64_t restarted_ms; /* 0: never */
    uint64_t waits_until_ms;
    VEC(struct waiting_update) waiting; /* by version */
    size_t length;
    char name[];
};

struct sequence {
    struct record_handler *handler;
    struct hashmap recents; /* name -> struct recent, which holds the key */
    struct list_link in_order;
    struct list_link waiting; /* recents with updates that wait, the first to end first */
    struct subscription_watcher watcher;
    uv_timer_t timer;
    uint64_t unheard_seed;
    uint64_t unheard;                    /* messages about what nobody subscribes to here */
    uint64_t unheard_at[UNHEARD_PLACES]; /* by hash of the name: the last one's number */
};

static slice name_of(const struct recent *recent)
{
    return (slice){recent->name, recent->length};
}

static void send_here(const struct sequence *sequence, const struct message *update,
                      const struct session *except)
{
    subscriptions_send(sequence->handler->subscriptions, update->name, update, except,
                       SEND_LOCAL_ONLY);
}

/* ---- records that were updated a moment ago ---- */

static struct recent *recent_new(struct sequence *sequence, slice name)
{
    struct recent *recent = calloc(1, sizeof *recent + name.length);
    CHECK(recent != NULL);
    recent->length = name.length;
    if (name.length > 0)
        memcpy(recent->name, name.at, name.length);
    list_init(&recent->in_order);
    list_init(&recent->in_waiting);
    hashmap_put(&sequence->recents, name_of(recent), recent);
    return recent;
}

static void recent_free(struct recent *recent)
{
    list_remove(&recent->in_order);
    list_remove(&recent->in_waiting);
    for (size_t i = 0; i < recent->waiting.count; i++)
        free(recent->waiting.items[i].message);
    VEC_FREE(&recent->waiting);
    free(recent);
}

static void forget(struct sequence *sequence, struct recent *recent)
{
    hashmap_remove(&sequence->recents, name_of(recent));
    recent_free(recent);
}

static uint64_t now_of(const struct sequence *sequence)
{
    return uv_now(sequence->handler->services->loop);
}

/* What nothing waits for and nothing old can come of any more. */
static void forget_old(struct sequence *sequence)
{
    uint64_t now = now_of(sequence);
    while (!list_is_empty(&sequence->in_order)) {
        struct recent *oldest = LIST_ITEM(sequence->in_order.next, struct recent, in_order);
        bool is_old = now - oldest->updated_ms > REMEMBERED_MS;
        if (!is_old && sequence->recents.count < MOST_RECORDS)
            return;
        if (oldest->waiting.count > 0)
            return; /* its turn comes soon */
        forget(sequence, oldest);
    }
}

static void note_version(struct sequence *sequence, struct recent *recent, int32_t version)
{
    recent->version = version;
    recent->updated_ms = now_of(sequence);
    list_remove(&recent->in_order);
    list_append(&sequence->in_order, &recent->in_order);
}

/* ---- what waits ---- */

static void set_timer(struct sequence *sequence);

static struct waiting_update take_first(struct recent *recent)
{
    struct waiting_update first = recent->waiting.items[0];
    memmove(recent->waiting.items, recent->waiting.items + 1,
            --recent->waiting.count * sizeof first);
    return first;
}

/* Sends the first of what waits, whatever version it is. */
static void release_first(struct sequence *sequence, struct recent *recent)
{
    struct waiting_update first = take_first(recent);
    note_version(sequence, recent, first.message->version);
    send_here(sequence, first.message, first.except);
    free(first.message);
}

static bool first_is_next(const struct recent *recent)
{
    return recent->waiting.count > 0 &&
           recent->waiting.items[0].message->version <= recent->version + 1;
}

static void release_ready(struct sequence *sequence, struct recent *recent)
{
    while (first_is_next(recent))
        release_first(sequence, recent);
    if (recent->waiting.count == 0)
        list_remove(&recent->in_waiting);
}

static void release_all(struct sequence *sequence, struct recent *recent)
{
    while (recent->waiting.count > 0)
        release_first(sequence, recent);
    list_remove(&recent->in_waiting);
}

static void on_timer(uv_timer_t *timer)
{
    struct sequence *sequence = timer->data;
    uint64_t now = now_of(sequence);
    while (!list_is_empty(&sequence->waiting)) {
        struct recent *first = LIST_ITEM(sequence->waiting.next, struct recent, in_waiting);
        if (first->waits_until_ms > now)
            break;
        release_all(sequence, first);
    }
    set_timer(sequence);
}

static void set_timer(struct sequence *sequence)
{
    if (list_is_empty(&sequence->waiting)) {
        uv_timer_stop(&sequence->timer);
        return;
    }
    const struct recent *first = LIST_ITEM(sequence->waiting.next, struct recent, in_waiting);
    uint64_t now = now_of(sequence);
    uv_timer_start(&sequence->timer, on_timer,
                   first->waits_until_ms > now ? first->waits_until_ms - now : 0, 0);
}

static void wait_in_order(struct recent *recent, const struct message *update,
                          const struct session *except)
{
    struct waiting_update added = {message_copy(update), except};
    VEC_PUSH(&recent->waiting, added);
    size_t at = recent->waiting.count - 1;
    for (; at > 0 && recent->waiting.items[at - 1].message->version > update->version; at--)
        recent->waiting.items[at] = recent->waiting.items[at - 1];
    recent->waiting.items[at] = added;
}

static void hold(struct sequence *sequence, struct recent *recent, const struct message *update,
                 const struct session *except)
{
    wait_in_order(recent, update, except);
    if (recent->waiting.count == 1) {
        recent->waits_until_ms = now_of(sequence) + WAIT_MS;
        list_append(&sequence->waiting, &recent->in_waiting);
    }
    if (recent->waiting.count > MOST_WAITING)
        release_all(sequence, recent);
    set_timer(sequence);
}

/* ---- what nobody here subscribes to ---- */

static size_t count_subscribers(const struct sequence *sequence, slice name)
{
    size_t count;
    subscriptions_of(sequence->handler->subscriptions, name, &count);
    return count;
}

static size_t unheard_place(const struct sequence *sequence, slice name)
{
    return hash_bytes(name, sequence->unheard_seed) & (UNHEARD_PLACES - 1);
}

void sequence_note_unheard(struct sequence *sequence, slice name)
{
    sequence->unheard_at[unheard_place(sequence, name)] = ++sequence->unheard;
}

uint64_t sequence_unheard(const struct sequence *sequence)
{
    return sequence->unheard;
}

bool sequence_may_have_missed(const struct sequence *sequence, slice name, uint64_t since)
{
    return sequence->unheard_at[unheard_place(sequence, name)] > since;
}

/* ---- the door ---- */

static bool is_current(const struct sequence *sequence, const struct recent *recent)
{
    return recent->waiting.count > 0 || now_of(sequence) - recent->updated_ms <= REMEMBERED_MS;
}

/* The same version comes again when its outcome was read meanwhile; on the hot path two nodes may
 * have written it. */
static bool is_stale(const struct sequence *sequence, const struct recent *recent,
                     const struct message *update)
{
    return update->version < recent->version ||
           (update->version == recent->version && !record_is_hot(sequence->handler, update->name));
}

void sequence_send(struct sequence *sequence, const struct message *update,
                   const struct session *except)
{
    const struct cluster *cluster = sequence->handler->services->cluster;
    if (!cluster->bus->may_have_others(cluster->bus_self)) {
        send_here(sequence, update, except);
        return;
    }
    if (count_subscribers(sequence, update->name) == 0) {
        sequence_note_unheard(sequence, update->name);
        return;
    }
    /* those of the original's hot path have none (F11) */
    bool has_version = MESSAGE_HAS(update, version) && update->version >= 0;
    if (!has_version) {
        send_here(sequence, update, except);
        return;
    }
    forget_old(sequence);
    struct recent *recent = hashmap_find(&sequence->recents, update->name);
    bool is_known = recent != NULL && is_current(sequence, recent);
    if (recent == NULL)
        recent = recent_new(sequence, update->name);
    if (is_known && is_stale(sequence, recent, update))
        return;
    if (is_known && update->version > recent->version + 1) {
        hold(sequence, recent, update, except);
        if (cluster->bus->count(cluster->bus_self) <= 1) /* nobody brings those between */
            release_all(sequence, recent);
        return;
    }
    note_version(sequence, recent, update->version);
    send_here(sequence, update, except);
    release_ready(sequence, recent);
}

bool sequence_is_past(const struct sequence *sequence, slice name, int32_t version)
{
    const struct recent *recent = hashmap_find(&sequence->recents, name);
    return recent != NULL && is_current(sequence, recent) && recent->version > version;
}

void sequence_catch_up(struct sequence *sequence, const struct message *update)
{
    struct recent *recent = hashmap_find(&sequence->recents, update->name);
    if (recent != NULL && update->version <= recent->version)
        return;
    if (recent == NULL)
        recent = recent_new(sequence, update->name);
    while (recent->waiting.count > 0 &&
           recent->waiting.items[0].message->version <= update->version)
        free(take_first(recent).message);
    note_version(sequence, recent, update->version);
    send_here(sequence, update, NULL);
    release_ready(sequence, recent);
}

void sequence_forget(struct sequence *sequence, slice name)
{
    struct recent *recent = hashmap_find(&sequence->recents, name);
    if (recent != NULL)
        forget(sequence, recent);
}

void sequence_restart(struct sequence *sequence, const struct message *update)
{
    struct recent *recent = hashmap_find(&sequence->recents, update->name);
    uint64_t now = now_of(sequence);
    if (recent != NULL && recent->restarted_ms != 0 && now - recent->restarted_ms < RETOLD_MS) {
        sequence_catch_up(sequence, update);
        return;
    }
    sequence_forget(sequence, update->name);
    recent = recent_new(sequence, update->name);
    recent->restarted_ms = now;
    note_version(sequence, recent, update->version);
    send_here(sequence, update, NULL);
}

void sequence_answered(struct sequence *sequence, slice name, int32_t version)
{
    const struct cluster *cluster = sequence->handler->services->cluster;
    if (!cluster->bus->may_have_others(cluster->bus_self) || count_subscribers(sequence, name) != 1)
        return;
    forget_old(sequence);
    struct recent *recent = hashmap_find(&sequence->recents, name);
    if (recent != NULL && is_current(sequence, recent))
        return;
    if (recent == NULL)
        recent = recent_new(sequence, name);
    note_version(sequence, recent, version);
}

bool sequence_reaches(const struct sequence *sequence, slice name, int32_t version)
{
    const struct recent *recent = hashmap_find(&sequence->recents, name);
    return recent != NULL && recent->version >= version;
}

/* What becomes of the record while nobody subscribes, this node does not hear: it may be deleted
 * and begin anew. */
static void on_unsubscribed(void *context, slice name, struct session *session, bool is_last)
{
    (void)session;
    (void)is_last; /* in the whole cluster */
    if (count_subscribers(context, name) == 0)
        sequence_forget(context, name);
}

/* ---- life ---- */

struct sequence *sequence_new(struct record_handler *handler)
{
    struct sequence *sequence = calloc(1, sizeof *sequence);
    CHECK(sequence != NULL);
    sequence->handler = handler;
    sequence->unheard_seed = hash_random_seed();
    hashmap_init(&sequence->recents);
    list_init(&sequence->in_order);
    list_init(&sequence->waiting);
    CHECK(uv_timer_init(handler->services->loop, &sequence->timer) == 0);
    sequence->timer.data = sequence;
    sequence->watcher = (struct subscription_watcher){sequence, NULL, on_unsubscribed};
    subscriptions_watch(handler->subscriptions, &sequence->watcher);
    return sequence;
}

static void on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void sequence_free(struct sequence **sequence)
{
    struct sequence *freed = *sequence;
    *sequence = NULL;
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&freed->recents, &position)) != NULL;)
        recent_free(at->value);
    hashmap_fini(&freed->recents);
    uv_close((uv_handle_t *)&freed->timer, on_timer_closed);
}
