#include "process_statistics.h"

#include "internal.h"
#include "snapshot.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>

#define SHARED_KEY "statistics of the nodes"
#define MOST_WAIT_MS 1000

/* Shared by the nodes of a process. */
struct gathering {
    uv_mutex_t lock;
    struct list_link parts;
    uint64_t round; /* of the question that was asked last */
};

struct question {
    uint64_t round;
    uint64_t until_ms;
    ds_statistics_done *done;
    void *context;
};

struct process_statistics {
    struct list_link link;
    struct ds_node *node;
    struct gathering *gathering;
    uv_async_t wake;  /* somebody asks, or has answered */
    uv_timer_t timer; /* the first question takes too long */
    unsigned open_handles;
    /* under the lock */
    uint64_t asked, answered; /* rounds */
    bool is_waiting;          /* for others to answer */
    struct snapshot *latest;  /* NULL: never asked */
    /* of the node's thread: what its plugins have asked, the oldest first */
    VEC(struct question) questions;
};

/* ---- the answer of a node ---- */

static void wake_who_waits(const struct gathering *gathering)
{
    for (struct list_link *at = gathering->parts.next; at != &gathering->parts; at = at->next) {
        struct process_statistics *other = LIST_ITEM(at, struct process_statistics, link);
        if (other->is_waiting)
            uv_async_send(&other->wake);
    }
}

static void put_down(struct process_statistics *part, const struct ds_statistics *statistics,
                     uint64_t round)
{
    struct snapshot *fresh = snapshot_new(statistics);
    uv_mutex_lock(&part->gathering->lock);
    struct snapshot *old = part->latest;
    part->latest = fresh;
    if (round > part->answered)
        part->answered = round;
    wake_who_waits(part->gathering);
    uv_mutex_unlock(&part->gathering->lock);
    snapshot_release(&old);
}

static void answer_others(struct process_statistics *part)
{
    uv_mutex_lock(&part->gathering->lock);
    uint64_t asked = part->asked;
    bool is_asked = asked > part->answered;
    uv_mutex_unlock(&part->gathering->lock);
    if (is_asked)
        put_down(part, statistics_count(part->node), asked);
}

/* ---- the answers of the others ---- */

struct gathered {
    VEC(struct snapshot *) snapshots;
    VEC(const struct ds_statistics *) views;
};

/* The node's own comes first. */
static void collect(struct process_statistics *part, struct gathered *gathered)
{
    const struct gathering *gathering = part->gathering;
    VEC_PUSH(&gathered->snapshots, snapshot_retain(part->latest));
    for (struct list_link *at = gathering->parts.next; at != &gathering->parts; at = at->next) {
        const struct process_statistics *other = LIST_ITEM(at, struct process_statistics, link);
        if (other != part && other->latest != NULL)
            VEC_PUSH(&gathered->snapshots, snapshot_retain(other->latest));
    }
    for (size_t i = 0; i < gathered->snapshots.count; i++)
        VEC_PUSH(&gathered->views, snapshot_view(gathered->snapshots.items[i]));
}

static void answer_question(struct process_statistics *part, const struct question *question)
{
    struct gathered gathered = {0};
    put_down(part, statistics_take(part->node), question->round);
    uv_mutex_lock(&part->gathering->lock);
    collect(part, &gathered);
    uv_mutex_unlock(&part->gathering->lock);
    question->done(question->context, gathered.views.items, gathered.views.count);
    for (size_t i = 0; i < gathered.snapshots.count; i++)
        snapshot_release(&gathered.snapshots.items[i]);
    VEC_FREE(&gathered.snapshots);
    VEC_FREE(&gathered.views);
}

static bool have_all_answered(const struct process_statistics *part, uint64_t round)
{
    const struct gathering *gathering = part->gathering;
    for (struct list_link *at = gathering->parts.next; at != &gathering->parts; at = at->next) {
        const struct process_statistics *other = LIST_ITEM(at, struct process_statistics, link);
        if (other != part && other->answered < round)
            return false;
    }
    return true;
}

