/* One name that wants a provider. The listeners whose patterns match are asked one after the other,
 * each only after the rules let it know the name (H20), under a lock of the cluster that keeps
 * other nodes from asking theirs at the same time:
 *
 *     lock -> permission -> asked -> accepted
 *                ^            | rejected, silent, gone
 *                '------------'
 *
 * Locks and verdicts may come later. A search that is over meanwhile waits for them before it is
 * freed; one whose name nobody subscribes to any more stays until its lock has come, so that it is
 * at hand if somebody does again. Candidates that stop listening are found out when it is their
 * turn: the pair of pattern and session is looked up, so that a candidate's pointer is never
 * followed before. */

#include "handlers/listen/listen_parts.h"
#include "logging/log.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/vec.h"

#include <stdlib.h>

#define STEPS_OF_SEARCH 500 /* what beginning one costs, compared with matching */

struct candidate {
    struct pattern *pattern; /* retained */
    struct session *session;
};

enum search_state {
    SEARCH_LOCKING,
    SEARCH_PERMITTING, /* the rules are asked about the current candidate */
    SEARCH_ASKED,      /* the current candidate is */
    SEARCH_OVER,
};

struct candidates {
    VEC(struct candidate) list;
};

struct search {
    struct listen *listen;         /* NULL once it is over */
    const struct cluster *cluster; /* for a lock that comes later still */
    enum topic topic;
    enum search_state state;
    bool has_lock;
    bool is_unwanted;     /* nobody subscribes any more; it waits for the lock it has asked for */
    bool is_asking_rules; /* inside the call that asks */
    bool has_verdict;
    bool is_allowed;
    bool is_forgotten; /* the current candidate stopped listening while the rules are asked */
    uint32_t pending;  /* callbacks to come, that of the timer's end among them */
    struct candidates candidates;
    size_t next;               /* the current one is before it */
    struct list_link in_asked; /* of the current one's pattern */
    uv_timer_t timer;
    size_t length;
    char name[];
};

struct failure {
    uint64_t at_ms;
    size_t length;
    char name[];
};

static slice name_of(const struct search *search)
{
    return (slice){search->name, search->length};
}

static struct candidate *current(struct search *search)
{
    return &search->candidates.list.items[search->next - 1];
}

/* ---- beginning and end ---- */

static struct search *search_new(struct listen *listen, slice name,
                                 const struct candidates *candidates)
{
    struct search *search = calloc(1, sizeof *search + name.length);
    CHECK(search != NULL);
    search->listen = listen;
    search->cluster = listen->services->cluster;
    search->topic = listen->topic;
    search->candidates = *candidates;
    search->pending = 1; /* the timer */
    search->length = name.length;
    if (name.length > 0)
        memcpy(search->name, name.at, name.length);
    list_init(&search->in_asked);
    CHECK(uv_timer_init(listen->services->loop, &search->timer) == 0);
    return search;
}

static void drop_pending(struct search *search)
{
    if (--search->pending == 0)
        free(search);
}

static void on_timer_closed(uv_handle_t *timer)
{
    drop_pending(LIST_ITEM(timer, struct search, timer));
}

/* 5_LISTEN_LOCK_name */
static struct buf lock_name(const struct search *search)
{
    struct buf name = BUF_EMPTY;
    buf_printf(&name, "%d_LISTEN_LOCK_", (int)search->topic);
    buf_append(&name, name_of(search));
    return name;
}

static void call_lock(const struct search *search, void (*operation)(void *self, slice name))
{
    struct buf name = lock_name(search);
    operation(search->cluster->locks_self, buf_slice(&name));
    buf_fini(&name);
}

static void release_candidates(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->list.count; i++)
        pattern_release(&candidates->list.items[i].pattern);
    VEC_FREE(&candidates->list);
}

static void search_close(struct search *search)
{
    if (search->has_lock)
        call_lock(search, search->cluster->locks->release);
    list_remove(&search->in_asked);
    release_candidates(&search->candidates);
    search->listen = NULL;
    search->state = SEARCH_OVER;
    uv_close((uv_handle_t *)&search->timer, on_timer_closed);
}

/* Who is looking for a provider of the name, or NULL. */
static struct search *find_wanted(const struct listen *listen, slice name)
{
    struct search *search = hashmap_find(&listen->searches, name);
    return search == NULL || search->is_unwanted ? NULL : search;
}

/* The search is not to be used after this; its name may be, until the loop turns. */
static void search_end(struct search *search)
{
    hashmap_remove(&search->listen->searches, name_of(search));
    search_close(search);
}

/* ---- failures ---- */

static void failure_forget(struct listen *listen, slice name)
{
    free(hashmap_remove(&listen->failures, name));
}

