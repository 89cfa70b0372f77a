/* The sessions of filters are kept as those of names are (subscriptions.h); the tree says which
 * filters match. A decision that comes at once costs nothing more; what waits for one, and what
 * came for the same session behind it, waits in a list, so that a session gets its events in order.
 */

#include "handlers/wildcards.h"

#include "handlers/filter_tree.h"
#include "logging/log.h"

#include "base/check.h"

#include <stdlib.h>

#define MOST_WAITING 10000 /* events for one receiver each that wait for a decision */

enum delivery_state { DELIVERY_UNDECIDED, DELIVERY_ALLOWED, DELIVERY_REFUSED };

struct wildcards {
    const struct handler_services *services;
    const struct subscriptions *exact;
    struct subscriptions *filters;
    struct filter_tree *tree; /* of every filter in the cluster */
    struct ds_state_watcher watcher;
    struct filter_matches matches;
    VEC(struct session *) receivers;
    struct list_link waiting; /* deliveries, the oldest first */
    size_t waiting_count;
};

/* One event for one session. */
struct delivery {
    struct list_link link;
    struct wildcards *wildcards; /* NULL: it has ended */
    struct session *session;     /* retained */
    struct message *event;       /* a copy; NULL while the call that asked runs */
    enum delivery_state state;
};

static const struct subscriptions_settings SETTINGS = {
    .topic = TOPIC_EVENT,
    .subscribe_action = EVENT_SUBSCRIBE_FILTER,
    .multiple_action = EVENT_MULTIPLE_SUBSCRIPTIONS,
    .slot = SESSION_SLOT_EVENT_FILTERS,
    .state_set = STATE_EVENT_FILTERS,
};

static void on_filter_added(void *context, slice filter)
{
    filter_tree_add(((struct wildcards *)context)->tree, filter);
}

static void on_filter_removed(void *context, slice filter)
{
    filter_tree_remove(((struct wildcards *)context)->tree, filter);
}

struct wildcards *wildcards_new(const struct handler_services *services,
                                const struct subscriptions *exact)
{
    struct wildcards *wildcards = calloc(1, sizeof *wildcards);
    CHECK(wildcards != NULL);
    wildcards->services = services;
    wildcards->exact = exact;
    wildcards->filters = subscriptions_new(services, &SETTINGS);
    wildcards->tree = filter_tree_new();
    wildcards->watcher =
        (struct ds_state_watcher){wildcards, on_filter_added, on_filter_removed, NULL};
    list_init(&wildcards->waiting);
    services->cluster->states->watch(services->cluster->states_self, STATE_EVENT_FILTERS,
                                     &wildcards->watcher);
    return wildcards;
}

void wildcards_add_all(struct wildcards *wildcards, struct session *session,
                       const struct message *message)
{
    subscriptions_add_all(wildcards->filters, session, message);
}

void wildcards_remove_all(struct wildcards *wildcards, struct session *session,
                          const struct message *message)
{
    subscriptions_remove_all(wildcards->filters, session, message);
}

void wildcards_drop_session(struct wildcards *wildcards, struct session *session)
{
    subscriptions_drop_session(wildcards->filters, session);
}

/* ---- other nodes ---- */

bool wildcards_exist(const struct wildcards *wildcards)
{
    return !filter_tree_is_empty(wildcards->tree);
}

bool wildcards_exist_elsewhere(struct wildcards *wildcards, slice name)
{
    filter_tree_match(wildcards->tree, name, &wildcards->matches);
    for (size_t i = 0; i < wildcards->matches.filters.count; i++) {
        if (subscriptions_exist_elsewhere(wildcards->filters, wildcards->matches.filters.items[i]))
            return true;
    }
    return false;
}

/* ---- deliveries that wait ---- */

static void end_delivery(struct delivery *delivery)
{
    if (delivery->wildcards != NULL)
        delivery->wildcards->waiting_count--;
    list_remove(&delivery->link);
    session_release(&delivery->session);
    free(delivery->event);
    free(delivery);
}

static struct delivery *oldest_of(const struct wildcards *wildcards, const struct session *session)
{
    for (struct list_link *at = wildcards->waiting.next; at != &wildcards->waiting; at = at->next) {
        struct delivery *delivery = LIST_ITEM(at, struct delivery, link);
        if (delivery->session == session)
            return delivery;
    }
    return NULL;
}

/* Sends what is decided, up to the first that is not. */
static void send_decided(struct wildcards *wildcards, struct session *session)
{
    session_retain(session);
    for (struct delivery *oldest;
         (oldest = oldest_of(wildcards, session)) != NULL && oldest->state != DELIVERY_UNDECIDED;) {
        if (oldest->state == DELIVERY_ALLOWED)
            session_send(session, oldest->event);
        end_delivery(oldest);
    }
    session_release(&session);
}

