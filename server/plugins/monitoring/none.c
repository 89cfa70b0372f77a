/* The monitoring `type: none`: nobody looks. */

#include "plugins/builtins.h"

#include "base/check.h"

#include <stdlib.h>

struct monitoring_of_nothing {
    char unused; /* it keeps nothing, but has an address */
};

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)services;
    (void)options;
    (void)error;
    struct monitoring_of_nothing *self = calloc(1, sizeof *self);
    CHECK(self != NULL);
    return self;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

const struct ds_plugin ds_monitoring_none = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_MONITORING,
    .name = "none",
    .description = "none: counters are not shown",
    .create = create,
    .close = close_it,
};
