/* What other nodes may have missed. The bus may lose messages, and nodes that take each other for
 * gone tell each other nothing. When they find each other again, each tells the other the names of
 * the records that it changed meanwhile, and whoever has subscribers to them reads what stands
 * there. The message is a NOTIFY, which nodes of the original understand too.
 *
 * Names are kept for a while, and from the loss of a node until it, or another one, is back. That a
 * record is gone is believed only of one that was deleted: nodes need not share their caches. */

#include "handlers/record/record_internal.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>

#define KEPT_MS 60000
#define MOST_NAMES 100000
#define NAMES_AT_ONCE 500
/* After a return, until nodes know again who subscribes to what: most do soon, all in the end. */
#define FIRST_MS 1000
#define SECOND_MS 4000

static const char *const MARKS[] = {
    [MISSED_CHANGE] = "missed",
    [MISSED_DELETION] = "missed deletion",
};

struct changed {
    struct list_link in_order; /* the one changed longest ago first */
    uint64_t at_ms;
    enum missed_kind kind; /* of the last change */
    size_t length;
    char name[];
};

struct missed {
    struct record_handler *handler;
    struct hashmap names; /* name -> struct changed, which holds the key */
    struct list_link in_order;
    bool is_somebody_lost;
    bool is_second;
    bool is_for_all;
    struct buf returned; /* who else it is for */
    uv_timer_t timer;
};

static slice name_of(const struct changed *changed)
{
    return (slice){changed->name, changed->length};
}

static uint64_t now_of(const struct missed *missed)
{
    return uv_now(missed->handler->services->loop);
}

/* ---- what was changed here ---- */

static void forget(struct missed *missed, struct changed *changed)
{
    hashmap_remove(&missed->names, name_of(changed));
    list_remove(&changed->in_order);
    free(changed);
}

static void forget_old(struct missed *missed)
{
    uint64_t now = now_of(missed);
    while (!list_is_empty(&missed->in_order)) {
        struct changed *oldest = LIST_ITEM(missed->in_order.next, struct changed, in_order);
        bool is_old = !missed->is_somebody_lost && now - oldest->at_ms > KEPT_MS;
        if (!is_old && missed->names.count < MOST_NAMES)
            return;
        forget(missed, oldest);
    }
}

static struct changed *changed_new(struct missed *missed, slice name)
{
    struct changed *changed = malloc(sizeof *changed + name.length);
    CHECK(changed != NULL);
    changed->length = name.length;
    if (name.length > 0)
        memcpy(changed->name, name.at, name.length);
    list_init(&changed->in_order);
    hashmap_put(&missed->names, name_of(changed), changed);
    return changed;
}

void missed_note(struct missed *missed, slice name, enum missed_kind kind)
{
    const struct cluster *cluster = missed->handler->services->cluster;
    if (!cluster->bus->may_have_others(cluster->bus_self))
        return;
    forget_old(missed);
    struct changed *changed = hashmap_find(&missed->names, name);
    if (changed == NULL)
        changed = changed_new(missed, name);
    changed->at_ms = now_of(missed);
    changed->kind = kind;
    list_remove(&changed->in_order);
    list_append(&missed->in_order, &changed->in_order);
}

/* ---- telling others ---- */

static void tell(const struct missed *missed, enum missed_kind kind, const slice *names,
                 uint32_t count)
{
    const struct cluster *cluster = missed->handler->services->cluster;
    struct message notice = MESSAGE(TOPIC_RECORD, RECORD_NOTIFY);
    if (count == 0)
        return;
    message_set_names(&notice, names, count);
    MESSAGE_SET(&notice, correlation_id, slice_of(MARKS[kind]));
    if (missed->is_for_all)
        cluster->bus->send(cluster->bus_self, &notice);
    else
        cluster->bus->send_direct(cluster->bus_self, buf_slice(&missed->returned), &notice);
}

static void tell_all(const struct missed *missed, enum missed_kind kind)
{
    slice names[NAMES_AT_ONCE];
    uint32_t count = 0;
    for (struct list_link *at = missed->in_order.next; at != &missed->in_order; at = at->next) {
        const struct changed *changed = LIST_ITEM(at, struct changed, in_order);
        slice name = name_of(changed);
        if (changed->kind != kind ||
            !subscriptions_exist_elsewhere(missed->handler->subscriptions, name))
            continue;
        names[count++] = name;
        if (count < NAMES_AT_ONCE)
            continue;
        tell(missed, kind, names, count);
        count = 0;
    }
    tell(missed, kind, names, count);
}

