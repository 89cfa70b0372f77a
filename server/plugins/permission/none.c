/* The permission `type: none`: everybody may do everything. */

#include "plugins/builtins.h"

#include "base/check.h"

#include <stdlib.h>

struct permission_of_all {
    char unused; /* it keeps nothing, but has an address */
};

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)services;
    (void)options;
    (void)error;
    struct permission_of_all *self = calloc(1, sizeof *self);
    CHECK(self != NULL);
    return self;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

static void *user_new(void *self, ds_slice id, bool is_authenticated, ds_slice server_data)
{
    (void)id;
    (void)is_authenticated;
    (void)server_data;
    return self; /* all users are alike */
}

static void user_free(void *self, void *user)
{
    (void)self;
    (void)user;
}

static void check(void *self, const struct ds_permission_request *request, ds_verdict_done *done,
                  void *context)
{
    (void)self;
    (void)request;
    done(context, DS_ALLOW);
}

static const struct ds_permission_operations operations = {
    .user_new = user_new, .user_free = user_free, .check = check};

const struct ds_plugin ds_permission_none = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_PERMISSION,
    .name = "none",
    .description = "none: everything is allowed",
    .create = create,
    .close = close_it,
    .operations = &operations,
};
