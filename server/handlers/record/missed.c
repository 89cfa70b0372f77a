/* What other nodes may have missed. The bus may lose messages, and nodes that take each other for
 * gone tell each other nothing. When they find each other again, each tells the other the names of
 * the records that it changed meanwhile, and whoever has subscribers to them reads what stands
 * there. The message is a NOTIFY, which nodes of the original understand too.
 *
 * A node that has just subscribed may have read the record before a write of this node, which did
 * not send it, since it knew of no subscriber. It is told the version, and reads again if it knows
 * only an older one. The message is a HEAD_RESPONSE_BULK, which nodes of the original ignore.
 *
 * Names are kept for a while, and from the loss of a node until it, or another one, is back. That a
 * record is gone, or begun anew, is believed only of one that was deleted: nodes need not share
 * their caches. */

#include "handlers/record/record_internal.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>

#define KEPT_MS 60000
#define CROSSING_MS 20000 /* between a read and the subscription that was announced after it */
#define MOST_NAMES 100000
#define NAMES_AT_ONCE 500
/* After a return, until nodes know again who subscribes to what: most do soon, all in the end. */
#define FIRST_MS 1000
#define SECOND_MS 4000

enum kind { CHANGE, DELETION, KINDS };

static const char *const MARKS[] = {
    [CHANGE] = "missed",
    [DELETION] = "missed deletion",
};

struct changed {
    struct list_link in_order; /* the one changed longest ago first */
    uint64_t at_ms;
    enum kind kind;  /* DELETION stays when the record is made again */
    int32_t version; /* of the last write; DS_MISSING after a deletion */
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
    struct ds_state_watcher watcher;
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
    changed->kind = CHANGE;
    changed->length = name.length;
    if (name.length > 0)
        memcpy(changed->name, name.at, name.length);
    list_init(&changed->in_order);
    hashmap_put(&missed->names, name_of(changed), changed);
    return changed;
}

static void note(struct missed *missed, slice name, enum kind kind, int32_t version)
{
    const struct cluster *cluster = missed->handler->services->cluster;
    if (!cluster->bus->may_have_others(cluster->bus_self))
        return;
    forget_old(missed);
    struct changed *changed = hashmap_find(&missed->names, name);
    if (changed == NULL)
        changed = changed_new(missed, name);
    changed->at_ms = now_of(missed);
    if (kind == DELETION)
        changed->kind = DELETION;
    changed->version = version;
    list_remove(&changed->in_order);
    list_append(&missed->in_order, &changed->in_order);
}

void missed_note_write(struct missed *missed, slice name, int32_t version)
{
    note(missed, name, CHANGE, version);
}

void missed_note_deletion(struct missed *missed, slice name)
{
    note(missed, name, DELETION, DS_MISSING);
}

int32_t missed_written(const struct missed *missed, slice name)
{
    const struct changed *changed = hashmap_find(&missed->names, name);
    return changed == NULL ? DS_MISSING : changed->version;
}

/* ---- telling others ---- */

static void tell(const struct missed *missed, enum kind kind, const slice *names, uint32_t count)
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

/* A deletion is for those too who have a write under way (overtaken.c). */
static bool concerns_others(const struct missed *missed, const struct changed *changed)
{
    return changed->kind == DELETION ||
           subscriptions_exist_elsewhere(missed->handler->subscriptions, name_of(changed));
}

static void tell_all(const struct missed *missed, enum kind kind)
{
    slice names[NAMES_AT_ONCE];
    uint32_t count = 0;
    for (struct list_link *at = missed->in_order.next; at != &missed->in_order; at = at->next) {
        const struct changed *changed = LIST_ITEM(at, struct changed, in_order);
        if (changed->kind != kind || !concerns_others(missed, changed))
            continue;
        names[count++] = name_of(changed);
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
    tell_all(missed, CHANGE);
    tell_all(missed, DELETION);
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

/* ---- telling who has just subscribed ---- */

static void on_subscribed(void *context, slice name)
{
    const struct missed *missed = context;
    const struct cluster *cluster = missed->handler->services->cluster;
    const struct changed *changed = hashmap_find(&missed->names, name);
    if (changed == NULL || changed->version == DS_MISSING ||
        now_of(missed) - changed->at_ms > CROSSING_MS ||
        !subscriptions_exist_elsewhere(missed->handler->subscriptions, name))
        return;
    const struct message_version written = {name, changed->version};
    struct message notice = MESSAGE(TOPIC_RECORD, RECORD_HEAD_RESPONSE_BULK);
    message_set_versions(&notice, &written, 1);
    cluster->bus->send(cluster->bus_self, &notice);
}

static void on_unsubscribed(void *context, slice name)
{
    (void)context;
    (void)name;
}

/* ---- hearing it ---- */

/* Of a NOTIFY with such a mark: which. */
static bool kind_of(const struct message *message, enum kind *kind)
{
    for (*kind = 0; *kind < KINDS; ++*kind) {
        if (MESSAGE_HAS(message, correlation_id) &&
            slice_equal(message->correlation_id, slice_of(MARKS[*kind])))
            return true;
    }
    return false;
}

static void tell_current(struct step *step, bool is_restart)
{
    struct message update = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&update, name, step->name);
    MESSAGE_SET(&update, version, step->current.version);
    MESSAGE_SET(&update, data, step->current.data);
    MESSAGE_SET(&update, is_write_ack, false);
    if (is_restart)
        sequence_restart(step->handler->sequence, &update);
    else
        sequence_catch_up(step->handler->sequence, &update);
}

static void look_loaded(struct step *step, uint16_t error)
{
    enum kind kind;
    if (error != 0) {
        step_fail(step, error);
        return;
    }
    bool was_deleted = kind_of(step_message(step), &kind) && kind == DELETION;
    if (step->current.version != DS_MISSING)
        tell_current(step, was_deleted);
    else if (was_deleted)
        record_tell_deleted(step->handler, step->name, NULL);
    step_end(step);
}

static void look_run(struct step *step)
{
    step_load(step, look_loaded);
}

const struct step_work work_look = {
    .run = look_run, .is_ordered = true, .refusal = RECORD_RECORD_LOAD_ERROR};

bool missed_is(const struct message *message)
{
    enum kind kind;
    return kind_of(message, &kind);
}

void missed_look(struct request *request)
{
    const struct message *message = request->message;
    enum kind kind;
    record_each_subscribed(request, &work_look);
    if (!kind_of(message, &kind) || kind != DELETION)
        return;
    for (uint32_t i = 0; i < message->name_count; i++)
        overtaken_check(request->handler, message->names[i]);
}

void missed_compare(struct request *request)
{
    struct record_handler *handler = request->handler;
    const struct message *message = request->message;
    for (uint32_t i = 0; i < message->version_count; i++) {
        const struct message_version *written = &message->versions[i];
        size_t count;
        subscriptions_of(handler->subscriptions, written->name, &count);
        if (count > 0 && !sequence_reaches(handler->sequence, written->name, written->version))
            step_begin(step_new(handler, request, written->name, &work_look));
    }
}

void missed_read(struct record_handler *handler, const struct message *message)
{
    size_t count;
    subscriptions_of(handler->subscriptions, message->name, &count);
    if (count == 0)
        return;
    struct request *request = record_request_open(handler, NULL, message);
    step_begin(step_new(handler, request, request->message->name, &work_look));
    record_request_close(request);
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
    missed->watcher =
        (struct ds_state_watcher){missed, on_subscribed, on_unsubscribed, on_subscribed};
    cluster->states->watch(cluster->states_self, STATE_RECORD_SUBSCRIPTIONS, &missed->watcher);
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