static void on_timer(uv_timer_t *timer)
{
    struct missed *missed = timer->data;
    tell_all(missed, MISSED_CHANGE);
    tell_all(missed, MISSED_DELETION);
    if (!missed->is_second) {
        missed->is_second = true;
        uv_timer_start(timer, on_timer, SECOND_MS - FIRST_MS, 0);
        return;
    }
    missed->is_somebody_lost = missed->is_for_all = false;
    buf_clear(&missed->returned);
}

/* A second one before the first has been told: all are. */
static void note_returned(struct missed *missed, slice server)
{
    const struct cluster *cluster = missed->handler->services->cluster;
    bool is_other =
        missed->returned.length > 0 && !slice_equal(buf_slice(&missed->returned), server);
    if (is_other || slice_equal(server, cluster->server_name))
        missed->is_for_all = true;
    buf_clear(&missed->returned);
    buf_append(&missed->returned, server);
}

static void on_returned(void *context, slice server)
{
    struct missed *missed = context;
    note_returned(missed, server);
    missed->is_second = false;
    uv_timer_start(&missed->timer, on_timer, FIRST_MS, 0);
}

static void on_removed(void *context, slice server)
{
    (void)server;
    ((struct missed *)context)->is_somebody_lost = true;
}

/* ---- hearing it ---- */

/* Of a NOTIFY with such a mark: which. */
static bool kind_of(const struct message *message, enum missed_kind *kind)
{
    for (*kind = 0; *kind < MISSED_KINDS; ++*kind) {
        if (MESSAGE_HAS(message, correlation_id) &&
            slice_equal(message->correlation_id, slice_of(MARKS[*kind])))
            return true;
    }
    return false;
}

static void tell_current(struct step *step)
{
    struct message update = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&update, name, step->name);
    MESSAGE_SET(&update, version, step->current.version);
    MESSAGE_SET(&update, data, step->current.data);
    MESSAGE_SET(&update, is_write_ack, false);
    sequence_catch_up(step->handler->sequence, &update);
}

static void look_loaded(struct step *step, uint16_t error)
{
    enum missed_kind kind;
    if (error != 0) {
        step_fail(step, error);
        return;
    }
    if (step->current.version != DS_MISSING)
        tell_current(step);
    else if (kind_of(step_message(step), &kind) && kind == MISSED_DELETION)
        record_tell_deleted(step->handler, step->name, NULL, SEND_LOCAL_ONLY);
    step_end(step);
}

static void look_run(struct step *step)
{
    step_load(step, look_loaded);
}

static const struct step_work work_look = {
    .run = look_run, .is_ordered = true, .refusal = RECORD_RECORD_LOAD_ERROR};

bool missed_is(const struct message *message)
{
    enum missed_kind kind;
    return kind_of(message, &kind);
}

void missed_look(struct request *request)
{
    record_each_subscribed(request, &work_look);
}

/* ---- life ---- */

struct missed *missed_new(struct record_handler *handler)
{
    struct missed *missed = calloc(1, sizeof *missed);
    const struct cluster *cluster = handler->services->cluster;
    CHECK(missed != NULL);
    missed->handler = handler;
    hashmap_init(&missed->names);
    list_init(&missed->in_order);
    CHECK(uv_timer_init(handler->services->loop, &missed->timer) == 0);
    missed->timer.data = missed;
    cluster->bus->watch(cluster->bus_self, on_removed, missed);
    cluster->bus->watch_returns(cluster->bus_self, on_returned, missed);
    return missed;
}

static void on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void missed_free(struct missed **missed)
{
    struct missed *freed = *missed;
    *missed = NULL;
    while (!list_is_empty(&freed->in_order))
        forget(freed, LIST_ITEM(freed->in_order.next, struct changed, in_order));
    hashmap_fini(&freed->names);
    buf_fini(&freed->returned);
    uv_close((uv_handle_t *)&freed->timer, on_timer_closed);
}
