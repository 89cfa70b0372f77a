/* Checks of a loaded plugin: each request is decided once. */

#include "node/guard/internal.h"

GUARD_ASSERT_MEMBERS(ds_permission_operations, 5);

static const struct ds_permission_operations *theirs(const struct plugin_guard *guard)
{
    return guard->plugin->operations;
}

static void *pass_user_new(void *self, ds_slice id, bool is_authenticated, ds_slice server_data)
{
    struct plugin_guard *guard = self;
    return theirs(guard)->user_new(guard->self, id, is_authenticated, server_data);
}

static void pass_user_free(void *self, void *user)
{
    struct plugin_guard *guard = self;
    theirs(guard)->user_free(guard->self, user);
}

static void pass_check(void *self, const struct ds_permission_request *request,
                       ds_verdict_done *done, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->check(guard->self, request, guard_on_verdict,
                         GUARD_CALL(guard, "a check", context, .verdict = done));
}

static bool pass_reload(void *self, struct ds_error *error)
{
    struct plugin_guard *guard = self;
    return theirs(guard)->reload(guard->self, error);
}

static bool pass_rule(void *self, uint8_t topic, uint16_t action, const char **section,
                      const char **type)
{
    struct plugin_guard *guard = self;
    return theirs(guard)->rule(guard->self, topic, action, section, type);
}

void guard_fill_permission(struct plugin_guard *guard)
{
    guard->operations.permission = (struct ds_permission_operations){
        .user_new = pass_user_new,
        .user_free = pass_user_free,
        .check = pass_check,
        .reload = theirs(guard)->reload == NULL ? NULL : pass_reload,
        .rule = theirs(guard)->rule == NULL ? NULL : pass_rule,
    };
}