/* Whether the first question can be answered; with none left nobody has to wake this node. */
static bool is_first_due(struct process_statistics *part)
{
    bool is_due = false;
    uv_mutex_lock(&part->gathering->lock);
    if (part->questions.count > 0)
        is_due = have_all_answered(part, part->questions.items[0].round) ||
                 uv_now(part->node->loop) >= part->questions.items[0].until_ms;
    part->is_waiting = part->questions.count > 0 && !is_due;
    uv_mutex_unlock(&part->gathering->lock);
    return is_due;
}

static struct question take_first(struct process_statistics *part)
{
    struct question first = part->questions.items[0];
    part->questions.count--;
    memmove(part->questions.items, part->questions.items + 1,
            part->questions.count * sizeof *part->questions.items);
    return first;
}

static void on_timer(uv_timer_t *timer);

static void answer_what_is_due(struct process_statistics *part)
{
    while (is_first_due(part)) {
        struct question first = take_first(part);
        answer_question(part, &first);
    }
    uv_timer_stop(&part->timer);
    if (part->questions.count > 0)
        uv_timer_start(&part->timer, on_timer,
                       part->questions.items[0].until_ms - uv_now(part->node->loop), 0);
}

static void on_timer(uv_timer_t *timer)
{
    answer_what_is_due(timer->data);
}

static void on_wake(uv_async_t *wake)
{
    answer_others(wake->data);
    answer_what_is_due(wake->data);
}

void process_statistics_gather(struct process_statistics *part, ds_statistics_done *done,
                               void *context)
{
    struct gathering *gathering = part->gathering;
    uv_mutex_lock(&gathering->lock);
    uint64_t round = ++gathering->round;
    for (struct list_link *at = gathering->parts.next; at != &gathering->parts; at = at->next) {
        struct process_statistics *other = LIST_ITEM(at, struct process_statistics, link);
        if (other == part)
            continue;
        other->asked = round;
        uv_async_send(&other->wake);
    }
    uv_mutex_unlock(&gathering->lock);
    VEC_PUSH(&part->questions,
             ((struct question){round, uv_now(part->node->loop) + MOST_WAIT_MS, done, context}));
    answer_what_is_due(part);
}

/* ---- coming and going ---- */

static void *make_gathering(void *context)
{
    struct gathering *gathering = calloc(1, sizeof *gathering);
    (void)context;
    CHECK(gathering != NULL && uv_mutex_init(&gathering->lock) == 0);
    list_init(&gathering->parts);
    return gathering;
}

static void free_gathering(void *object)
{
    struct gathering *gathering = object;
    uv_mutex_destroy(&gathering->lock);
    free(gathering);
}

struct process_statistics *process_statistics_join(struct ds_node *node)
{
    struct process_statistics *part = calloc(1, sizeof *part);
    CHECK(part != NULL);
    part->node = node;
    part->gathering = process_share(node->process, SHARED_KEY, make_gathering, NULL);
    CHECK(uv_async_init(node->loop, &part->wake, on_wake) == 0);
    CHECK(uv_timer_init(node->loop, &part->timer) == 0);
    part->wake.data = part->timer.data = part;
    part->open_handles = 2;
    uv_mutex_lock(&part->gathering->lock);
    list_append(&part->gathering->parts, &part->link);
    uv_mutex_unlock(&part->gathering->lock);
    return part;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct process_statistics *part = handle->data;
    if (--part->open_handles > 0)
        return;
    snapshot_release(&part->latest);
    VEC_FREE(&part->questions);
    free(part);
}

/* Once it is out of the list nobody wakes it any more, and nobody waits for it. */
void process_statistics_leave(struct process_statistics **left)
{
    struct process_statistics *part = *left;
    *left = NULL;
    while (part->questions.count > 0) {
        struct question first = take_first(part);
        answer_question(part, &first);
    }
    uv_mutex_lock(&part->gathering->lock);
    list_remove(&part->link);
    wake_who_waits(part->gathering);
    uv_mutex_unlock(&part->gathering->lock);
    process_unshare(part->node->process, SHARED_KEY, free_gathering);
    uv_close((uv_handle_t *)&part->wake, on_handle_closed);
    uv_close((uv_handle_t *)&part->timer, on_handle_closed);
}
