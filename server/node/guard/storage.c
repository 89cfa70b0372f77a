/* A loaded storage: each of its answers comes once. */

#include "node/guard/internal.h"

GUARD_ASSERT_MEMBERS(ds_storage_operations, 3);

static const struct ds_storage_operations *theirs(const struct plugin_guard *guard)
{
    return guard->plugin->operations;
}

static void pass_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->get(guard->self, name, guard_on_stored,
                       GUARD_CALL(guard, "a get", context, .record = done));
}

static void pass_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                     void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->set(guard->self, name, record, guard_on_done,
                       GUARD_CALL(guard, "a set", context, .done = done));
}

static void pass_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                        void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->remove(guard->self, names, count, guard_on_done,
                          GUARD_CALL(guard, "a remove", context, .done = done));
}

void guard_fill_storage(struct plugin_guard *guard)
{
    guard->operations.storage = (struct ds_storage_operations){
        .get = pass_get,
        .set = pass_set,
        .remove = pass_remove,
    };
}