static void failure_note(struct listen *listen, slice name)
{
    struct failure *failure = hashmap_find(&listen->failures, name);
    if (failure == NULL) {
        failure = malloc(sizeof *failure + name.length);
        CHECK(failure != NULL);
        failure->length = name.length;
        if (name.length > 0)
            memcpy(failure->name, name.at, name.length);
        hashmap_put(&listen->failures, (slice){failure->name, name.length}, failure);
    }
    failure->at_ms = uv_now(listen->services->loop);
}

static void search_fail(struct search *search)
{
    struct listen *listen = search->listen;
    slice name = name_of(search);
    search_end(search);
    failure_note(listen, name);
    listen_tell_of_failure(listen, name);
}

/* ---- asking ---- */

static void search_advance(struct search *search);

static void on_silence(uv_timer_t *timer)
{
    struct search *search = LIST_ITEM(timer, struct search, timer);
    struct listen *listen = search->listen;
    listen_tell(listen, current(search)->session, listen->actions->response_timeout, NULL,
                name_of(search));
    search_advance(search);
}

static void offer(struct search *search)
{
    struct listen *listen = search->listen;
    search->state = SEARCH_ASKED;
    uv_timer_start(&search->timer, on_silence, listen->settings.response_timeout_ms, 0);
    listen_tell(listen, current(search)->session, listen->actions->pattern_found,
                &current(search)->pattern->text, name_of(search));
}

static void on_verdict(void *context, enum ds_verdict verdict)
{
    struct search *search = context;
    bool is_over = search->state == SEARCH_OVER;
    search->has_verdict = true;
    search->is_allowed = verdict == DS_ALLOW && !search->is_forgotten;
    drop_pending(search);
    if (is_over || search->is_asking_rules)
        return;
    if (search->is_allowed)
        offer(search);
    else
        search_advance(search);
}

static void ask_rules(struct search *search)
{
    struct listen *listen = search->listen;
    struct permission_question question = {
        .session = current(search)->session,
        .topic = (uint8_t)listen->topic,
        .action = listen->actions->listen,
        .has_name = true,
        .name = name_of(search),
        .payload = DS_PAYLOAD_NONE,
    };
    search->state = SEARCH_PERMITTING;
    search->has_verdict = search->is_forgotten = false;
    search->is_asking_rules = true;
    search->pending++;
    pipeline_ask(listen->services->pipeline, &question, on_verdict, search);
    search->is_asking_rules = false;
}

/* A pattern that all have left is another one when somebody comes back to its text: what is asked
 * with the old one would not be found again. */
static bool still_listens(const struct listen *listen, const struct candidate *candidate)
{
    slice text = candidate->pattern->text;
    return pattern_find(listen, text) == candidate->pattern &&
           subscriptions_has(listen->listeners, candidate->session, text);
}

/* Makes the next one that still listens the current candidate. */
static bool take_candidate(struct search *search)
{
    list_remove(&search->in_asked);
    while (search->next < search->candidates.list.count) {
        struct candidate *candidate = &search->candidates.list.items[search->next++];
        if (!still_listens(search->listen, candidate))
            continue;
        list_append(&candidate->pattern->asked, &search->in_asked);
        return true;
    }
    return false;
}

static void search_advance(struct search *search)
{
    uv_timer_stop(&search->timer);
    while (take_candidate(search)) {
        call_lock(search, search->cluster->locks->renew);
        ask_rules(search);
        if (!search->has_verdict)
            return;
        if (search->is_allowed) {
            offer(search);
            return;
        }
    }
    search_fail(search);
}

/* ---- starting ---- */

static void add_candidate(struct candidates *candidates, struct pattern *pattern,
                          struct session *session)
{
    pattern->references++;
    VEC_PUSH(&candidates->list, ((struct candidate){pattern, session}));
}

static void collect(struct listen *listen, slice name, struct candidates *candidates)
{
    for (struct list_link *at = listen->in_order.next; at != &listen->in_order; at = at->next) {
        struct pattern *pattern = LIST_ITEM(at, struct pattern, in_order);
        if (!pattern_matches(listen, pattern, name))
            continue;
        size_t count;
        void *const *sessions = subscriptions_of(listen->listeners, pattern->text, &count);
        for (size_t i = 0; i < count; i++)
            add_candidate(candidates, pattern, sessions[i]);
    }
}

static void shuffle(struct chance *chance, struct candidates *candidates)
{
    for (size_t i = candidates->list.count; i > 1; i--) {
        size_t other = chance_below(chance, i);
        struct candidate moved = candidates->list.items[i - 1];
        candidates->list.items[i - 1] = candidates->list.items[other];
        candidates->list.items[other] = moved;
    }
}

