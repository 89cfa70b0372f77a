/* Loaded locks: who asked for one gets it, or not, once. */

#include "node/guard/internal.h"

GUARD_ASSERT_MEMBERS(ds_lock_operations, 3);

static const struct ds_lock_operations *theirs(const struct plugin_guard *guard)
{
    return guard->plugin->operations;
}

static void pass_get(void *self, ds_slice name, ds_lock_done *done, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->get(guard->self, name, guard_on_lock,
                       GUARD_CALL(guard, "a get", context, .lock = done));
}

static void pass_renew(void *self, ds_slice name)
{
    struct plugin_guard *guard = self;
    theirs(guard)->renew(guard->self, name);
}

static void pass_release(void *self, ds_slice name)
{
    struct plugin_guard *guard = self;
    theirs(guard)->release(guard->self, name);
}

void guard_fill_locks(struct plugin_guard *guard)
{
    guard->operations.locks = (struct ds_lock_operations){
        .get = pass_get,
        .renew = pass_renew,
        .release = pass_release,
    };
}
