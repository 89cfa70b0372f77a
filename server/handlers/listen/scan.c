/* Going through all subscribed names, for a listener who has come or for all that still want a
 * provider. There may be a great many names and a match may be costly, so that it goes on in slices
 * over turns of the loop; a few names are done at once.
 *
 * Scans wait for each other, and share one copy of the names: it is made when the first of those
 * that wait begins. Who subscribes later is heard of as ever; who does not any more is left out. */

#include "handlers/listen/listen_parts.h"

#include "base/check.h"

#include <stdlib.h>

#define SLICE_STEPS 100000 /* of expressions: about a millisecond */
#define STEPS_OF_VISIT 50  /* what else a name costs, in such steps */

struct scan {
    struct list_link link;
    struct list_link in_pattern;
    uint64_t number;
    struct pattern *pattern; /* somebody listens with it, so it stays; NULL: of all patterns */
    struct session *session;
    struct message *request; /* acknowledged in the end */
};

static struct scan *first_scan(const struct scans *scans)
{
    return LIST_ITEM(scans->queue.next, struct scan, link);
}

/* ---- the copy of the names: their lengths, each before its bytes ---- */

static void copy_name(void *context, slice name)
{
    struct listen *listen = context;
    uint32_t length = (uint32_t)name.length;
    buf_append(&listen->scans.names, (slice){(const char *)&length, sizeof length});
    buf_append(&listen->scans.names, name);
    listen->spent_steps++;
}

static void copy_names(struct listen *listen)
{
    const struct cluster *cluster = listen->services->cluster;
    struct scans *scans = &listen->scans;
    buf_clear(&scans->names);
    scans->covered = scans->made;
    cluster->states->each(cluster->states_self, listen->actions->names, copy_name, listen);
}

static slice take_name(struct scans *scans)
{
    uint32_t length;
    memcpy(&length, scans->names.at + scans->position, sizeof length);
    slice name = {scans->names.at + scans->position + sizeof length, length};
    scans->position += sizeof length + length;
    return name;
}

/* ---- one name ---- */

static void visit(struct listen *listen, const struct scan *scan, slice name)
{
    listen->spent_steps += STEPS_OF_VISIT;
    if (!subscriptions_exist(listen->subscriptions, name))
        return;
    if (scan->pattern == NULL)
        search_start(listen, name);
    else if (!listen_is_published(listen, name) && pattern_matches(listen, scan->pattern, name))
        search_add(listen, name, scan->pattern, scan->session);
}

/* ---- beginning, going on, ending ---- */

static void scan_free(struct scan *scan)
{
    list_remove(&scan->link);
    list_remove(&scan->in_pattern);
    free(scan->request);
    free(scan);
}

static void scan_end(struct listen *listen, struct scan *scan)
{
    if (first_scan(&listen->scans) == scan)
        listen->scans.position = 0; /* of the next one */
    if (scan->pattern == NULL)
        listen->scans.has_one_for_all = false;
    else
        listen_acknowledge(scan->session, scan->request);
    scan_free(scan);
}

/* What a visit causes may end the scan: it is looked up for each name. */
static void go_on(struct listen *listen)
{
    struct scans *scans = &listen->scans;
    uint64_t until = listen->spent_steps + SLICE_STEPS;
    while (!list_is_empty(&scans->queue) && listen->spent_steps < until) {
        struct scan *scan = first_scan(scans);
        if (scan->number > scans->covered)
            copy_names(listen);
        else if (scans->position < scans->names.length)
            visit(listen, scan, take_name(scans));
        else
            scan_end(listen, scan);
    }
}

static void tidy(struct scans *scans)
{
    uv_idle_stop(&scans->slices);
    buf_fini(&scans->names);
    scans->covered = 0;
}

static void on_turn(uv_idle_t *slices)
{
    struct listen *listen = LIST_ITEM(slices, struct listen, scans.slices);
    go_on(listen);
    if (list_is_empty(&listen->scans.queue))
        tidy(&listen->scans);
}

/* Begins at once, unless others are under way. */
static void enqueue(struct listen *listen, struct scan *scan)
{
    struct scans *scans = &listen->scans;
    scan->number = ++scans->made;
    list_append(&scans->queue, &scan->link);
    if (uv_is_active((uv_handle_t *)&scans->slices))
        return;
    uv_idle_start(&scans->slices, on_turn);
    on_turn(&scans->slices);
}

static struct scan *scan_new(void)
{
    struct scan *scan = calloc(1, sizeof *scan);
    CHECK(scan != NULL);
    list_init(&scan->in_pattern);
    return scan;
}

void scan_for_listener(struct listen *listen, struct pattern *pattern, struct session *session,
                       const struct message *request)
{
    struct scan *scan = scan_new();
    scan->pattern = pattern;
    scan->session = session;
    scan->request = message_copy(request);
    list_append(&pattern->scans, &scan->in_pattern);
    enqueue(listen, scan);
}

void scan_for_all(struct listen *listen)
{
    if (!listen->scans.has_one_for_all) {
        listen->scans.has_one_for_all = true;
        enqueue(listen, scan_new());
    }
}

void scan_cancel(struct listen *listen, struct pattern *pattern, const struct session *session)
{
    for (struct list_link *at = pattern->scans.next; at != &pattern->scans; at = at->next) {
        struct scan *scan = LIST_ITEM(at, struct scan, in_pattern);
        if (scan->session == session) {
            scan_end(listen, scan);
            return;
        }
    }
}

/* ---- life ---- */

void scans_init(struct listen *listen)
{
    list_init(&listen->scans.queue);
    CHECK(uv_idle_init(listen->services->loop, &listen->scans.slices) == 0);
}

void scans_free(struct listen *listen)
{
    while (!list_is_empty(&listen->scans.queue))
        scan_free(first_scan(&listen->scans));
    tidy(&listen->scans);
}