static void on_verdict(void *context, enum ds_verdict verdict)
{
    struct delivery *delivery = context;
    delivery->state = verdict == DS_ALLOW ? DELIVERY_ALLOWED : DELIVERY_REFUSED;
    if (delivery->event == NULL)
        return;
    if (delivery->wildcards != NULL)
        send_decided(delivery->wildcards, delivery->session);
    else
        end_delivery(delivery);
}

static struct delivery *ask(struct wildcards *wildcards, struct session *session, slice name)
{
    struct delivery *delivery = malloc(sizeof *delivery);
    CHECK(delivery != NULL);
    *delivery = (struct delivery){.wildcards = wildcards, .session = session_retain(session)};
    list_init(&delivery->link);
    struct permission_question question = {.session = session,
                                           .topic = TOPIC_EVENT,
                                           .action = EVENT_SUBSCRIBE,
                                           .has_name = true,
                                           .name = name};
    wildcards->waiting_count++;
    pipeline_ask(wildcards->services->pipeline, &question, on_verdict, delivery);
    return delivery;
}

static void wait_in_list(struct delivery *delivery, const struct message *event)
{
    delivery->event = message_copy(event);
    list_append(&delivery->wildcards->waiting, &delivery->link);
}

static void deliver(struct wildcards *wildcards, struct broadcast *broadcast,
                    struct session *session)
{
    const struct message *event = broadcast->message;
    if (wildcards->waiting_count >= MOST_WAITING) {
        log_line(wildcards->services->log, DS_WARN, LOG_LIMIT_EXCEEDED,
                 "too many events wait for decisions: " SLICE_FORMAT " is lost for " SLICE_FORMAT,
                 SLICE_ARGUMENTS(event->name), SLICE_ARGUMENTS(session->user_id));
        return;
    }
    struct delivery *delivery = ask(wildcards, session, event->name);
    bool is_next = oldest_of(wildcards, session) == NULL;
    if (delivery->state == DELIVERY_UNDECIDED || !is_next) {
        wait_in_list(delivery, event);
        return;
    }
    if (delivery->state == DELIVERY_ALLOWED)
        broadcast_send(broadcast, session);
    end_delivery(delivery);
}

/* ---- receivers ---- */

static int compare(const void *a, const void *b)
{
    const struct session *const *left = a, *const *right = b;
    return (*left > *right) - (*left < *right);
}

/* Each once, though several of its filters match. */
static void collect_receivers(struct wildcards *wildcards)
{
    const struct filter_matches *matches = &wildcards->matches;
    wildcards->receivers.count = 0;
    for (size_t i = 0; i < matches->filters.count; i++) {
        size_t count;
        void *const *sessions =
            subscriptions_of(wildcards->filters, matches->filters.items[i], &count);
        for (size_t j = 0; j < count; j++)
            VEC_PUSH(&wildcards->receivers, sessions[j]);
    }
    if (matches->filters.count > 1 && wildcards->receivers.count > 1)
        qsort(wildcards->receivers.items, wildcards->receivers.count,
              sizeof *wildcards->receivers.items, compare);
}

void wildcards_send(struct wildcards *wildcards, const struct message *event,
                    const struct session *except)
{
    struct broadcast broadcast;
    filter_tree_match(wildcards->tree, event->name, &wildcards->matches);
    if (wildcards->matches.filters.count == 0)
        return;
    collect_receivers(wildcards);
    const struct session *last = NULL;
    broadcast_begin(&broadcast, event);
    for (size_t i = 0; i < wildcards->receivers.count; i++) {
        struct session *session = wildcards->receivers.items[i];
        bool gets_it = session != last && session != except &&
                       !subscriptions_has(wildcards->exact, session, event->name);
        last = session;
        if (gets_it)
            deliver(wildcards, &broadcast, session);
    }
    broadcast_end(&broadcast);
}

/* ---- the end ---- */

void wildcards_free(struct wildcards **wildcards)
{
    struct wildcards *ended = *wildcards;
    if (ended == NULL)
        return;
    while (!list_is_empty(&ended->waiting)) {
        struct delivery *delivery = LIST_ITEM(ended->waiting.next, struct delivery, link);
        bool is_asked = delivery->state == DELIVERY_UNDECIDED;
        list_remove(&delivery->link);
        delivery->wildcards = NULL;
        if (!is_asked)
            end_delivery(delivery);
    }
    filter_tree_free(&ended->tree);
    subscriptions_free(&ended->filters);
    VEC_FREE(&ended->matches.filters);
    VEC_FREE(&ended->receivers);
    free(ended);
    *wildcards = NULL;
}
