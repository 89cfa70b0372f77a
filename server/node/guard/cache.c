/* A loaded cache: each of its answers comes once. */

#include "node/guard/internal.h"

GUARD_ASSERT_MEMBERS(ds_cache_operations, 6);

static const struct ds_cache_operations *theirs(const struct plugin_guard *guard)
{
    return guard->plugin->operations;
}

static void pass_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->get(guard->self, name, guard_on_record,
                       GUARD_CALL(guard, "a get", context, .record = done));
}

static void pass_set(void *self, ds_slice name, const struct ds_record *record, int32_t expected,
                     ds_set_done *done, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->set(guard->self, name, record, expected, guard_on_set,
                       GUARD_CALL(guard, "a set", context, .set = done));
}

static void pass_heads(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                       void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->heads(guard->self, names, count, guard_on_heads,
                         GUARD_CALL(guard, "heads", context, .heads = done));
}

static void pass_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                        void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->remove(guard->self, names, count, guard_on_done,
                          GUARD_CALL(guard, "a remove", context, .done = done));
}

static void pass_stored(void *self, ds_slice name, int32_t version)
{
    struct plugin_guard *guard = self;
    theirs(guard)->stored(guard->self, name, version);
}

static void pass_size(void *self, uint64_t *records, uint64_t *bytes)
{
    struct plugin_guard *guard = self;
    theirs(guard)->size(guard->self, records, bytes);
}

void guard_fill_cache(struct plugin_guard *guard)
{
    guard->operations.cache = (struct ds_cache_operations){
        .get = pass_get,
        .set = pass_set,
        .heads = pass_heads,
        .remove = pass_remove,
        .stored = theirs(guard)->stored == NULL ? NULL : pass_stored,
        .size = theirs(guard)->size == NULL ? NULL : pass_size,
    };
}
