/* Logins that a loaded plugin decides: each is answered once. */

#include "node/guard/internal.h"

GUARD_ASSERT_MEMBERS(ds_authentication_operations, 2);

static const struct ds_authentication_operations *theirs(const struct plugin_guard *guard)
{
    return guard->plugin->operations;
}

static void pass_login(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    struct plugin_guard *guard = self;
    theirs(guard)->login(guard->self, login, guard_on_login,
                         GUARD_CALL(guard, "a login", context, .login = done));
}

static void pass_logged_out(void *self, ds_slice user_id)
{
    struct plugin_guard *guard = self;
    if (theirs(guard)->logged_out != NULL)
        theirs(guard)->logged_out(guard->self, user_id);
}

void guard_fill_authentication(struct plugin_guard *guard)
{
    guard->operations.authentication = (struct ds_authentication_operations){
        .login = pass_login,
        .logged_out = pass_logged_out,
    };
}
