#include "process.h"

#include "base/check.h"
#include "base/list.h"

#include <stdatomic.h>
#include <string.h>
#include <uv.h>

struct shared {
    struct list_link link;
    unsigned users;
    bool is_being_made;
    void *object;
    char key[];
};

struct ds_process {
    size_t node_count;
    atomic_size_t ready_count;
    uv_mutex_t lock;
    uv_cond_t made;
    struct list_link objects;
};

struct ds_process *ds_process_new(size_t node_count)
{
    struct ds_process *process = calloc(1, sizeof *process);
    CHECK(process != NULL && uv_mutex_init(&process->lock) == 0 &&
          uv_cond_init(&process->made) == 0);
    process->node_count = node_count;
    list_init(&process->objects);
    return process;
}

void ds_process_free(struct ds_process **process)
{
    struct ds_process *freed = *process;
    *process = NULL;
    if (freed == NULL)
        return;
    CHECK(list_is_empty(&freed->objects));
    uv_cond_destroy(&freed->made);
    uv_mutex_destroy(&freed->lock);
    free(freed);
}

size_t process_node_count(const struct ds_process *process)
{
    return process->node_count;
}

void process_node_ready(struct ds_process *process)
{
    atomic_fetch_add(&process->ready_count, 1);
}

void process_node_unready(struct ds_process *process)
{
    atomic_fetch_sub(&process->ready_count, 1);
}

bool process_is_ready(const struct ds_process *process)
{
    return atomic_load(&process->ready_count) >= process->node_count;
}

static struct shared *find(const struct ds_process *process, const char *key)
{
    for (struct list_link *at = process->objects.next; at != &process->objects; at = at->next) {
        struct shared *shared = LIST_ITEM(at, struct shared, link);
        if (strcmp(shared->key, key) == 0)
            return shared;
    }
    return NULL;
}

static struct shared *add(struct ds_process *process, const char *key)
{
    size_t length = strlen(key);
    struct shared *shared = calloc(1, sizeof *shared + length + 1);
    CHECK(shared != NULL);
    memcpy(shared->key, key, length);
    list_append(&process->objects, &shared->link);
    return shared;
}

/* The lock is not held while it is made; who wants it meanwhile waits. */
static void make_object(struct ds_process *process, struct shared *shared,
                        void *(*make)(void *context), void *context)
{
    shared->is_being_made = true;
    uv_mutex_unlock(&process->lock);
    void *object = make(context);
    uv_mutex_lock(&process->lock);
    shared->object = object;
    shared->is_being_made = false;
    uv_cond_broadcast(&process->made);
}

/* Returns the object when nobody uses it any more. */
static void *drop_user(struct shared *shared)
{
    if (--shared->users > 0)
        return NULL;
    void *object = shared->object;
    list_remove(&shared->link);
    free(shared);
    return object;
}

void *process_share(struct ds_process *process, const char *key, void *(*make)(void *context),
                    void *context)
{
    uv_mutex_lock(&process->lock);
    struct shared *shared = find(process, key);
    bool is_first = shared == NULL;
    if (is_first)
        shared = add(process, key);
    shared->users++;
    if (is_first)
        make_object(process, shared, make, context);
    while (shared->is_being_made)
        uv_cond_wait(&process->made, &process->lock);
    void *object = shared->object;
    if (object == NULL)
        drop_user(shared);
    uv_mutex_unlock(&process->lock);
    return object;
}

void process_unshare(struct ds_process *process, const char *key, void (*free)(void *object))
{
    uv_mutex_lock(&process->lock);
    struct shared *shared = find(process, key);
    CHECK(shared != NULL);
    void *object = drop_user(shared);
    uv_mutex_unlock(&process->lock);
    if (object != NULL)
        free(object);
}