static void on_lock(void *context, bool got)
{
    struct search *search = context;
    bool is_over = search->state == SEARCH_OVER;
    if (is_over && got)
        call_lock(search, search->cluster->locks->release);
    drop_pending(search);
    if (is_over)
        return;
    search->has_lock = got;
    if (!got || search->is_unwanted || listen_is_published(search->listen, name_of(search)))
        search_end(search);
    else
        search_advance(search);
}

static void ask_for_lock(struct search *search)
{
    struct buf lock = lock_name(search);
    search->pending++;
    search->cluster->locks->get(search->cluster->locks_self, buf_slice(&lock), on_lock, search);
    buf_fini(&lock);
}

/* A lock is asked for once at a time: a second request would be refused, and the first one's lock
 * given back. */
static bool take_up(struct listen *listen, slice name, const struct candidates *candidates)
{
    struct search *search = hashmap_find(&listen->searches, name);
    if (search == NULL)
        return false;
    release_candidates(&search->candidates);
    search->candidates = *candidates;
    search->is_unwanted = false;
    return true;
}

void search_start(struct listen *listen, slice name)
{
    if (list_is_empty(&listen->in_order) || listen_is_published(listen, name) ||
        find_wanted(listen, name) != NULL)
        return;
    struct candidates candidates = {0};
    collect(listen, name, &candidates);
    if (candidates.list.count == 0)
        return;
    listen->spent_steps += STEPS_OF_SEARCH;
    if (listen->settings.shuffle_providers)
        shuffle(&listen->chance, &candidates);
    log_line(listen->services->log, DS_DEBUG, LOG_LEADING_LISTEN, "for " SLICE_FORMAT,
             SLICE_ARGUMENTS(name));
    if (take_up(listen, name, &candidates))
        return;
    struct search *search = search_new(listen, name, &candidates);
    hashmap_put(&listen->searches, name_of(search), search);
    ask_for_lock(search);
}

void search_add(struct listen *listen, slice name, struct pattern *pattern, struct session *session)
{
    struct search *search = find_wanted(listen, name);
    if (search == NULL) {
        search_start(listen, name);
        return;
    }
    for (size_t i = 0; i < search->candidates.list.count; i++)
        if (search->candidates.list.items[i].pattern == pattern &&
            search->candidates.list.items[i].session == session)
            return;
    add_candidate(&search->candidates, pattern, session);
}

/* ---- what ends or moves a search from outside ---- */

void search_cancel(struct listen *listen, slice name)
{
    failure_forget(listen, name);
    struct search *search = hashmap_find(&listen->searches, name);
    if (search == NULL)
        return;
    if (search->state == SEARCH_LOCKING) {
        search->is_unwanted = true;
        return;
    }
    if (search->state == SEARCH_ASKED)
        listen_tell(listen, current(search)->session, listen->actions->pattern_removed,
                    &current(search)->pattern->text, name);
    search_end(search);
}

void search_forget(struct pattern *pattern, const struct session *session)
{
    for (struct list_link *at = pattern->asked.next, *next; at != &pattern->asked; at = next) {
        next = at->next;
        struct search *search = LIST_ITEM(at, struct search, in_asked);
        if (current(search)->session != session)
            continue;
        if (search->state == SEARCH_ASKED)
            search_advance(search);
        else
            search->is_forgotten = true;
    }
}

void search_answer(struct listen *listen, struct session *session, const struct message *message)
{
    struct search *search = hashmap_find(&listen->searches, message->subscription);
    if (search == NULL || search->state != SEARCH_ASKED || current(search)->session != session ||
        !slice_equal(current(search)->pattern->text, message->name))
        return;
    if (message->action == listen->actions->reject) {
        search_advance(search);
        return;
    }
    failure_forget(listen, name_of(search));
    /* before the lock is released: whoever gets it next sees that the name is provided */
    provision_make(listen, name_of(search), current(search)->pattern, session);
    provision_yield(listen, name_of(search)); /* if others have found one meanwhile */
    search_end(search);
}

void search_after_failure_elsewhere(struct listen *listen, slice name)
{
    const struct failure *failure = hashmap_find(&listen->failures, name);
    uint64_t now = uv_now(listen->services->loop);
    if (failure != NULL && now - failure->at_ms <= listen->settings.match_cooldown_ms)
        return;
    if (subscriptions_exist(listen->subscriptions, name))
        search_start(listen, name);
}

void searches_free(struct listen *listen)
{
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&listen->searches, &position)) != NULL;)
        search_close(at->value);
    hashmap_fini(&listen->searches);
    position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&listen->failures, &position)) != NULL;)
        free(at->value);
    hashmap_fini(&listen->failures);
}
