#include "snapshot.h"

#include "base/arena.h"
#include "base/check.h"

#include <stdatomic.h>
#include <stdlib.h>

struct snapshot {
    atomic_uint references;
    struct arena arena;
    struct ds_statistics view;
};

static void *copy(struct arena *arena, const void *items, size_t count, size_t item_size)
{
    void *copied = arena_alloc(arena, count * item_size);
    if (count > 0)
        memcpy(copied, items, count * item_size);
    return copied;
}

#define COPY(arena, items, count) ((items) = copy(arena, items, count, sizeof *(items)))

static void copy_histogram(struct arena *arena, struct ds_histogram *histogram)
{
    if (histogram->counts != NULL)
        COPY(arena, histogram->counts, histogram->bound_count + 1);
}

static void copy_operations(struct arena *arena, const struct ds_operation_count **operations,
                            size_t count)
{
    struct ds_operation_count *copied = copy(arena, *operations, count, sizeof *copied);
    for (size_t i = 0; i < count; i++)
        copy_histogram(arena, &copied[i].seconds);
    *operations = copied;
}

/* Names of rules are the permission plugin's. */
static void copy_decisions(struct arena *arena, struct ds_statistics *view)
{
    struct ds_decision_count *copied =
        copy(arena, view->decisions, view->decision_count, sizeof *copied);
    for (size_t i = 0; i < view->decision_count; i++) {
        copied[i].section = arena_copy(arena, slice_of(copied[i].section)).at;
        copied[i].rule = arena_copy(arena, slice_of(copied[i].rule)).at;
    }
    view->decisions = copied;
}

struct snapshot *snapshot_new(const struct ds_statistics *statistics)
{
    struct snapshot *snapshot = malloc(sizeof *snapshot);
    CHECK(snapshot != NULL);
    struct ds_statistics *view = &snapshot->view;
    struct arena *arena = &snapshot->arena;
    atomic_init(&snapshot->references, 1);
    arena_init(arena, 0);
    *view = *statistics;
    view->server_name = arena_copy(arena, statistics->server_name);
    COPY(arena, view->connections_closed, view->connections_closed_count);
    COPY(arena, view->logins, view->login_count);
    COPY(arena, view->messages, view->message_count);
    COPY(arena, view->log, view->log_count);
    COPY(arena, view->registries, view->registry_count);
    copy_decisions(arena, view);
    copy_histogram(arena, &view->decision_seconds);
    copy_operations(arena, &view->cache, view->cache_count);
    copy_operations(arena, &view->storage, view->storage_count);
    return snapshot;
}

struct snapshot *snapshot_retain(struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_release(struct snapshot **snapshot)
{
    struct snapshot *released = *snapshot;
    *snapshot = NULL;
    if (released == NULL ||
        atomic_fetch_sub_explicit(&released->references, 1, memory_order_acq_rel) > 1)
        return;
    arena_fini(&released->arena);
    free(released);
}

const struct ds_statistics *snapshot_view(const struct snapshot *snapshot)
{
    return &snapshot->view;
}
