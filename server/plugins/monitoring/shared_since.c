#include "shared_since.h"

#include "total.h"

#include "base/check.h"

#include <stdlib.h>
#include <uv.h>

struct shared_since {
    uv_mutex_t lock;
    struct since since;
};

static void *make(void *context)
{
    const struct ds_services *services = context;
    struct shared_since *shared = calloc(1, sizeof *shared);
    CHECK(shared != NULL && uv_mutex_init(&shared->lock) == 0);
    since_init(&shared->since, services->statistics(services->host)->now_ms);
    return shared;
}

static void free_it(void *object)
{
    struct shared_since *shared = object;
    since_fini(&shared->since);
    uv_mutex_destroy(&shared->lock);
    free(shared);
}

struct shared_since *shared_since_open(const struct ds_services *services, const char *key)
{
    void *context = (void *)(uintptr_t)services;
    return services->share == NULL ? make(context)
                                   : services->share(services->host, key, make, context);
}

void shared_since_close(const struct ds_services *services, const char *key,
                        struct shared_since *shared)
{
    if (services->unshare == NULL)
        free_it(shared);
    else
        services->unshare(services->host, key, free_it);
}

void shared_since_write(struct shared_since *shared, const struct ds_statistics *const *nodes,
                        size_t count, struct buf *out)
{
    struct total total = {0};
    total_take(&total, nodes, count);
    uv_mutex_lock(&shared->lock);
    buf_printf(out, "{\"from\":%.0f,\"to\":%.0f,", shared->since.from_ms, total.view.now_ms);
    since_write(&shared->since, &total.view, out);
    uv_mutex_unlock(&shared->lock);
    buf_append_byte(out, '}');
    total_fini(&total);
}
